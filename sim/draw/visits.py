"""Visits: one person's runs of clicks on a campus day. A function of person and day only.

A visit belongs to the campus day in which it starts and ends within six hours. All sections and tools share
the person's visits; ``sim.draw.routes`` says which courses a visit goes through, and each click has a place
there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from context import rng
from context.arrays import F64, HOUR_MS, I32, I64, MINUTE_MS, U64, ordinals
from context.curves import probability_of
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.draw.dues import Times, before_dues
from sim.plan.campus import GAVE_UP_MS, LONGEST_MS, resume_times
from sim.plan.effects import MICRO, active_odds, weekday_factor
from sim.plan.outages import canvas_outages
from sim.plan.plan import Plan
from sim.world.world import NO_TIME, World

# Purposes: of a person's key, of a person's day, of a visit's key (15 to 17 are in dues, 40 to 44 in logins).
_DAY, _HOURS = 800, 801
_DAY_BEGINS = 5  # hour at which the fewest are up: who is early and who is late is counted from it
_AWAKE, _HOW_MANY, _VISIT = 0, 1, 2
_HOUR, _WITHIN_HOUR, _FOR_CLASS, _WHICH_CLASS, _AROUND_CLASS, _APPETITE, _OUTAGE = 10, 11, 12, 13, 14, 20, 50
END_SLACK_MS = MINUTE_MS  # the last gap of a visit ends this much before the six hours are over
_AROUND_CLASS_MS = (
    -10 * MINUTE_MS,
    50 * MINUTE_MS,
)  # a visit for a class begins from then to then (assumption)


@dataclass(frozen=True)
class Visits:
    """Visits of one campus day, ordered by person, then number.

    ``appetite`` is how much there is to do in it, in clicks: courses prefer visits of much appetite.
    """

    person: I32
    key: U64
    start_ms: I64
    purpose: I32  # the course for whose class or work it is, NO_ROW: none
    appetite: I64
    length_ms: I64  # from the start to the last place for a click, before any outage
    resume_ms: I64  # when an outage that hit the visit lets it go on; NO_TIME not hit; GAVE_UP_MS given up
    hit_ms: I64  # when it met the outage, NO_TIME not hit
    first_visit: I64  # [persons + 1] offsets into the visits

    def __len__(self) -> int:
        return len(self.person)

    @property
    def end_ms(self) -> I64:
        """Instant of the last place for a click, before any outage."""
        return np.asarray(self.start_ms + self.length_ms)


def active_chance(pack: Pack, world: World, plan: Plan, day: int) -> F64:
    """[persons] chance of any visit on the day, were the person enrolled in anything."""
    curve = plan.days[day].curve_micro / MICRO
    person = plan.effects.person_micro[world.enrolments.week_of(day)] / MICRO
    person = person * weekday_factor(pack, world.persons.key, day)
    return active_odds(pack.number("visits.active_day_k"), person * curve)


@dataclass(frozen=True)
class Pulls:
    """What draws visits to itself on a day."""

    classes: Times
    dues: Times
    of_dues: tuple[float, ...]  # share of a day's visits that due times pull into each hour, on average


def draw_visits(
    pack: Pack, calendar: Calendar, world: World, plan: Plan, day: int, persons: I64, pulls: Pulls
) -> Visits:
    """The day's visits of ``persons`` (increasing positions, enrolled on that day), without lengths."""
    day_key = rng.extend(rng.extend(world.persons.key[persons], _DAY), day)
    awake = rng.uniform(day_key, _AWAKE) < active_chance(pack, world, plan, day)[persons]
    person, day_key = persons[awake], day_key[awake]
    counts_law = pack.table("visits")
    table = rng.thresholds([float(share) for share in counts_law["share"]])
    counts = np.array([int(n) for n in counts_law["visits"]])[rng.categorical(day_key, table, _HOW_MANY)]
    owner = np.repeat(np.arange(len(person)), counts)
    key = rng.extend(rng.extend(day_key[owner], _VISIT), ordinals(counts))
    hours = _hours(pack, plan.days[day].kind, world.persons.key[person[owner]], key, pulls.of_dues)
    wall = hours * HOUR_MS + rng.integer(key, HOUR_MS, _WITHIN_HOUR)
    wall, purpose = before_dues(pack, person[owner], key, wall, pulls.dues)
    wall, purpose = _around_classes(pack, person[owner], key, wall, purpose, pulls.classes)
    start = calendar.wall_to_utc_ms(np.full(len(key), day), wall)
    law = pack.table("visit_slots")
    slots = rng.thresholds([float(share) for share in law["share"]])
    by_person = np.zeros(len(world.persons.udp_id) + 1, dtype=np.int64)
    by_person[person + 1] = counts
    return Visits(
        person=person[owner].astype(np.int32),
        key=key,
        start_ms=start,
        purpose=purpose,
        appetite=np.array([int(n) for n in law["slots"]])[rng.categorical(key, slots, _APPETITE)],
        length_ms=np.zeros(len(key), dtype=np.int64),
        resume_ms=np.full(len(key), NO_TIME, dtype=np.int64),
        hit_ms=np.full(len(key), NO_TIME, dtype=np.int64),
        first_visit=np.cumsum(by_person),
    )


def _hours(pack: Pack, kind: str, person_key: U64, key: U64, of_dues: tuple[float, ...]) -> I64:
    """Local hour in which each visit starts: the pack's curve less what classes and due times pull.

    From the least hour on, early ones are some people's and late ones others'; all together keep the curve.
    """
    law, pull = pack.table("hour"), pack.number("visits.class_pull") if kind == "class" else 0.0
    classes = pack.categorical("course_section", "start_hour").shares()
    rest = [
        max(float(share) - pull * classes.get(str(hour), 0.0) - due, 0.0)
        for hour, share, due in zip(
            law["hour"], law["share" if kind == "class" else "weekend_share"], of_dues, strict=True
        )
    ]
    shared = pack.number("habit.hours_share")
    habit = sqrt(shared) * rng.normal(rng.extend(person_key, _HOURS))
    u = probability_of(habit + sqrt(1 - shared) * rng.normal(key, _HOUR))
    place = (u * 2.0**53).astype(np.uint64) << np.uint64(11)
    table = rng.thresholds(rest[_DAY_BEGINS:] + rest[:_DAY_BEGINS])
    hour = np.minimum(np.searchsorted(table, place, side="right"), len(rest) - 1) + _DAY_BEGINS
    return np.asarray(hour % len(rest), dtype=np.int64)


def _around_classes(
    pack: Pack, person: I64, key: U64, wall: I64, purpose: I32, classes: Times
) -> tuple[I64, I32]:
    """Some visits are for a class of the day: slides, an attendance quiz, a link to Zoom."""
    first, after = classes.first[person], classes.first[person + 1]
    rows = np.flatnonzero((after > first) & (rng.uniform(key, _FOR_CLASS) < pack.number("visits.class_pull")))
    at = first[rows] + rng.integer(key[rows], after[rows] - first[rows], _WHICH_CLASS)
    early, late = _AROUND_CLASS_MS
    wall, purpose = wall.copy(), purpose.copy()
    wall[rows] = classes.start_ms[at] + early + rng.integer(key[rows], late - early, _AROUND_CLASS)
    purpose[rows] = classes.course[at]
    return wall, purpose


def with_lengths(pack: Pack, calendar: Calendar, visits: Visits, length_ms: I64) -> Visits:
    """The visits, which now have lengths, and what outages do to them."""
    return _meet_outages(pack, calendar, replace(visits, length_ms=length_ms))


def _meet_outages(pack: Pack, calendar: Calendar, visits: Visits) -> Visits:
    """Visits that an outage of Canvas hits wait, try again, return or give up: processes of the campus."""
    resume, hit = visits.resume_ms, visits.hit_ms
    patience = int(pack.number("incident.patience_tries"))
    for window in canvas_outages(calendar):
        rows = np.flatnonzero(
            (visits.start_ms < window.end) & (visits.end_ms >= window.start) & (hit == NO_TIME)
        )
        if not len(rows):
            continue
        met = np.maximum(visits.start_ms[rows], window.start)
        back = resume_times(
            rng.extend(rng.extend(visits.key[rows], _OUTAGE), int(calendar.unshifted_ms(window.start))),
            met,
            (window.start, window.end),
            patience,
        )
        span = visits.end_ms[rows] - met
        late = back > visits.start_ms[rows] + LONGEST_MS - END_SLACK_MS - span  # or given up
        hit[rows] = met
        resume[rows] = np.where(late, GAVE_UP_MS, back)
    return visits
