"""Engagement with memory: each student's weeks in each course, drawn once, read by the store and by the plan.

A weekly factor is a first-order autoregression of keyed normals, part of it shared by all courses of the
student: a pure function of enrolment and week, with no state to carry. Some stop for good without telling
anybody, and who withdraws has been silent for a while before; activity declines in the weeks before that.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from context import rng
from context.arrays import F64, I64, U64
from context.courses.catalogue import Catalogue
from context.courses.enrolments import Enrolments
from context.packs.pack import Pack
from context.people.leaving import giving_up_days, make_risk, most_at_risk
from context.people.students import Students
from context.scenario.calendar import Calendar

WEEK_DAYS = 7
# Purposes of randomness: of a student's key in the term or an enrolment's.
_WEEK, _STOP_DAY, _SILENT, _PERSON_WEEK, _PERSON_STOPS = 740, 741, 742, 743, 744
_LONGEST_SILENCE = 6.0  # of the mean


@dataclass(frozen=True)
class Histories:
    """Row i is enrolment i, of whatever role; those of staff, and of components, have none: they are even."""

    stop_day: I64  # campus day from which on nothing is done any more; past the last one: never
    drive: F64  # standard normal: who works on, whatever the grades were before
    week_z: F64  # [weeks, rows] standard normal, declining before a stop
    first_week: int  # of ``week_z``; week 0 begins with the term's first day

    def place(self, day: I64) -> I64:
        """Rows of ``week_z`` of campus days, those before or after it at its ends."""
        return np.clip(day // WEEK_DAYS - self.first_week, 0, len(self.week_z) - 1)


def make_histories(
    pack: Pack, calendar: Calendar, students: Students, catalogue: Catalogue, enrolments: Enrolments
) -> Histories:
    """Histories of a term's enrolments; those of students who take a course are drawn."""
    rows = np.flatnonzero(enrolments.takes)
    person, key = enrolments.person[rows], enrolments.key[rows]
    course_key = catalogue.offering_key[catalogue.section_home[enrolments.section[rows]]]
    risk = make_risk(pack, students, person, key, course_key)
    never = int(calendar.days[-1]) + 1
    stays = ~enrolments.leaves[rows]
    stops, together = most_at_risk(
        risk,
        stays,
        round(pack.number("engagement.stops_share") * int(stays.sum())),
        pack.number("engagement.stops_together_share"),
        np.zeros(len(rows), dtype=np.bool_),
    )
    days, shares = giving_up_days(pack, calendar)
    once = rng.extend(students.course_key[person], _PERSON_STOPS)
    stop = days[rng.categorical(np.where(together, once, key), rng.thresholds(shares), _STOP_DAY)]
    withdrawn = enrolments.has_status("Withdrawn")[rows]
    silent = np.maximum(enrolments.last_day[rows] - _silence(pack, key), enrolments.first_day[rows])
    stop_day = np.full(len(enrolments), never)
    stop_day[rows] = np.where(stops, stop, np.where(withdrawn, silent, never))
    drive = np.zeros(len(enrolments))
    drive[rows] = risk.drive
    first_week = int(calendar.days[0]) // WEEK_DAYS
    weeks = (int(calendar.days[-1]) + 1) // WEEK_DAYS - first_week + 1
    week_z = np.zeros((weeks, len(enrolments)))
    week_z[:, rows] = _weeks(pack, students, person, key, first_week, weeks)
    week_z[:, rows] -= _decline(pack, stop_day[rows], never, first_week, weeks)
    return Histories(stop_day, drive, week_z, first_week)


def _silence(pack: Pack, key: U64) -> I64:
    """Days without activity before a withdrawal: exponential, cut at six times its mean."""
    steps = 1 << 10
    table = [min(-log(1 - (row + 0.5) / steps), _LONGEST_SILENCE) for row in range(steps)]
    mean = pack.number("engagement.silent_days")
    days = np.array([round(mean * value) for value in table], dtype=np.int64)
    return days[rng.integer(key, steps, _SILENT)]


def _weeks(pack: Pack, students: Students, person: I64, key: U64, first_week: int, weeks: int) -> F64:
    """Standard normals [weeks, rows], correlated from week to week and between a student's courses."""
    memory, shared = (pack.number(f"engagement.week_{part}") for part in ("correlation", "person_share"))
    student = _autoregression(rng.extend(students.course_key, _PERSON_WEEK), memory, first_week, weeks)
    own = _autoregression(rng.extend(key, _WEEK), memory, first_week, weeks)
    return np.asarray(sqrt(shared) * student[:, person] + sqrt(1 - shared) * own)


def _autoregression(key: U64, memory: float, first: int, weeks: int) -> F64:
    """Stationary from the first week on: each week remembers the one before and adds its own normal."""
    found = np.empty((weeks, len(key)))
    fresh = sqrt(1 - memory * memory)
    for place in range(weeks):
        own = rng.normal(key, first + place)
        found[place] = own if place == 0 else memory * found[place - 1] + fresh * own
    return found


def _decline(pack: Pack, stop_day: I64, never: int, first_week: int, weeks: int) -> F64:
    """What weeks before a stop lose, [weeks, rows] in sd: more from week to week."""
    span, each = pack.number("engagement.decline_weeks"), pack.number("engagement.decline")
    left = stop_day // WEEK_DAYS - (first_week + np.arange(weeks))[:, None]
    lost = np.clip(span + 1 - left, 0.0, span) * (each / pack.number("dispersion.week_lognormal_sigma"))
    return np.where(stop_day < never, lost, 0.0)
