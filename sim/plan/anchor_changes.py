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
from sim.world.world import NO_ROW, NO_TIME, World

# Purposes: of the key of what was made; of a course's, draws, then events.
_CHANGE, _DELETION = 1, 2
_OPENED_DAY, _OPENED_TIME, _SYLLABUS_LEAD = 1, 2, 3
_OPENED, _SYLLABUS = 1, 2
_GONE = {"file": "attachment_deleted", "page": "wiki_page_deleted"}
_OPENED_DAYS = 10  # a course is opened on one of so many days from its first one on (assumption)


def change_anchors(world: World, calendar: Calendar) -> list[AnchorRows]:
    """Events of what was made and changed within the campus days."""
    staff = world.enrolments.first_instructors(len(world.courses.udp_id))
    return [
        *_object_anchors(world, calendar, staff),
        *_course_anchors(world, calendar, staff),
        *_people_anchors(world, calendar, staff),
        *_group_anchors(world, calendar, staff),
    ]


def _object_anchors(world: World, calendar: Calendar, staff: I32) -> list[AnchorRows]:
    """Course objects, made and changed by instructors."""
    d = world.details
    quiz_changed = _changed(d.quiz.created_ms, d.quiz.updated_ms, d.quiz.deleted_ms)
    file_changed = _changed(d.file.created_ms, d.file.updated_ms, d.file.deleted_ms)
    found = []
    for table, made, made_ms, changed, changed_ms in (
        ("assignment", "assignment_created", d.assignment.created_ms,
         "assignment_updated", _changed(d.assignment.created_ms, d.assignment.updated_ms)),
        ("quiz", "quiz_created", d.quiz.created_ms, "quiz_updated", quiz_changed),
        ("discussion", "discussion_topic_created", d.discussion.created_ms, "", None),
        ("file", "attachment_created", d.file.created_ms, "attachment_updated", file_changed),
        ("page", "wiki_page_created", d.page.created_ms,
         "wiki_page_updated", _changed(d.page.created_ms, d.page.updated_ms, d.page.deleted_ms)),
    ):  # fmt: skip
        objects = world.objects[table]
        ordinal = np.arange(len(objects.course)) - objects.first[objects.course]
        key = rng.extend(_of_kind(world.courses.key[objects.course], made), ordinal)
        owner = staff[objects.course]
        found.append(_rows_of_time(calendar, made, made_ms, owner, key))
        if changed_ms is not None:
            found.append(_rows_of_time(calendar, changed, changed_ms, owner, rng.extend(key, _CHANGE)))
        if table in _GONE:
            kind, deleted_ms = _GONE[table], getattr(d, table).deleted_ms
            found.append(_rows_of_time(calendar, kind, deleted_ms, owner, rng.extend(key, _DELETION)))
    return found


def _changed(created_ms: I64, updated_ms: I64, deleted_ms: I64 | None = None) -> I64:
    """When rows were changed; NO_TIME where that was making or deleting them."""
    same = updated_ms == created_ms
    if deleted_ms is not None:
        same |= updated_ms == deleted_ms
    return np.where(same, NO_TIME, updated_ms)


def _group_anchors(world: World, calendar: Calendar, staff: I32) -> list[AnchorRows]:
    """Groups of courses and overrides, made by instructors; whoever joins a club does so alone."""
    found, d, e = [], world.details, world.enrolments
    for kind, made in (("group_category_created", d.group_category), ("group_created", d.group)):
        found.append(_rows_of_time(calendar, kind, made.created_ms, _owner(staff, made.course), made.key))
    members = d.group_member
    own = np.full(len(world.persons.udp_id), NO_ROW, dtype=np.int32)
    rows = np.flatnonzero(e.is_student)[::-1]
    own[e.person[rows]] = rows
    owner = np.where(members.course >= 0, _owner(staff, members.course), own[members.person])
    found.append(_rows_of_time(calendar, "group_membership_created", members.created_ms, owner, members.key))
    override = d.override
    owner = _owner(staff, world.objects["assignment"].course[override.assignment].astype(np.int64))
    changed = _changed(override.created_ms, override.updated_ms)
    for number, (kind, time) in enumerate((("created", override.created_ms), ("updated", changed))):
        key = rng.extend(override.key, number)
        found.append(_rows_of_time(calendar, f"assignment_override_{kind}", time, owner, key))
    return found


def _of_kind(key: U64, kind: str) -> U64:
    """Keys of events by the name of their kind: its code would move with kinds that come before it."""
    return rng.extend(key, rng.key_of_text(0, "kind", [kind]))


def _owner(staff: I32, course: I64) -> I32:
    """The instructor's enrolment in a course; NO_ROW for things of an account."""
    return np.where(course >= 0, staff[np.maximum(course, 0)], NO_ROW).astype(np.int32)


def _course_anchors(world: World, calendar: Calendar, staff: I32) -> list[AnchorRows]:
    """Courses made by a job, opened and given a syllabus by their instructor."""
    detail, key = world.details.course, _of_kind(world.courses.key, "course_created")
    all_courses = np.arange(len(key), dtype=np.int32)
    made = _rows_of_time(calendar, "course_created", detail.created_ms, None, key, all_courses)
    day = np.maximum(detail.opened_day, calendar.first_day) + rng.integer(key, _OPENED_DAYS, _OPENED_DAY)
    wall = 9 * HOUR_MS + rng.integer(key, 9 * HOUR_MS, _OPENED_TIME)
    opened = calendar.wall_to_utc_ms(np.minimum(day, calendar.last_day), wall)
    written = opened - MINUTE_MS - rng.integer(key, 10 * MINUTE_MS, _SYLLABUS_LEAD)
    # Courses that stay unpublished are never opened; some have no syllabus.
    published = pc.is_in(detail.status, pa.array(("available", "completed"))).to_numpy(zero_copy_only=False)
    opened = np.where(published, opened, NO_TIME)
    written = np.where(
        published & pc.not_equal(detail.syllabus, "").to_numpy(zero_copy_only=False), written, NO_TIME
    )
    return [
        made,
        _rows_of_time(calendar, "course_updated", opened, staff, rng.extend(key, _OPENED)),
        _rows_of_time(calendar, "syllabus_updated", written, staff, rng.extend(key, _SYLLABUS)),
    ]


def _by_hand(world: World, staff: I32) -> I32:
    """The enrolment of the instructor who made each one; NO_ROW for those of the student system's batch.

    Nobody lets themselves in, nor anybody else before they are there.
    """
    seats, e = world.details.seat, world.enrolments
    owner = staff[seats.course]
    there = owner >= 0
    there &= (e.joined_ms[owner] < seats.created_ms) & (e.person[owner] != seats.person)
    return np.where(seats.by_hand & there, owner, NO_ROW).astype(np.int32)


def _people_anchors(world: World, calendar: Calendar, staff: I32) -> list[AnchorRows]:
    """Enrolments and accounts, by the batches of the student information system, and by instructors."""
    seats = world.details.seat
    key, owner = _of_kind(seats.key, "enrollment_created"), _by_hand(world, staff)
    made = np.where(owner == NO_ROW, seats.created_ms, NO_TIME)
    let_in = np.where(owner == NO_ROW, NO_TIME, seats.created_ms)
    changed = _changed(seats.created_ms, seats.updated_ms)
    found = []
    for number, (kind, time) in enumerate(
        (
            ("enrollment_created", made),
            ("enrollment_state_created", made),
            ("enrollment_updated", changed),
            ("enrollment_state_updated", changed),
        )
    ):
        found.append(_rows_of_time(calendar, kind, time, None, rng.extend(key, number), seats.course))
    for number, kind in enumerate(("enrollment_created_by_hand", "enrollment_state_created_by_hand")):
        found.append(_rows_of_time(calendar, kind, let_in, owner, rng.extend(key, number)))
    accounts = _of_kind(world.persons.key, "user_account_association_created")
    nowhere = np.full(len(accounts), NO_ROW, dtype=np.int32)
    created = world.details.person.created_ms
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
        enrolment=np.full(len(rows), NO_ROW, dtype=np.int32) if enrolment is None else enrolment[rows],
        object=rows.astype(np.int32),
        key=key[rows],
        counted=False,
        course=None if course is None else course[rows].astype(np.int32),
    )
