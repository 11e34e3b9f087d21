"""What was made and changed: assignments, files, courses, enrolments, by instructors and background jobs.

A row of the store with a time is one event, at that time; in an outage of Canvas, when it is over. Rows from
before the first campus day were sent before our feed begins.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import rng
from context.arrays import HOUR_MS, I32, I64, MINUTE_MS, U64
from context.scenario.calendar import Calendar
from sim.caliper.kinds import KIND, KINDS
from sim.plan.anchor_acts import AnchorRows
from sim.plan.outages import put_off
from sim.world.details import staff_rows
from sim.world.world import World

_TABLES = {  # object table: (kind of making, kind of changing)
    "assignment": ("assignment_created", "assignment_updated"),
    "quiz": ("quiz_created", "quiz_updated"),
    "discussion": ("discussion_topic_created", ""),
    "file": ("attachment_created", "attachment_updated"),
    "page": ("wiki_page_created", "wiki_page_updated"),
}
_OPENED_DAYS = 10  # a course is opened on one of so many days from its first one on (assumption)


def change_anchors(world: World, calendar: Calendar) -> list[AnchorRows]:
    """Events of what was made and changed within the campus days."""
    staff = staff_rows(world.enrolments, len(world.courses.udp_id))
    found = []
    for table, kinds in _TABLES.items():
        objects, detail = world.objects[table], world.details[table]
        ordinal = np.arange(len(objects.course)) - objects.first[objects.course]
        key = rng.extend(_of_kind(world.courses.key[objects.course], kinds[0]), ordinal)
        found.append(_rows_of_time(calendar, kinds[0], detail["created_ms"], staff[objects.course], key))
        if kinds[1]:
            same = (detail["updated_ms"] == detail["created_ms"]) | (
                detail["updated_ms"] == detail.get("deleted_ms", -1)
            )
            changed = np.where(same, -1, detail["updated_ms"])
            found.append(
                _rows_of_time(calendar, kinds[1], changed, staff[objects.course], rng.extend(key, 1))
            )
    return [
        *found,
        *_course_anchors(world, calendar, staff),
        *_people_anchors(world, calendar),
        *_group_anchors(world, calendar, staff),
    ]


def _group_anchors(world: World, calendar: Calendar, staff: I32) -> list[AnchorRows]:
    """Groups of courses and overrides, made by instructors; whoever joins a club does so alone."""
    found = []
    for table in ("group_category", "group"):
        detail = world.details[table]
        owner = _owner(staff, detail["course"])
        found.append(_rows_of_time(calendar, f"{table}_created", detail["created_ms"], owner, detail["key"]))
    members, e = world.details["group_member"], world.enrolments
    own = np.full(len(world.persons.udp_id), -1, dtype=np.int32)
    rows = np.flatnonzero(e.is_student)[::-1]
    own[e.person[rows]] = rows
    owner = np.where(members["course"] >= 0, _owner(staff, members["course"]), own[members["person"]])
    found.append(
        _rows_of_time(calendar, "group_membership_created", members["created_ms"], owner, members["key"])
    )
    override = world.details["override"]
    owner = _owner(staff, world.objects["assignment"].course[override["assignment_row"]].astype(np.int64))
    changed = np.where(override["updated_ms"] != override["created_ms"], override["updated_ms"], -1)
    for number, (kind, time) in enumerate((("created", override["created_ms"]), ("updated", changed))):
        key = rng.extend(override["key"], number)
        found.append(_rows_of_time(calendar, f"assignment_override_{kind}", time, owner, key))
    return found


def _of_kind(key: U64, kind: str) -> U64:
    """Keys of events by the name of their kind: its code would move with kinds that come before it."""
    return rng.extend(key, rng.key_of_text(0, "kind", [kind]))


def _owner(staff: I32, course: I64) -> I32:
    """The instructor's enrolment in a course; -1 for things of an account."""
    return np.where(course >= 0, staff[np.maximum(course, 0)], -1).astype(np.int32)


def _course_anchors(world: World, calendar: Calendar, staff: I32) -> list[AnchorRows]:
    """Courses made by a job, opened and given a syllabus by their instructor."""
    detail, key = world.details["course"], _of_kind(world.courses.key, "course_created")
    all_courses = np.arange(len(key), dtype=np.int32)
    made = _rows_of_time(calendar, "course_created", detail["created_ms"], None, key, all_courses)
    day = np.maximum(detail["opened_day"], calendar.first_day) + rng.integer(key, _OPENED_DAYS, 1)
    wall = 9 * HOUR_MS + rng.integer(key, 9 * HOUR_MS, 2)
    opened = calendar.wall_to_utc_ms(np.minimum(day, calendar.last_day), wall)
    written = opened - MINUTE_MS - rng.integer(key, 10 * MINUTE_MS, 3)
    # Courses that stay unpublished are never opened; some have no syllabus.
    published = pc.is_in(detail["status"], pa.array(("available", "completed"))).to_numpy(
        zero_copy_only=False
    )
    opened = np.where(published, opened, -1)
    written = np.where(
        published & pc.not_equal(detail["syllabus"], "").to_numpy(zero_copy_only=False), written, -1
    )
    return [
        made,
        _rows_of_time(calendar, "course_updated", opened, staff, rng.extend(key, 1)),
        _rows_of_time(calendar, "syllabus_updated", written, staff, rng.extend(key, 2)),
    ]


def _people_anchors(world: World, calendar: Calendar) -> list[AnchorRows]:
    """Enrolments and accounts, by the batches of the student information system."""
    seats = world.details["seat"]
    key = _of_kind(seats["key"], "enrollment_created")
    changed = np.where(seats["updated_ms"] != seats["created_ms"], seats["updated_ms"], -1)
    found = []
    for number, (kind, time) in enumerate(
        (
            ("enrollment_created", seats["created_ms"]),
            ("enrollment_state_created", seats["created_ms"]),
            ("enrollment_updated", changed),
            ("enrollment_state_updated", changed),
        )
    ):
        found.append(_rows_of_time(calendar, kind, time, None, rng.extend(key, number), seats["course"]))
    accounts = _of_kind(world.persons.key, "user_account_association_created")
    nowhere = np.full(len(accounts), -1, dtype=np.int32)
    created = world.details["person"]["created_ms"]
    return [
        *found,
        _rows_of_time(calendar, "user_account_association_created", created, None, accounts, nowhere),
    ]


def _rows_of_time(
    calendar: Calendar, kind: str, time: I64, enrolment: I32 | None, key: U64,
    course: I32 | None = None,
) -> AnchorRows:  # fmt: skip
    """Events of rows whose time lies in the campus days. Row i of the arguments is object i."""
    when = put_off(calendar, time)
    low, high = calendar.day_start_ms(calendar.first_day), calendar.day_start_ms(calendar.last_day + 1)
    inside = (time >= low) & (when < high)
    if enrolment is not None:
        inside &= enrolment >= 0
    rows = np.flatnonzero(inside)
    return AnchorRows(
        kind=kind,
        tool=KINDS[KIND[kind]].tool,
        bundle_ms=when[rows],
        time_ms=when[rows],
        enrolment=np.full(len(rows), -1, dtype=np.int32) if enrolment is None else enrolment[rows],
        object=rows.astype(np.int32),
        key=key[rows],
        counted=False,
        course=None if course is None else course[rows].astype(np.int32),
    )
