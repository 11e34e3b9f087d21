"""The plan: what a term asks for, computed whole from scenario and store before anything is drawn.

It holds who is how active, what every section is doing each day, and for each cell (CIP family x level x
day x tool) the expected events, those the store anchors, and the overshoot where deadlines exceed the rate.
All columns are integers; every worker reads the same file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from context.arrays import F64, I64, U8
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.plan.anchors import Anchors
from sim.plan.campus import Campus, DayState
from sim.plan.effects import MICRO, Effects, day_curve, enrolment_effects, make_effects, section_day_effect
from sim.plan.sections import schedules, section_keys
from sim.world.world import CampusFacts, World


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
    if calendar.is_skipped(state.day):
        rates = np.zeros_like(rates)
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


def make_plan(
    pack: Pack,
    calendar: Calendar,
    world: World,
    anchors: Anchors,
    final_scores: F64,
    facts: CampusFacts,
) -> Plan:
    """The plan of a term: simpy runs the campus through it, day by day.

    ``final_scores``: [enrolments] in standard deviations of the course's scores, 0 where unknown.
    """
    effects = make_effects(pack, world, final_scores, anchors, facts.mode)
    keys = section_keys(world)
    campus = Campus(calendar, schedules(pack, calendar, keys, facts))
    days = {
        state.day: day_plan(pack, calendar, world, effects, state, anchors, keys) for state in campus.states()
    }
    return Plan(effects, days)
