"""What is asked of every cell: the pack's totals, put where the courses' design and days want them.

For each tool, the events of a cell (CIP family and level) over the term are the pack's, and so are those of
a day over the campus. Which day of a cell they fall on follows from what its sections are doing, by iterative
proportional fitting: the table that is nearest to what the sections want and has both totals. A cell in which
hardly anybody has the tool asks of them for no more than MOST_OF_MEAN times what others do, and so does a day
on which it is in few courses yet; the rest goes to other cells of the level, as far as these ask for no more
than that either, then to all cells, and to other days, so that the tool keeps its total.
Tools know nothing of each other.
"""

from __future__ import annotations

import numpy as np

from context.arrays import F64, I64

MOST_OF_MEAN = 2.0
_ROUNDS = 24


def asked_of(want: I64, reach: I64, base: I64, levels: int) -> I64:
    """[days, cells] Events asked of one tool, in millionths. A cell's level is its place modulo ``levels``.

    ``want``: the pack's, in millionths. ``reach``: sum over the enrolled of effect and weight of the day;
    ``base``: of what each of them is on average, whatever the day, by what their courses make of the tool.
    All int64 of that shape. The whole sum is that of ``want``, unless nobody reaches the tool at all.
    """
    table = _seed(want, reach, base)
    by_day = _capped(want.sum(axis=1), table.sum(axis=1))
    by_cell = _capped(want.sum(axis=0), table.sum(axis=0), levels)
    for _ in range(_ROUNDS):
        table = _scaled(table, by_cell, table.sum(axis=0))
        table = _scaled(table.T, by_day, table.sum(axis=1)).T
    return np.array(table, dtype=np.int64)


def _seed(want: I64, reach: I64, base: I64) -> I64:
    """What sections want, were there no totals: the pack's rate by how much of it is reached.

    Of those hardly ever active, of whom on average nothing is left in whole millionths, nothing.
    """
    wanted: F64 = want * (reach / np.maximum(base, 1)) * (base > 0)
    return np.rint(wanted).astype(np.int64)


def _capped(totals: I64, reached: I64, levels: int = 0) -> I64:
    """Totals of cells or days; those with few who have the tool give the others what is too much."""
    wanted = int(totals.sum())
    if not reached.any():
        return np.zeros_like(totals)
    mean = int(reached.sum()) / max(wanted, 1)
    most = np.rint(reached * (MOST_OF_MEAN / mean)).astype(np.int64)
    own = np.minimum(totals, most)
    if levels:
        too_much, room = ((part - own).reshape(-1, levels) for part in (totals, most))
        part = np.minimum(too_much.sum(axis=0) / np.maximum(room.sum(axis=0), 1), 1.0)
        own += np.rint(room * part).astype(np.int64).ravel()
    rest = wanted - int(own.sum())
    shared: I64 = own + np.rint(reached * (rest / int(reached.sum()))).astype(np.int64)
    return shared


def _scaled(table: I64, wanted: I64, found: I64) -> I64:
    """Columns brought to their totals; those without anything stay so."""
    scaled: F64 = table * (wanted / np.maximum(found, 1))
    return np.rint(scaled).astype(np.int64)
