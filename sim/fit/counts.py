"""What SQL counted of clicks, as arrays over the axes of event rates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from context.arrays import F64, I64
from context.packs.rates import week_of
from context.packs.spec import FIRST_WEEK
from sim.fit.warehouses.source import FitRow

MERGED = "other"  # families and levels in which too few people have a role
_ENOUGH_COURSES = 3  # from which on a figure stands as it is: what is published was shrunk before


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
    )


def counts_by_role(
    axes: Axes, exposure: Sequence[FitRow], cells: Sequence[FitRow], margins: dict[str, Sequence[FitRow]]
) -> dict[str, CellCounts]:
    """The same by role, sorted, of rows that have one; families and levels have ``MERGED`` besides."""
    wide = replace(axes, cips=(*axes.cips, MERGED), levels=(*axes.levels, MERGED))

    def of(role: str, rows: Sequence[FitRow]) -> list[FitRow]:
        return [row for row in rows if row["role"] == role]

    return {
        role: arrays_of(
            wide,
            of(role, exposure),
            of(role, cells),
            {name: of(role, rows) for name, rows in margins.items()},
        )
        for role in sorted({row["role"] for row in exposure})
    }


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
    )
