"""Texts of many events from the fragments of their kinds: a view for each, and one copy of them all.

A view is sixteen bytes that say where a text lies. Texts that depend on a person, a course, an object are
made once and kept; those of an event alone pass. NumPy lays the views of a chunk out, one
fragment after the other, and Arrow copies all texts at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from context.arrays import I64
from sim.caliper.kinds import KINDS
from sim.caliper.shapes import Text
from sim.render.fragments import SHARED, Fragment, joined_texts, texts_of
from sim.render.scopes import Scoped, scope_size
from sim.render.text_pools import VIEW, Heap, Pool, Views, is_small
from sim.tools.every_tool import FIXED
from sim.tools.vendors import ALL_FIELDS
from sim.world.world import World

MOST_PLANS = 2  # sets of kinds whose layout is kept: hardly two parts of a day have the same
# Fragments kept by a process; then they are made anew. With 40 MB instead of 160, rendering 5,000 FTE took
# half as long again, and at 20,000 FTE a worker took 170 MB less. Two days of that size make some 70 MB.
HEAP_BYTES, HEAP_BUFFERS = 160_000_000, 4_096
# Texts of so many events read a good part of a column. Of 20,000 FTE, what a process has of the world's pages
# at once is 53 MB when they go after each such text, and 184 when they go after all: no CPU time told apart.
MANY_EVENTS = 500
_NEWLINE = Fragment("", (Text("\n"),))


@dataclass(frozen=True)
class _Use:
    """A fragment in the documents of some kinds: where it stands in each, -1 in those without it."""

    fragment: Fragment
    kept: bool
    offset: I64  # [256] by kind
    only: int  # the offset where it is the same in all of them, else -1
    codes: tuple[int, ...]  # the kinds


def _fixed_views(heap: Heap, field: str, rows: Scoped, wanted: I64) -> Views:
    """Views of a field's texts of one width, for the events that are ``wanted``; of sessions by visits."""
    if field == "event.session":
        return heap.add_fixed(rows.sessions())[rows.visits()[1]]
    if len(wanted) > len(rows.batch) // 2:
        return heap.add_fixed(rows.fixed(field))
    views = np.zeros(len(rows.batch), VIEW)
    views[wanted] = heap.add_fixed(FIXED[field](rows.batch.take(wanted)))
    return views


def _use(fragment: Fragment, places: dict[int, int], *, kept: bool) -> _Use:
    offset = np.full(256, -1, dtype=np.int64)
    offset[list(places)] = list(places.values())
    only = places[next(iter(places))] if len(set(places.values())) == 1 else -1
    return _Use(fragment, kept, offset, only, tuple(places))


def is_kept(scope: str, code: int, world: World) -> bool:
    """Whether a kind's texts of a scope are kept for later chunks: not those of what happens once to many."""
    again = KINDS[code].role == "Student" or is_small(scope_size(scope, world))
    return scope in ("", *SHARED) or (scope in world.objects and again)


class Layout:
    """Puts fragments together. ``fragments[kind]`` are a kind's, in order; none: an empty text.

    ``let_go`` lets pages of the world go: texts that pass read columns from end to end, each others.
    """

    def __init__(
        self, world: World, fragments: Sequence[Sequence[Fragment]], let_go: Callable[[], None] | None = None
    ) -> None:
        self.world = world
        self._let_go = let_go
        self._fragments = fragments
        self._heap = Heap()
        self._pools: dict[Fragment, Pool] = {}
        self._plans: dict[bool, tuple[I64, list[_Use]]] = {}

    def texts(self, rows: Scoped) -> pa.StringArray:
        """A text per event."""
        bounds, data, *_ = self.laid_out(rows)
        return pa.StringArray.from_buffers(len(rows.batch), pa.py_buffer(bounds), data)

    def laid_out(
        self, rows: Scoped, *, lines: bool = False
    ) -> tuple[npt.NDArray[np.int32], pa.Buffer, npt.NDArray[np.int32], I64]:
        """(offsets of texts, their bytes, where each of their fragments ends, the first fragment of each).

        ``lines``: each text ended by a newline.
        """
        batch = rows.batch
        if self._heap.bytes > HEAP_BYTES or len(self._heap.buffers) > HEAP_BUFFERS:
            self._heap, self._pools = Heap(), {}
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
        passing = Heap(len(self._heap.buffers))
        fixed: dict[str, Views] = {}
        for use in uses:
            mine = rows.mine(use.codes)
            place = first[mine] + (use.offset[batch.kind[mine]] if use.only < 0 else use.only)
            fragment = use.fragment
            if not fragment.scope:
                views[place] = self._pools[fragment].views[0]
            elif use.kept:
                views[place] = self._pools[fragment].views[rows.of(fragment.scope)[mine]]
            elif fragment.field in FIXED:
                if fragment.field not in fixed:
                    codes = {code for each in uses if each.fragment is fragment for code in each.codes}
                    wanted = rows.mine(tuple(sorted(codes)))
                    fixed[fragment.field] = _fixed_views(passing, fragment.field, rows, wanted)
                views[place] = fixed[fragment.field][mine]
            else:
                text = partial(rows.texts, codes=use.codes, raw=False)
                views[place] = passing.add(joined_texts(fragment.tokens, text, len(mine)))
                if self._let_go is not None and len(mine) > MANY_EVENTS:
                    self._let_go()
        buffers = [None, pa.py_buffer(views), *self._heap.buffers, *passing.buffers]
        array = pa.Array.from_buffers(pa.string_view(), len(views), buffers).cast(pa.string())
        ends = np.frombuffer(array.buffers()[1], dtype=np.int32)[: len(views) + 1]
        return ends[first], array.buffers()[2], ends[1:], first[:-1]

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
        return is_kept(fragment.scope, code, self.world)

    def _make(self, fragment: Fragment, rows: I64) -> None:
        """Make the texts of rows that were not asked for before."""
        if fragment not in self._pools:
            size = scope_size(fragment.scope, self.world) if fragment.scope else 1
            self._pools[fragment] = Pool(size)
        self._pools[fragment].fill(
            rows, self._heap, lambda new: texts_of(fragment.tokens, ALL_FIELDS, self.world, new, len(new))
        )
