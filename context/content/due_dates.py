"""When work is due: week after week on habitual weekdays, examinations on the course's own dates.

Midterms lie in the middle weeks of the term, spread over them; the final is in finals week. Nothing is due
in a recess.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import BOOL, HOUR_MS, I64, MINUTE_MS, U64
from context.packs.pack import Pack
from context.scenario.calendar import Calendar

DAYS_OF_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# Purposes of randomness: what each number draws.
_PLACE_IN_TERM, _OWN_WEEKDAY, _KEEPS_HABIT, _OTHER_HOUR, _DUE_TIME = 10, 11, 12, 13, 14
_BREAK_SIDE, _FINALS_DAY, _CLASS_HOUR, _WEEKDAY_HABIT, _MIDTERM = 15, 16, 53, 62, 923


@dataclass(frozen=True)
class Tasks:
    """What dates depend on, of each activity."""

    group_key: U64
    key: U64
    ordinal: I64  # in its group
    of: I64  # activities of its group
    is_exam: BOOL
    is_final: BOOL  # of the examinations, the one in finals week


def teaching_days(calendar: Calendar) -> I64:
    """For day 0..end of the term: the day itself, or the last day before a break on which work can be due."""
    days = np.arange(calendar.term.last_day + 1)
    off = np.isin(calendar.kind_of(days), ("break", "holiday"))
    return np.maximum.accumulate(np.where(off, 0, days))


def due_days(pack: Pack, calendar: Calendar, tasks: Tasks) -> I64:
    """Campus days on which work is due."""
    day = np.where(tasks.is_exam, _midterm_days(pack, calendar, tasks), _weekly_days(pack, calendar, tasks))
    return np.where(tasks.is_final, _final_days(calendar, tasks), teaching_days(calendar)[day])


def _weekly_days(pack: Pack, calendar: Calendar, tasks: Tasks) -> I64:
    """Spread over the weeks of instruction, on the group's habitual weekday more often than not."""
    last, key = calendar.term.last_class_day, tasks.key
    place = (tasks.ordinal + rng.uniform(key, _PLACE_IN_TERM)) / tasks.of
    week_start = 7 * ((5 + place * (last - 5)).astype(np.int64) // 7)
    law = pack.categorical("learner_activity", "due_dow")
    weekday = np.array([DAYS_OF_WEEK.index(str(value)) for value in law.values])
    habit = weekday[law.draw(rng.extend(tasks.group_key, _WEEKDAY_HABIT))]
    own = weekday[law.draw(rng.extend(key, _OWN_WEEKDAY))]
    day = np.clip(week_start + np.where(rng.uniform(key, _KEEPS_HABIT) < 0.7, habit, own), 4, last)
    # What would fall into a break is due a week earlier or later, some here and some there.
    off = np.isin(calendar.kind_of(np.arange(last + 8)), ("break", "holiday"))
    aside = np.where(rng.uniform(key, _BREAK_SIDE) < 0.5, 7, -7)
    return np.where(off[day], np.clip(day + aside, 4, last), day)


def _midterm_days(pack: Pack, calendar: Calendar, tasks: Tasks) -> I64:
    """Weekdays of the middle weeks, each midterm in its part of them."""
    last = calendar.term.last_class_day
    first, end = (last * pack.number(f"exam.{name}_place") for name in ("first", "last"))
    many = np.maximum(np.where(tasks.is_final, 1, tasks.of - _finals_among(tasks)), 1)
    within = (np.minimum(tasks.ordinal, many - 1) + 0.3 + 0.4 * rng.uniform(tasks.key, _MIDTERM)) / many
    day: I64 = (first + within * (end - first)).astype(np.int64)
    weekday = (calendar.term.start.weekday() + day) % 7
    return day - np.maximum(weekday - 4, 0)


def _finals_among(tasks: Tasks) -> I64:
    """Finals in each activity's group: 0 or 1. The final is the last of its group."""
    ends = np.flatnonzero(tasks.ordinal == tasks.of - 1)
    last_of = np.repeat(ends, tasks.of[ends])
    return tasks.is_final[last_of].astype(np.int64)


def _final_days(calendar: Calendar, tasks: Tasks) -> I64:
    """Weekdays of finals week, where it has any, the same for all of the group."""
    term = calendar.term
    days = np.arange((term.finals_start - term.start).days, term.last_day + 1)
    weekdays = days[(term.start.weekday() + days) % 7 < 5]
    days = weekdays if len(weekdays) else days
    return days[rng.integer(tasks.group_key, len(days), _FINALS_DAY)]


def due_time(pack: Pack, offering_key: U64, key: U64, in_class: BOOL) -> I64:
    """Wall-clock milliseconds since midnight of due times; ``in_class``: work that is done in class."""
    law = pack.categorical("learner_activity", "due_time")
    hours = pack.categorical("course_section", "start_hour")
    class_start = (
        np.array([int(str(value)) for value in hours.values])[
            hours.draw(rng.extend(offering_key, _CLASS_HOUR))
        ]
        * HOUR_MS
    )
    other = (8 + rng.integer(key, 14, _OTHER_HOUR)) * HOUR_MS
    drawn = law.draw(rng.extend(key, _DUE_TIME))
    time = np.zeros(len(key), dtype=np.int64)
    for code, value in enumerate(law.values):
        rows = drawn == code
        if value == "class":
            time[rows] = class_start[rows]
        elif value == "other":
            time[rows] = other[rows]
        else:
            hour, minute = str(value).split(":")
            seconds = 59 if minute == "59" else 0
            time[rows] = int(hour) * HOUR_MS + int(minute) * MINUTE_MS + seconds * 1000
    return np.where(in_class, class_start, time)
