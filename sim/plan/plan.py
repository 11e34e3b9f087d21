"""The plan: what a term asks for, computed whole from scenario and store before anything is drawn.

It holds who is how active, what every section is doing each day, and for each cell (CIP family x level x
day x tool) the expected events, those the store anchors, and the overshoot where deadlines exceed the rate.
The pack's rates times the enrolled are the totals of each cell over the term and of each day over the campus;
courses without a tool have none of it, and days of a cell follow what its sections do.
All columns are integers; every worker reads the same file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from context.arrays import F64, I64, U8, U64
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.plan.adoption import FULL_WEIGHT, HUNDREDTHS, state_weights, tool_days, tool_tastes, tool_weights
from sim.plan.anchors import Anchors
from sim.plan.asked import asked_of
from sim.plan.campus import Campus, DayState
from sim.plan.effects import MICRO, Effects, day_curve, enrolment_effects, make_effects, section_day_effect
from sim.plan.sections import schedules, section_keys
from sim.world.world import CampusFacts, World

NANO = 1_000_000_000


@dataclass(frozen=True)
class DayPlan:
    """One campus day. Arrays of cells have the shape [cip, level, tool], or [cip, level] where it says so."""

    day: int
    kind: str
    curve_micro: int  # the day's activity against an average day, from the pack's day factors
    section_flags: U8  # [sections]
    students: I64  # enrolled students [cip, level]
    norm_micro: I64  # [cip, level] makes the effects of the enrolled average 1
    asked_micro: I64  # expected student events: the pack's, placed by ``sim.plan.asked``
    moved_micro: I64  # of these, beyond the pack's rate times students; negative where they went elsewhere
    anchored: I64  # student events that the store's rows bring with them
    ambient_micro: I64  # share of what is asked that is left to draw
    each_nano: I64  # what is left to draw of an enrolment whose effect and whose section's weight are 1

    @property
    def overshoot_micro(self) -> I64:
        """Anchored events beyond what the pack asks for."""
        return np.asarray(np.maximum(self.anchored * MICRO - self.asked_micro, 0))


@dataclass(frozen=True)
class Plan:
    """The whole term."""

    effects: Effects
    days: Mapping[int, DayPlan]


@dataclass(frozen=True)
class _Wanted:
    """What a day would be asked for, before its tools get the term's totals. Cells are [cip, level]."""

    state: DayState
    students: I64  # [cells]
    norm_micro: I64  # [cells]
    base: I64  # [cells, tools] what the enrolled do on average, each by the taste of the section's course
    reach: I64  # [cells, tools] the same for this day, in millionths of FULL_WEIGHT, by what the day asks
    want_micro: I64  # [cells, tools] by the pack


class _Usual:
    """What the enrolled of each section do on an average day, whatever the tool, and sums of it by cell.

    All are sums of integers, which are the same in any order; sums of floats are not.
    """

    def __init__(self, calendar: Calendar, world: World, effects: Effects, shape: tuple[int, int]) -> None:
        """``shape``: how many families and levels there are."""
        e, c = world.enrolments, world.courses
        self.calendar, self._cells, sections = calendar, shape[0] * shape[1], len(effects.section_micro)
        cell_of = np.zeros(sections, dtype=np.int64)
        cell_of[e.section] = c.cip[e.course].astype(np.int64) * shape[1] + c.level[e.course]
        self._order = np.argsort(cell_of, kind="stable")
        self._filled, self._starts = np.unique(cell_of[self._order], return_index=True)
        rows = np.flatnonzero(e.is_student & (e.first_day < e.last_day))
        usual = (effects.enrolment_micro[rows] / MICRO) * (effects.section_micro[e.section[rows]] / MICRO)
        self._students = self._daily(world, rows, np.ones(len(rows), dtype=np.int64), sections)
        self._activity = self._daily(world, rows, (usual * MICRO).astype(np.int64), sections)

    def _daily(self, world: World, rows: I64, values: I64, sections: int) -> I64:
        """[days, sections] Sums of the values of those who are enrolled on a day."""
        e, days = world.enrolments, len(self.calendar.days)
        section, change = e.section[rows].astype(np.int64), np.zeros((days + 1) * sections, dtype=np.int64)
        for day, sign in ((e.first_day[rows], 1), (e.last_day[rows], -1)):
            at = np.clip(day.astype(np.int64) - self.calendar.first_day, 0, days) * sections + section
            change += sign * np.bincount(at, values, minlength=len(change)).astype(np.int64)
        return np.asarray(np.cumsum(change.reshape(-1, sections), axis=0)[:days])

    def by_cell(self, of_section: I64) -> I64:
        """[cells, ...] Sums over the sections of each cell: ``of_section`` is [sections, ...]."""
        found = np.zeros((self._cells, *of_section.shape[1:]), dtype=np.int64)
        found[self._filled] = np.add.reduceat(of_section[self._order], self._starts, axis=0)
        return found

    def students(self, day: int) -> I64:
        """[cells] Who is enrolled on a campus day."""
        return self.by_cell(self._students[day - self.calendar.first_day])

    def base(self, day: int, tastes: I64) -> I64:
        """[cells, tools] What they do on average, in millionths of FULL_WEIGHT, by ``tool_tastes``."""
        activity = self._activity[day - self.calendar.first_day]
        return self.by_cell(activity[:, np.newaxis] * tastes) * HUNDREDTHS


def _wanted(
    pack: Pack,
    world: World,
    effects: Effects,
    state: DayState,
    keys: U64,
    weights: tuple[I64, I64],
    usual: _Usual,
) -> _Wanted:
    like = usual.calendar.curve_day_of(state.day)
    rates = pack.rates.of(usual.calendar.term.term_type, like, state.kind, "Student")
    if usual.calendar.is_skipped(state.day):
        rates = np.zeros_like(rates)
    e = world.enrolments
    rows = np.flatnonzero(e.is_student & (e.first_day <= state.day) & (state.day < e.last_day))
    effect = enrolment_effects(
        pack, world, effects, rows, state.day, section_day_effect(pack, keys, state.day, state.sections)
    )
    total = np.bincount(e.section[rows], (effect * MICRO).astype(np.int64), minlength=len(keys)).astype(
        np.int64
    )
    weight = tool_weights(*weights, state.sections, effects.tool_day, state.day)
    students, active = usual.students(state.day), usual.by_cell(total)
    return _Wanted(
        state=state,
        students=students,
        norm_micro=np.where(
            active > 0, np.rint(students / np.maximum(active, 1) * MICRO * MICRO).astype(np.int64), 0
        ),
        base=usual.base(state.day, weights[1]),
        reach=usual.by_cell(total[:, np.newaxis] * weight),
        want_micro=np.rint(rates.reshape(len(students), -1) * students[:, None] * MICRO).astype(np.int64),
    )


def _day_plan(pack: Pack, calendar: Calendar, wanted: _Wanted, asked: I64, anchored: I64) -> DayPlan:
    """One day of the plan. ``asked``: [cells, tools] in millionths; ``anchored``: [cip, level, tool]."""
    state, shape = wanted.state, anchored.shape
    asked = asked.reshape(shape)
    left = np.maximum(asked - anchored * MICRO, 0)
    reach = np.maximum(wanted.reach.reshape(shape), 1)
    return DayPlan(
        day=state.day,
        kind=state.kind,
        curve_micro=round(
            day_curve(pack, calendar.term.term_type, calendar.curve_day_of(state.day), state.kind) * MICRO
        ),
        section_flags=state.sections,
        students=wanted.students.reshape(shape[:2]),
        norm_micro=wanted.norm_micro.reshape(shape[:2]),
        asked_micro=asked,
        moved_micro=asked - wanted.want_micro.reshape(shape),
        anchored=anchored,
        ambient_micro=np.where(asked > 0, np.rint(left / np.maximum(asked, 1) * MICRO).astype(np.int64), 0),
        each_nano=np.rint(left / reach * (FULL_WEIGHT * NANO)).astype(np.int64),
    )


def make_plan(
    pack: Pack,
    calendar: Calendar,
    world: World,
    anchors: Anchors,
    final_scores: F64,
    facts: CampusFacts,
) -> Plan:
    """The plan of a term: simpy runs the campus through it, day by day; then the tools get their totals.

    ``final_scores``: [enrolments] in standard deviations of the course's scores, 0 where unknown.
    """
    keys = section_keys(world)
    effects = make_effects(
        pack, world, final_scores, anchors, facts.mode, tool_days(pack, calendar, world, facts, keys)
    )
    campus = Campus(calendar, schedules(pack, calendar, keys, facts))
    weights = state_weights(pack, world.tools), tool_tastes(pack, world)
    shape = len(pack.rates.cips), len(pack.rates.levels), len(world.tools)
    usual = _Usual(calendar, world, effects, shape[:2])
    days = [_wanted(pack, world, effects, state, keys, weights, usual) for state in campus.states()]
    asked = np.stack(
        [
            asked_of(
                np.stack([day.want_micro[:, tool] for day in days]),
                np.stack([day.reach[:, tool] for day in days]),
                np.stack([day.base[:, tool] for day in days]),
                shape[1],
            )
            for tool in range(len(world.tools))
        ],
        axis=2,
    )
    plans = (
        _day_plan(pack, calendar, day, asked[at], anchors.counts(day.state.day, *shape))
        for at, day in enumerate(days)
    )
    return Plan(effects, {plan.day: plan for plan in plans})
