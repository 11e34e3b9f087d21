"""Anchored events: what the store's rows prove happened, with the views that came before.

``schemas/caliper/anchors.toml`` says for every time of the store which event it is, or why it is none. A
bundle is one act (a submission, a post, a grade) and its views; it belongs to the campus day of its first
event. Bundles are a pure function of the store; the plan counts them, the draw emits them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from context.arrays import I16, I32, I64, U8, U64
from context.errors import RunError
from context.scenario.calendar import Calendar
from sim.caliper.batch import NO_TOOL
from sim.caliper.kinds import KIND
from sim.plan.anchor_acts import AnchorRows, post_anchors, submission_anchors
from sim.plan.anchor_changes import change_anchors
from sim.plan.campus import LONGEST_MS
from sim.world.world import NO_ROW, World


@dataclass(frozen=True)
class Anchors:
    """Row i is one anchored event; ordered by day, then time, then key."""

    day: I16  # campus day of its bundle
    time_ms: I64
    kind: U8
    tool: U8
    enrolment: I32  # of the actor, NO_ROW for background jobs
    course: I32
    object: I32
    bundle_ms: I64  # instant of the bundle's first event: decides the visit
    counted: npt.NDArray[np.bool_]  # a student's event that the rates count
    key: U64  # of the event
    cell: I32  # cip * levels + level of the course

    def rows_of(self, day: int) -> slice:
        """Rows of a campus day."""
        # As the days are: with wider numbers the whole column would be copied first.
        low, high = np.searchsorted(self.day, np.array([day, day + 1], self.day.dtype))
        return slice(int(low), int(high))

    def counts(self, day: int, cips: int, levels: int, tools: int) -> I64:
        """Counted events of a day by [cip, level, tool]."""
        rows = self.rows_of(day)
        counted = self.counted[rows]
        code = self.cell[rows][counted].astype(np.int64) * tools + self.tool[rows][counted]
        return (
            np.bincount(code, minlength=cips * levels * tools).reshape(cips, levels, tools).astype(np.int64)
        )


def make_anchors(world: World, calendar: Calendar, levels: int) -> Anchors:
    """All anchored events of the term."""
    acts = [*submission_anchors(world, calendar), *post_anchors(world, calendar)]
    return _ordered(world, calendar, levels, [*acts, *change_anchors(world, calendar)])


def _ordered(world: World, calendar: Calendar, levels: int, found: list[AnchorRows]) -> Anchors:
    """What was found, in the order of Anchors; ``found`` is empty afterwards.

    Column by column, each in place of the one before it was put in order: at 20,000 FTE one takes 100 MB.
    """
    codes = {name: code for code, name in enumerate(world.tools)}
    columns: dict[str, npt.NDArray[Any]] = {
        "bundle_ms": np.concatenate([rows.bundle_ms for rows in found]),
        "time_ms": np.concatenate([rows.time_ms for rows in found]),
        "key": np.concatenate([rows.key for rows in found]),
        "enrolment": np.concatenate([rows.enrolment.astype(np.int32) for rows in found]),
        "object": np.concatenate([rows.object.astype(np.int32) for rows in found]),
        "course": np.concatenate([_course(rows) for rows in found]),
    }
    sizes = [len(rows.time_ms) for rows in found]
    kinds = np.array([KIND[rows.kind] for rows in found], np.uint8)
    tools = np.array([codes.get(rows.tool, NO_TOOL) for rows in found], np.uint8)
    counted = np.array([rows.counted for rows in found], np.bool_)
    found.clear()
    day = _days(calendar, columns["bundle_ms"], columns["time_ms"])
    order = np.lexsort((columns["key"], columns["time_ms"], day))
    for name in columns:
        columns[name] = columns[name][order]
    by_kind = {"kind": kinds, "tool": tools, "counted": counted}
    columns |= {name: np.repeat(values, sizes)[order] for name, values in by_kind.items()}
    day = day[order]
    del order
    enrolment = columns["enrolment"]
    course = np.where(enrolment >= 0, world.enrolments.course[enrolment], columns["course"]).astype(np.int32)
    cell = world.courses.cip[course].astype(np.int32) * levels + world.courses.level[course]
    return Anchors(**{**columns, "day": day, "course": course, "cell": cell})


def _course(rows: AnchorRows) -> I32:
    """Courses of events without an enrolment."""
    if rows.course is None:
        return np.full(len(rows.time_ms), NO_ROW, np.int32)
    return rows.course.astype(np.int32)


def _days(calendar: Calendar, bundle_ms: I64, time_ms: I64) -> I16:
    """Campus days of bundles. Raises RunError for one outside of the term.

    What comes long after the rest (a regrade, an excuse) becomes an act of its own, on its own day, in
    place: what a unit brings ends as its visits do.
    """
    late = time_ms - bundle_ms > LONGEST_MS
    bundle_ms[late] = time_ms[late]
    day = calendar.day_of(bundle_ms)
    outside = int(((day < calendar.first_day) | (day > calendar.last_day)).sum())
    if outside:
        raise RunError(f"context store: {outside} submissions, posts or grades are outside of the term")
    return day.astype(np.int16)
