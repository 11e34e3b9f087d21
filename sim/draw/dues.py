"""What is due, and how it pulls visits into the hours before.

Every piece of work that is due on a day pulls its own share of the visits that the course's students make on
that day. Such a visit begins as long before the due time as the pack's law of handing in says; where that is
another day, it stays in its hour. What due times pull on average is taken from the hours of all other visits,
so the campus as a whole keeps the pack's curve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import I32, I64, MINUTE_MS, U64, ordinals
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.world.world import NO_ROW, NO_TIME, World

HOURS = 24
_WHICH_DUE, _LEAD_BIN, _LEAD = 15, 16, 17  # purposes of draws, of a visit's key


@dataclass(frozen=True)
class Times:
    """Times of one day by person: ``start_ms[first[p] : first[p + 1]]``, wall clock since midnight."""

    start_ms: I64
    course: I32  # whose class or work it is
    first: I64  # [persons + 1]


@dataclass(frozen=True)
class Dues:
    """Due times of the term, by campus day, then course, then time."""

    day: I64
    course: I64
    wall_ms: I64  # since midnight
    # On class days (True) and others: share of visits pulled into each hour.
    pulled: Mapping[bool, tuple[float, ...]]

    def of_day(self, day: int, course: I32, person: I32, persons: int) -> Times:
        """What is due for students on a day; ``course`` and ``person`` of their enrolments, by person."""
        low, high = np.searchsorted(self.day, [day, day + 1])
        courses = self.course[low:high]
        first = np.searchsorted(courses, course)
        count = np.searchsorted(courses, course, side="right") - first
        at = np.repeat(first, count) + ordinals(count)
        of_person = np.bincount(np.repeat(person, count), minlength=persons)
        return Times(
            self.wall_ms[low:high][at],
            courses[at].astype(np.int32),
            np.append(0, np.cumsum(of_person)),
        )


def make_dues(pack: Pack, calendar: Calendar, world: World) -> Dues:
    """All due times within the term, of what students get to see."""
    due, assignments = world.details.assignment.due_ms, world.objects["assignment"]
    course = assignments.course.astype(np.int64)
    day = calendar.day_of(due).astype(np.int64)
    seen = assignments.release_ms < calendar.day_start_ms(calendar.last_day + 1)
    rows = np.flatnonzero(seen & (due != NO_TIME) & (day >= calendar.first_day) & (day <= calendar.last_day))
    place = day[rows] - calendar.first_day
    # By the clock that holds in the evening of a day on which it changes.
    shift = calendar.offset_after_ms[place] - calendar.offset_ms[place]
    wall = due[rows] - (calendar.wall_to_utc_ms(day[rows], np.zeros(len(rows), dtype=np.int64))) + shift
    order = np.lexsort((wall, course[rows], day[rows]))
    rows, wall = rows[order], wall[order]
    pulled = _pulled(pack, calendar, world, day[rows], course[rows], wall)
    return Dues(day[rows], course[rows], wall, pulled)


def _pulled(
    pack: Pack, calendar: Calendar, world: World, day: I64, course: I64, wall: I64
) -> Mapping[bool, tuple[float, ...]]:
    """Mean shares over students and days in session; sums of integers, then of few floats in fixed order."""
    e = world.enrolments
    students = np.bincount(e.course[e.is_student], minlength=len(world.courses.udp_id))
    people = len(np.unique(e.person[e.is_student]))
    length = (calendar.term.end - calendar.term.start).days
    in_session = np.arange(length)
    found = {}
    for class_days in (True, False):
        days = in_session[(calendar.kind_of(in_session) == "class") == class_days]
        rows = np.flatnonzero(np.isin(day, days))
        minutes, which = np.unique(wall[rows] // MINUTE_MS, return_inverse=True)
        weight = np.zeros(len(minutes), dtype=np.int64)
        np.add.at(weight, which, students[course[rows]])
        left = 1.0 - (pack.number("visits.class_pull") if class_days else 0.0)
        scale = pack.number("visits.due_pull") * left / max(people * len(days), 1)
        shares = [0.0] * HOURS
        for minute, many in zip(minutes.tolist(), weight.tolist(), strict=True):
            for hour in range(HOURS):
                shares[hour] += scale * many * chance_of_hour(pack, minute, hour)
        found[class_days] = tuple(shares)
    return found


def chance_of_hour(pack: Pack, minute: int, hour: int) -> float:
    """The chance that a visit for what is due at a minute of the day begins in an hour of it."""
    law, chance = pack.table("submission_lead"), 0.0
    low, high = minute - 60 * (hour + 1), minute - 60 * hour
    for least, most, share in zip(
        law["lead_low_minutes"], law["lead_high_minutes"], law["share"], strict=True
    ):
        begin, end = float(least), float(most)
        inside = min(end, high) - max(begin, low, 0.0)
        chance += float(share) * max(inside, 0.0) / (end - begin)
    return chance


def before_dues(pack: Pack, person: I64, key: U64, wall: I64, dues: Times) -> tuple[I64, I32]:
    """(when each visit begins by the wall clock, the course for whose work, NO_ROW: none).

    ``wall`` is when it begins where nothing pulls it.
    """
    first, count = dues.first[person], dues.first[person + 1] - dues.first[person]
    law = pack.table("submission_lead")
    each = pack.number("visits.due_pull")
    at = (rng.uniform(key, _WHICH_DUE) / each).astype(np.int64) if each > 0 else count
    rows = np.flatnonzero(at < count)
    bin_of = rng.categorical(key[rows], rng.thresholds([float(share) for share in law["share"]]), _LEAD_BIN)
    low, high = (
        np.array([round(float(minutes) * MINUTE_MS) for minutes in law[name]])[bin_of]
        for name in ("lead_low_minutes", "lead_high_minutes")
    )
    lead = low + rng.integer(key[rows], high - low, _LEAD)
    which = first[rows] + at[rows]
    start = dues.start_ms[which] - lead
    fits = (lead > 0) & (start >= 0)
    begins, purpose = wall.copy(), np.full(len(key), NO_ROW, dtype=np.int32)
    begins[rows[fits]] = start[fits]
    purpose[rows[fits]] = dues.course[which[fits]]
    return begins, purpose
