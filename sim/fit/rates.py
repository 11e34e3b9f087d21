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

from dataclasses import dataclass

import numpy as np

from context.arrays import BOOL, F64, I64
from context.packs.pack import Pack
from context.packs.spec import FIRST_WEEK, LAST_WEEK
from sim.fit.counts import Axes, CellCounts
from sim.fit.guard import GuardReport, safe_cells

_ROUNDS = 60
_CLOSE = 1e-7
_LEAST, _MOST = 1e-4, 1e4  # of a factor: what is beyond has no footing in any count


@dataclass(frozen=True)
class FittedRates:
    """Factors on the rates before: cells, days of tools, weeks of families and of levels."""

    axes: Axes
    cell: F64  # [cip, level, tool]
    tool_day: F64  # [day, tool]
    cip_week: F64  # [cip, week]
    level_week: F64  # [level, week]
    told: BOOL  # [cip, level, tool] False: the cell's factor is its margins'

    def of(self, begun: F64) -> F64:
        """[cip, level, day, tool] Rates times their factors."""
        weeks = self.axes.weeks
        by_week = self.cip_week[:, weeks][:, None] * self.level_week[:, weeks][None]
        return np.asarray(begun * self.cell[:, :, None] * self.tool_day * by_week[..., None])


def before(pack: Pack, axes: Axes) -> F64:
    """[cip, level, day, tool] The rates of a pack on the days of the axes."""
    days = [
        pack.rates.of(axes.term_type, day, kind, "Student")
        for day, kind in zip(axes.days, axes.kinds, strict=True)
    ]
    return np.stack(days, axis=2)


def fit_role(role: str, count: CellCounts, report: GuardReport) -> tuple[F64, BOOL]:
    """([cip, level, day, tool] rates of a role, [cip, level, tool] True: the cell has a figure of its own).

    No pack has any to begin with: before there are factors, a tool has one rate on all days in all cells.
    Tools that fewer people of the role use than the threshold have a rate of 0.
    """
    shape = (*count.students.shape, len(count.axes.tools))
    used = np.nan_to_num(count.tool)
    begun = np.broadcast_to(used / max(float(count.students.sum()), 1.0), shape)
    found = fit_rates(begun, count, report, f"rates of {role}")
    happens = (used > 0) & (np.nan_to_num(count.tool_day, nan=1.0) > 0)
    return found.of(begun) * happens, found.told


def fit_rates(begun: F64, count: CellCounts, report: GuardReport, name: str = "rates") -> FittedRates:
    """Factors that bring rates to what was counted.

    ``begun``: [cip, level, day, tool] The rates before. ``name``: what they are called in the report. Days of
    a tool that are held back share what its other days leave of its total, in the proportions of before.
    """
    axes = count.axes
    rates = np.maximum(begun, 1e-12)
    expected = rates * count.students[:, :, :, None]
    safe = _told(count, report, name)
    wanted, told = _wanted_cells(count, expected.sum(axis=2), safe)
    # Pages that name no course count in days, not in cells: cells are brought to the whole of their tool.
    placed = wanted.sum(axis=(0, 1))
    every = np.where(np.isnan(count.tool), placed, count.tool)
    wanted = wanted * np.where(placed > 0, every / np.maximum(placed, 1e-12), 1.0)
    held = ~safe_cells(count.tool_day_people, report.threshold)
    report.note(f"{name} by day and tool", "cells held back", int(held.sum()))
    whole = np.where(held, 0.0, np.nan_to_num(count.tool_day))
    factors, first = _Factors.ones(axes), expected.sum(axis=2)
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
    factors.empty_cells(first, count.students.sum(axis=2) == 0)
    return FittedRates(axes, factors.cell, factors.tool_day, factors.week[0], factors.week[1], told)


def _told(count: CellCounts, report: GuardReport, name: str) -> BOOL:
    """[cip, level, tool] Cells of which a figure of their own may be told."""
    safe = safe_cells(count.cell_people, report.threshold) & ~np.isnan(count.cell)
    report.note(f"{name} by family, level and tool", "cells held back", int((~safe).sum()))
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

    def empty_cells(self, begun: F64, empty: BOOL) -> None:
        """Where nobody studies, a tool changes as it does over all cells in which somebody does.

        ``begun``: [cip, level, tool] events that were expected before.
        """
        found, asked = begun.sum(axis=(0, 1)), (begun * self.cell).sum(axis=(0, 1))
        self.cell[empty] = np.where(found > 0, asked / np.maximum(found, 1e-12), 1.0)

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
