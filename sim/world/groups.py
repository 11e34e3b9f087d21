"""Groups, their categories and members, and overrides of dates: for the events of who made them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from context import rng
from context.arrays import DAY_MS, I64, U64, repetition
from context.ids import global_ids
from sim.world.details import GroupCategories, GroupMembers, Groups, Overrides
from sim.world.reader import Reader, day_numbers, ints, millis, row_numbers, strings, truths
from sim.world.world import NO_TIME

# Purposes of keys: of an owner's, then of a group's.
_GROUP, _OVERRIDE = 730, 731
_CATEGORY, _MEMBER = 1, 2
_OVERRIDES = {"adhoc": "ADHOC", "course_section": "CourseSection", "group": "Group"}


@dataclass(frozen=True)
class Owners:
    """Natural keys, by row of the store's tables, of whom groups and overrides belong to."""

    person: U64
    course: U64
    section: U64
    account: U64


def load_groups(
    read: Reader, assignment_row: I64, owners: Owners
) -> tuple[Groups, GroupCategories, GroupMembers, Overrides]:
    """Groups, their categories and members, and overrides; ``assignment_row``: of each learner_activity.

    Keys: a group's is its place among those of its course or account; a member's the group and the person;
    an override's the activity's place in its course and the section, group or person it is for.
    """
    table = read.entity(
        "learner_group", "course_offering_id", "learning_environment_organization_id", "group_category_id",
        "category", "name", "created_date",
    )  # fmt: skip
    local, category = read.local("learner_group"), ints(table["group_category_id"])
    course = row_numbers(table["course_offering_id"])
    groups = Groups(
        local_id=local,
        lms_id=global_ids(local),
        name=strings(table["name"]),
        category=category,
        category_lms_id=global_ids(category),
        category_name=strings(table["category"]),
        course=course,
        created_ms=millis(table["created_date"]),
        key=_group_keys(owners, course, row_numbers(table["learning_environment_organization_id"])),
    )
    return (
        groups,
        _categories(groups),
        _members(read, groups, owners),
        _overrides(read, assignment_row, owners, groups.key),
    )


def _categories(groups: Groups) -> GroupCategories:
    """A category is made with its first group."""
    order = np.lexsort((groups.created_ms, groups.category))
    first = order[np.diff(groups.category[order], prepend=-1) > 0]
    return GroupCategories(
        lms_id=groups.category_lms_id[first],
        name=groups.category_name.take(pa.array(first)),
        course=groups.course[first],
        created_ms=groups.created_ms[first],
        key=rng.extend(groups.key[first], _CATEGORY),
    )


def _members(read: Reader, groups: Groups, owners: Owners) -> GroupMembers:
    table = read.entity("learner_group_membership", "learner_group_id", "person_id", "created_date")
    local, at = read.local("learner_group_membership"), row_numbers(table["learner_group_id"])
    person = row_numbers(table["person_id"])
    return GroupMembers(
        lms_id=global_ids(local),
        person=person,
        group=at,
        course=groups.course[at],
        created_ms=millis(table["created_date"]),
        key=rng.extend(rng.extend(groups.key[at], _MEMBER), owners.person[person]),
    )


def _overrides(read: Reader, assignment_row: I64, owners: Owners, group_key: U64) -> Overrides:
    table = read.entity(
        "learner_activity_override", "learner_activity_id", "course_section_id", "learner_group_id",
        "person_id", "type", "status", "is_all_day", "all_day_date", "due_date", "unlocked_date",
        "locked_date", "created_date", "updated_date",
    )  # fmt: skip
    local = read.local("learner_activity_override")
    kinds = strings(table["type"]).to_pylist()
    section, group = row_numbers(table["course_section_id"]), row_numbers(table["learner_group_id"])
    sections, groups = read.local("course_section"), read.local("learner_group")
    activity = row_numbers(table["learner_activity_id"])
    given = row_numbers(read.entity("learner_activity", "course_offering_id")["course_offering_id"])
    key = rng.extend(rng.extend(owners.course[given[activity]], _OVERRIDE), repetition(given)[activity])
    for keys, target in (
        (owners.section, section),
        (group_key, group),
        (owners.person, row_numbers(table["person_id"])),
    ):
        named = np.flatnonzero(target >= 0)
        key[named] = rng.extend(key[named], keys[target[named]])
    day = day_numbers(table["all_day_date"])
    return Overrides(
        local_id=local,
        lms_id=global_ids(local),
        assignment=assignment_row[activity],
        section_lms_id=np.where(section >= 0, global_ids(sections[np.maximum(section, 0)]), -1),
        group_lms_id=_linked(groups, group),
        type=pa.array([_OVERRIDES.get(kind, "ADHOC") for kind in kinds], pa.string()),
        state=strings(table["status"]),
        all_day=truths(table["is_all_day"]),
        all_day_ms=np.where(day == NO_TIME, NO_TIME, day * DAY_MS),
        due_ms=millis(table["due_date"]),
        unlocked_ms=millis(table["unlocked_date"]),
        locked_ms=millis(table["locked_date"]),
        created_ms=millis(table["created_date"]),
        updated_ms=millis(table["updated_date"]),
        key=key,
    )


def _linked(local: I64, row: I64) -> I64:
    return (
        np.where(row >= 0, global_ids(local[np.maximum(row, 0)]), -1) if len(local) else np.full(len(row), -1)
    )


def _group_keys(owners: Owners, course: I64, account: I64) -> U64:
    """Keys of groups: of a course, else of an account."""
    of_course = course >= 0
    owner = np.where(of_course, owners.course[course], owners.account[account])
    code = np.where(of_course, course, len(owners.course) + account)
    return rng.extend(rng.extend(owner, _GROUP), repetition(code))
