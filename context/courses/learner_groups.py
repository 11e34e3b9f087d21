"""Learner groups: sections cut into groups for their projects, and the standing groups of colleges.

A student joins when the set is made, or on joining the section where that is later, and leaves with it.
How many courses work in groups, and how large those are, are assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import BOOL, DAY_MS, HOUR_MS, I64, MINUTE_MS, NEVER, U64, ordinals
from context.courses.catalogue import Catalogue
from context.courses.enrolments import Enrolments
from context.courses.structures import COLLEGES, Structures
from context.packs.pack import Pack
from context.people.students import Students
from context.scenario.calendar import Calendar

LEAST_STUDENTS = 8  # in a section that does
GROUP_SETS = ("Project Groups", "Discussion Groups", "Lab Teams", "Peer Review Groups")
STANDING_GROUPS = ("Peer Mentors", "Student Council")  # of every college
# Purposes of randomness: what each number draws.
_JOINED, _DAY_MADE, _MINUTE_MADE, _SET = 1, 1, 2, 3
_LIMITED, _COURSE_GROUPS, _DEALT, _SIZE_AIMED_AT = 4, 400, 401, 402
_GROUP_TOO_MANY, _GROUP, _STANDING = 403, 404, 410


@dataclass(frozen=True)
class LearnerGroups:
    """Row i is a group, in order of its section; the standing groups of colleges come last.

    Groups without members were made by mistake and deleted at once. ``member_*`` are the memberships, in
    order of their groups.
    """

    offering: I64  # -1 for those of a college
    college: I64  # row of COLLEGES, -1 for those of a course
    name: I64  # code into GROUP_SETS, or into STANDING_GROUPS
    number: I64  # in its set, from 1
    most: I64  # members that it can have, 0: no limit
    created_ms: I64
    deleted: BOOL
    key: U64
    member_group: I64
    member_person: I64
    member_enrolment: I64  # -1 in standing groups
    member_created_ms: I64
    member_left_ms: I64  # the far future for those who stay

    def __len__(self) -> int:
        return len(self.offering)


def make_learner_groups(
    pack: Pack,
    seed: int,
    calendar: Calendar,
    structures: Structures,
    students: Students,
    catalogue: Catalogue,
    enrolments: Enrolments,
) -> LearnerGroups:
    """All groups of a term."""
    of_courses = _course_groups(pack, calendar, catalogue, enrolments)
    standing = _standing_groups(pack, seed, calendar, structures, students)
    shift = len(of_courses)
    joined = {
        name: np.concatenate([getattr(of_courses, name), getattr(standing, name)])
        for name in LearnerGroups.__dataclass_fields__
        if name != "member_group"
    }
    return LearnerGroups(
        member_group=np.concatenate([of_courses.member_group, standing.member_group + shift]), **joined
    )


def _course_groups(
    pack: Pack, calendar: Calendar, catalogue: Catalogue, enrolments: Enrolments
) -> LearnerGroups:
    key = rng.extend(catalogue.offering_key, _COURSE_GROUPS)
    days = calendar.term.last_class_day
    day = np.minimum(7 + rng.integer(key, 14, _DAY_MADE), days)
    made = calendar.after_incidents(
        calendar.wall_to_utc_ms(day, 9 * HOUR_MS + rng.integer(key, 480, _MINUTE_MADE) * MINUTE_MS)
    )
    kind = rng.integer(key, len(GROUP_SETS), _SET)
    rows = np.flatnonzero(enrolments.counts)
    section = enrolments.section[rows]
    offering = catalogue.section_offering[section]
    working = (rng.uniform(key) < pack.number("learner_group.course_share"))[offering]
    working &= (np.bincount(section, minlength=catalogue.sections) >= LEAST_STUDENTS)[section]
    working &= enrolments.exit_ms[rows] > made[offering] + DAY_MS
    rows, section, offering = rows[working], section[working], offering[working]
    # Within a section the students are dealt in keyed order, one to each group in turn.
    order = np.lexsort((rng.bits(rng.extend(enrolments.key[rows], _DEALT)), section))
    rows, section, offering = rows[order], section[order], offering[order]
    sections, size = np.unique(section, return_counts=True)
    aim = 3 + rng.integer(rng.extend(catalogue.section_key[sections], _SIZE_AIMED_AT), 4)
    groups = np.maximum(size // aim, 1)
    first = np.cumsum(groups) - groups
    place = ordinals(size)
    member_group = np.repeat(first, size) + place % np.repeat(groups, size)
    # Some sets have a group too many, which is deleted at once.
    more = rng.uniform(rng.extend(catalogue.section_key[sections], _GROUP_TOO_MANY))
    extra = (more < pack.number("learner_group.too_many_share")).astype(np.int64)
    member_group += np.repeat(np.cumsum(extra) - extra, size)
    of_section = np.repeat(np.arange(len(sections)), groups + extra)
    number = 1 + ordinals(groups + extra)
    course = catalogue.section_offering[sections][of_section]
    # Numbers go on from one section of a course to the next.
    earlier = _earlier(catalogue.section_offering[sections], groups + extra)
    number += earlier[of_section]
    created = made[course] + 10 * number
    limited = rng.uniform(key, _LIMITED) < pack.number("learner_group.limited_share")
    since = np.maximum(made[offering] + MINUTE_MS, enrolments.entry_ms[rows] + HOUR_MS)
    member_created = since + 1000 * (1 + place)
    left = np.where(enrolments.leaves[rows], enrolments.exit_ms[rows], NEVER)
    stays = member_created < enrolments.exit_ms[rows]
    order = np.flatnonzero(stays)[np.argsort(member_group[stays], kind="stable")]
    return LearnerGroups(
        offering=course,
        college=np.full(len(course), -1),
        name=kind[course],
        number=number,
        most=np.where(limited, round(pack.number("learner_group.most_members")), 0)[course],
        created_ms=created,
        deleted=number > (groups + earlier)[of_section],
        key=rng.extend(rng.extend(catalogue.section_key[sections][of_section], _GROUP), number),
        member_group=member_group[order],
        member_person=enrolments.person[rows[order]],
        member_enrolment=rows[order],
        member_created_ms=member_created[order],
        member_left_ms=left[order],
    )


def _earlier(course: I64, counts: I64) -> I64:
    """For each section the sum of ``counts`` over the sections of its course that come before it."""
    order = np.argsort(course, kind="stable")
    upto = np.cumsum(counts[order]) - counts[order]
    earlier = np.empty(len(course), dtype=np.int64)
    earlier[order] = upto - upto[np.searchsorted(course[order], course[order])]
    return earlier


def _standing_groups(
    pack: Pack, seed: int, calendar: Calendar, structures: Structures, students: Students
) -> LearnerGroups:
    """Groups of the colleges, years old, joined in the two weeks before the term."""
    college = np.repeat(np.arange(len(COLLEGES)), len(STANDING_GROUPS))
    name = np.tile(np.arange(len(STANDING_GROUPS)), len(COLLEGES))
    key = rng.key(seed, "standing group", college, name)
    opened = calendar.open_ms
    home = structures.college_of_cip[students.major_cip]
    groups, people, times = [], [], []
    for row, (where, which) in enumerate(zip(college.tolist(), name.tolist(), strict=True)):
        student = rng.extend(students.key, _STANDING + which)
        who = np.flatnonzero(
            (home == where) & (rng.uniform(student) < pack.number("learner_group.standing_share"))
        )
        groups.append(np.full(len(who), row))
        people.append(who)
        times.append(opened + rng.integer(student[who], 14 * 24 * 60, _JOINED) * MINUTE_MS)
    return LearnerGroups(
        offering=np.full(len(college), -1),
        college=college,
        name=name,
        number=np.ones(len(college), dtype=np.int64),
        most=np.zeros(len(college), dtype=np.int64),
        created_ms=opened - (400 + rng.integer(key, 1500)) * DAY_MS,
        deleted=np.zeros(len(college), dtype=np.bool_),
        key=key,
        member_group=np.concatenate(groups),
        member_person=np.concatenate(people),
        member_enrolment=np.full(sum(map(len, people)), -1),
        member_created_ms=np.concatenate(times),
        member_left_ms=np.full(sum(map(len, people)), NEVER),
    )
