"""When teachers grade: a skewed delay that is a teacher's own, in sittings, and seldom at weekends."""

from __future__ import annotations

import numpy as np

from context import rng
from context.arrays import BOOL, HOUR_MS, I64, MINUTE_MS, NO_TIME, U64
from context.content.coursework import Coursework
from context.courses.enrolments import primary_teacher
from context.curves import lognormal_of
from context.results.results import Pairs
from context.scenario.calendar import Calendar

FREE_KINDS = ("weekend", "holiday", "break")
LEAST_DAYS = 1  # after the due day
_LONGEST_PUT_OFF = 4
# Purposes of randomness: of a sitting's key, of a result's, of a teacher's.
_SITTING_DAY, _SITTING_MINUTE, _PUT_OFF = 1, 2, 3
_SITTING, _SITTING_SECTION = 40, 41
_PLACE_IN_SITTING, _SECONDS_IN_SITTING, _GRADED_LATER, _GRADED_AT_ONCE = 50, 51, 52, 53
_SPEED, _KEEPS_WEEKENDS = 770, 771


def graded_times(given: Coursework, pairs: Pairs, submitted: I64, auto: BOOL) -> I64:
    """Instants of grading: at once by the system (``auto``), else in a sitting days after the due date."""
    acts, calendar, key = given.content.activities, given.calendar, pairs.key
    section = given.enrolments.section[pairs.enrolment]
    teacher = _teachers(given)
    sitting = rng.extend(acts.key[pairs.activity], _SITTING) ^ rng.bits(
        given.catalogue.section_key[section], _SITTING_SECTION
    )
    keeps = (
        rng.uniform(rng.extend(teacher, _KEEPS_WEEKENDS)) < given.pack.number("grading.keeps_weekends_share")
    )[section]
    day = acts.due_day[pairs.activity] + _delay(given, sitting, teacher, section)
    put_off = _days_put_off(given, sitting)
    day = _worked_on(calendar, day, keeps, put_off)
    start = calendar.wall_to_utc_ms(
        day, 9 * HOUR_MS + rng.integer(sitting, 10 * 60, _SITTING_MINUTE) * MINUTE_MS
    )
    # A sitting takes its submissions in keyed order, about a minute and a half each.
    planned = (
        start
        + rng.integer(key, 150, _PLACE_IN_SITTING) * 3 * MINUTE_MS // 2
        + rng.integer(key, MINUTE_MS, _SECONDS_IN_SITTING)
    )
    handed_in = submitted != NO_TIME
    late = handed_in & (planned <= submitted + HOUR_MS)
    soon = calendar.day_of(np.where(late, submitted, planned)) + 1 + rng.integer(key, 3, _GRADED_LATER)
    after = (
        calendar.wall_to_utc_ms(_worked_on(calendar, soon, keeps, put_off), 0)
        + planned % (8 * HOUR_MS)
        + 9 * HOUR_MS
    )
    by_hand = np.where(late, np.maximum(after, submitted + HOUR_MS), planned)
    by_hand = np.where(
        handed_in,
        np.maximum(np.minimum(by_hand, calendar.last_day_ms - HOUR_MS), submitted + MINUTE_MS),
        by_hand,
    )
    at_once = submitted + 400 + rng.integer(key, 2000, _GRADED_AT_ONCE)
    # What is graded at once follows a submission that the incidents have moved already.
    return np.where(auto & handed_in, at_once, calendar.after_incidents(by_hand))


def _teachers(given: Coursework) -> U64:
    """A key for the teacher of each section: that of the first section that the teacher has."""
    row = primary_teacher(given.catalogue, given.enrolments)
    person = np.where(row >= 0, given.enrolments.person[row], -1 - np.arange(len(row)))
    _, first, which = np.unique(person, return_index=True, return_inverse=True)
    return given.catalogue.section_key[first][which]


def _delay(given: Coursework, sitting: U64, teacher: U64, section: I64) -> I64:
    """Days from the due day to the sitting: the teacher's own speed times that of the piece of work."""
    own, of_teacher = (given.pack.number(f"grading.delay_{part}_sigma") for part in ("work", "teacher"))
    speed = lognormal_of(rng.normal(rng.extend(teacher, _SPEED)), of_teacher)[section]
    days = (
        given.pack.number("grading.delay_days") * speed * lognormal_of(rng.normal(sitting, _SITTING_DAY), own)
    )
    return LEAST_DAYS + days.astype(np.int64)


def _days_put_off(given: Coursework, sitting: U64) -> I64:
    """Days of work after the first one by which a sitting that fell into a weekend is put off: geometric."""
    share = given.pack.number("grading.first_day_share")
    by_then = 1 - (1 - share) ** np.arange(1, _LONGEST_PUT_OFF + 1)
    return np.searchsorted(by_then, rng.uniform(sitting, _PUT_OFF), side="right").astype(np.int64)


def _worked_on(calendar: Calendar, day: I64, keeps: BOOL, put_off: I64) -> I64:
    """The days themselves; for those who keep weekends and holidays a day of work that follows."""
    free = np.isin(calendar.kind_of(np.arange(calendar.first_day, calendar.last_day)), FREE_KINDS)
    work = np.append(np.flatnonzero(~free) + calendar.first_day, calendar.last_day - 1)
    day = np.clip(day, 0, calendar.last_day - 1)
    following = np.searchsorted(work[:-1], day) + put_off
    moved = keeps & free[day - calendar.first_day]
    return np.where(moved, work[np.minimum(following, len(work) - 1)], day)
