"""Submissions and posts of the world: what the store proves."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import rng
from context.arrays import I64, repetition
from context.errors import RunError
from context.ids import global_ids
from context.scenario.calendar import Calendar
from sim.world.reader import Reader, hundredths, ints, millis, row_numbers, strings
from sim.world.world import NO_ROW, SUBMISSION_TYPES, Posts, Seats, Submissions

_SUBMISSION, _POST = 900, 901  # purposes of an enrolment's key


def _student_rows(enrolments: Seats, people: int) -> tuple[I64, I64]:
    """(sorted codes course x person of student enrolments, their rows)."""
    rows = np.flatnonzero(enrolments.is_student)
    code = enrolments.course[rows].astype(np.int64) * people + enrolments.person[rows]
    order = np.argsort(code, kind="stable")
    return code[order], rows[order]


def _find(codes: tuple[I64, I64], course: I64, person: I64, people: int, what: str) -> I64:
    wanted = course * people + person
    place = np.minimum(np.searchsorted(codes[0], wanted), len(codes[0]) - 1)
    if len(wanted) and not np.array_equal(codes[0][place], wanted):
        raise RunError(f"context store: {what} by people who are not enrolled as students")
    return codes[1][place]


def load_submissions(read: Reader, enrolments: Seats, row_of: dict[str, I64], people: int) -> Submissions:
    """Results that were handed in or graded. Raises RunError for one by a stranger to the course."""
    columns = (
        "learner_activity_id",
        "person_id",
        "grader_id",
        "type",
        "attempt",
        "body",
        "url",
        "score",
        "response_date",
        "graded_date",
        "updated_date",
    )
    table = read.entity("learner_activity_result", *columns)
    keep = pc.or_(pc.is_valid(table["response_date"]), pc.is_valid(table["graded_date"])).to_numpy(
        zero_copy_only=False
    )
    rows = np.flatnonzero(keep)
    local = read.local("learner_activity_result")[rows]
    table = table.take(pa.array(rows))
    activity_table = read.entity("learner_activity", "course_offering_id", "points_possible")
    activity = row_numbers(table["learner_activity_id"])
    course = row_numbers(activity_table["course_offering_id"])[activity]
    person = row_numbers(table["person_id"])
    enrolment = _find(_student_rows(enrolments, people), course, person, people, "learner_activity_result")
    quiz_activity = row_numbers(read.entity("quiz", "learner_activity_id")["learner_activity_id"])
    quiz_of = np.full(len(activity_table), NO_ROW, dtype=np.int64)
    linked = np.flatnonzero(quiz_activity >= 0)
    quiz_of[quiz_activity[linked]] = row_of["quiz"][linked]
    types = pc.index_in(strings(table["type"]), pa.array(SUBMISSION_TYPES))
    grader = row_numbers(table["grader_id"])
    ordinal = repetition(row_numbers(activity_table["course_offering_id"]))
    return Submissions(
        lms_id=global_ids(local),
        local_id=local,
        enrolment=enrolment.astype(np.int32),
        assignment=row_of["assignment"][activity].astype(np.int32),
        quiz=quiz_of[activity].astype(np.int32),
        submission_type=ints(types).astype(np.int8),
        attempt=ints(table["attempt"], 1).astype(np.int16),
        submitted_ms=millis(table["response_date"]),
        graded_ms=millis(table["graded_date"]),
        updated_ms=millis(table["updated_date"]),
        grader_enrolment=_grader_rows(enrolments, course, grader, people).astype(np.int32),
        score_hundredths=hundredths(table["score"]),
        points_hundredths=hundredths(activity_table["points_possible"])[activity],
        body=pc.fill_null(strings(table["body"]), ""),
        url=pc.fill_null(strings(table["url"]), ""),
        key=rng.extend(rng.extend(enrolments.key[enrolment], _SUBMISSION), ordinal[activity]),
    )


def _grader_rows(enrolments: Seats, course: I64, grader: I64, people: int) -> I64:
    """An enrolment row of each grader in the course, NO_ROW where there is none."""
    rows = np.flatnonzero(~enrolments.is_student)
    code = enrolments.course[rows].astype(np.int64) * people + enrolments.person[rows]
    order = np.argsort(code, kind="stable")
    code, rows = code[order], rows[order]
    wanted = course * people + grader
    place = np.minimum(np.searchsorted(code, wanted), len(code) - 1)
    return np.where((grader >= 0) & (code[place] == wanted), rows[place], NO_ROW)


def load_posts(
    read: Reader, enrolments: Seats, row_of: dict[str, I64], people: int, calendar: Calendar
) -> Posts:
    """Discussion entries. Raises RunError for one by a stranger to the course.

    Keys count their instants by the calendar before its shift.
    """
    table = read.entity(
        "discussion_entry", "discussion_id", "person_id", "course_offering_id", "created_date", "body"
    )
    course, person = row_numbers(table["course_offering_id"]), row_numbers(table["person_id"])
    enrolment = _find(_student_rows(enrolments, people), course, person, people, "discussion_entry")
    time = millis(table["created_date"])
    at = calendar.unshifted_ms(time)
    local = read.local("discussion_entry")
    discussion = row_of["discussion"][row_numbers(table["discussion_id"])]
    # The topic's place in its course keeps apart what somebody posts in two topics in one millisecond.
    topic = row_numbers(table["discussion_id"])
    topic_course = row_numbers(read.entity("discussion", "course_offering_id")["course_offering_id"])
    ordinal = repetition(topic_course)[topic]
    return Posts(
        lms_id=global_ids(local),
        local_id=local,
        enrolment=enrolment.astype(np.int32),
        discussion=discussion.astype(np.int32),
        time_ms=time,
        body=pc.fill_null(strings(table["body"]), ""),
        key=rng.extend(rng.extend(rng.extend(enrolments.key[enrolment], _POST), at), ordinal),
    )
