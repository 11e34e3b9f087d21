"""When sections meet: days of the week, hours and minutes, by the pack's patterns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import BOOL, HOUR_MS, I64, MINUTE_MS, U64, repetition
from context.packs.pack import Pack

WEEKDAYS = "MTWRF"
SLOT_MINUTES = 30
SLOTS = len(WEEKDAYS) * 24 * 60 // SLOT_MINUTES  # of a week
# Purposes of randomness: what each number draws.
_MEETING, _PATTERN, _START_HOUR, _LENGTH = 700, 720, 721, 722
_COMPONENT_DAY, _COMPONENT_HOUR, _COMPONENT_LENGTH = 723, 724, 725
_TRIES = 12  # to find an hour for a discussion or laboratory that its lecture leaves free


@dataclass(frozen=True)
class Meetings:
    """Row i is section i's week."""

    days: BOOL  # [sections, 5], Monday to Friday
    start_ms: I64  # of the wall clock since midnight
    minutes: I64

    def taken(self) -> BOOL:
        """The half hours of the week that each section takes, [sections, SLOTS]."""
        per_day = SLOTS // len(WEEKDAYS)
        first = self.start_ms // (SLOT_MINUTES * MINUTE_MS)
        last = first + -(-self.minutes // SLOT_MINUTES)
        slot = np.arange(per_day)
        of_day = (slot >= first[:, None]) & (slot < last[:, None])
        return np.asarray((self.days[:, :, None] & of_day[:, None, :]).reshape(len(first), SLOTS))

    def slots(self, section: int) -> I64:
        """The half hours of the week that a section takes, of ``SLOTS``."""
        per_day = SLOTS // len(WEEKDAYS)
        first = int(self.start_ms[section]) // (SLOT_MINUTES * MINUTE_MS)
        count = -(-int(self.minutes[section]) // SLOT_MINUTES)
        day = np.flatnonzero(self.days[section])[:, None] * per_day
        return np.asarray((day + np.arange(first, min(first + count, per_day))).ravel())


def course_keys(seed: int, names: list[str]) -> U64:
    """A key per Canvas course, of the name by which it is known: its SIS id, or else its code."""
    return rng.key_of_text(seed, "course", names)


def meeting_keys(course_key: U64, section_course: I64) -> U64:
    """A key per section, of its Canvas course and its place in it. ``course_key``: of the courses' names."""
    ordinal = repetition(section_course)  # cross-listed sections stand elsewhere than their course
    return rng.extend(rng.extend(course_key[section_course], _MEETING), ordinal)


def make_meetings(pack: Pack, key: U64, lecture: I64 | None = None) -> Meetings:
    """The weeks of sections with these ``meeting_keys``; who teaches online makes nothing of them.

    ``lecture``: row of the lecture of each discussion or laboratory, else -1; these meet once a
    week, when their lecture does not. Without it all sections meet as lectures do.
    """
    days = pack.categorical("course_section", "meeting_days")
    hours = pack.categorical("course_section", "start_hour")
    minutes = pack.categorical("course_section", "meeting_minutes")
    patterns = np.array([[letter in str(value or "") for letter in WEEKDAYS] for value in days.values])
    hour_of, length_of = (np.array([int(str(value)) for value in law.values]) for law in (hours, minutes))
    hour = hour_of[hours.draw(rng.extend(key, _START_HOUR))]
    length = length_of[minutes.draw(rng.extend(key, _LENGTH))]
    weeks = Meetings(patterns[days.draw(rng.extend(key, _PATTERN))], hour * HOUR_MS, length)
    if lecture is not None and (lecture >= 0).any():
        _place_components(pack, key, weeks, lecture, hour_of)
    return weeks


def _place_components(pack: Pack, key: U64, weeks: Meetings, lecture: I64, hour_of: I64) -> None:
    """Give discussions and laboratories their one hour a week, in place."""
    rows = np.flatnonzero(lecture >= 0)
    day_law = pack.categorical("course_section", "component_day")
    hours = pack.categorical("course_section", "start_hour")
    minutes = pack.categorical("course_section", "component_minutes")
    length_of = np.array([int(str(value)) for value in minutes.values])
    place = np.array([WEEKDAYS.index(str(value)) for value in day_law.values])
    weeks.minutes[rows] = length_of[minutes.draw(rng.extend(key[rows], _COMPONENT_LENGTH))]
    weeks.days[rows] = False
    left = rows
    for attempt in range(_TRIES):
        day = place[day_law.draw(rng.extend(key[left], _COMPONENT_DAY), index=attempt)]
        begin = hour_of[hours.draw(rng.extend(key[left], _COMPONENT_HOUR), index=attempt)] * HOUR_MS
        weeks.days[left] = False
        weeks.days[left, day] = True
        weeks.start_ms[left] = begin
        of = lecture[left]
        end, other_end = (
            start + length * MINUTE_MS
            for start, length in (
                (begin, weeks.minutes[left]),
                (weeks.start_ms[of], weeks.minutes[of]),
            )
        )
        # Hours of others begin and end within half hours that both take.
        slack = SLOT_MINUTES * MINUTE_MS
        at_once = weeks.days[of, day] & (begin < other_end + slack) & (weeks.start_ms[of] < end + slack)
        left = left[at_once]
        if not len(left):
            break
