"""From the store's tables to ``sim.world.details``: read by anchors and by the fields of shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import rng
from context.arrays import I32, I64, U64
from context.ids import global_ids
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.world.details import (
    AssignmentDetails,
    CourseDetails,
    Details,
    DiscussionDetails,
    FileDetails,
    PageDetails,
    PersonDetails,
    QuizDetails,
    SeatDetails,
)
from sim.world.groups import Owners, load_groups
from sim.world.reader import Reader, day_numbers, hundredths, ints, millis, strings
from sim.world.world import NO_TIME

_BY_HAND = 1460  # purpose of the key of an enrolment: who made it
MOST_TEXT = 8192  # characters of a text that Canvas sends
_ENROLMENT_TYPES = {
    "Student": "StudentEnrollment",
    "Teacher": "TeacherEnrollment",
    "Faculty": "TeacherEnrollment",
    "TeachingAssistant": "TaEnrollment",
    "Designer": "DesignerEnrollment",
}
_ENROLMENT_STATES = {"Active": "active", "Completed": "completed", "Inactive": "inactive"}


@dataclass(frozen=True)
class Roster:
    """Every enrolment of the store, whoever can click by it; row i of course_section_enrollment."""

    person: I32
    course: I32
    section: I32
    role: pa.StringArray
    key: U64


def load_details(
    read: Reader, pack: Pack, calendar: Calendar, row_of: dict[str, I64], roster: Roster, owners: Owners
) -> Details:
    """Details of course objects, courses, enrolments and people. Raises RunError for missing tables.

    ``row_of``: by table of objects, the row there of each of the entity's rows, -1 for those left out.
    """
    person = read.entity("person", "name", "le_created_date")
    groups, categories, members, overrides = load_groups(read, row_of["assignment"], owners)
    return Details(
        assignment=_assignments(read, row_of["assignment"]),
        quiz=_quizzes(read, row_of["quiz"]),
        discussion=_discussions(read, row_of["discussion"]),
        file=_files(read, row_of["file"]),
        page=_pages(read, row_of["page"]),
        course=_courses(read, calendar),
        person=PersonDetails(
            name=pc.fill_null(strings(person["name"]), ""), created_ms=millis(person["le_created_date"])
        ),
        seat=_seats(read, pack, calendar, roster),
        group=groups,
        group_category=categories,
        group_member=members,
        override=overrides,
    )


class _Ordered:
    """Columns of an entity in the order of the world's table."""

    def __init__(self, read: Reader, entity: str, where: I64, *columns: str) -> None:
        kept = np.flatnonzero(where >= 0)
        self._order = np.empty(len(kept), dtype=np.int64)
        self._order[where[kept]] = kept
        self._table = read.entity(entity, *columns)

    def millis(self, name: str) -> I64:
        """UTC ms, NO_TIME for NULL."""
        return millis(self._table[name])[self._order]

    def ints(self, name: str) -> I64:
        """Whole numbers, -1 for NULL."""
        return ints(self._table[name])[self._order]

    def points_hundredths(self) -> I64:
        """Points to get, 0 for NULL."""
        return np.maximum(hundredths(self._table["points_possible"]), 0)[self._order]

    def texts(self, name: str) -> pa.StringArray:
        """Texts as Canvas cuts them, "" for NULL."""
        return _cut(strings(self._table[name]).take(pa.array(self._order)))


def _assignments(read: Reader, where: I64) -> AssignmentDetails:
    table = _Ordered(
        read, "learner_activity", where, "created_date", "updated_date", "unlocked_date", "due_date",
        "locked_date", "description", "status", "points_possible",
    )  # fmt: skip
    return AssignmentDetails(
        created_ms=table.millis("created_date"),
        updated_ms=table.millis("updated_date"),
        unlocked_ms=table.millis("unlocked_date"),
        due_ms=table.millis("due_date"),
        locked_ms=table.millis("locked_date"),
        points_hundredths=table.points_hundredths(),
        description=table.texts("description"),
        status=table.texts("status"),
    )


def _quizzes(read: Reader, where: I64) -> QuizDetails:
    table = _Ordered(
        read, "quiz", where, "created_date", "updated_date", "unlocked_date", "due_date", "deleted_date",
        "type", "points_possible", "time_limit",
    )  # fmt: skip
    return QuizDetails(
        created_ms=table.millis("created_date"),
        updated_ms=table.millis("updated_date"),
        deleted_ms=table.millis("deleted_date"),
        unlocked_ms=table.millis("unlocked_date"),
        due_ms=table.millis("due_date"),
        time_limit_minutes=table.ints("time_limit"),
        points_hundredths=table.points_hundredths(),
        type=table.texts("type"),
    )


def _discussions(read: Reader, where: I64) -> DiscussionDetails:
    table = _Ordered(read, "discussion", where, "created_date", "type")
    return DiscussionDetails(created_ms=table.millis("created_date"), type=table.texts("type"))


def _files(read: Reader, where: I64) -> FileDetails:
    table = _Ordered(read, "file", where, "created_date", "updated_date", "deleted_date", "content_type")
    return FileDetails(
        created_ms=table.millis("created_date"),
        updated_ms=table.millis("updated_date"),
        deleted_ms=table.millis("deleted_date"),
        content_type=table.texts("content_type"),
    )


def _pages(read: Reader, where: I64) -> PageDetails:
    table = _Ordered(read, "wiki_page", where, "created_date", "updated_date", "body", "status")
    updated = table.millis("updated_date")
    gone = pc.equal(table.texts("status"), "deleted").to_numpy(zero_copy_only=False)
    return PageDetails(
        created_ms=table.millis("created_date"),
        updated_ms=updated,
        deleted_ms=np.where(gone, updated, NO_TIME),
        body=table.texts("body"),
    )


def _cut(texts: pa.StringArray) -> pa.StringArray:
    return pc.fill_null(pc.utf8_slice_codeunits(texts, 0, MOST_TEXT), "")


def _courses(read: Reader, calendar: Calendar) -> CourseDetails:
    """When a course was made and opened, and its syllabus."""
    table = read.entity(
        "course_offering",
        "created_date",
        "syllabus_content",
        "le_start_date",
        "le_status",
        "subject",
        "number",
    )
    start = np.datetime64(calendar.term.start, "D").astype(np.int64)
    opened = day_numbers(table["le_start_date"])
    return CourseDetails(
        created_ms=millis(table["created_date"]),
        opened_day=np.where(opened == NO_TIME, calendar.first_day, opened - start),
        syllabus=_cut(strings(table["syllabus_content"])),
        status=pc.fill_null(strings(table["le_status"]), ""),
        subject=pc.fill_null(strings(table["subject"]), ""),
        number=pc.fill_null(strings(table["number"]), ""),
    )


def _seats(read: Reader, pack: Pack, calendar: Calendar, roster: Roster) -> SeatDetails:
    """Ids, times and states of all enrolments."""
    start = np.datetime64(calendar.term.start, "D").astype(np.int64)
    end = day_numbers(read.entity("course_offering", "le_end_date")["le_end_date"])
    last = np.where(end == NO_TIME, calendar.last_day, end - start)
    until = calendar.wall_to_utc_ms(np.clip(last, calendar.first_day, calendar.last_day) + 1, 0)
    share = pack.number("enrollment.by_hand_share")
    table = read.entity("course_section_enrollment", "enrollment_status", "created_date", "updated_date")
    sections = read.local("course_section")
    return SeatDetails(
        lms_id=global_ids(read.local("course_section_enrollment")),
        section_lms_id=global_ids(sections[roster.section]),
        person=roster.person,
        course=roster.course,
        key=roster.key,
        type=_mapped(roster.role, _ENROLMENT_TYPES, "ObserverEnrollment"),
        state=_mapped(strings(table["enrollment_status"]), _ENROLMENT_STATES, "deleted"),
        created_ms=millis(table["created_date"]),
        updated_ms=millis(table["updated_date"]),
        until_ms=until[roster.course],
        by_hand=rng.uniform(rng.extend(roster.key, _BY_HAND)) < share,
    )


def _mapped(texts: pa.StringArray, names: dict[str, str], other: str) -> pa.StringArray:
    codes = texts.dictionary_encode()
    made = pa.array([names.get(text, other) for text in codes.dictionary.to_pylist()], pa.string())
    return pc.fill_null(made.take(codes.indices), other)
