"""What students handed in and how it was graded, as columns."""

from __future__ import annotations

from dataclasses import dataclass

from context.arrays import BOOL, I64, U64


@dataclass(frozen=True)
class Pairs:
    """Row i is a student enrolment and an activity of its course, in this order."""

    enrolment: I64
    activity: I64
    key: U64


@dataclass(frozen=True)
class Results:
    """Row i is a learner_activity_result: one per student enrolment and activity of its course."""

    enrolment: I64
    activity: I64
    due_ms: I64  # of this student: another one than the activity's where an override says so
    submitted_ms: I64  # NO_TIME when nothing was handed in
    graded_ms: I64  # NO_TIME when not graded
    score_hundredths: I64  # NO_TIME when not graded
    is_missing: BOOL  # should have been handed in and was not
    excused_ms: I64  # when a teacher excused the student; NO_TIME: never
    attempt: I64
    grader: I64  # enrolment of the grader, -1 when graded by the system or not at all
    group: I64  # learner group that handed in together, -1 for none
    key: U64

    def __len__(self) -> int:
        return len(self.enrolment)
