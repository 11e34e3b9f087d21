"""Integer columns to Caliper JSON: fragments made once, then one pass in time order.

A document is some twenty pieces in a row: constants, fragments of its person, object and enrolment, and the
texts of its own ids and time. A piece is a *view*, sixteen bytes that say where its text lies; the views of
a chunk are laid out by NumPy, a kind of event after the other, and Arrow copies all texts at once. The
bytes are those of ``sim.reference``, which says what a document is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sim.batch import Batch
from sim.columns import rows_of, size_of
from sim.kinds import KINDS
from sim.parts import SHARED, Part, parts_of, texts_of
from sim.shapes import Text
from sim.tools import COLUMNS, shape_of
from sim.tools.common import FIXED
from sim.world import World

I64 = npt.NDArray[np.int64]
CHUNK = 16_384  # rows put together at a time: some 30 MB
HEAP_BYTES = 160_000_000  # fragments kept by a process; then they are made anew
_NEWLINE = Part("", (Text("\n"),))
_INLINE = 12  # texts up to this long stand in the view itself


@dataclass
class _Pool:
    """Views of one part's texts, a row each; made when first asked for."""

    views: I64  # [rows, 2]
    there: npt.NDArray[np.bool_]


class _Heap:
    """Buffers of texts that views point into, numbered from ``first`` on."""

    def __init__(self, first: int = 0) -> None:
        self.buffers: list[pa.Buffer] = []
        self.bytes = 0
        self._first = first

    def add(self, texts: pa.StringArray) -> I64:
        """Keep texts; returns their views, [rows, 2]."""
        array = texts.cast(pa.string_view())
        _, views, *buffers = array.buffers()
        found = np.frombuffer(views, dtype=np.int64).reshape(-1, 2)[array.offset :][: len(array)].copy()
        found[(found[:, 0] & 0xFFFFFFFF) > _INLINE, 1] += self._first + len(self.buffers)
        self._keep(buffers)
        return found

    def add_fixed(self, texts: npt.NDArray[np.uint8]) -> I64:
        """Keep [n, width] bytes of texts longer than a view holds."""
        n, width = texts.shape
        found = np.empty((n, 2), dtype=np.int64)
        found[:, 0] = width
        found[:, 1] = (np.arange(n, dtype=np.int64) * width << 32) + self._first + len(self.buffers)
        self._keep([pa.py_buffer(np.ascontiguousarray(texts))])
        return found

    def _keep(self, buffers: list[pa.Buffer]) -> None:
        self.buffers += buffers
        self.bytes += sum(buffer.size for buffer in buffers)


class Renderer:
    """Renders batches of one world. Not for use by several threads at once."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._parts: dict[int, list[Part]] = {}
        self._heap = _Heap()
        self._pools: dict[Part, _Pool] = {}

    def render(self, batch: Batch) -> pa.ChunkedArray:
        """One JSON document (string) per event, in the batch's order."""
        chunks = [array for _, array in self.chunks(batch)]
        return pa.chunked_array(chunks, pa.string())

    def chunks(self, batch: Batch, size: int = CHUNK) -> Iterator[tuple[int, pa.StringArray]]:
        """(first row, documents) of runs of ``size`` events."""
        for start in range(0, len(batch), size):
            part = batch.take(slice(start, start + size))
            bounds, data = self._laid_out(part, lines=False)
            yield start, pa.StringArray.from_buffers(len(part), pa.py_buffer(bounds), data)

    def lines(self, batch: Batch, size: int = CHUNK) -> Iterator[memoryview]:
        """The documents as lines, each ended by a newline, some thousands at a time."""
        for start in range(0, len(batch), size):
            bounds, data = self._laid_out(batch.take(slice(start, start + size)), lines=True)
            yield memoryview(data)[: int(bounds[-1])]

    def _laid_out(self, batch: Batch, lines: bool) -> tuple[npt.NDArray[np.int32], pa.Buffer]:
        """(offsets of documents, their bytes)."""
        if self._heap.bytes > HEAP_BYTES:
            self._heap, self._pools = _Heap(), {}
        order = np.argsort(batch.kind, kind="stable")
        codes, starts = np.unique(batch.kind[order], return_index=True)
        kinds = list(zip(codes.tolist(), np.split(order, starts[1:]), strict=True))
        chunk = _Chunk(self.world, batch)
        counts = np.zeros(256, dtype=np.int64)
        for code, mine in kinds:
            counts[code] = len(self._parts_of(code, lines))
            for part in self._parts_of(code, lines):
                if self._is_kept(part, code):
                    self._make(part, np.unique(chunk.rows(part.scope)[mine]))
        first = np.zeros(len(batch) + 1, dtype=np.int64)
        np.cumsum(counts[batch.kind], out=first[1:])
        views = np.empty((int(first[-1]), 2), dtype=np.int64)
        passing = _Heap(len(self._heap.buffers))
        fixed: dict[str, I64] = {}
        for code, mine in kinds:
            place = first[mine]
            for number, part in enumerate(self._parts_of(code, lines)):
                if self._is_kept(part, code):
                    views[place + number] = self._pools[part].views[chunk.rows(part.scope)[mine]]
                elif part.column in FIXED:
                    if part.column not in fixed:
                        fixed[part.column] = passing.add_fixed(FIXED[part.column](batch))
                    views[place + number] = fixed[part.column][mine]
                else:
                    at = batch.take(mine) if part.scope == "event" else chunk.rows(part.scope)[mine]
                    texts = texts_of(part.tokens, COLUMNS, self.world, at, len(mine))
                    views[place + number] = passing.add(texts)
        buffers = [None, pa.py_buffer(views), *self._heap.buffers, *passing.buffers]
        array = pa.Array.from_buffers(pa.string_view(), len(views), buffers).cast(pa.string())
        bounds = np.frombuffer(array.buffers()[1], dtype=np.int32)[: len(views) + 1][first]
        return bounds, array.buffers()[2]

    def _parts_of(self, code: int, lines: bool) -> list[Part]:
        if code not in self._parts:
            self._parts[code] = parts_of(shape_of(KINDS[code], self.world.tenant), COLUMNS)
        parts = self._parts[code]
        return [*parts, _NEWLINE] if lines else parts

    def _is_kept(self, part: Part, code: int) -> bool:
        """Whether a part's texts are kept for later chunks: not those of what happens to an object once."""
        if part.scope in ("", *SHARED):
            return True
        return part.scope in self.world.objects and KINDS[code].role == "Student"

    def _make(self, part: Part, rows: I64) -> None:
        """Make the texts of rows that were not asked for before."""
        if part not in self._pools:
            size = size_of(part.scope, self.world) if part.scope else 1
            self._pools[part] = _Pool(np.zeros((size, 2), np.int64), np.zeros(size, np.bool_))
        pool = self._pools[part]
        new = rows[~pool.there[rows]]
        if len(new):
            pool.views[new] = self._heap.add(texts_of(part.tokens, COLUMNS, self.world, new, len(new)))
            pool.there[new] = True


class _Chunk:
    """The rows of a chunk's events in each scope, found when first asked for."""

    def __init__(self, world: World, batch: Batch) -> None:
        self._world, self._batch = world, batch
        self._rows: dict[str, I64] = {"": np.zeros(len(batch), dtype=np.int64)}

    def rows(self, scope: str) -> I64:
        """A row per event."""
        key = scope if scope in SHARED or not scope else "object"
        if key not in self._rows:
            self._rows[key] = rows_of(key, self._world, self._batch)
        return self._rows[key]
