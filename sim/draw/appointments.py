"""Clicks that keep to the clock: people join Zoom when their class begins, or in office hours, and watch the
recording of a class once it is over.

Such a click has its instant from the section's timetable, not from the student's visits; it belongs to the
visit that is under way then, or to one of its own.
"""

from __future__ import annotations

import numpy as np

from context import rng
from context.arrays import BOOL, I64, MINUTE_MS, U64
from sim.draw.engine import Engine
from sim.draw.visits import Visits
from sim.plan.campus import MEETS
from sim.plan.outages import taken

BY_THE_CLOCK = ("zoom",)
_EARLIEST_MS, _LATEST_MS = -8 * MINUTE_MS, 12 * MINUTE_MS  # of joining a class, around its start (assumption)
_OFFICE_MS = 60 * MINUTE_MS  # office hours (assumption)
RECORDED = ("kaltura",)
_JOINS, _PUNCTUAL, _LATER, _ALONG_LATER = 18, 19, 118, 119  # purposes of draws, of a click's key


def is_by_the_clock(engine: Engine, tool: I64) -> BOOL:
    """Which clicks are at the time of a class or of office hours."""
    codes = [code for code, name in enumerate(engine.world.tools) if name in BY_THE_CLOCK]
    return np.isin(tool, codes)


def joined_ms(engine: Engine, day: int, enrolment: I64, key: U64) -> I64:
    """When each of the clicks ``key`` joins the class or the office hours of its section, UTC ms."""
    section = engine.world.enrolments.section[enrolment]
    meets = (engine.plan.days[day].section_flags[section] & MEETS) > 0
    # Most come within minutes of the start: the mean of two uniform draws.
    around = (rng.uniform(key, _JOINS) + rng.uniform(key, _PUNCTUAL)) / 2
    early = (_EARLIEST_MS + around * (_LATEST_MS - _EARLIEST_MS)).astype(np.int64)
    in_class = engine.class_ms[section] + early
    in_office = engine.office_ms[section] + rng.integer(key, _OFFICE_MS, _JOINS)
    return engine.calendar.wall_to_utc_ms(np.full(len(key), day), np.where(meets, in_class, in_office))


def to_later_visits(
    engine: Engine, day: int, visits: Visits, enrolment: I64, tool: I64, key: U64, place: tuple[I64, I64]
) -> None:
    """Move (in place: visit, instant) clicks on recordings on a day of class behind it, to one of the
    student's visits of the day that begin after the class; who has none watches when they would.
    """
    visit, time = place
    codes = [code for code, name in enumerate(engine.world.tools) if name in RECORDED]
    e, flags = engine.world.enrolments, engine.plan.days[day].section_flags
    rows = np.flatnonzero(np.isin(tool, codes))
    section = e.section[enrolment[rows]]
    over = engine.calendar.wall_to_utc_ms(np.full(len(rows), day), engine.class_end_ms[section])
    early = np.flatnonzero(((flags[section] & MEETS) > 0) & (time[rows] < over))
    rows, over = rows[early], over[early]
    # A person's visits stand together, in no order of time: look at each, one place after the other.
    person = e.person[enrolment[rows]]
    first, count = visits.first_visit[person], np.diff(visits.first_visit)[person]
    found = np.full(len(rows), -1, dtype=np.int64)
    begin = rng.integer(key[rows], np.maximum(count, 1), _LATER)
    for turn in range(int(count.max(initial=0))):
        each = first + (begin + turn) % np.maximum(count, 1)
        fits = (found < 0) & (turn < count) & (visits.start_ms[np.minimum(each, len(visits) - 1)] >= over)
        found[fits] = each[fits]
    moved = np.flatnonzero(found >= 0)
    rows, found = rows[moved], found[moved]
    visit[rows] = found
    along = rng.uniform(key[rows], _ALONG_LATER)
    time[rows] = visits.start_ms[found] + (along * visits.length_ms[found]).astype(np.int64)


def in_working_order(engine: Engine, time_ms: I64, tool: I64) -> BOOL:
    """False for clicks by the clock that an outage of Canvas or the tool takes: nobody waits for a class."""
    return ~taken(engine.calendar, time_ms, engine.world.tools, tool)
