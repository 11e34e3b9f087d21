"""Texts of many events from the fragments of their kinds: a view for each, and one copy of them all.

A view is sixteen bytes that say where a text lies. Texts that depend on a person, a course, an object are
made once and kept; those of an event alone pass. NumPy lays the views of a chunk out, one
fragment after the other, and Arrow copies all texts at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from context.arrays import I64
from sim.caliper.kinds import KINDS
from sim.caliper.shapes import Text
from sim.render.fragments import SHARED, Fragment, texts_of
from sim.render.scopes import Scoped, scope_size
from sim.tools.every_tool import FIXED
from sim.tools.vendors import ALL_FIELDS
from sim.world.world import World

Views = npt.NDArray[np.complex128]
MOST_PLANS = 2  # sets of kinds whose layout is kept: hardly two parts of a day have the same
# Fragments kept by a process; then they are made anew. With 40 MB instead of 160, rendering 5,000 FTE takes
# half as long again, and at 20,000 FTE a worker takes 170 MB less.
HEAP_BYTES, HEAP_BUFFERS = 160_000_000, 4_096
VIEW = np.complex128  # sixteen bytes in one: NumPy moves them fastest as a number
_NEWLINE = Fragment("", (Text("\n"),))
_INLINE = 12  # texts up to this long stand in the view itself


@dataclass
class _Pool:
    """Views of one fragment's texts, a row each; made when first asked for."""

    views: Views  # [rows]
    there: npt.NDArray[np.bool_]


class _Heap:
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
        found[(found[:, 0] & 0xFFFFFFFF) > _INLINE, 1] += self._first + len(self.buffers)
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


@dataclass(frozen=True)
class _Use:
    """A fragment in the documents of some kinds: where it stands in each, -1 in those without it."""

    fragment: Fragment
    kept: bool
    offset: I64  # [256] by kind
    codes: tuple[int, ...]  # the kinds


def _use(fragment: Fragment, places: dict[int, int], *, kept: bool) -> _Use:
    offset = np.full(256, -1, dtype=np.int64)
    offset[list(places)] = list(places.values())
    return _Use(fragment, kept, offset, tuple(places))


class Layout:
    """Puts fragments together. ``fragments[kind]`` are a kind's, in order; none: an empty text."""

    def __init__(self, world: World, fragments: Sequence[Sequence[Fragment]]) -> None:
        self.world = world
        self._fragments = fragments
        self._heap = _Heap()
        self._pools: dict[Fragment, _Pool] = {}
        self._plans: dict[bool, tuple[I64, list[_Use]]] = {}

    def texts(self, rows: Scoped) -> pa.StringArray:
        """A text per event."""
        bounds, data = self.laid_out(rows)
        return pa.StringArray.from_buffers(len(rows.batch), pa.py_buffer(bounds), data)

    def laid_out(self, rows: Scoped, *, lines: bool = False) -> tuple[npt.NDArray[np.int32], pa.Buffer]:
        """(offsets of texts, their bytes); ``lines``: each ended by a newline."""
        batch = rows.batch
        if self._heap.bytes > HEAP_BYTES or len(self._heap.buffers) > HEAP_BUFFERS:
            self._heap, self._pools = _Heap(), {}
        counts, uses = self._uses(lines)
        present = set(rows.codes)
        uses = [use for use in uses if not present.isdisjoint(use.codes)]
        first = np.zeros(len(batch) + 1, dtype=np.int64)
        np.cumsum(counts[batch.kind], out=first[1:])
        # What is kept is made first: what passes is numbered after it.
        for use in uses:
            if use.kept:
                self._make(use.fragment, rows.of(use.fragment.scope)[rows.mine(use.codes)])
        views = np.empty(int(first[-1]), dtype=VIEW)
        passing = _Heap(len(self._heap.buffers))
        fixed: dict[str, Views] = {}
        for use in uses:
            mine = rows.mine(use.codes)
            place = first[:-1][mine] + use.offset[batch.kind[mine]]
            fragment = use.fragment
            if use.kept:
                views[place] = self._pools[fragment].views[rows.of(fragment.scope)[mine]]
            elif fragment.field in FIXED:
                if fragment.field not in fixed:
                    fixed[fragment.field] = passing.add_fixed(FIXED[fragment.field](batch))
                views[place] = fixed[fragment.field][mine]
            else:
                at = batch.take(mine) if fragment.scope == "event" else rows.of(fragment.scope)[mine]
                views[place] = passing.add(texts_of(fragment.tokens, ALL_FIELDS, self.world, at, len(mine)))
        buffers = [None, pa.py_buffer(views), *self._heap.buffers, *passing.buffers]
        array = pa.Array.from_buffers(pa.string_view(), len(views), buffers).cast(pa.string())
        bounds = np.frombuffer(array.buffers()[1], dtype=np.int32)[: len(views) + 1][first]
        return bounds, array.buffers()[2]

    def _uses(self, lines: bool) -> tuple[I64, list[_Use]]:
        """(fragments of a document of each kind, what they are and where they stand in it)."""
        if lines not in self._plans:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            counts = np.zeros(256, dtype=np.int64)
            found: dict[tuple[Fragment, int, bool], dict[int, int]] = {}
            for code in range(len(self._fragments)):
                fragments = [*self._fragments[code], *([_NEWLINE] if lines else [])]
                counts[code] = len(fragments)
                times: Counter[Fragment] = Counter()
                for number, fragment in enumerate(fragments):
                    found.setdefault((fragment, times[fragment], self._is_kept(fragment, code)), {})[code] = (
                        number
                    )
                    times[fragment] += 1
            self._plans[lines] = (
                counts,
                [_use(fragment, places, kept=kept) for (fragment, _, kept), places in found.items()],
            )
        return self._plans[lines]

    def _is_kept(self, fragment: Fragment, code: int) -> bool:
        """Whether its texts are kept for later chunks: not those of what happens to an object once."""
        if fragment.scope in ("", *SHARED):
            return True
        return fragment.scope in self.world.objects and KINDS[code].role == "Student"

    def _make(self, fragment: Fragment, rows: I64) -> None:
        """Make the texts of rows that were not asked for before."""
        if fragment not in self._pools:
            size = scope_size(fragment.scope, self.world) if fragment.scope else 1
            self._pools[fragment] = _Pool(np.zeros(size, VIEW), np.zeros(size, np.bool_))
        pool = self._pools[fragment]
        new = rows[~pool.there[rows]]
        if len(new):
            new = np.unique(new)
            pool.views[new] = self._heap.add(texts_of(fragment.tokens, ALL_FIELDS, self.world, new, len(new)))
            pool.there[new] = True
