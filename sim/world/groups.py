"""Groups, their categories and members, and overrides of dates: for the events of who made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from context import rng
from context.arrays import DAY_MS, I64, U64, repetition
from context.ids import global_ids
from sim.world.reader import Reader, ints, millis, row_numbers, strings
from sim.world.world import Details

_GROUP, _OVERRIDE = 730, 731  # of an owner's key
_TIMES = ("due", "unlocked", "locked", "created", "updated")
_OVERRIDES = {"adhoc": "ADHOC", "course_section": "CourseSection", "group": "Group"}


@dataclass(frozen=True)
class Owners:
    """Natural keys, by row of the store's tables, of whom groups and overrides belong to."""

    person: U64
    course: U64
    section: U64
    account: U64


def load_groups(read: Reader, assignment_row: I64, owners: Owners) -> Details:
    """Details of the tables group, group_category, group_member, override. ``course`` -1: an account's.

    Keys: a group's is its place among those of its course or account; a member's the group and the person;
    an override's the activity's place in its course and the section, group or person it is for.
    """
    table = read.entity(
        "learner_group", "course_offering_id", "learning_environment_organization_id", "group_category_id",
        "category", "name", "created_date",
    )  # fmt: skip
    local, category = read.local("learner_group"), ints(table["group_category_id"])
    group: dict[str, Any] = {
        "local_id": local,
        "lms_id": global_ids(local),
        "name": strings(table["name"]),
        "category": category,
        "category_lms": global_ids(category),
        "category_name": strings(table["category"]),
        "course": row_numbers(table["course_offering_id"]),
        "created_ms": millis(table["created_date"]),
        "key": _group_keys(
            owners,
            row_numbers(table["course_offering_id"]),
            row_numbers(table["learning_environment_organization_id"]),
        ),
    }
    order = np.lexsort((group["created_ms"], category))
    first = order[np.diff(category[order], prepend=-1) > 0]  # a category is made with its first group
    picked = pa.array(first)
    categories = {
        "lms_id": group["category_lms"][first],
        "name": group["category_name"].take(picked),
        "course": group["course"][first],
        "created_ms": group["created_ms"][first],
        "key": rng.extend(group["key"][first], 1),
    }
    return {
        "group": group,
        "group_category": categories,
        "group_member": _members(read, group, owners),
        "override": _overrides(read, assignment_row, owners, group["key"]),
    }


def _members(read: Reader, group: dict[str, Any], owners: Owners) -> dict[str, Any]:
    table = read.entity("learner_group_membership", "learner_group_id", "person_id", "created_date")
    local, at = read.local("learner_group_membership"), row_numbers(table["learner_group_id"])
    person = row_numbers(table["person_id"])
    return {
        "lms_id": global_ids(local),
        "person": person,
        "group": at,
        "course": group["course"][at],
        "created_ms": millis(table["created_date"]),
        "key": rng.extend(rng.extend(group["key"][at], 2), owners.person[person]),
    }


def _overrides(read: Reader, assignment_row: I64, owners: Owners, group_key: U64) -> dict[str, Any]:
    table = read.entity(
        "learner_activity_override", "learner_activity_id", "course_section_id", "learner_group_id",
        "person_id", "type", "status", "is_all_day", "all_day_date", *(f"{name}_date" for name in _TIMES),
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
    day = ints(table["all_day_date"].cast(pa.int32()).cast(pa.int64()), -1)
    return {
        "local_id": local,
        "lms_id": global_ids(local),
        "assignment_row": assignment_row[activity],
        "section": np.where(section >= 0, global_ids(sections[np.maximum(section, 0)]), -1),
        "group": _linked(groups, group),
        "type": pa.array([_OVERRIDES.get(kind, "ADHOC") for kind in kinds], pa.string()),
        "state": strings(table["status"]),
        "all_day": ints(table["is_all_day"].cast(pa.int8()), 0) == 1,
        "all_day_ms": np.where(day > 0, day * DAY_MS, -1),
        **{
            f"{name}_ms": millis(table[f"{name}_date"])
            for name in ("due", "unlocked", "locked", "created", "updated")
        },
        "key": key,
    }


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
