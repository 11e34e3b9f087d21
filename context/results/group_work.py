"""Work that learner groups hand in together: one member submits for all, and all are graded with it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from context import rng
from context.arrays import BOOL, DAY_MS, HOUR_MS, I64, NEVER, NO_TIME
from context.content.activities import Activities, ActivityKind, has_type
from context.courses.enrolments import Enrolments
from context.courses.learner_groups import LearnerGroups
from context.packs.pack import Pack
from context.results.results import Results

GROUP_WORK_SHARE = 0.35  # of uploads in courses with learner groups that are handed in by group (assumption)
OWN_GRADE_SHARE = 0.15  # of those in which members get grades of their own (assumption)
SETTLED_DAYS = 7  # between the making of groups and the first work that they hand in
# Purposes of randomness: what each number draws.
_IS_GROUP_WORK, _OWN_GRADES = 34, 35


@dataclass(frozen=True)
class GroupWork:
    """Which activities groups hand in, and which group each student enrolment is in."""

    is_group: BOOL  # per activity
    own_grades: BOOL  # per activity
    group: I64  # per enrolment, -1 for none
    joined_ms: I64  # per enrolment
    groups: int

    def cells(self, enrolment: I64, activity: I64) -> tuple[I64, I64]:
        """(rows that are group work of a member, activity x group of each)."""
        rows = np.flatnonzero(self.is_group[activity] & (self.group[enrolment] >= 0))
        return rows, activity[rows] * self.groups + self.group[enrolment[rows]]


def make_group_work(
    pack: Pack, offerings: int, activities: Activities, enrolments: Enrolments, groups: LearnerGroups
) -> GroupWork:
    """Group work of all courses: some of what is uploaded where there are groups."""
    made = np.full(offerings, NEVER)
    of_course = np.flatnonzero(groups.offering >= 0)
    np.minimum.at(made, groups.offering[of_course], groups.created_ms[of_course])
    is_group = (
        has_type(pack, activities, "online_upload")
        & (activities.kind == ActivityKind.ASSIGNMENT)
        & (activities.due_ms - SETTLED_DAYS * DAY_MS > made[activities.offering])
        & (rng.uniform(activities.key, _IS_GROUP_WORK) < GROUP_WORK_SHARE)
    )
    group, joined = np.full(len(enrolments), -1), np.full(len(enrolments), NO_TIME)
    rows = np.flatnonzero(groups.member_enrolment >= 0)
    group[groups.member_enrolment[rows]] = groups.member_group[rows]
    joined[groups.member_enrolment[rows]] = groups.member_created_ms[rows]
    own = is_group & (rng.uniform(activities.key, _OWN_GRADES) < OWN_GRADE_SHARE)
    return GroupWork(is_group, own, group, joined, max(len(groups), 1))


def shared(work: GroupWork, enrolments: Enrolments, results: Results, score: I64) -> Results:
    """Results in which members have what the first of their group handed in; ``score``: their own ones."""
    rows, cell = work.cells(results.enrolment, results.activity)
    submitted = np.where(results.submitted_ms[rows] == NO_TIME, NEVER, results.submitted_ms[rows])
    # Only who has joined the group by then can hand in for it.
    early = work.joined_ms[results.enrolment[rows]] >= submitted
    submitted[early] = NEVER
    order = np.lexsort((rows, submitted, cell))
    first = order[np.searchsorted(cell[order], cell, side="left")]
    lead, at = rows[first], submitted[first]
    who = results.enrolment[rows]
    takes_part = (
        (at != NEVER)
        & (work.joined_ms[who] < at)
        & (enrolments.entry_ms[who] < at)
        & (enrolments.exit_ms[who] - HOUR_MS > at)
    )
    rows, lead = rows[takes_part], lead[takes_part]
    changed = {
        name: getattr(results, name).copy()
        for name in (
            "submitted_ms",
            "graded_ms",
            "score_hundredths",
            "is_missing",
            "excused_ms",
            "attempt",
            "grader",
        )
    }
    for name in ("submitted_ms", "graded_ms", "score_hundredths", "attempt", "grader"):
        changed[name][rows] = getattr(results, name)[lead]
    own = rows[work.own_grades[results.activity[rows]] & (changed["graded_ms"][rows] != NO_TIME)]
    changed["score_hundredths"][own] = score[own]
    changed["is_missing"][rows] = False
    changed["excused_ms"][rows] = NO_TIME
    group = np.full(len(results), -1)
    group[rows] = work.group[results.enrolment[rows]]
    return replace(results, group=group, **changed)
