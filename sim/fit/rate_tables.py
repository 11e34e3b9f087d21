"""Fitted rates as tables of a pack: what has no day in one table of cells, then days and weeks."""

from __future__ import annotations

from typing import Any

import numpy as np

from context.arrays import F64
from context.packs.pack import Pack
from context.packs.rates import DEFAULT_ROLE
from context.packs.read import Block
from context.packs.spec import FIRST_DAY, FIRST_WEEK, LAST_DAYS, LAST_WEEK, MOST_FACTOR, TERM_TYPES
from context.packs.write import Draft
from sim.fit.guard import rounded_rate
from sim.fit.rates import FittedRates

_MOVING = 5  # axes of Rates.factors that have to do with time or role
CELLS, TOOL_DAYS = "rate_cell", "rate_tool_day"


def put_rates(
    draft: Draft, pack: Pack, fitted: FittedRates, students: F64, by_tool: F64, source: str
) -> None:
    """Replace the draft's rates.

    ``students``: [cip, level] student-days, over which cells average 1. ``by_tool``: [tool] events, over
    which what tools have on top of a day's curve does.
    """
    cells = static_rates(pack) * fitted.cell
    base = float(np.average(cells.sum(axis=2), weights=np.maximum(students, 1e-9)))
    curve, of_tool = _days(pack, fitted, by_tool)
    first, last = (
        fitted.axes.days.index(0),
        fitted.axes.days.index(_last_class_day(pack, fitted.axes.term_type)),
    )
    level = float(curve[first : last + 1].mean()) / _mean_before(pack, fitted.axes.term_type)
    for name in [name for name in draft.tables if name.startswith("rate_") and _is_static(pack, name)]:
        if name != "rate_base":
            del draft.tables[name]
    draft.put("rate_base", [{"factor": rounded_rate(base * level)}], source)
    block = _block(CELLS, source, _CELLS)
    draft.add(CELLS, ("role", "cip", "level", "tool", "factor"), _cell_rows(pack, cells / base), block)
    _put_days(draft, pack, fitted, curve / level, of_tool, source)
    _put_weeks(draft, pack, "cip", fitted.axes.cips, fitted.cip_week, source)
    _put_weeks(draft, pack, "level", fitted.axes.levels, fitted.level_week, source)


_CELLS = (
    "Factor of each CIP family, course level and tool, over the whole term; "
    "what is held back has its margins' rate"
)


def _block(name: str, source: str, what: str) -> Block:
    return Block(name, f"{name}.csv", source, assumption=False, description=what, unit="factor")


def static_rates(pack: Pack) -> F64:
    """[cip, level, tool] The product of a pack's factors that have no time and no role in them."""
    rates = pack.rates
    product = np.ones((len(rates.cips), len(rates.levels), len(rates.tools)))
    for factor in rates.factors:
        if all(size == 1 for size in factor.shape[:_MOVING]):
            product = product * factor[(0,) * _MOVING]
    return product


def _is_static(pack: Pack, name: str) -> bool:
    return not {"term_type", "day", "week", "kind"} & set(pack.table(name))


def _cell_rows(pack: Pack, cells: F64) -> list[dict[str, Any]]:
    rates = pack.rates
    return [
        {
            "role": DEFAULT_ROLE,
            "cip": cip,
            "level": level,
            "tool": tool,
            "factor": rounded_rate(float(cells[c, v, t])),
        }
        for c, cip in enumerate(rates.cips)
        for v, level in enumerate(rates.levels)
        for t, tool in enumerate(rates.tools)
    ]


def _days(pack: Pack, fitted: FittedRates, by_tool: F64) -> tuple[F64, F64]:
    """([day] the curve of the term, [day, tool] what each tool's is on top of it)."""
    old = _old_curve(pack, fitted)
    weight = by_tool / max(float(by_tool.sum()), 1e-9)
    mean = fitted.tool_day @ weight
    return old * mean, fitted.tool_day / np.maximum(mean, 1e-12)[:, None]


def _old_curve(pack: Pack, fitted: FittedRates) -> F64:
    table = pack.table("rate_day_in_term")
    rows = zip(table["term_type"], table["day"], table["factor"], strict=True)
    known = {int(day): float(factor) for term, day, factor in rows if term == fitted.axes.term_type}
    return np.array([known[day] for day in fitted.axes.days])


def _last_class_day(pack: Pack, term_type: str) -> int:
    """The last day of a term, from which on nothing is taught, by the pack's calendar."""
    table = pack.table("calendar")
    rows = zip(table["term_type"], table["item"], table["offset_days"], strict=True)
    return next(int(days) for term, item, days in rows if term == term_type and item == "end")


def _mean_before(pack: Pack, term_type: str) -> float:
    table, last = pack.table("rate_day_in_term"), _last_class_day(pack, term_type)
    rows = zip(table["term_type"], table["day"], table["factor"], strict=True)
    return float(np.mean([factor for term, day, factor in rows if term == term_type and 0 <= day <= last]))


def _put_days(draft: Draft, pack: Pack, fitted: FittedRates, curve: F64, of_tool: F64, source: str) -> None:
    axes, table = fitted.axes, pack.table("rate_day_in_term")
    new = dict(zip(axes.days, curve, strict=True))
    rows: list[dict[str, Any]] = []
    for term, day, factor in zip(table["term_type"], table["day"], table["factor"], strict=True):
        is_new = term == axes.term_type and day in new
        rows.append(
            {"term_type": term, "day": day, "factor": rounded_rate(float(new[day])) if is_new else factor}
        )
    others = ", ".join(term for term in TERM_TYPES if term != axes.term_type)
    draft.put("rate_day_in_term", rows, f"{source}; {others}: as before")
    old = _old_tool_days(pack)
    place = {day: i for i, day in enumerate(axes.days)}
    residual: list[dict[str, Any]] = []
    for term in TERM_TYPES:
        for day in range(FIRST_DAY, max(LAST_DAYS.values()) + 1):
            for t, tool in enumerate(axes.tools):
                known = old.get((term, day, tool), 1.0)
                if term == axes.term_type and day in place:
                    known *= float(of_tool[place[day], t])
                factor = rounded_rate(min(known, MOST_FACTOR))
                residual.append({"term_type": term, "day": day, "tool": tool, "factor": factor})
    what = f"Factor of a tool by day in term on top of its week and kind of day; 1 in other terms ({others})"
    block = _block(TOOL_DAYS, source, what)
    draft.add(TOOL_DAYS, ("term_type", "day", "tool", "factor"), residual, block)


def _old_tool_days(pack: Pack) -> dict[tuple[str, int, str], float]:
    if TOOL_DAYS not in pack.tables:
        return {}
    table = pack.table(TOOL_DAYS)
    keys = zip(table["term_type"], table["day"], table["tool"], strict=True)
    return dict(zip(keys, table["factor"], strict=True))


def _put_weeks(
    draft: Draft, pack: Pack, axis: str, labels: tuple[str, ...], factor: F64, source: str
) -> None:
    name = f"rate_{axis}_week"
    old: dict[tuple[str, int], float] = {}
    if name in pack.tables:
        table = pack.table(name)
        old = dict(zip(zip(table[axis], table["week"], strict=True), table["factor"], strict=True))
    rows = [
        {axis: label, "week": week, "factor": rounded_rate(old.get((label, week), 1.0) * float(factor[i, w]))}
        for i, label in enumerate(labels)
        for w, week in enumerate(range(FIRST_WEEK, LAST_WEEK + 1))
    ]
    if name in draft.tables:
        draft.put(name, rows, source)
    else:
        what = f"Factor of each {axis} by week of the term"
        draft.add(name, (axis, "week", "factor"), rows, _block(name, source, what))
