"""Assignment groups of courses: how many, what work in them, how much of it, with which weights.

The first group holds the main work of the course's format, the last ones its examinations, those between
quizzes, discussions and whatever else. How many activities groups hold is the pack's law over the campus:
those of examinations take small numbers from it, in exchange with groups of other courses.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from context import rng
from context.arrays import BOOL, I32, I64, U64, ordinals
from context.content.design import CourseDesign
from context.courses.catalogue import Catalogue, OfferingKind
from context.packs.course_spec import FORMATS
from context.packs.pack import Pack

MOST_MIDTERMS, MOST_PAPERS = 3, 7
FEW_WORKS = ("essay", "project", "studio")
QUIZZES_OF_GROUP, TOPICS_OF_GROUP = (5, 50), (4, 50)  # least and most, where there are enough such groups
QUIZ_GROUP_SHARE, TALK_GROUP_SHARE = 0.85, 0.55  # of courses with quizzes, discussions and a group to spare
# Purposes of randomness: what each number draws.
_WEIGHT, _NAME, _GROUPS, _GROUP = 1, 2, 50, 51
_WEIGHTED, _ACTIVITIES, _EXCHANGE = 52, 60, 917
_QUIZ_GROUP, _TALK_GROUP = 918, 919


class GroupRole(IntEnum):
    """What a group is to its course."""

    MAIN = 0
    OTHER = 1
    QUIZZES = 2
    DISCUSSIONS = 3
    EXAM = 4
    FINAL = 5


@dataclass(frozen=True)
class ActivityGroups:
    """Assignment groups."""

    offering: I64
    ordinal: I64
    name: I32  # code into the pack's learner_activity_group.name values
    weight_percent: I64  # 0 where the course does not weight its groups
    drop_lowest: I64  # scores left out of the group's
    drop_highest: I64
    role: I64  # a GroupRole
    size: I64  # activities
    has_final: BOOL  # its last activity is the final examination
    key: U64


def make_groups(pack: Pack, catalogue: Catalogue, design: CourseDesign) -> ActivityGroups:
    """Assignment groups of all courses."""
    key = catalogue.offering_key
    counts = pack.continuous("course_offering", "groups").draw(rng.extend(key, _GROUPS))
    counts = np.where(catalogue.offering_kind == OfferingKind.TAUGHT, counts, 0)  # in taught courses alone
    offering = np.repeat(np.arange(catalogue.offerings), counts)
    ordinal = ordinals(counts)
    group_key = rng.extend(rng.extend(key[offering], _GROUP), ordinal)
    role, has_final = _roles(design, key, offering, ordinal, counts)
    names = _names(pack, design, offering, role, group_key)
    none = np.zeros(len(offering), dtype=np.int64)
    return ActivityGroups(
        offering=offering,
        ordinal=ordinal,
        name=names,
        weight_percent=_weights(pack, key, offering, ordinal, names, group_key),
        drop_lowest=none,
        drop_highest=none,
        role=role,
        size=_sizes(pack, role, has_final, _asks_much(pack, names), group_key),
        has_final=has_final,
        key=group_key,
    )


def work_of_groups(pack: Pack, column: str) -> dict[str, object]:
    """A column of the pack's work by the name of the group."""
    law = pack.table("work")
    return dict(zip(law["group"], law[column], strict=True))


def _roles(design: CourseDesign, key: U64, offering: I64, ordinal: I64, counts: I64) -> tuple[I64, BOOL]:
    """(GroupRole of each group, whether the final is its last activity)."""
    n = counts[offering]
    exams = design.has_exams[offering] & (n >= 2)
    apart = exams & design.final_apart[offering] & (n >= 3)
    inside = exams & design.has_final[offering] & ~apart
    role = np.where(ordinal == 0, int(GroupRole.MAIN), int(GroupRole.OTHER))
    role = np.where(exams & (ordinal == n - 1 - apart), GroupRole.EXAM, role)
    role = np.where(apart & (ordinal == n - 1), GroupRole.FINAL, role)
    quizzes = design.uses_quizzes & (rng.uniform(rng.extend(key, _QUIZ_GROUP)) < QUIZ_GROUP_SHARE)
    talks = design.uses_discussions & (rng.uniform(rng.extend(key, _TALK_GROUP)) < TALK_GROUP_SHARE)
    is_quiz = (role == GroupRole.OTHER) & quizzes[offering] & (ordinal == 1)
    role = np.where(is_quiz, GroupRole.QUIZZES, role)
    is_talk = (role == GroupRole.OTHER) & talks[offering] & (ordinal == 1 + quizzes[offering])
    role = np.where(is_talk, GroupRole.DISCUSSIONS, role).astype(np.int64)
    return role, (role == GroupRole.FINAL) | (inside & (role == GroupRole.EXAM))


def _names(pack: Pack, design: CourseDesign, offering: I64, role: I64, group_key: U64) -> I32:
    """Names by format and role, without one twice in a course as long as the format has others."""
    law = pack.categorical("learner_activity_group", "name")
    forms = np.array([law.given_code(0, name) for name in FORMATS])
    roles = np.array([law.given_code(1, role.name.lower()) for role in GroupRole])
    drawn = law.draw(rng.extend(group_key, _NAME), forms[design.format[offering]], roles[role])
    choices = [
        [code for code, value in enumerate(law.values) if law.shares(name, "other")[value] > 0]
        for name in FORMATS
    ]
    used: set[tuple[int, int]] = set()
    chosen = []
    columns = (offering.tolist(), drawn.tolist(), role.tolist(), design.format[offering].tolist())
    for course, name, what, form in zip(*columns, strict=True):
        pick = name
        if what == GroupRole.OTHER and (course, name) in used:
            mine = choices[form]
            at = mine.index(name)
            pick = next((code for code in mine[at:] + mine[:at] if (course, code) not in used), name)
        used.add((course, pick))
        chosen.append(pick)
    return np.array(chosen, dtype=np.int32)


def _weights(pack: Pack, key: U64, offering: I64, ordinal: I64, names: I32, group_key: U64) -> I64:
    """Percent weights by cutting 100 at keyed places: whole numbers that always add up to 100."""
    values = pack.categorical("learner_activity_group", "name").values
    low, high = (
        np.array([round(float(str(work_of_groups(pack, column)[str(value)]))) for value in values])[names]
        for column in ("weight_low", "weight_high")
    )
    raw = low + rng.integer(group_key, high - low + 1, _WEIGHT)
    weighted = rng.uniform(rng.extend(key, _WEIGHTED)) < pack.number("content.weighted_groups_share")
    total = np.bincount(offering, raw, minlength=len(key))[offering].astype(np.int64)
    upto = _running_sum(raw, ordinal)
    percent = upto * 100 // total - (upto - raw) * 100 // total
    return np.where(weighted[offering], percent, 0)


def _asks_much(pack: Pack, names: I32) -> BOOL:
    """Groups of papers and projects, of which a course has few."""
    work = work_of_groups(pack, "work")
    values = pack.categorical("learner_activity_group", "name").values
    return np.array([work[str(value)] in FEW_WORKS for value in values])[names]


def _sizes(pack: Pack, role: I64, has_final: BOOL, few: BOOL, group_key: U64) -> I64:
    """Activities of each group: the pack's law over the campus, one to three midterms and one final, ``few``
    papers and projects, quizzes and discussions in more weeks than not.
    """
    size = pack.continuous("learner_activity_group", "activities").draw(rng.extend(group_key, _ACTIVITIES))
    size = np.asarray(size, dtype=np.int64)
    lot = rng.bits(rng.extend(group_key, _EXCHANGE))
    spare = ((role == GroupRole.OTHER) | (role == GroupRole.MAIN)) & ~few
    order = np.lexsort((lot, role != GroupRole.OTHER))  # main work gives its number away last
    for rows, least, most in (
        (role == GroupRole.FINAL, 1, 1),
        ((role == GroupRole.EXAM) & has_final, 2, MOST_MIDTERMS + 1),
        ((role == GroupRole.EXAM) & ~has_final, 1, MOST_MIDTERMS),
        (few & (role <= GroupRole.OTHER), 1, MOST_PAPERS),
        (role == GroupRole.QUIZZES, *QUIZZES_OF_GROUP),
        (role == GroupRole.DISCUSSIONS, *TOPICS_OF_GROUP),
    ):
        fits = (size >= least) & (size <= most)
        wrong = np.flatnonzero(rows & ~fits)
        donors = order[(spare & fits)[order]][: len(wrong)]
        takers = wrong[: len(donors)]
        size[takers], size[donors] = size[donors], size[takers]
        # A campus too small to have as many small groups loses a few activities.
        size[rows] = np.minimum(size[rows], most)
    return size


def _running_sum(values: I64, ordinal: I64) -> I64:
    """Cumulative sums that start anew where ``ordinal`` is 0."""
    upto = np.cumsum(values)
    starts = np.flatnonzero(ordinal == 0)
    before = upto[starts] - values[starts]
    return upto - np.repeat(before, np.diff([*starts, len(values)]))
