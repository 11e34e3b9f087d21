"""The plan: what a term asks for, computed whole from scenario and store before anything is drawn.

It holds who is how active, what every section is doing each day, and for each cell (CIP family x level x
day x tool) the expected events, those the store anchors, and the overshoot where deadlines exceed the rate.
All columns are integers; every worker reads the same file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import exp, sqrt

import numpy as np
import numpy.typing as npt

from context import rng
from context.calendar import Calendar
from context.meetings import make_meetings, meeting_keys
from context.pack import Pack
from sim.anchors import Anchors
from sim.campus import DUE, MEETS, Campus, DayState, SectionSchedule
from sim.world import MODES, World

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]
MICRO = 1_000_000
HOUR_MS = 3_600_000
MOST_EFFECT = 12.0  # of one enrolment on one day, against the mean of its cell
_ACTIVITY_STEPS = 64  # rows of the table of active-day odds per unit of activity


@dataclass(frozen=True)
class Effects:
    """Who is how active, the same on every day; parts per million of the mean."""

    enrolment_micro: I64  # [enrolments] 0 for staff
    person_micro: I64  # [persons] mean over the person's student enrolments
    section_micro: I64  # [sections]


@dataclass(frozen=True)
class DayPlan:
    """One campus day. Arrays of cells have the shape [cip, level, tool], or [cip, level] where it says so."""

    day: int
    kind: str
    curve_micro: int  # the day's activity against an average day, from the pack's day factors
    section_flags: U8  # [sections]
    students: I64  # enrolled students [cip, level]
    norm_micro: I64  # [cip, level] makes the effects of the enrolled average 1
    asked_micro: I64  # expected student events
    anchored: I64  # student events that the store's rows bring with them
    ambient_micro: I64  # share of the rate that is left to draw

    @property
    def overshoot_micro(self) -> I64:
        """Anchored events beyond what the pack asks for."""
        return np.asarray(np.maximum(self.anchored * MICRO - self.asked_micro, 0))


@dataclass(frozen=True)
class Plan:
    """The whole term."""

    effects: Effects
    days: Mapping[int, DayPlan]


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


def section_keys(world: World) -> npt.NDArray[np.uint64]:
    """A natural key per section, from its course and its place in it."""
    sections = int(world.enrolments.section.max()) + 1
    course = np.zeros(sections, dtype=np.int64)
    course[world.enrolments.section] = world.enrolments.course
    return meeting_keys(world.courses.key, course)


def class_starts(pack: Pack, sections_key: npt.NDArray[np.uint64]) -> I64:
    """When classes of each section begin, in ms of the wall clock since midnight, by the pack's hours."""
    return make_meetings(pack, sections_key).start_ms


def enrolment_effects(
    pack: Pack, world: World, effects: Effects, rows: I64, day: int, of_section_day: F64
) -> F64:
    """Effect of each student enrolment on a day, before the cell's norm; at most MOST_EFFECT.

    Besides who and what it is, its own ups and downs from week to week.
    """
    e = world.enrolments
    fixed = (effects.enrolment_micro[rows] / MICRO) * (effects.section_micro[e.section[rows]] / MICRO)
    week = rng.lognormal(
        rng.extend(e.key[rows], 714), pack.number("dispersion.week_lognormal_sigma"), day // 7
    )
    return np.minimum(fixed * week * of_section_day[e.section[rows]], MOST_EFFECT)


def day_curve(pack: Pack, term_type: str, day: int, kind: str) -> float:
    """How active an average person is on a day, 1 = average; from the day tables, so no tool moves it."""
    curve, kinds = pack.table("rate_day_in_term"), pack.table("rate_day_kind")
    rows = zip(curve["term_type"], curve["day"], curve["factor"], strict=True)
    factor = next((float(value) for term, at, value in rows if term == term_type and at == day), 0.0)
    by_kind = dict(zip(kinds["kind"], kinds["factor"], strict=True))
    return factor * float(by_kind.get(kind, 1.0))


def make_effects(pack: Pack, world: World, final_scores: F64, anchors: Anchors, mode: I64) -> Effects:
    """Stratified effects of students and sections; activity is tied to scores by the pack's correlation.

    ``final_scores``: per enrolment, in standard deviations of its course's scores; 0 where unknown. ``mode``:
    how each section is taught, an index into MODES.
    """
    e = world.enrolments
    rows = np.flatnonzero(e.is_student)
    tie, own = pack.number("engagement.ability_correlation"), pack.number("engagement.person_share")
    rest = sqrt(max(1 - tie * tie - own * own, 0.0))
    person_noise = rng.normal(rng.extend(world.persons.key, 710))
    z = (
        tie * final_scores[rows]
        + own * person_noise[e.person[rows]]
        + rest * rng.normal(rng.extend(e.key[rows], 711))
    )
    rank = np.empty(len(rows))
    rank[np.lexsort((e.key[rows], z))] = np.arange(len(rows))
    u = (rank + rng.uniform(rng.extend(e.key[rows], 712))) / len(rows)
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
        rng.stratified(rng.extend(keys, 713)),
    )
    usual = pack.number("events_per_student_course_week")
    weekly = np.array([pack.number(f"modality.{name}_events_week") / usual for name in MODES])
    return Effects(micro, person, (section * weekly[mode] * MICRO).astype(np.int64))


def day_plan(
    pack: Pack,
    calendar: Calendar,
    world: World,
    effects: Effects,
    state: DayState,
    anchors: Anchors,
    keys: npt.NDArray[np.uint64],
) -> DayPlan:
    """One day of the plan."""
    rates = pack.rates.of(calendar.term.term_type, state.day, state.kind, "Student")
    cips, levels, tools = rates.shape
    e, c = world.enrolments, world.courses
    rows = np.flatnonzero(e.is_student & (e.first_day <= state.day) & (state.day < e.last_day))
    cell = c.cip[e.course[rows]].astype(np.int64) * levels + c.level[e.course[rows]]
    effect = enrolment_effects(
        pack, world, effects, rows, state.day, section_day_effect(pack, keys, state.day, state.sections)
    )
    students = np.bincount(cell, minlength=cips * levels).reshape(cips, levels).astype(np.int64)
    # Sums of integers are the same in any order; sums of floats are not.
    total = (
        np.bincount(cell, (effect * MICRO).astype(np.int64), minlength=cips * levels)
        .reshape(cips, levels)
        .astype(np.int64)
    )
    asked = np.rint(rates * students[:, :, None] * MICRO).astype(np.int64)
    anchored = anchors.counts(state.day, cips, levels, tools)
    left = np.maximum(asked - anchored * MICRO, 0)
    return DayPlan(
        day=state.day,
        kind=state.kind,
        curve_micro=round(day_curve(pack, calendar.term.term_type, state.day, state.kind) * MICRO),
        section_flags=state.sections,
        students=students,
        norm_micro=np.where(
            total > 0, np.rint(students / np.maximum(total, 1) * MICRO * MICRO).astype(np.int64), 0
        ),
        asked_micro=asked,
        anchored=anchored,
        ambient_micro=np.where(asked > 0, np.rint(left / np.maximum(asked, 1) * MICRO).astype(np.int64), 0),
    )


def schedules(
    pack: Pack,
    calendar: Calendar,
    keys: npt.NDArray[np.uint64],
    section_course: I64,
    activity_course: I64,
    due_ms: I64,
    mode: I64,
) -> list[SectionSchedule]:
    """Meeting days (by the pack's patterns; none online) and due days (of the store) of every section."""
    weeks = make_meetings(pack, keys).days
    due_day = calendar.day_of(due_ms)
    order = np.lexsort((due_day, activity_course))
    bounds = np.searchsorted(activity_course[order], np.arange(int(section_course.max()) + 2))
    days = due_day[order]
    return [
        SectionSchedule(
            () if MODES[how] == "online" else tuple(np.flatnonzero(week).tolist()),
            tuple(int(day) for day in np.unique(days[bounds[course] : bounds[course + 1]])),
        )
        for week, course, how in zip(weeks, section_course, mode, strict=True)
    ]


def make_plan(
    pack: Pack,
    calendar: Calendar,
    world: World,
    anchors: Anchors,
    final_scores: F64,
    section_course: I64,
    activity_course: I64,
    due_ms: I64,
    mode: I64,
) -> Plan:
    """The plan of a term: simpy runs the campus through it, day by day."""
    effects = make_effects(pack, world, final_scores, anchors, mode)
    keys = section_keys(world)
    campus = Campus(calendar, schedules(pack, calendar, keys, section_course, activity_course, due_ms, mode))
    days = {
        state.day: day_plan(pack, calendar, world, effects, state, anchors, keys) for state in campus.states()
    }
    return Plan(effects, days)
