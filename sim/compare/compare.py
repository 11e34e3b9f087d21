"""Two worlds compared: fields, tables and event rates, each cell with its bound and verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import numpy as np

from context.arrays import BOOL, F64
from context.errors import InputError
from context.packs.spec import LAST_DAYS
from sim.compare.calendars import calendar_cells, kinds_of
from sim.compare.figures import EXACT, FigureLine, FigureSet, Moment, by_axis, cell_errors
from sim.compare.means import mean_bound, mixed
from sim.compare.verdicts import ALARM, Difference, error_bound, evidence, share_bound, together
from sim.fit.counts import Axes, CellCounts
from sim.fit.events import axes_of
from sim.fit.rates import before
from sim.fit.terms.places import NAMELESS, PROVEN

ROUNDING = 2e-4  # of a share: what a pack's digits leave open
# Beyond chance: what the plan of a term moves over a margin, since courses have some tools and not others
# (Termtide's own tests hold it to this).
MOVED = {"tool": 0.01, "level": 0.03, "family": 0.15, "day": 0.05, "cell": 0.25}
# Of a day's clicks, those of visits that go on over midnight: counted on the day after. Measured on three
# days of a term of 20,000 FTE: .016 to .027.
AFTER_MIDNIGHT = 0.02
LEAST_EVENTS = 400  # expected of a cell, for it to be judged
_AXES = {"tool": "tool", "family": "cip", "level": "course_level", "day": "day_in_term"}
_SAME_DAY = 0.5  # days
# Deadlines bring events whatever the rates say.
_DEADLINES = "deadlines bring more than rates ask for"
_NOBODY = "some of its events name nobody"


@dataclass(frozen=True)
class Comparison:
    """Every cell of two worlds."""

    differences: tuple[Difference, ...]
    alarm: float

    @property
    def judged(self) -> list[Difference]:
        """Cells with a verdict."""
        return [each for each in self.differences if not each.unjudged]

    @property
    def beyond(self) -> list[Difference]:
        """Cells that differ, the furthest beyond their bounds first."""
        found = [each for each in self.judged if not each.is_within]
        return sorted(found, key=lambda each: each.bound / max(each.distance, 1e-300))

    def facts(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "cells": len(self.differences),
            "judged": len(self.judged),
            "different": len(self.beyond),
            "false_alarm_rate": self.alarm,
            "differences": [each.facts() for each in self.differences],
        }


def compare(a: FigureSet, b: FigureSet, alarm: float = ALARM) -> Comparison:
    """Compare what ``a`` asks for with what came in ``b``.

    Raises InputError for worlds of which one has families, levels or tools that the other has not, and for
    warehouses of which terms of different types were counted.
    """
    types = [each.clicks.term_type for each in (a, b) if each.clicks is not None]
    if len(set(types)) > 1:
        raise InputError(
            f"compare: {a.name} has a {types[0]} and {b.name} a {types[1]}, allowed: terms of one type"
        )
    for what in ("cips", "levels", "tools"):
        if getattr(a.pack.rates, what) != getattr(b.pack.rates, what):
            raise InputError(
                f"compare: {a.name} and {b.name} have different {what}, allowed: the same in both"
            )
    drafts = [*_calendars(a, b), *_fields(a, b), *_moments(a, b), *_rates(a, b)]
    limit = evidence(sum(not draft.unjudged for draft in drafts), alarm)
    return Comparison(tuple(draft.judged(limit) for draft in drafts), alarm)


@dataclass(frozen=True)
class _Draft:
    block: str
    cell: str
    asked: float
    came: float
    bound: Callable[[float], float]  # of the evidence that is asked for
    unjudged: str = ""

    def judged(self, limit: float) -> Difference:
        return Difference(self.block, self.cell, self.asked, self.came, self.bound(limit), self.unjudged)


def _unjudged(a: FigureSet, b: FigureSet, one: FigureLine | Moment, other: FigureLine | Moment) -> str:
    """Why two figures are not judged; "" where they are."""
    if one.units == EXACT and other.units == EXACT and b.clicks is not None:
        return "not counted"
    # What Termtide's own terms don't have by itself is judged between two packs, and two warehouses.
    return one.unjudged if (a.clicks is None) != (b.clicks is None) else ""


def _calendars(a: FigureSet, b: FigureSet) -> Iterator[_Draft]:
    for term_type, cell, asked, came, unjudged in calendar_cells(a, b):
        yield _Draft(f"calendar {term_type}", cell, asked, came, lambda _: _SAME_DAY, unjudged)


def _fields(a: FigureSet, b: FigureSet) -> Iterator[_Draft]:
    for place, line in a.lines.items():
        other = b.lines.get(place)
        if other is None:
            continue
        unjudged = _unjudged(a, b, line, other)
        for value in dict.fromkeys((*line.shares, *other.shares)):
            asked, came = line.shares.get(value, 0.0), other.shares.get(value, 0.0)
            cell = f"{line.given}: {value}" if line.given else value
            yield _Draft(
                line.block, cell, asked, came, _share(asked, line.units, came, other.units), unjudged
            )


def _share(asked: float, units: int, came: float, others: int) -> Callable[[float], float]:
    def bound(limit: float) -> float:
        middle, both = together(asked, units, came, others)
        return share_bound(middle, came, both, limit, ROUNDING)

    return bound


def _moments(a: FigureSet, b: FigureSet) -> Iterator[_Draft]:
    for block, one in a.moments.items():
        other = b.moments.get(block)
        if other is None:
            continue
        unjudged = _unjudged(a, b, one, other)
        yield _Draft(f"continuous {block}", "average", one.avg, other.avg, _average(one, other), unjudged)


def _average(one: Moment, other: Moment) -> Callable[[float], float]:
    """A pack's own word is the law that is judged by; of two counted ones it is that of both together."""
    units = (one.units, other.units)
    if min(units) > 0:
        law = mixed((one.law, other.law), units)
    else:
        law = other.law if other.units == EXACT < one.units else one.law
    slack = 1e-3 * abs(one.avg)  # digits
    slack += sum(law.cut(each.cut) for each in (one, other) if each.units > 0)

    def bound(limit: float) -> float:
        above = other.avg > one.avg
        return mean_bound(law, other.units, one.units, limit, above=above) + slack

    return bound


def _error(error: float, slack: float) -> Callable[[float], float]:
    return lambda limit: error_bound(error, limit) + slack


def _rates(a: FigureSet, b: FigureSet) -> Iterator[_Draft]:
    if b.clicks is not None and b.clicks.counted is not None:
        yield from _counted(a, b, b.clicks.counted)
        return
    if a.clicks is not None and a.clicks.counted is not None:
        for draft in _counted(b, a, a.clicks.counted):
            yield _Draft(draft.block, draft.cell, draft.came, draft.asked, draft.bound, draft.unjudged)
        return
    axes = axes_of(a.pack, "Fall", None)
    share_a, share_b = (before(each.pack, axes) for each in (a, b))
    usual = _usual_students(a, axes)
    errors = {axis: _both(a.errors.get(axis, {}), b.errors.get(axis, {})) for axis in _AXES.values()}
    asked, came = share_a * usual, share_b * usual
    yield from _margins(axes, asked, came, errors, np.ones(len(axes.tools), dtype=np.bool_), {})
    yield from _mix(axes, by_axis(asked, 3), by_axis(came, 3), _both_mixes(a, b), 0.0)


def _usual_students(figures: FigureSet, axes: Axes) -> F64:
    """[cip, level, day, tool] Weights where nobody counted students: a pack's own seats."""
    table = figures.pack.table("cip")
    family = np.array([float(share) for share in table["seat_share_service"]])
    level = np.array([float(share) for share in figures.pack.table("level")["seat_share"]])
    return np.broadcast_to(
        (family[:, None] * level)[:, :, None, None], (len(family), len(level), len(axes.days), 1)
    )


def _both(a: dict[str, float], b: dict[str, float]) -> dict[str, float]:
    return {label: sqrt(a.get(label, 0.0) ** 2 + b.get(label, 0.0) ** 2) for label in (*a, *b)}


def _both_mixes(a: FigureSet, b: FigureSet) -> dict[str, float]:
    return _both(a.errors.get("mix", {}), b.errors.get("mix", {}))


def _counted(a: FigureSet, b: FigureSet, count: CellCounts) -> Iterator[_Draft]:
    """What ``a``'s rates ask of the students of a warehouse, and what these did."""
    axes = count.axes
    expected = before(a.pack, replace(axes, kinds=kinds_of(a, b, axes))) * count.students[:, :, :, None]
    expected[:, :, 1:] = (1 - AFTER_MIDNIGHT) * expected[:, :, 1:] + AFTER_MIDNIGHT * expected[:, :, :-1]
    errors = {axis: _both(a.errors.get(axis, {}), b.errors.get(axis, {})) for axis in _AXES.values()}
    # A fitted pack has counted deadlines too.
    free = _without_deadlines(axes) if not a.errors else np.ones(len(axes.tools), dtype=np.bool_)
    came = _came(expected, count, free)
    told = np.where(np.isnan(count.cell), 0.0, 1.0)[:, :, None, :]
    yield from _margins(axes, expected, came, errors, free, MOVED, told)
    yield from _mix(axes, by_axis(expected, 3), np.nan_to_num(count.tool), _both_mixes(a, b), MOVED["tool"])
    yield from _cells(axes, expected, count, cell_errors(b.clicks), free) if b.clicks else ()


def _came(expected: F64, count: CellCounts, free: BOOL) -> dict[str, F64]:
    """Counts along each axis, of tools without deadlines where these are left out."""
    placed = np.nan_to_num(count.cell)
    days = np.where(np.isnan(count.tool_day), expected.sum(axis=(0, 1)), count.tool_day)
    return {
        "tool": np.where(np.isnan(count.tool), expected.sum(axis=(0, 1, 2)), count.tool),
        "family": placed[:, :, free].sum(axis=(1, 2)),
        "level": placed[:, :, free].sum(axis=(0, 2)),
        "day": days[:, free].sum(axis=1),
    }


def _margins(
    axes: Axes,
    expected: F64,
    came: F64 | dict[str, F64],
    errors: dict[str, dict[str, float]],
    free: BOOL,
    moved: dict[str, float],
    told: F64 | None = None,
) -> Iterator[_Draft]:
    labels: dict[str, tuple[Any, ...]] = {
        "tool": axes.tools, "family": axes.cips, "level": axes.levels, "day": axes.days,
    }  # fmt: skip
    place = {"family": 0, "level": 1, "day": 2, "tool": 3}
    for axis, names in labels.items():
        part = expected if axis == "tool" else expected[..., free]
        if told is not None and axis in ("family", "level"):  # of what is held back nobody knows what came
            part = part * told[..., free]
        asked = by_axis(part, place[axis])
        other = (
            came[axis]
            if isinstance(came, dict)
            else by_axis(came if axis == "tool" else came[..., free], place[axis])
        )
        if isinstance(came, dict) and axis in ("family", "level"):
            asked = asked * other.sum() / max(float(asked.sum()), 1e-9)  # some pages name no course
        for i, name in enumerate(names):
            unjudged = "" if asked[i] >= LEAST_EVENTS or not moved else "too few events"
            if axis == "tool" and not free[i]:
                unjudged = _DEADLINES
            if axis == "tool" and moved and name in NAMELESS:
                unjudged = _NOBODY
            if axis == "day" and moved and not 0 <= int(name) <= LAST_DAYS[axes.term_type] - 8:
                unjudged = unjudged or "before and after the term"
            error = errors[_AXES[axis]].get(str(name), 0.0) * float(asked[i])
            slack = (moved.get(axis, 0.0) + 1e-3) * float(asked[i])
            yield _Draft(
                f"rates by {axis}",
                str(name),
                float(asked[i]),
                float(other[i]),
                _error(error, slack),
                unjudged,
            )


def _cells(axes: Axes, expected: F64, count: CellCounts, errors: F64, free: BOOL) -> Iterator[_Draft]:
    # Some pages name no course, which are in no cell.
    part = by_axis(count.cell, 2) / np.maximum(np.nan_to_num(count.tool), 1.0)
    asked, came = expected.sum(axis=2) * np.minimum(part, 1.0), np.nan_to_num(count.cell)
    told = ~np.isnan(count.cell)
    for c, cip in enumerate(axes.cips):
        for v, level in enumerate(axes.levels):
            for t, tool in enumerate(axes.tools):
                want = float(asked[c, v, t])
                if want < LEAST_EVENTS or not told[c, v, t]:
                    continue
                few = "few courses" if count.courses[c, v] < 3 else ""
                found = float(came[c, v, t])
                # The error is that of the count: where few courses use a tool, one that does is most of it.
                bound = _error(float(errors[c, v, t]) * max(want, found), MOVED["cell"] * want)
                unjudged = few or ("" if free[t] else _DEADLINES)
                yield _Draft("rates by cell", f"{cip} {level} {tool}", want, found, bound, unjudged)


def _mix(axes: Axes, asked: F64, came: F64, errors: dict[str, float], moved: float) -> Iterator[_Draft]:
    """Parts that tools have of all clicks, those of deadlines and of events that name nobody left out.

    ``asked``, ``came``: [tool] events. A person who clicks more clicks more of everything: parts are far more
    certain than numbers, and show a change of one tool that numbers can't.
    """
    known = _without_deadlines(axes) & (asked > 0) & (came > 0)
    known &= np.array([tool not in NAMELESS for tool in axes.tools])
    parts_asked, parts_came = (np.where(known, part, 0.0) / part[known].sum() for part in (asked, came))
    for t in np.flatnonzero(known):
        want, tool = float(parts_asked[t]), axes.tools[t]
        few = "too few events" if moved and asked[t] < LEAST_EVENTS else ""
        bound = _error(errors.get(tool, 0.0) * want, (moved + 1e-3) * want)
        yield _Draft("rates by tool, mix", tool, want, float(parts_came[t]), bound, few)


def _without_deadlines(axes: Axes) -> BOOL:
    """[tools] False for those of whose events the store's rows prove some."""
    return np.array([tool not in PROVEN for tool in axes.tools])
