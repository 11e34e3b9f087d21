"""Who is how active: stratified effects of students and sections, and what a day does to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, sqrt

import numpy as np
import numpy.typing as npt

from context import rng
from context.arrays import F64, I64, U8, U64
from context.curves import lognormal_of
from context.engagement.histories import WEEK_DAYS
from context.packs.pack import Pack
from sim.plan.anchors import Anchors
from sim.plan.campus import DUE, MEETS
from sim.plan.sections import section_keys
from sim.world.world import MODES, World

MICRO = 1_000_000
MOST_EFFECT = 12.0  # of one enrolment on one day, against the mean of its cell
# Purposes: of a person's key, of an enrolment's (who it is, its place among all), of a section's.
_PERSON, _WEEKDAY = 710, 715
_ENROLMENT, _RANK = 711, 712
_SECTION = 713
_ACTIVITY_STEPS = 64  # rows of the table of active-day odds per unit of activity


@dataclass(frozen=True)
class Effects:
    """Who is how active; parts per million of the mean."""

    enrolment_micro: I64  # [enrolments] 0 for staff
    person_micro: I64  # [weeks, persons] mean over the person's student enrolments in each week
    section_micro: I64  # [sections]
    tool_day: (
        I64  # [sections, tools] first campus day on which students click in a tool, see sim.plan.adoption
    )


def active_odds(k: float, activity: F64) -> F64:
    """Chance of an active day, from activity (1 = an average person, or enrolment, on an average day).

    1 - exp(-k x activity), read from a table so that no CPU's exp can show.
    """
    table = _odds_table(k)
    row = np.minimum((activity * _ACTIVITY_STEPS).astype(np.int64), len(table) - 1)
    return table[row]


@lru_cache(maxsize=8)
def _odds_table(k: float) -> F64:
    rows = 8 * _ACTIVITY_STEPS
    return np.array([round(1 - exp(-k * (row + 0.5) / _ACTIVITY_STEPS), 9) for row in range(rows)])


def section_day_effect(pack: Pack, sections_key: npt.NDArray[np.uint64], day: int, flags: U8) -> F64:
    """What a section's day does to its students' activity: ups and downs, classes, work that is due."""
    own = rng.lognormal(rng.extend(sections_key, day), pack.number("dispersion.day_lognormal_sigma"))
    meets = np.where(flags & MEETS, pack.number("section_day.meets_factor"), 1.0)
    due = np.where(flags & DUE, pack.number("section_day.due_factor"), 1.0)
    return own * meets * due


def enrolment_effects(
    pack: Pack, world: World, effects: Effects, rows: I64, day: int, of_section_day: F64
) -> F64:
    """Effect of each student enrolment on a day, before the cell's norm; at most MOST_EFFECT.

    Besides who and what it is, how its week is and which weekday; 0 for those who have stopped.
    """
    e = world.enrolments
    fixed = (effects.enrolment_micro[rows] / MICRO) * (effects.section_micro[e.section[rows]] / MICRO)
    week = np.where(day < e.stop_day[rows], week_factor(pack, world, rows, e.week_of(day)), 0.0)
    weekday = weekday_factor(pack, world.persons.key, day)[e.person[rows]]
    return np.minimum(fixed * week * weekday * of_section_day[e.section[rows]], MOST_EFFECT)


def weekday_factor(pack: Pack, persons_key: U64, day: int) -> F64:
    """How active each person is on this day of the week, against the others' week: mean 1."""
    key = rng.extend(persons_key, _WEEKDAY)
    return rng.lognormal(key, pack.number("habit.weekday_sigma"), day % WEEK_DAYS)


def week_factor(pack: Pack, world: World, rows: I64, week: int) -> F64:
    """What a week does to the activity of enrolments: lognormal of mean 1, but for those about to stop."""
    z = world.enrolments.week_z[week, rows].astype(np.float64)
    return lognormal_of(z, pack.number("dispersion.week_lognormal_sigma"))


def _persons(pack: Pack, world: World, micro: I64) -> I64:
    """[weeks, persons] mean activity of each person over the enrolments, those stopped counting zero."""
    e, people = world.enrolments, len(world.persons.udp_id)
    rows = np.flatnonzero(e.is_student)
    courses = np.maximum(np.bincount(e.person[rows], minlength=people), 1)
    found = np.zeros((len(e.week_z), people), dtype=np.int64)
    for week in range(len(e.week_z)):
        first = WEEK_DAYS * (week + e.first_week)
        left = np.clip(e.stop_day[rows].astype(np.int64) - first, 0, WEEK_DAYS)
        each = (micro[rows] * week_factor(pack, world, rows, week)).astype(np.int64) * left // WEEK_DAYS
        found[week] = np.bincount(e.person[rows], each, minlength=people).astype(np.int64) // courses
    return found


def day_curve(pack: Pack, term_type: str, day: int, kind: str) -> float:
    """How active an average person is on a day, 1 = average; from the day tables, so no tool moves it."""
    curve, kinds = pack.table("rate_day_in_term"), pack.table("rate_day_kind")
    rows = zip(curve["term_type"], curve["day"], curve["factor"], strict=True)
    factor = next((float(value) for term, at, value in rows if term == term_type and at == day), 0.0)
    by_kind = dict(zip(kinds["kind"], kinds["factor"], strict=True))
    return factor * float(by_kind.get(kind, 1.0))


def make_effects(
    pack: Pack, world: World, final_scores: F64, anchors: Anchors, mode: I64, tool_day: I64
) -> Effects:
    """Stratified effects of students and sections; activity is tied to scores by the pack's correlation.

    ``final_scores``: per enrolment, in standard deviations of its course's scores; 0 where unknown. ``mode``:
    how each section is taught, an index into MODES. ``tool_day``: see Effects.
    """
    e = world.enrolments
    rows = np.flatnonzero(e.is_student)
    tie, own = pack.number("engagement.ability_correlation"), pack.number("engagement.person_share")
    rest = sqrt(max(1 - tie * tie - own * own, 0.0))
    person_noise = rng.normal(rng.extend(world.persons.key, _PERSON))
    # The store says who is at risk, so that those who will leave are less active long before they do.
    drive = pack.number("engagement.drive_correlation")
    chance = sqrt(1 - drive * drive) * rng.normal(rng.extend(e.key[rows], _ENROLMENT))
    z = (
        tie * final_scores[rows]
        + own * person_noise[e.person[rows]]
        + rest * (drive * e.drive[rows] + chance)
    )
    rank = np.empty(len(rows))
    rank[np.lexsort((e.key[rows], z))] = np.arange(len(rows))
    u = (rank + rng.uniform(rng.extend(e.key[rows], _RANK))) / len(rows)
    effect = rng.from_rank(rng.gamma_table(pack.number("dispersion.student_gamma_shape")), u)
    micro = np.zeros(len(e.person), dtype=np.int64)
    micro[rows] = np.maximum((effect * MICRO).astype(np.int64), 1)
    # Some never come at all: those of least engagement among whom the store has handed nothing in.
    seen = np.bincount(anchors.enrolment[anchors.counted], minlength=len(micro)) > 0
    idle = rows[~seen[rows]]
    idle = idle[np.lexsort((e.key[idle], micro[idle]))]
    micro[idle[: round(pack.number("dispersion.never_active") * len(rows))]] = 1
    keys = section_keys(world)
    section = rng.from_rank(
        rng.lognormal_table(pack.number("dispersion.section_lognormal_sigma")),
        rng.stratified(rng.extend(keys, _SECTION)),
    )
    usual = pack.number("events_per_student_course_week")
    weekly = np.array([pack.number(f"modality.{name}_events_week") / usual for name in MODES])
    return Effects(
        micro,
        _persons(pack, world, micro),
        (section * weekly[mode] * MICRO).astype(np.int64),
        tool_day,
    )
