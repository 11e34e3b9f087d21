"""Grading periods: the sets of a term, the accounts that use them, and each period's instants.

A college with a set of its own uses that; everyone else uses the institution's. A set may be left over from
a trial and deleted. Which colleges split their terms, and how, says the pack's ``grading_period.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context.arrays import DAY_MS, I64
from context.courses.structures import COLLEGES, Structures
from context.packs.pack import Pack
from context.scenario.calendar import Calendar


@dataclass(frozen=True)
class PeriodSet:
    """One set: the college that uses it (None: all others), its name, and its periods."""

    college: str | None
    title: str
    periods: tuple[tuple[str, int], ...]  # (name, percent of the course score, 0: not weighted)
    is_deleted: bool = False


def period_sets(pack: Pack) -> tuple[PeriodSet, ...]:
    """The sets of the pack, in the order of its table."""
    table = pack.table("grading_period")
    names = list(dict.fromkeys(table["set"]))
    found = []
    for name in names:
        rows = [row for row, of in enumerate(table["set"]) if of == name]
        periods = tuple((str(table["period"][row]), int(table["weight_percent"][row])) for row in rows)
        college = str(table["college"][rows[0]]) or None
        found.append(PeriodSet(college, str(name), periods, any(table["deleted"][row] for row in rows)))
    return tuple(found)


@dataclass(frozen=True)
class Periods:
    """Row i is a grading period; ``end_ms`` is its last instant, and the next one's ``start_ms`` follows."""

    of_set: I64  # row of ``period_sets``
    title: tuple[str, ...]
    start_ms: I64
    end_ms: I64
    close_ms: I64
    weight_percent: I64

    def __len__(self) -> int:
        return len(self.title)

    def of(self, group: int) -> I64:
        """Rows of a set's periods, in order of time."""
        return np.flatnonzero(self.of_set == group)


def make_periods(pack: Pack, calendar: Calendar) -> Periods:
    """The grading periods of a term: its days cut into equal parts, closed two weeks after they end."""
    days = calendar.term.last_day + 1
    rows = []
    for group, each in enumerate(period_sets(pack)):
        parts = len(each.periods)
        for place, (title, weight) in enumerate(each.periods):
            first, last = (days * edge // parts for edge in (place, place + 1))
            start, end = calendar.day_start_ms(first), calendar.day_start_ms(last) - 1000
            rows.append((group, title, start, end, weight))
    group_of, titles, starts, ends, weights = zip(*rows, strict=True)
    end_ms = np.array(ends, dtype=np.int64)
    return Periods(
        of_set=np.array(group_of, dtype=np.int64),
        title=titles,
        start_ms=np.array(starts, dtype=np.int64),
        end_ms=end_ms,
        close_ms=end_ms + 14 * DAY_MS,
        weight_percent=np.array(weights, dtype=np.int64),
    )


def set_of_offering(pack: Pack, structures: Structures) -> I64:
    """Row of ``period_sets`` that each course offering uses: its college's, else the institution's."""
    own = {each.college: row for row, each in enumerate(period_sets(pack)) if not each.is_deleted}
    by_college = np.array([own.get(code, own.get(None, 0)) for code, _, _ in COLLEGES], dtype=np.int64)
    college = structures.college_of_cip[structures.subject_cip[structures.offering_subject]]
    return np.asarray(by_college[college])
