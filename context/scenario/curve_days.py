"""Which day of the pack's curves a campus day is like.

The pack's curves go by the day in a term of the usual dates. A scenario may have dates of its own: a term of
four weeks, a recess in another month, a start in the middle of a week. Then a day of classes is like one of
the usual term that is as far between the start and the end of instruction and on the same weekday, a day of
finals like one of finals, a day of a recess like one of the recess, and what comes after the end like what
comes after the usual end.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from context.arrays import I32
from context.packs.spec import FIRST_DAY
from context.scenario.term import Term

_WEEK = 7
_LIKE = {"holiday": "class"}  # the curves have no holidays: their factor is one of the kind of day


def curve_days(term: Term, kinds: Sequence[str], usual: Term, usual_kinds: Sequence[str]) -> I32:
    """[days] The day of the usual term that each campus day is like; itself where the dates are the usual.

    Both sequences of kinds begin with FIRST_DAY.
    """
    days = np.arange(FIRST_DAY, FIRST_DAY + len(usual_kinds))
    weekdays = (usual.start.weekday() + days) % _WEEK
    groups = np.array([_LIKE.get(kind, kind) for kind in usual_kinds])
    places = np.interp(np.arange(FIRST_DAY, FIRST_DAY + len(kinds)), _edges(term), _edges(usual))
    found = np.empty(len(kinds), dtype=np.int32)
    for row, kind in enumerate(kinds):
        alike = groups == _LIKE.get(kind, kind)
        same = alike & (weekdays == (term.start.weekday() + FIRST_DAY + row) % _WEEK)
        pool = next((days[mask] for mask in (same, alike) if mask.any()), days)
        if kind in ("before", "after"):  # where the curves know no weekdays
            pool = days[alike] if alike.any() else days
        found[row] = pool[np.argmin(np.abs(pool - places[row]))]
    return found


def _edges(term: Term) -> list[int]:
    """Campus days between which days are in proportion; the last one lies beyond all days."""
    dates = (term.start, term.instruction_end, term.finals_start, term.end)
    days = [(day - term.start).days for day in dates]
    return [FIRST_DAY, *days, days[-1] - FIRST_DAY]
