"""Who is how active: stratified effects of students and sections, and what a day does to them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import exp, sqrt

import numpy as np
import numpy.typing as npt

from context import rng
from context.arrays import F64, I64, U8
from context.packs.pack import Pack
from sim.plan.anchors import Anchors
from sim.plan.campus import DUE, MEETS
from sim.plan.sections import section_keys
from sim.world.world import MODES, World

MICRO = 1_000_000
MOST_EFFECT = 12.0  # of one enrolment on one day, against the mean of its cell
# Purposes: of a person's key, of an enrolment's (who it is, its place among all, its weeks), of a section's.
_PERSON = 710
_ENROLMENT, _RANK, _WEEK = 711, 712, 714
_SECTION = 713
_ACTIVITY_STEPS = 64  # rows of the table of active-day odds per unit of activity


@dataclass(frozen=True)
class Effects:
    """Who is how active, the same on every day; parts per million of the mean."""

    enrolment_micro: I64  # [enrolments] 0 for staff
    person_micro: I64  # [persons] mean over the person's student enrolments
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

    Besides who and what it is, its own ups and downs from week to week.
    """
    e = world.enrolments
    fixed = (effects.enrolment_micro[rows] / MICRO) * (effects.section_micro[e.section[rows]] / MICRO)
    week = rng.lognormal(
        rng.extend(e.key[rows], _WEEK), pack.number("dispersion.week_lognormal_sigma"), day // 7
    )
    return np.minimum(fixed * week * of_section_day[e.section[rows]], MOST_EFFECT)


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
    z = (
        tie * final_scores[rows]
        + own * person_noise[e.person[rows]]
        + rest * rng.normal(rng.extend(e.key[rows], _ENROLMENT))
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
    people = len(world.persons.udp_id)
    courses = np.maximum(np.bincount(e.person[rows], minlength=people), 1)
    person = np.bincount(e.person[rows], micro[rows], minlength=people).astype(np.int64) // courses
    keys = section_keys(world)
    section = rng.from_rank(
        rng.lognormal_table(pack.number("dispersion.section_lognormal_sigma")),
        rng.stratified(rng.extend(keys, _SECTION)),
    )
    usual = pack.number("events_per_student_course_week")
    weekly = np.array([pack.number(f"modality.{name}_events_week") / usual for name in MODES])
    return Effects(micro, person, (section * weekly[mode] * MICRO).astype(np.int64), tool_day)
