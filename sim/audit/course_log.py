"""One course's clicks, and what they look like: the same figures for a run's courses and for real logs.

Times are floored to minutes, as the logs at hand have them, and a visit ends with half an hour of silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import fsum, log2

import numpy as np
import numpy.typing as npt

from context.arrays import BOOL, DAY_MS, F64, I64, MINUTE_MS

SILENCE_MINUTES = 30
DAY_HOURS, DAYS_OF_WEEK = 24, 7
LEAST_CLICKS = 200  # of a course that is looked at
_TAIL = 0.005  # share of clicks at either end that lies outside of the course: set-up, and visits years later
_MOST_COMMON = 10  # runs of three tools


@dataclass(frozen=True)
class CourseLog:
    """Clicks of a course's students, by person and time. Row i is one click."""

    person: I64
    ms: I64  # by the clock on the wall, since 1970
    tool: I64  # codes from 0

    @classmethod
    def of(cls, person: npt.ArrayLike, ms: npt.ArrayLike, tool: npt.ArrayLike) -> CourseLog:
        """Clicks in any order; those outside of the course's days are left out."""
        who, when, what = (np.asarray(column, dtype=np.int64) for column in (person, ms, tool))
        day = when // DAY_MS
        low, high = np.quantile(day, [_TAIL, 1 - _TAIL], method="nearest")
        kept = np.flatnonzero((day >= low) & (day <= high))
        order = kept[np.lexsort((what[kept], when[kept], who[kept]))]
        return cls(np.unique(who[order], return_inverse=True)[1], when[order], what[order])

    @cached_property
    def day(self) -> I64:
        """Day of each click, from the course's first on."""
        return self.ms // DAY_MS - int((self.ms // DAY_MS).min())

    @cached_property
    def days(self) -> int:
        """How long the course lasts."""
        return int(self.day.max()) + 1

    @cached_property
    def minute(self) -> I64:
        """Minute of each click."""
        return self.ms // MINUTE_MS

    @cached_property
    def begins(self) -> BOOL:
        """Whether a click is the first of a visit."""
        fresh = np.diff(self.person, prepend=-1) != 0
        return np.asarray(fresh | (np.diff(self.minute, prepend=0) > SILENCE_MINUTES), dtype=np.bool_)

    @cached_property
    def active(self) -> I64:
        """[active days, 2] person and day, each once, in order."""
        return np.unique(np.stack([self.person, self.day], axis=1), axis=0)

    @cached_property
    def visit_sizes(self) -> I64:
        """Clicks of each visit."""
        return np.diff(np.append(np.flatnonzero(self.begins), len(self.ms)))

    @cached_property
    def visit_minutes(self) -> I64:
        """Minutes from the first to the last click of each visit."""
        first = np.flatnonzero(self.begins)
        last = np.append(first[1:], len(self.ms)) - 1
        return np.asarray(self.minute[last] - self.minute[first], dtype=np.int64)

    @cached_property
    def gaps(self) -> I64:
        """Seconds, in whole minutes, between the clicks of a visit."""
        return 60 * np.diff(self.minute)[~self.begins[1:]]


def gini(counts: npt.NDArray[np.int64]) -> float:
    """How unevenly ``counts`` are spread: 0 where all are the same."""
    ordered, n = np.sort(counts), len(counts)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * max(int(ordered.sum()), 1)))


def hour_shares(log: CourseLog) -> F64:
    """[24] Shares of clicks by hour."""
    return np.bincount(log.ms // (60 * MINUTE_MS) % DAY_HOURS, minlength=DAY_HOURS) / len(log.ms)


def weekday_shares(log: CourseLog) -> F64:
    """[7] Shares of clicks by weekday, from Monday on. Day 4 of 1970 was one."""
    return np.bincount((log.ms // DAY_MS + 3) % DAYS_OF_WEEK, minlength=DAYS_OF_WEEK) / len(log.ms)


def total_variation(one: F64, other: F64) -> float:
    """Total variation between two laws: the share that would have to move."""
    return float(np.abs(one - other).sum() / 2)


def _week_gini(log: CourseLog) -> float:
    weeks = -(-log.days // DAYS_OF_WEEK)
    people = int(log.person.max()) + 1
    table = np.bincount(log.person * weeks + log.day // DAYS_OF_WEEK, minlength=people * weeks)
    return float(np.mean([gini(row) for row in table.reshape(people, weeks)]))


def _days_away(log: CourseLog) -> float:
    person, day = log.active.T
    away = np.diff(day)[np.diff(person) == 0]
    return float(np.quantile(away, 0.9)) if len(away) else float(log.days)


def _pairs(log: CourseLog) -> tuple[I64, I64]:
    inside = ~log.begins[1:]
    return log.tool[:-1][inside], log.tool[1:][inside]


def _told_by_the_last(log: CourseLog) -> float:
    """Share of what a tool tells that is known from the one before it: 1 - H(next | last) / H(next)."""
    last, then = _pairs(log)
    size = int(log.tool.max()) + 1
    joint = np.bincount(last * size + then, minlength=size * size) / max(len(last), 1)
    joint = joint.reshape(size, size)
    alone = joint.sum(axis=0)
    whole = _entropy(alone)
    if whole == 0:
        return 1.0
    return 1 - (_entropy(joint.ravel()) - _entropy(joint.sum(axis=1))) / whole


def _entropy(law: F64) -> float:
    return -fsum(share * log2(share) for share in law.tolist() if share > 0)


def _common_runs(log: CourseLog) -> float:
    """Share of the most common runs of three tools, among all in visits."""
    size = int(log.tool.max()) + 1
    inside = ~(log.begins[1:-1] | log.begins[2:])
    runs = ((log.tool[:-2] * size + log.tool[1:-1]) * size + log.tool[2:])[inside]
    counts = np.sort(np.unique(runs, return_counts=True)[1])
    return float(counts[-_MOST_COMMON:].sum() / max(len(runs), 1))


def _same_tool(log: CourseLog) -> float:
    last, then = _pairs(log)
    return float((last == then).mean()) if len(last) else 1.0


def _totals(log: CourseLog) -> I64:
    return np.bincount(log.person)


def _gap(share: float) -> Callable[[CourseLog], float]:
    return lambda log: float(np.quantile(log.gaps, share)) if len(log.gaps) else 0.0


# Figure -> what it is of one course. Units stand in the names.
FIGURES: dict[str, Callable[[CourseLog], float]] = {
    "active days, share of the course's days": lambda log: len(log.active) / len(_totals(log)) / log.days,
    "evenness over weeks, Gini of a student": _week_gini,
    "days between active days, 9th decile": _days_away,
    "clicks per active day, mean": lambda log: len(log.ms) / len(log.active),
    "clicks of students, Gini": lambda log: gini(_totals(log)),
    "visits per active day, mean": lambda log: float(log.begins.sum()) / len(log.active),
    "clicks per visit, mean": lambda log: float(log.visit_sizes.mean()),
    "visits of one click, share": lambda log: float((log.visit_sizes == 1).mean()),
    "minutes per visit, mean": lambda log: float(log.visit_minutes.mean()),
    "minutes per visit, 9th decile": lambda log: float(np.quantile(log.visit_minutes, 0.9)),
    "seconds between clicks, 9th decile": _gap(0.9),
    "seconds between clicks, 99th percentile": _gap(0.99),
    "same tool again, share": _same_tool,
    "told by the tool before, share": _told_by_the_last,
    "ten most common runs of three tools, share": _common_runs,
}


def figures_of(log: CourseLog) -> dict[str, float]:
    """All figures of a course."""
    return {name: figure(log) for name, figure in FIGURES.items()}
