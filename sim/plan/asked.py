"""What is asked of every cell: the pack's totals, put where the courses' design and days want them.

For each tool, the events of a cell (CIP family and level) over the term are the pack's, and so are those of
a day over the campus. Which day of a cell they fall on follows from what its sections are doing, by iterative
proportional fitting: the table that is nearest to what the sections want and has both totals. A cell in
which hardly anybody has a tool asks for no more than MOST_OF_MEAN times what those who have it do elsewhere;
the rest goes to the other cells. A tool that nobody on the campus can click in on a day is not asked for.
Tools know nothing of each other.
"""

from __future__ import annotations

import numpy as np

from context.arrays import F64, I64

MOST_OF_MEAN = 2.0
_ROUNDS = 24


def asked_of(want: I64, reach: I64, base: I64) -> I64:
    """[days, cells] Events asked of one tool, in millionths.

    ``want``: the pack's, in millionths. ``reach``: sum over the enrolled of effect and weight of the day;
    ``base``: of what each of them is on average, without tool or day. All int64 of that shape. The columns'
    sums (over cells) are those of ``want`` but for days on which nobody reaches the tool.
    """
    seed = _seed(want, reach, base)
    by_day, by_cell = want.sum(axis=1), want.sum(axis=0)
    by_day = np.where(seed.sum(axis=1) > 0, by_day, 0)
    by_cell = _capped(by_cell, seed.sum(axis=0))
    # Rows and columns must have one sum.
    total, rows = int(by_day.sum()), max(int(by_cell.sum()), 1)
    by_cell = np.rint(by_cell * (total / rows)).astype(np.int64)
    table = seed
    for _ in range(_ROUNDS):
        table = _scaled(table, by_cell, table.sum(axis=0))
        table = _scaled(table.T, by_day, table.sum(axis=1)).T
    return np.array(table, dtype=np.int64)


def _seed(want: I64, reach: I64, base: I64) -> I64:
    """What sections want, were there no totals: the pack's rate by how much of it is reached."""
    wanted: F64 = want * (reach / np.maximum(base, 1))
    return np.rint(wanted).astype(np.int64)


def _capped(by_cell: I64, reached: I64) -> I64:
    """Totals of cells, of which those with few adopters give what is too much for them to the others."""
    wanted = int(by_cell.sum())
    if not reached.any():
        return np.zeros_like(by_cell)
    mean = int(reached.sum()) / max(wanted, 1)
    own = np.minimum(by_cell, np.rint(reached * (MOST_OF_MEAN / mean)).astype(np.int64))
    rest = wanted - int(own.sum())
    shared: I64 = own + np.rint(reached * (rest / int(reached.sum()))).astype(np.int64)
    return shared


def _scaled(table: I64, wanted: I64, found: I64) -> I64:
    """Columns brought to their totals; those without anything stay so."""
    scaled: F64 = table * (wanted / np.maximum(found, 1))
    return np.rint(scaled).astype(np.int64)
