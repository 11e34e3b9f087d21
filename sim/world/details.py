"""What the store's rows say beyond what is clicked on: for the events of who made and changed them.

Columns by table, rows in the order of the world's tables; loaded once, read by the shapes' columns.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from context.arrays import I64
from context.ids import global_ids
from context.scenario.calendar import Calendar
from sim.world.groups import Owners, load_groups
from sim.world.reader import Reader, hundredths, ints, millis, strings
from sim.world.world import Courses, Details, Seats

MOST_TEXT = 8192  # characters of a text that Canvas sends
_ENTITIES = {
    "assignment": "learner_activity",
    "quiz": "quiz",
    "discussion": "discussion",
    "file": "file",
    "page": "wiki_page",
}
_TIMES = {
    "assignment": ("created_date", "updated_date", "unlocked_date", "due_date", "locked_date"),
    "quiz": ("created_date", "updated_date", "unlocked_date", "due_date", "deleted_date"),
    "discussion": ("created_date",),
    "file": ("created_date", "updated_date", "deleted_date"),
    "page": ("created_date", "updated_date"),
}
_TEXTS = {
    "assignment": ("description", "status"),
    "quiz": ("type",),
    "discussion": ("type",),
    "file": ("content_type",),
    "page": ("body",),
}
_ENROLMENT_TYPES = {
    "Student": "StudentEnrollment",
    "Teacher": "TeacherEnrollment",
    "Faculty": "TeacherEnrollment",
    "TeachingAssistant": "TaEnrollment",
    "Designer": "DesignerEnrollment",
}
_ENROLMENT_STATES = {"Active": "active", "Completed": "completed", "Inactive": "inactive"}


def load_details(
    read: Reader,
    calendar: Calendar,
    row_of: dict[str, I64],
    courses: Courses,
    seats: dict[str, Any],
    owners: Owners,
) -> Details:
    """Details of course objects, courses, enrolments and people. Raises RunError for missing tables.

    ``seats``: person, course, section and key of every enrolment, in the order of the store.
    """
    details: Details = {name: _objects(read, name, row_of[name]) for name in _ENTITIES}
    details["course"] = _courses(read, calendar, courses)
    details["seat"] = _seats(read, seats)
    person = read.entity("person", "name", "le_created_date")
    details["person"] = {
        "name": pc.fill_null(strings(person["name"]), ""),
        "created_ms": millis(person["le_created_date"]),
    }
    return details | load_groups(read, row_of["assignment"], owners)


def staff_rows(enrolments: Seats, courses: int) -> npt.NDArray[np.int32]:
    """The enrolment through which a course is run: its first instructor's; -1 where it has none."""
    found = np.full(courses, -1, dtype=np.int32)
    rows = np.flatnonzero(enrolments.membership_role == 1)[::-1]
    found[enrolments.course[rows]] = rows
    return found


def _objects(read: Reader, name: str, where: I64) -> dict[str, Any]:
    """Columns of one table of course objects in the world's order."""
    entity = _ENTITIES[name]
    more = {"assignment": ("points_possible",), "quiz": ("points_possible", "time_limit")}.get(name, ())
    table = read.entity(entity, *_TIMES[name], *_TEXTS[name], *more)
    kept = np.flatnonzero(where >= 0)
    order = np.empty(len(kept), dtype=np.int64)
    order[where[kept]] = kept
    found: dict[str, Any] = {
        column.removesuffix("_date") + "_ms": millis(table[column])[order] for column in _TIMES[name]
    }
    picked = pa.array(order)
    for column in _TEXTS[name]:
        texts = _cut(strings(table[column]).take(picked))
        found[column] = texts if column == "description" else pc.fill_null(texts, "")
    if "points_possible" in more:
        found["points"] = np.maximum(hundredths(table["points_possible"]), 0)[order]
    if "time_limit" in more:
        found["time_limit"] = ints(table["time_limit"])[order]
    return found


def _cut(texts: pa.StringArray) -> pa.StringArray:
    return pc.fill_null(pc.utf8_slice_codeunits(texts, 0, MOST_TEXT), "")


def _courses(read: Reader, calendar: Calendar, courses: Courses) -> dict[str, Any]:
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
    opened = ints(table["le_start_date"].cast(pa.int32()).cast(pa.int64()), -(10**6)) - start
    return {
        "created_ms": millis(table["created_date"]),
        "opened_day": np.where(opened < -(10**5), calendar.first_day, opened),
        "syllabus": pc.fill_null(_cut(strings(table["syllabus_content"])), ""),
        "status": pc.fill_null(strings(table["le_status"]), ""),
        "subject": pc.fill_null(strings(table["subject"]), ""),
        "number": pc.fill_null(strings(table["number"]), ""),
        "key": courses.key,
    }


def _seats(read: Reader, seats: dict[str, Any]) -> dict[str, Any]:
    """Ids, times and states of all enrolments."""
    table = read.entity("course_section_enrollment", "enrollment_status", "created_date", "updated_date")
    local = read.local("course_section_enrollment")
    sections = read.local("course_section")
    return {
        "local_id": local,
        "lms_id": global_ids(local),
        "section": global_ids(sections[seats["section"]]),
        "person": seats["person"],
        "course": seats["course"],
        "key": seats["key"],
        "type": _mapped(seats["role"], _ENROLMENT_TYPES, "ObserverEnrollment"),
        "state": _mapped(strings(table["enrollment_status"]), _ENROLMENT_STATES, "deleted"),
        "created_ms": millis(table["created_date"]),
        "updated_ms": millis(table["updated_date"]),
    }


def _mapped(texts: pa.StringArray, names: dict[str, str], other: str) -> pa.StringArray:
    codes = texts.dictionary_encode()
    made = pa.array([names.get(text, other) for text in codes.dictionary.to_pylist()], pa.string())
    return pc.fill_null(made.take(codes.indices), other)
