"""Fields of Canvas's documents: course objects, submissions, posts, enrolments and people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import rng
from context.ids import global_ids
from sim.caliper.fields import Field, FieldForm, Positions, take
from sim.caliper.texts import fixed
from sim.tools.every_tool import detail, key_texts
from sim.world.world import SUBMISSION_TYPES, World

_PERSON_FEED, _COURSE_FEED = 834, 833  # purposes of the key of a person, of a course
Get = Callable[[World, Positions], Any]
_OBJECTS = (
    "assignment", "quiz", "discussion", "file", "page", "item", "tool", "calendar", "collaboration",
    "conference", "outcome", "proxy",
)  # fmt: skip


def _own(table: str, name: str) -> Get:
    return lambda world, rows: take(getattr(world.objects[table], name), rows)


def _of_course(table: str, name: str) -> Get:
    return lambda world, rows: take(getattr(world.courses, name), world.objects[table].course[rows])


def _filename(world: World, rows: Positions) -> pa.StringArray:
    """Names of files as addresses have them: ``My+Notes.pdf``."""
    names = world.objects["file"].text.take(pa.array(rows))
    if not pc.any(pc.match_substring_regex(names, "[^A-Za-z0-9_.~-]")).as_py():
        return names
    return pa.array([quote_plus(name) for name in names.to_pylist()], pa.string())


def _table(table: str, form: FieldForm, names: dict[str, Get]) -> dict[str, Field]:
    return {f"{table}.{name}": Field(table, form, get) for name, get in names.items()}


def _objects(table: str) -> dict[str, Field]:
    whole = {
        "lms_id": _own(table, "lms_id"),
        "local_id": _own(table, "local_id"),
        "course": _of_course(table, "local_id"),
        "course_lms": _of_course(table, "lms_id"),
        "account": _of_course(table, "account_lms_id"),
    }
    return _table(table, "whole", whole) | _table(
        table, "text", {"title": _own(table, "title"), "text": _own(table, "text")}
    )


def _details(table: str, form: FieldForm, *names: str) -> dict[str, Field]:
    return _table(table, form, {name: detail(table, name) for name in names})


def _submission(name: str) -> Get:
    return lambda world, rows: take(getattr(world.submissions, name), rows)


def _student(name: str) -> Get:
    return lambda world, rows: take(
        getattr(world.persons, name), world.enrolments.person[world.submissions.enrolment[rows]]
    )


def _submitted_to(name: str) -> Get:
    return lambda world, rows: take(
        getattr(world.courses, name), world.enrolments.course[world.submissions.enrolment[rows]]
    )


def _linked(link: str, table: str, name: str) -> Get:
    def get(world: World, rows: Positions) -> Any:
        target = getattr(world.submissions, link)[rows]
        return np.where(target >= 0, getattr(world.objects[table], name)[np.maximum(target, 0)], -1)

    return get


def _text_or_none(name: str) -> Get:
    def get(world: World, rows: Positions) -> pa.StringArray:
        found = getattr(world.submissions, name).take(pa.array(rows))
        return pc.if_else(pc.equal(found, ""), pa.scalar(None, pa.string()), found)

    return get


def _types(world: World, rows: Positions) -> pa.StringArray:
    codes = world.submissions.submission_type[rows]
    names = pa.array([*SUBMISSION_TYPES, "on_paper"])
    return names.take(pa.array(np.where(codes < 0, len(SUBMISSION_TYPES), codes).astype(np.int64)))


def _post_topic(world: World, rows: Positions) -> Any:
    return world.objects["discussion"].local_id[world.posts.discussion[rows]]


def _is_announcement(world: World, rows: Positions) -> Any:
    kinds = world.details.discussion.type.take(pa.array(rows))
    return pc.fill_null(pc.equal(kinds, "Announcement"), fill_value=False).to_numpy(zero_copy_only=False)


def _seat_user(world: World, rows: Positions) -> Any:
    return world.persons.lms_id[world.details.seat.person[rows]]


def _feed(purpose: int, owner: str) -> Get:
    """The secret part of a calendar's address: 40 hexadecimal digits of its owner."""

    def get(world: World, rows: Positions) -> pa.StringArray:
        key = rng.extend(getattr(world, owner).key[rows], purpose)
        return fixed(key_texts(key))

    return get


def _course_of(table: str) -> Get:
    def get(world: World, rows: Positions) -> Any:
        course = getattr(world.details, table).course[rows]
        return np.where(course >= 0, world.courses.local_id[np.maximum(course, 0)], -1)

    return get


def _of_group(name: str) -> Get:
    of_group = detail("group", name)
    return lambda world, rows: of_group(world, world.details.group_member.group[rows])


def _overridden(get: Callable[[World, Positions], Any]) -> Get:
    return lambda world, rows: get(world, world.details.override.assignment[rows])


GROUP_FIELDS: dict[str, Field] = {
    **_table("group", "whole", {
        "lms_id": detail("group", "lms_id"),
        "category": detail("group", "category"),
        "category_lms": detail("group", "category_lms_id"),
        "course": _course_of("group"),
    }),
    **_details("group", "text", "name", "category_name"),
    "group_category.lms_id": Field("group_category", "whole", detail("group_category", "lms_id")),
    "group_category.course": Field("group_category", "whole", _course_of("group_category")),
    **_details("group_category", "text", "name"),
    **_table("group_member", "whole", {
        "lms_id": detail("group_member", "lms_id"),
        "user": lambda world, rows: world.persons.lms_id[world.details.group_member.person[rows]],
        "group_lms": _of_group("lms_id"),
        "group_local": _of_group("local_id"),
        "category_lms": _of_group("category_lms_id"),
    }),
    **_table("group_member", "text", {
        "group_name": _of_group("name"), "category_name": _of_group("category_name"),
    }),
    **_table("override", "whole", {
        "lms_id": detail("override", "lms_id"),
        "local_id": detail("override", "local_id"),
        "section": detail("override", "section_lms_id"),
        "group": detail("override", "group_lms_id"),
        "assignment": _overridden(_own("assignment", "local_id")),
        "course": _overridden(_of_course("assignment", "local_id")),
    }),
    **_details("override", "text", "type", "state"),
    **_details("override", "truth", "all_day"),
    **_details("override", "time", "due_ms", "unlocked_ms", "locked_ms", "all_day_ms"),
}  # fmt: skip
FIELDS: dict[str, Field] = {
    **GROUP_FIELDS,
    **{name: field for table in _OBJECTS for name, field in _objects(table).items()},
    "file.filename": Field("file", "text", _filename),
    "file.folder": Field("file", "whole", lambda world, rows: global_ids(
        world.courses.local_id[world.objects["file"].course[rows]] * 3 + 1, world.tenant.shard
    )),
    **_details("assignment", "time", "created_ms", "updated_ms", "unlocked_ms", "due_ms", "locked_ms"),
    **_details("assignment", "text", "description", "status"),
    "assignment.points": Field("assignment", "score", detail("assignment", "points_hundredths")),
    **_details("quiz", "time", "created_ms", "updated_ms", "unlocked_ms", "due_ms"),
    **_details("quiz", "text", "type"),
    "quiz.points": Field("quiz", "score", detail("quiz", "points_hundredths")),
    "quiz.time_limit": Field("quiz", "whole", detail("quiz", "time_limit_minutes")),
    **_details("file", "time", "created_ms", "updated_ms", "deleted_ms"),
    **_details("file", "text", "content_type"),
    **_details("page", "text", "body"),
    **_details("course", "text", "syllabus", "status"),
    "discussion.is_announcement": Field("discussion", "truth", _is_announcement),
    **_table("submission", "whole", {
        "lms_id": _submission("lms_id"),
        "attempt": _submission("attempt"),
        "student": _student("lms_id"),
        "user": _student("local_id"),
        "course": _submitted_to("local_id"),
        "assignment": _linked("assignment", "assignment", "local_id"),
        "assignment_lms": _linked("assignment", "assignment", "lms_id"),
        "quiz": _linked("quiz", "quiz", "local_id"),
        "quiz_lms": _linked("quiz", "quiz", "lms_id"),
    }),
    **_table("submission", "score", {
        "grade": _submission("score_hundredths"), "points": _submission("points_hundredths"),
    }),
    **_table("submission", "time", {
        "submitted_ms": _submission("submitted_ms"), "updated_ms": _submission("updated_ms"),
    }),
    **_table("submission", "text", {
        "type": _types,
        "url": _text_or_none("url"),
        "body": _text_or_none("body"),
        "student_sis": _student("sis_id"),
    }),
    **_table("post", "whole", {
        "local_id": lambda world, rows: world.posts.local_id[rows],
        "discussion": _post_topic,
        "course": lambda world, rows: world.courses.local_id[
            world.enrolments.course[world.posts.enrolment[rows]]
        ],
    }),
    "post.body": Field("post", "text", lambda world, rows: world.posts.body.take(pa.array(rows))),
    **_table("seat", "whole", {
        "lms_id": detail("seat", "lms_id"),
        "section": detail("seat", "section_lms_id"),
        "user": _seat_user,
        "course": lambda world, rows: take(world.courses.local_id, world.details.seat.course[rows]),
    }),
    **_table("seat", "text", {
        "type": detail("seat", "type"),
        "state": detail("seat", "state"),
        "user_name": lambda world, rows: take(
            world.details.person.name, world.details.seat.person[rows]
        ),
    }),
    **_table("seat", "time", {
        "created_ms": detail("seat", "created_ms"),
        "updated_ms": detail("seat", "updated_ms"),
        "until_ms": detail("seat", "until_ms"),
    }),
    "account_user.lms_id": Field("account_user", "whole", lambda world, rows: world.persons.lms_id[rows]),
    "account_user.created_ms": Field("account_user", "time", detail("person", "created_ms")),
    "person.feed": Field("person", "text", _feed(_PERSON_FEED, "persons")),
    "course.feed": Field("course", "text", _feed(_COURSE_FEED, "courses")),
}  # fmt: skip
