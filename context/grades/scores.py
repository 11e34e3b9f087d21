"""Scores of assignment groups and courses from results: weights, dropped and excused work, exactly.

As the gradebook has it: the current score rests on graded work, the final one counts what is not graded as
zero. Excused work counts nowhere; hidden grades count in the hidden scores alone. A group's score is what is
kept of its points, in percent rounded half up to the hundredth; a course with weights averages its groups'
scores by weight (of those that have any), another adds up their points. All of it is arithmetic on integers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from context.arrays import BOOL, I64, NO_TIME
from context.content.content import Content
from context.results.results import Results

VIEWS = ("current", "final", "hidden_current", "hidden_final")
FULL = 10_000  # hundredths of a percent


@dataclass(frozen=True)
class GradedWork:
    """What scores rest on: work that is due or graded, in order of student and activity, and its groups."""

    enrolment: I64
    group: I64
    score_hundredths: I64  # NO_TIME: not graded
    points_hundredths: I64
    counts: BOOL  # enters scores, and nobody was excused from it
    is_hidden: BOOL  # its grades are not shown to students
    never_drop: BOOL
    group_course: I64  # of each group, as are the rest
    weight_percent: I64  # 0 where the course does not weight its groups
    drop_lowest: I64
    drop_highest: I64

    def only(self, rows: I64) -> GradedWork:
        """The work in some ``rows``, in their order."""
        return replace(
            self,
            enrolment=self.enrolment[rows],
            group=self.group[rows],
            score_hundredths=self.score_hundredths[rows],
            points_hundredths=self.points_hundredths[rows],
            counts=self.counts[rows],
            is_hidden=self.is_hidden[rows],
            never_drop=self.never_drop[rows],
        )


@dataclass(frozen=True)
class Scores:
    """Scores in hundredths of a percent by view (NO_TIME: nothing counts), of groups and of courses."""

    enrolment: I64  # [groups of each enrolment's course], in order
    group: I64
    of_group: dict[str, I64]
    of_course: dict[str, I64]  # by enrolment row


def graded_work(content: Content, results: Results) -> GradedWork:
    """All results of a term as what scores rest on."""
    acts, groups, activity = content.activities, content.groups, results.activity
    return GradedWork(
        enrolment=results.enrolment,
        group=acts.group[activity],
        score_hundredths=results.score_hundredths,
        points_hundredths=acts.points_hundredths[activity],
        counts=acts.counts[activity] & (results.excused_ms == NO_TIME),
        is_hidden=acts.is_hidden[activity],
        never_drop=acts.never_drop[activity],
        group_course=groups.offering,
        weight_percent=groups.weight_percent,
        drop_lowest=groups.drop_lowest,
        drop_highest=groups.drop_highest,
    )


def make_scores(work: GradedWork, enrolments: int) -> Scores:
    """All scores of ``enrolments`` rows."""
    cell, enrolment, cell_group = cells_of(work.enrolment, work.group)
    of_group: dict[str, I64] = {}
    of_course: dict[str, I64] = {}
    for view in VIEWS:
        earned, possible = points_of_cells(work, cell, len(enrolment), view)
        of_group[view] = _share(earned * FULL, possible)
        of_course[view] = scores_of_courses(work, enrolment, cell_group, earned, possible, enrolments)
    return Scores(enrolment, cell_group, of_group, of_course)


def cells_of(enrolment: I64, group: I64) -> tuple[I64, I64, I64]:
    """(cell of each result, enrolment of each cell, group of each cell): results come in order of both."""
    fresh = np.ones(len(enrolment), dtype=np.bool_)
    fresh[1:] = (np.diff(enrolment) != 0) | (np.diff(group) != 0)
    return np.cumsum(fresh) - 1, enrolment[fresh], group[fresh]


def points_of_cells(work: GradedWork, cell: I64, cells: int, view: str) -> tuple[I64, I64]:
    """(hundredths of points earned, of points possible) in each of ``cells``, of what is kept.

    ``cell`` is each result's, in order: those of one enrolment in one group, of which none is elsewhere.
    """
    there, shown = work.counts, ~work.is_hidden
    graded = there & (work.score_hundredths != NO_TIME)
    if not view.startswith("hidden"):
        there, graded = there & shown, graded & shown
    if view.endswith("current"):
        there = graded
    score = np.where(graded, work.score_hundredths, 0)
    kept = there & ~_dropped(work, cell, there, score)
    earned, possible = np.where(kept, score, 0), np.where(kept, work.points_hundredths, 0)
    return _sum(cell, cells, earned), _sum(cell, cells, possible)


def scores_of_courses(
    work: GradedWork, enrolment: I64, group: I64, earned: I64, possible: I64, enrolments: int
) -> I64:
    """The course score of ``enrolments`` rows by the points of their cells; NO_TIME where nothing counts.

    Weighted courses average their groups' scores; the others add up points. Of ``work`` only what it says of
    groups is read.
    """
    weight = work.weight_percent[group]
    weighted = np.bincount(work.group_course, work.weight_percent)[work.group_course[group]] > 0
    has = possible > 0
    top = np.where(weighted, weight * _share(earned * FULL, possible), earned * FULL)
    bottom = np.where(weighted, weight, possible)
    tops, bottoms = (_sum(enrolment, enrolments, np.where(has, each, 0)) for each in (top, bottom))
    return _share(tops, bottoms)


def _sum(where: I64, size: int, value: I64) -> I64:
    # Sums of integers stay exact in float64 below 2**53, so their order cannot show.
    return np.bincount(where, value, minlength=size).astype(np.int64)


def _share(top: I64, bottom: I64) -> I64:
    """Top / bottom, rounded half up; NO_TIME where there is nothing to divide by."""
    return np.where(bottom > 0, (2 * top + bottom) // np.maximum(2 * bottom, 1), NO_TIME)


def _dropped(work: GradedWork, cell: I64, there: BOOL, score: I64) -> BOOL:
    """Results left out by their group's rule, at least one being kept.

    All activities of a group with a rule have the same points, so the lowest scores are the worst.
    """
    rule = (work.drop_lowest + work.drop_highest)[work.group] > 0
    rows = np.flatnonzero(rule & there & ~work.never_drop)
    out = np.zeros(len(cell), dtype=np.bool_)
    if not len(rows):
        return out
    mine, own = cell[rows], score[rows]  # cells are in order already
    order = np.argsort(mine * (int(own.max()) + 1) + own, kind="stable")
    begins = np.flatnonzero(np.diff(mine, prepend=-1))
    sizes = np.diff(begins, append=len(mine))
    size, rank = np.repeat(sizes, sizes), np.arange(len(mine)) - np.repeat(begins, sizes)
    group = work.group[rows[order]]
    low = np.minimum(work.drop_lowest[group], size - 1)
    high = np.minimum(work.drop_highest[group], size - 1 - low)
    out[rows[order[(rank < low) | (rank >= size - high)]]] = True
    return out
