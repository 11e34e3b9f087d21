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


@dataclass(frozen=True)
class Meetings:
    """Row i is section i's week."""

    days: BOOL  # [sections, 5], Monday to Friday
    start_ms: I64  # of the wall clock since midnight
    minutes: I64

    def slots(self, section: int) -> I64:
        """The half hours of the week that a section takes, of ``SLOTS``."""
        per_day = SLOTS // len(WEEKDAYS)
        first = int(self.start_ms[section]) // (SLOT_MINUTES * MINUTE_MS)
        count = -(-int(self.minutes[section]) // SLOT_MINUTES)
        day = np.flatnonzero(self.days[section])[:, None] * per_day
        return np.asarray((day + np.arange(first, min(first + count, per_day))).ravel())


def meeting_keys(course_key: U64, section_course: I64) -> U64:
    """A key per section, of its Canvas course and its place in it. ``course_key``: of the courses' names."""
    ordinal = repetition(section_course)  # cross-listed sections stand elsewhere than their course
    return rng.extend(rng.extend(course_key[section_course], _MEETING), ordinal)


def make_meetings(pack: Pack, key: U64) -> Meetings:
    """The weeks of sections with these ``meeting_keys``; who teaches online makes nothing of them."""
    days = pack.categorical("course_section", "meeting_days")
    hours = pack.categorical("course_section", "start_hour")
    minutes = pack.categorical("course_section", "meeting_minutes")
    patterns = np.array([[letter in str(value or "") for letter in WEEKDAYS] for value in days.values])
    hour = np.array([int(str(value)) for value in hours.values])[hours.draw(rng.extend(key, _START_HOUR))]
    length = np.array([int(str(value)) for value in minutes.values])[minutes.draw(rng.extend(key, _LENGTH))]
    return Meetings(patterns[days.draw(rng.extend(key, _PATTERN))], hour * HOUR_MS, length)
