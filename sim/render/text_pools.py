"""Texts that come up again, kept as views: made for the rows of a scope that were not asked for before."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from context.arrays import I64, each_once

Views = npt.NDArray[np.complex128]
VIEW = np.complex128  # sixteen bytes in one: NumPy moves them fastest as a number
INLINE = 12  # texts up to this long stand in the view itself
# Texts of so few rows are made and kept together: a call for some of them takes hardly less time. At 100 FTE
# a unit takes a seventh to a quarter less CPU time with it. A table of 1,000 FTE has 200 to 3,800 rows; with
# larger ones a stream's first events would wait.
SMALL_ROWS = 2_048


def is_small(rows: int) -> bool:
    """Whether texts of all rows of a table are made at once."""
    return 0 < rows <= SMALL_ROWS


class Heap:
    """Buffers of texts that views point into, numbered from ``first`` on."""

    def __init__(self, first: int = 0) -> None:
        self.buffers: list[pa.Buffer] = []
        self.bytes = 0
        self._first = first

    def add(self, texts: pa.StringArray) -> Views:
        """Keep texts; returns their views."""
        array = texts.cast(pa.string_view())
        _, views, *buffers = array.buffers()
        found = np.frombuffer(views, dtype=np.int64).reshape(-1, 2)[array.offset :][: len(array)].copy()
        found[(found[:, 0] & 0xFFFFFFFF) > INLINE, 1] += self._first + len(self.buffers)
        self._keep(buffers)
        return found.view(VIEW).reshape(-1)

    def add_fixed(self, texts: npt.NDArray[np.uint8]) -> Views:
        """Keep [n, width] bytes of texts longer than a view holds."""
        n, width = texts.shape
        found = np.empty((n, 2), dtype=np.int64)
        found[:, 0] = width
        found[:, 1] = (np.arange(n, dtype=np.int64) * width << 32) + self._first + len(self.buffers)
        self._keep([pa.py_buffer(np.ascontiguousarray(texts))])
        return found.view(VIEW).reshape(-1)

    def _keep(self, buffers: list[pa.Buffer]) -> None:
        self.buffers += buffers
        self.bytes += sum(buffer.size for buffer in buffers)


class Pool:
    """Views of one thing's texts, one for each of ``size`` rows; made when first asked for, all if few."""

    def __init__(self, size: int) -> None:
        self.views: Views = np.zeros(size, VIEW)
        self.there = np.zeros(size, np.bool_)

    def fill(self, rows: I64, heap: Heap, make: Callable[[I64], pa.StringArray]) -> None:
        """Make the texts of rows that were not asked for before."""
        new = rows[~self.there[rows]]
        if len(new):
            new = np.arange(len(self.there)) if is_small(len(self.there)) else each_once(new)
            self.views[new] = heap.add(make(new))
            self.there[new] = True


class PooledTexts:
    """A pool with buffers of its own: texts of rows as an array."""

    def __init__(self, size: int) -> None:
        self._pool, self._heap = Pool(size), Heap()

    @property
    def bytes(self) -> int:
        """Bytes held."""
        return self._heap.bytes + self._pool.views.nbytes

    def take(self, rows: I64, make: Callable[[I64], pa.StringArray]) -> pa.StringArray:
        """The texts of ``rows``."""
        self._pool.fill(rows, self._heap, make)
        views = self._pool.views[rows]
        buffers = [None, pa.py_buffer(views), *self._heap.buffers]
        return pa.Array.from_buffers(pa.string_view(), len(rows), buffers).cast(pa.string())
