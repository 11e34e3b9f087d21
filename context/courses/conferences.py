"""Web conferences of courses and groups, and who comes. Their numbers and lengths are assumptions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from context import rng
from context.arrays import DAY_MS, HOUR_MS, I64, MINUTE_MS, NEVER, NO_TIME, U64, ordinals
from context.courses.catalogue import Catalogue, OfferingKind
from context.courses.enrolments import Enrolments, primary_teacher
from context.courses.learner_groups import LearnerGroups
from context.courses.sections import section_modes
from context.packs.pack import Pack
from context.scenario.calendar import Calendar

COURSE_SHARES = {"Online": 0.6, "BlendedLearning": 0.5}  # of courses that hold any, by mode of delivery
OTHER_SHARE = 0.12
MEETING_GROUP_SHARE = 0.05  # of groups that hold one
INVITED_SHARE, COMES_SHARE = 0.8, 0.65
# Purposes of randomness: what each number draws.
_INVITED, _DAY, _HOW_MANY, _COMES = 1, 1, 1, 2
_HALF_HOUR, _COURSE_CONFERENCE, _COMES_LATE, _SPONTANEOUS = 2, 2, 3, 3
_DAYS_AHEAD, _MINUTES_PLANNED, _TAKES_PLACE, _STARTS_LATE = 4, 5, 6, 7
_ENDS_LATE, _GUEST, _OF_COURSE, _GROUP_MEETS = 8, 9, 430, 431
_OF_GROUP, _GUEST_PERSON = 432, 433


class GuestPart(IntEnum):
    """What somebody is to a conference."""

    INITIATOR = 0
    INVITEE = 1
    ATTENDEE = 2


@dataclass(frozen=True)
class Conferences:
    """Row i is a conference; ``guest_*`` are the people in it, the initiator first. NO_TIME: none."""

    offering: I64  # -1 for those of a group
    group: I64  # row of the learner groups, -1 for those of a course
    created_ms: I64
    planned_ms: I64
    minutes: I64  # planned length, -1 where it was open-ended
    started_ms: I64
    ended_ms: I64
    key: U64
    guest_conference: I64
    guest_person: I64
    guest_part: I64  # a GuestPart
    guest_created_ms: I64
    guest_updated_ms: I64

    def __len__(self) -> int:
        return len(self.offering)


def make_conferences(
    pack: Pack,
    calendar: Calendar,
    catalogue: Catalogue,
    people: U64,
    enrolments: Enrolments,
    groups: LearnerGroups,
) -> Conferences:
    """All web conferences of a term; ``people`` are the natural keys of persons."""
    mode, modes = section_modes(pack, catalogue)
    first = np.full(catalogue.offerings, -1, dtype=np.int64)
    first[catalogue.section_home[::-1]] = np.arange(catalogue.sections)[::-1]
    share = np.array([COURSE_SHARES.get(str(value), OTHER_SHARE) for value in modes])[mode[first]]
    teacher = primary_teacher(catalogue, enrolments)[first]
    key = rng.extend(catalogue.offering_key, _OF_COURSE)
    holds = (rng.uniform(key) < share) & (catalogue.offering_kind == OfferingKind.TAUGHT) & (teacher >= 0)
    counts = np.where(holds, 2 + rng.integer(key, 9, _HOW_MANY), 0)
    offering = np.repeat(np.arange(catalogue.offerings), counts)
    host = enrolments.person[teacher[offering]]
    course_key = rng.extend(rng.extend(key[offering], _COURSE_CONFERENCE), ordinals(counts))
    rows = np.flatnonzero(enrolments.counts)
    course = catalogue.section_offering[enrolments.section[rows]]
    course_guests = _pairs(offering, rows[np.argsort(course, kind="stable")], np.sort(course))
    lead = np.flatnonzero(
        (np.diff(groups.member_group, prepend=-1) > 0)
        & (groups.member_enrolment >= 0)
        & (rng.uniform(rng.extend(groups.key[groups.member_group], _GROUP_MEETS)) < MEETING_GROUP_SHARE)
    )
    of_group = groups.member_group[lead]
    members = _pairs(of_group, np.arange(len(groups.member_group)), groups.member_group)
    group_key = rng.extend(groups.key[of_group], _OF_GROUP)
    conference = np.concatenate([course_guests[0], members[0] + len(offering)])
    person = np.concatenate([enrolments.person[course_guests[1]], groups.member_person[members[1]]])
    since = np.concatenate([enrolments.entry_ms[course_guests[1]], groups.member_created_ms[members[1]]])
    until = np.concatenate(
        [enrolments.exit_ms[course_guests[1]], enrolments.exit_ms[groups.member_enrolment[members[1]]]]
    )
    # A group meets when its leader has been in it for a day and is still there.
    since_host = np.concatenate([np.zeros(len(offering), np.int64), groups.member_created_ms[lead] + DAY_MS])
    until_host = np.concatenate(
        [
            np.full(len(offering), NEVER),
            enrolments.exit_ms[groups.member_enrolment[lead]],
        ]
    )
    wanted = _Wanted(
        key=np.concatenate([course_key, group_key]),
        offering=np.concatenate([offering, np.full(len(lead), -1)]),
        group=np.concatenate([np.full(len(offering), -1), of_group]),
        host=np.concatenate([host, groups.member_person[lead]]),
        since_ms=since_host,
        until_ms=until_host,
    )
    guests = _Guests(conference, person, since, until, people[person])
    return _held(pack, calendar, wanted, guests)


def _pairs(wanted: I64, rows: I64, of: I64) -> tuple[I64, I64]:
    """(position in ``wanted``, row) of every row whose sorted ``of`` equals what is wanted."""
    low, high = np.searchsorted(of, wanted), np.searchsorted(of, wanted, side="right")
    counts = high - low
    return np.repeat(np.arange(len(wanted)), counts), rows[np.repeat(low, counts) + ordinals(counts)]


@dataclass(frozen=True)
class _Wanted:
    """Row i is a conference that may come about, within the time of its host."""

    key: U64
    offering: I64
    group: I64
    host: I64
    since_ms: I64
    until_ms: I64


@dataclass(frozen=True)
class _Guests:
    """Row i is somebody who may be asked to a conference, and from when to when there is such a person."""

    conference: I64
    person: I64
    since_ms: I64
    until_ms: I64
    person_key: U64


def _held(pack: Pack, calendar: Calendar, wanted: _Wanted, guests: _Guests) -> Conferences:
    """When each conference is planned and held, and who of the possible guests is asked and comes."""
    key, host = wanted.key, wanted.host
    last = calendar.term.last_class_day
    day = rng.integer(key, last + 1, _DAY)
    start = calendar.wall_to_utc_ms(day, 9 * HOUR_MS + rng.integer(key, 22, _HALF_HOUR) * 30 * MINUTE_MS)
    spontaneous = rng.uniform(key, _SPONTANEOUS) < pack.number("participant_session.spontaneous_share")
    start = calendar.after_incidents(start)
    created = np.where(spontaneous, start, start - (1 + rng.integer(key, 5, _DAYS_AHEAD)) * DAY_MS)
    lengths = pack.categorical("participant_session", "duration")
    planned = lengths.draw(key, index=_MINUTES_PLANNED)
    minutes = np.array([int(str(value)) for value in lengths.values])[planned]
    empty = rng.uniform(key, _TAKES_PLACE) < pack.number("participant_session.empty_share")
    held = spontaneous | ~empty
    started = start + rng.integer(key, 6 * MINUTE_MS, _STARTS_LATE)
    ended = started + minutes * MINUTE_MS * 3 // 4 + rng.integer(key, 20 * MINUTE_MS, _ENDS_LATE)
    keep = (created > wanted.since_ms) & (ended < wanted.until_ms)
    conference, person = guests.conference, guests.person
    guest_key = rng.extend(key[conference], _GUEST) ^ rng.bits(guests.person_key, _GUEST_PERSON)
    asked = keep[conference] & (guests.since_ms < created[conference])
    asked &= guests.until_ms > ended[conference]
    asked &= (rng.uniform(guest_key, _INVITED) < INVITED_SHARE) & (person != host[conference])
    conference, person, guest_key = conference[asked], person[asked], guest_key[asked]
    comes = held[conference] & (rng.uniform(guest_key, _COMES) < COMES_SHARE)
    came = started[conference] + rng.integer(guest_key, 12 * MINUTE_MS, _COMES_LATE)
    place = np.cumsum(keep) - 1
    who = np.flatnonzero(keep)
    all_of = np.concatenate([place[who], place[conference]])
    part = np.concatenate(
        [np.full(len(who), int(GuestPart.INITIATOR)), np.where(comes, GuestPart.ATTENDEE, GuestPart.INVITEE)]
    )
    order = np.lexsort((np.concatenate([host[who], person]), part != GuestPart.INITIATOR, all_of))
    guest_created = np.concatenate([created[who], created[conference]])
    updated = np.concatenate(
        [np.where(held[who], started[who], created[who]), np.where(comes, came, created[conference])]
    )
    return Conferences(
        offering=wanted.offering[who],
        group=wanted.group[who],
        created_ms=created[who],
        planned_ms=np.where(spontaneous, NO_TIME, start)[who],
        minutes=np.where(spontaneous, -1, minutes)[who],
        started_ms=np.where(held, started, NO_TIME)[who],
        ended_ms=np.where(held, ended, NO_TIME)[who],
        key=key[who],
        guest_conference=all_of[order],
        guest_person=np.concatenate([host[who], person])[order],
        guest_part=part[order],
        guest_created_ms=guest_created[order],
        guest_updated_ms=updated[order],
    )
