"""Conversations in the inbox: students and their teachers, and learner groups among themselves.

A conversation belongs to an enrolment or to a membership; nobody writes before joining or after leaving.
How often people write, and how fast they answer, are assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from context import rng
from context.arrays import DAY_MS, HOUR_MS, I64, MINUTE_MS, NEVER, U64, ordinals
from context.courses.catalogue import Catalogue
from context.courses.enrolments import VIEWING_ROOM_MS, Enrolments, primary_teacher
from context.courses.learner_groups import LearnerGroups
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from context.scenario.hours import same_day

PER_STUDENT = 0.3  # conversations with the teacher, per student enrolment
TALKING_GROUP_SHARE = 0.35  # of groups that talk in the inbox
GENERAL_SHARE = 0.02  # of conversations that are about no course
TEACHER_BEGINS = 0.3
MESSAGES = (0.3, 0.38, 0.17, 0.1, 0.05)  # share of conversations with 1, 2, ... messages
# Purposes of randomness: what each number draws.
_GAP, _HOW_MANY, _BEGINS, _HOUR = 1, 1, 2, 3
_MESSAGE, _TEACHER_FIRST, _GENERAL, _WITH_TEACHER = 4, 5, 6, 420
_CONVERSATION, _GROUP_TALKS, _GROUP_CONVERSATION = 421, 422, 423


@dataclass(frozen=True)
class Inbox:
    """Row i is a conversation, in order of its first message; ``message_*`` are its messages, in order."""

    offering: I64  # -1 where it is about no course
    group: I64  # row of the learner groups, -1 where it is among none
    student: I64  # person that it is with
    key: U64
    message_conversation: I64
    message_author: I64  # person
    message_to: I64  # person written to; the student's own in groups
    message_ms: I64
    message_key: U64

    def __len__(self) -> int:
        return len(self.offering)


def make_inbox(
    pack: Pack, calendar: Calendar, catalogue: Catalogue, enrolments: Enrolments, groups: LearnerGroups
) -> Inbox:
    """All conversations of a term."""
    end = calendar.last_day_ms
    rows = np.flatnonzero(enrolments.counts)
    teacher = primary_teacher(catalogue, enrolments)[enrolments.section[rows]]
    drawn = rng.poisson(rng.extend(enrolments.key[rows], _WITH_TEACHER), np.full(len(rows), PER_STUDENT))
    counts = np.where(teacher >= 0, drawn, 0).astype(np.int64)
    row = np.repeat(rows, counts)
    key = rng.extend(rng.extend(enrolments.key[row], _CONVERSATION), ordinals(counts))
    with_teacher = (
        key,
        catalogue.section_offering[enrolments.section[row]],
        np.full(len(row), -1),
        enrolments.person[row],
        enrolments.person[np.repeat(teacher, counts)],
        enrolments.entry_ms[row],
        np.minimum(enrolments.exit_ms[row], end),
    )
    talk = np.flatnonzero(
        (rng.uniform(rng.extend(groups.key[groups.member_group], _GROUP_TALKS)) < TALKING_GROUP_SHARE)
        & (groups.member_enrolment >= 0)
        & (np.diff(groups.member_group, prepend=-1) > 0)
    )
    # The first member writes to the second, who answers; a group of one keeps silent.
    other = np.minimum(talk + 1, len(groups.member_group) - 1)
    paired = groups.member_group[other] == groups.member_group[talk]
    talk, other = talk[paired & (other != talk)], other[paired & (other != talk)]
    both = np.stack([groups.member_enrolment[talk], groups.member_enrolment[other]])
    among = (
        rng.extend(groups.key[groups.member_group[talk]], _GROUP_CONVERSATION),
        groups.offering[groups.member_group[talk]],
        groups.member_group[talk],
        groups.member_person[talk],
        groups.member_person[other],
        np.maximum(groups.member_created_ms[talk], groups.member_created_ms[other]),
        np.minimum(enrolments.exit_ms[both].min(axis=0) if len(talk) else np.empty(0, np.int64), end),
    )
    columns = [np.concatenate(parts) for parts in zip(with_teacher, among, strict=True)]
    return _messages(pack, calendar, columns)


def _messages(pack: Pack, calendar: Calendar, columns: list[npt.NDArray[np.generic]]) -> Inbox:
    """Cut each conversation into messages by turns, and drop those after either side left."""
    key = columns[0].astype(np.uint64)
    offering, group, student, other, begin, end = (column.astype(np.int64) for column in columns[1:])
    count = 1 + rng.categorical(key, rng.thresholds(list(MESSAGES)), _HOW_MANY)
    span = np.maximum(end - begin - DAY_MS, 1)
    start = begin + VIEWING_ROOM_MS + (rng.uniform(key, _BEGINS) * span).astype(np.int64)
    awake = same_day(pack, calendar, start, key, _HOUR)
    start = np.where((awake > begin + VIEWING_ROOM_MS) & (awake < end), awake, start)
    conversation = np.repeat(np.arange(len(key)), count)
    turn = ordinals(count)
    message_key = rng.extend(rng.extend(key[conversation], _MESSAGE), turn)
    u = rng.uniform(message_key, _GAP)
    gap = np.where(turn == 0, 0, 5 * MINUTE_MS + (u * u * 36 * HOUR_MS).astype(np.int64))
    upto = np.cumsum(gap)
    since = upto - np.repeat(upto[np.cumsum(count) - count], count)
    at = calendar.after_incidents(start[conversation] + since)
    keep = at < end[conversation] - MINUTE_MS
    conversation, turn, message_key, at = conversation[keep], turn[keep], message_key[keep], at[keep]
    first = np.full(len(key), NEVER)
    np.minimum.at(first, conversation, at)
    alive = np.flatnonzero(first < NEVER)
    alive = alive[np.lexsort((key[alive], first[alive]))]
    place = np.full(len(key), -1, dtype=np.int64)
    place[alive] = np.arange(len(alive))
    order = np.lexsort((turn, at, place[conversation]))
    conversation, turn = conversation[order], turn[order]
    teacher_begins = (rng.uniform(key, _TEACHER_FIRST) < TEACHER_BEGINS) & (group < 0)
    by_student = (turn % 2 == 0) != teacher_begins[conversation]
    general = (rng.uniform(key, _GENERAL) < GENERAL_SHARE) & (group < 0)
    return Inbox(
        offering=np.where(general, -1, offering)[alive],
        group=group[alive],
        student=student[alive],
        key=key[alive],
        message_conversation=place[conversation],
        message_author=np.where(by_student, student[conversation], other[conversation]),
        message_to=np.where(by_student, other[conversation], student[conversation]),
        message_ms=at[order],
        message_key=message_key[order],
    )
