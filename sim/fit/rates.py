"""Event rates of a warehouse: a factor for each cell, day and week, in place of the pack's own.

What is fitted is a log-linear model of expected events over CIP family x course level x day in term x tool:
the rates that the pack had before, times a factor for each cell (family, level, tool), each day of a tool,
each week of a family and each week of a level, such that the model has the totals that were counted along
each of these. It is found by iterative proportional fitting (Deming and Stephan 1940; for Poisson counts
with exposures it gives the most likely model with these margins: Bishop, Fienberg and Holland, Discrete
Multivariate Analysis, 1975, chapter 3).

Cells of few courses borrow from their margins: a cell's ratio to the model of its family's and its level's
totals alone is shrunk towards 1 by its reliability tau^2 / (tau^2 + s^2 / courses), in which s^2 is how much
courses of one cell differ and tau^2 what cells differ beyond that, both by the method of moments (Morris,
Parametric Empirical Bayes Inference, 1983; Clayton and Kaldor 1987 for ratios of counts). What is held back
is in none of these and has its margins' rate.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from context.arrays import BOOL, F64, I64
from context.packs.pack import Pack
from context.packs.rates import week_of
from context.packs.spec import FIRST_WEEK, LAST_WEEK
from sim.fit.guard import GuardReport, safe_cells
from sim.fit.warehouses.source import FitRow

_ENOUGH_COURSES = 3  # from which on a figure stands as it is: what is published was shrunk before
_ROUNDS = 60
_CLOSE = 1e-7
_LEAST, _MOST = 1e-4, 1e4  # of a factor: what is beyond has no footing in any count


@dataclass(frozen=True)
class Axes:
    """The labels of the four axes, and the kind of each day in the terms that are fitted."""

    cips: tuple[str, ...]
    levels: tuple[str, ...]
    tools: tuple[str, ...]
    term_type: str
    days: tuple[int, ...]
    kinds: tuple[str, ...]

    @property
    def weeks(self) -> I64:
        """[days] Places of their weeks."""
        return np.array([week_of(self.term_type, day) - FIRST_WEEK for day in self.days], dtype=np.int64)


@dataclass(frozen=True)
class CellCounts:
    """What SQL counted: arrays over the axes that their names say, NaN for what is held back."""

    axes: Axes
    students: F64  # [cip, level, day]
    cell: F64  # [cip, level, tool] events
    cell_squares: F64  # [cip, level, tool] sum over courses of events squared
    cell_people: I64  # [cip, level, tool], 1 where held back
    courses: F64  # [cip, level]
    tool_day: F64  # [day, tool] events
    tool_day_people: I64  # [day, tool]
    cip_day: F64  # [cip, day]
    level_day: F64  # [level, day]
    tool: F64  # [tool] events
    tool_people: I64  # [tool]
    tool_squares: F64  # [tool] sum over people of events squared


def arrays_of(
    axes: Axes, exposure: Iterable[FitRow], cells: Iterable[FitRow], margins: dict[str, Sequence[FitRow]]
) -> CellCounts:
    """The rows of exposure.sql, cells.sql and margin.sql as arrays.

    ``margins``: by its axes, "tool_day", "cip_day", "level_day", "tool". Rows outside the axes are left out.
    """
    at: dict[str, dict[Any, int]] = {
        "cip": {label: i for i, label in enumerate(axes.cips)},
        "course_level": {label: i for i, label in enumerate(axes.levels)},
        "tool": {label: i for i, label in enumerate(axes.tools)},
        "day_in_term": {label: i for i, label in enumerate(axes.days)},
    }

    def array(rows: Iterable[FitRow], names: tuple[str, ...], value: str, held: float = np.nan) -> F64:
        found = np.zeros(tuple(len(at[name]) for name in names))
        for row in rows:
            place = tuple(at[name].get(row[name], -1) for name in names)
            if min(place) >= 0:
                found[place] += held if row[value] is None else float(row[value])
        return found

    cell, day = ("cip", "course_level", "tool"), ("day_in_term", "tool")
    cells, exposure = list(cells), list(exposure)
    courses = np.zeros((len(axes.cips), len(axes.levels)))
    for row in cells:
        place = at["cip"].get(row["cip"], -1), at["course_level"].get(row["course_level"], -1)
        if min(place) >= 0:
            courses[place] = float(row["num_courses"])
    students = array(exposure, ("cip", "course_level", "day_in_term"), "num_records")
    # Cells without a row are of few students: what they did is not known, which is not nothing.
    unknown = ((courses == 0) & (students.sum(axis=2) > 0))[:, :, None]
    return CellCounts(
        axes=axes,
        students=students,
        cell=np.where(unknown, np.nan, array(cells, cell, "num_events")),
        cell_squares=array(cells, cell, "num_events_squared"),
        cell_people=np.where(unknown, 1, array(cells, cell, "num_people", 1)).astype(np.int64),
        courses=courses,
        tool_day=array(margins["tool_day"], day, "num_events"),
        tool_day_people=array(margins["tool_day"], day, "num_people", 1).astype(np.int64),
        cip_day=array(margins["cip_day"], ("cip", "day_in_term"), "num_events"),
        level_day=array(margins["level_day"], ("course_level", "day_in_term"), "num_events"),
        tool=array(margins["tool"], ("tool",), "num_events"),
        tool_people=array(margins["tool"], ("tool",), "num_people", 1).astype(np.int64),
        tool_squares=array(margins["tool"], ("tool",), "num_events_squared"),
    )


def counts_of(axes: Axes, rows: Sequence[FitRow]) -> CellCounts:
    """What the rows of told_rates.sql stand for, as if it had been counted.

    Rows outside the axes are left out.
    """
    at = [
        {label: i for i, label in enumerate(labels)}
        for labels in (axes.cips, axes.levels, axes.days, axes.tools)
    ]
    rate = np.zeros(tuple(len(place) for place in at))
    students, courses = np.zeros(rate.shape[:2]), np.zeros(rate.shape[:2])
    for row in rows:
        values = (row["cip"], row["course_level"], row["day_in_term"], row["tool"])
        place = tuple(where.get(value, -1) for where, value in zip(at, values, strict=True))
        if row["term_type"] != axes.term_type or min(place) < 0:
            continue
        rate[place] = row["rate"]
        students[place[:2]], courses[place[:2]] = row["num_people"], max(row["num_courses"], _ENOUGH_COURSES)
    events = rate * students[:, :, None, None]
    return _counts(axes, events, np.repeat(students[:, :, None], len(axes.days), axis=2), courses)


def _counts(axes: Axes, events: F64, students: F64, courses: F64) -> CellCounts:
    """[cip, level, day, tool] events as their margins, all of which may be told."""
    cell, tool_day = events.sum(axis=2), events.sum(axis=(0, 1))
    nobody = np.zeros(cell.shape, dtype=np.int64)
    return CellCounts(
        axes=axes,
        students=students,
        cell=cell,
        cell_squares=np.square(cell) / np.maximum(courses, 1)[:, :, None],
        cell_people=nobody,
        courses=courses,
        tool_day=tool_day,
        tool_day_people=np.zeros(tool_day.shape, dtype=np.int64),
        cip_day=events.sum(axis=(1, 3)),
        level_day=events.sum(axis=(0, 3)),
        tool=tool_day.sum(axis=0),
        tool_people=np.zeros(tool_day.shape[1], dtype=np.int64),
        tool_squares=np.zeros(tool_day.shape[1]),
    )


@dataclass(frozen=True)
class FittedRates:
    """Factors on the rates before: cells, days of tools, weeks of families and of levels."""

    axes: Axes
    cell: F64  # [cip, level, tool]
    tool_day: F64  # [day, tool]
    cip_week: F64  # [cip, week]
    level_week: F64  # [level, week]
    told: BOOL  # [cip, level, tool] False: the cell's factor is its margins'


def before(pack: Pack, axes: Axes) -> F64:
    """[cip, level, day, tool] The rates of a pack on the days of the axes."""
    days = [
        pack.rates.of(axes.term_type, day, kind, "Student")
        for day, kind in zip(axes.days, axes.kinds, strict=True)
    ]
    return np.stack(days, axis=2)


def fit_rates(pack: Pack, count: CellCounts, report: GuardReport) -> FittedRates:
    """Factors that bring the pack's rates to what was counted.

    Days of a tool that are held back share what its other days leave of its total, in the pack's proportions.
    """
    axes = count.axes
    rates = np.maximum(before(pack, axes), 1e-12)
    expected = rates * count.students[:, :, :, None]
    safe = _told(count, report)
    wanted, told = _wanted_cells(count, expected.sum(axis=2), safe)
    # Pages that name no course count in days, not in cells: cells are brought to the whole of their tool.
    placed = wanted.sum(axis=(0, 1))
    every = np.where(np.isnan(count.tool), placed, count.tool)
    wanted = wanted * np.where(placed > 0, every / np.maximum(placed, 1e-12), 1.0)
    held = ~safe_cells(count.tool_day_people, report.threshold)
    report.note("rates by day and tool", "cells held back", int(held.sum()))
    whole = np.where(held, 0.0, np.nan_to_num(count.tool_day))
    factors = _Factors.ones(axes)
    for _ in range(_ROUNDS):
        moved = max(
            factors.cells(expected, wanted),
            factors.days(expected, whole, held),
            factors.weeks(expected, count.cip_day, 0),
            factors.weeks(expected, count.level_day, 1),
        )
        if moved < _CLOSE:
            break
    factors.cells(expected, wanted)
    return FittedRates(axes, factors.cell, factors.tool_day, factors.week[0], factors.week[1], told)


def _told(count: CellCounts, report: GuardReport) -> BOOL:
    """[cip, level, tool] Cells of which a figure of their own may be told."""
    safe = safe_cells(count.cell_people, report.threshold) & ~np.isnan(count.cell)
    report.note("rates by family, level and tool", "cells held back", int((~safe).sum()))
    return safe


def _wanted_cells(count: CellCounts, expected: F64, safe: BOOL) -> tuple[F64, BOOL]:
    """([cip, level, tool] events of the model, cells that have a figure of their own)."""
    # A tool that names no course at all says nothing of cells.
    there = safe & (expected > 0) & (np.nan_to_num(count.cell).sum(axis=(0, 1)) > 0)
    events = np.where(there, np.nan_to_num(count.cell), 0.0)
    told, known = (expected * there).sum(axis=(0, 1)), events.sum(axis=(0, 1))
    expected = expected * np.where((told > 0) & (known > 0), known / np.maximum(told, 1e-12), 1.0)
    model = expected * there
    for _ in range(_ROUNDS):
        for axis in (0, 1):
            found, asked = model.sum(axis=axis, keepdims=True), events.sum(axis=axis, keepdims=True)
            scale = np.where(found > 0, asked / np.maximum(found, 1e-12), 1.0)
            model, expected = model * scale, expected * scale
    ratio = np.where(there & (model > 0), events / np.maximum(model, 1e-12), 1.0)
    return expected * _shrunk(ratio, count, events, there & (model > 0)), there


def _shrunk(ratio: F64, count: CellCounts, events: F64, there: BOOL) -> F64:
    """Ratios nearer to 1, the fewer courses a cell has."""
    courses = np.maximum(count.courses, 1)[:, :, None]
    squares = np.nan_to_num(count.cell_squares)
    with np.errstate(divide="ignore", invalid="ignore"):
        variation = np.where(events > 0, courses * squares / np.square(events) - 1, 0.0)
    usable = there & (events > 0) & (courses > 2)
    weight = np.where(usable, courses, 0.0)
    total = np.maximum(weight.sum(axis=(0, 1)), 1.0)
    within = (np.maximum(variation, 0.0) * weight).sum(axis=(0, 1)) / total
    apart = ((np.square(ratio - 1) - within / courses) * weight).sum(axis=(0, 1)) / total
    between = np.maximum(apart, 0.0)
    reliability = between / np.maximum(between + within / courses, 1e-12)
    return np.asarray(1 + np.where(there, reliability, 0.0) * (ratio - 1))


@dataclass
class _Factors:
    axes: Axes
    cell: F64
    tool_day: F64
    week: list[F64]

    @staticmethod
    def ones(axes: Axes) -> _Factors:
        weeks = LAST_WEEK - FIRST_WEEK + 1
        return _Factors(
            axes,
            np.ones((len(axes.cips), len(axes.levels), len(axes.tools))),
            np.ones((len(axes.days), len(axes.tools))),
            [np.ones((len(axes.cips), weeks)), np.ones((len(axes.levels), weeks))],
        )

    def cells(self, expected: F64, wanted: F64) -> float:
        scale = _scale(wanted, expected.sum(axis=2), self.cell)
        self.cell *= scale
        expected *= scale[:, :, None, :]
        return float(np.abs(scale - 1).max())

    def days(self, expected: F64, wanted: F64, held: BOOL) -> float:
        found = expected.sum(axis=(0, 1))
        hidden = np.where(held, found, 0.0)
        rest = np.maximum(
            found.sum(axis=0) - wanted.sum(axis=0), 0.0
        )  # cells have brought tools to their totals
        shared = hidden * rest / np.maximum(hidden.sum(axis=0), 1e-12)
        scale = _scale(np.where(held, shared, wanted), found, self.tool_day)
        self.tool_day *= scale
        expected *= scale[None, None]
        return float(np.abs(scale - 1).max())

    def weeks(self, expected: F64, by_day: F64, axis: int) -> float:
        """Families (axis 0) or levels (1): their weeks among each other, their totals being the cells'."""
        place = self.axes.weeks
        found = _by_week(expected.sum(axis=(1 - axis, 3)), place)
        wanted = _by_week(np.nan_to_num(by_day), place)
        known = (found > 0) & (wanted > 0) & ~np.isnan(_by_week(by_day, place))
        share = np.where(known, wanted, 0.0)
        total = np.where(known, found, 0.0).sum(axis=1, keepdims=True)
        asked = share * total / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
        scale = np.where(known, _scale(asked, found, self.week[axis]), 1.0)
        self.week[axis] *= scale
        spread = scale[:, place]
        expected *= spread[:, None, :, None] if axis == 0 else spread[None, :, :, None]
        return float(np.abs(scale - 1).max())


def _scale(wanted: F64, found: F64, so_far: F64) -> F64:
    """What to multiply by; where nothing is expected, nothing changes."""
    scale = np.where(found > 0, wanted / np.maximum(found, 1e-300), 1.0)
    return np.asarray(np.clip(so_far * scale, _LEAST, _MOST) / so_far)


def _by_week(by_day: F64, place: I64) -> F64:
    week = np.arange(LAST_WEEK - FIRST_WEEK + 1)
    return np.asarray(by_day @ (place[:, None] == week[None, :]))
