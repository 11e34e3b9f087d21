"""Grading periods: the sets of a term, the accounts that use them, and each period's instants.

A college with a set of its own uses that; everyone else uses the institution's. One set is left over from
a trial and deleted. Which colleges split their terms, and how, is an assumption.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context.arrays import DAY_MS, I64
from context.courses.structures import COLLEGES, Structures
from context.scenario.calendar import Calendar


@dataclass(frozen=True)
class PeriodSet:
    """One set: the college that uses it (None: all others), its name, and its periods."""

    college: str | None
    title: str
    periods: tuple[tuple[str, int], ...]  # (name, percent of the course score, 0: not weighted)
    is_deleted: bool = False


PERIOD_SETS = (
    PeriodSet(None, "{term} Grading Periods", (("First Half", 0), ("Second Half", 0))),
    PeriodSet("BUS", "{term} Business Modules", (("Module A", 50), ("Module B", 50))),
    PeriodSet("HLTH", "{term} Clinical Blocks", (("Block 1", 30), ("Block 2", 30), ("Block 3", 40))),
    PeriodSet("EDUC", "{term} Portfolio Trial", (("Draft", 40), ("Final", 60)), is_deleted=True),
)


@dataclass(frozen=True)
class Periods:
    """Row i is a grading period; ``end_ms`` is its last instant, and the next one's ``start_ms`` follows."""

    of_set: I64  # row of PERIOD_SETS
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


def make_periods(calendar: Calendar) -> Periods:
    """The grading periods of a term: its days cut into equal parts, closed two weeks after they end."""
    days = calendar.term.last_day + 1
    rows = []
    for group, each in enumerate(PERIOD_SETS):
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


def set_of_offering(structures: Structures) -> I64:
    """Row of PERIOD_SETS that each course offering uses: its college's, else the institution's."""
    own = {each.college: row for row, each in enumerate(PERIOD_SETS) if not each.is_deleted}
    by_college = np.array([own.get(code, 0) for code, _, _ in COLLEGES], dtype=np.int64)
    college = structures.college_of_cip[structures.subject_cip[structures.offering_subject]]
    return np.asarray(by_college[college])
