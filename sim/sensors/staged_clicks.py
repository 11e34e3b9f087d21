"""Page views that a stage of the scenario takes away or adds, keyed by each view's id.

Only views that nothing hangs on are touched: those of students that no row of the store proves, and no
launches of sessions. What is taken takes its call of the API along; what is added is the same page, looked at
again by the same person within seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from context import rng
from context.arrays import BOOL, I64, ordinals
from sim.caliper.batch import NO_TOOL, Batch, concatenate
from sim.caliper.kinds import KINDS
from sim.draw.day import anchored_ids
from sim.draw.engine import Engine
from sim.draw.twins import twin_ids, twins_of
from sim.plan.outages import taken
from sim.sensors.switches import MILLI, StageSpan

_PER_MILLE, _AGAIN, _HOW_SOON = 830, 831, 832  # purposes, of a page view's id and of an added one's
_SOONEST_MS, _SPAN_MS = 1_000, 20_000  # after the page view (assumption)
_IS_CLICK = np.array([kind.is_view and kind.role == "Student" for kind in KINDS])


def staged(engine: Engine, day: int, unit: Batch, at_ms: I64, spans: Sequence[Sequence[StageSpan]]) -> Batch:
    """A campus day's events with what stages do to them, in total order; ``unit`` itself without any.

    ``at_ms``: [n] the moment by which each event is in a span, UTC. ``spans``: those of each tool.
    """
    wanted = _wanted_milli(unit, at_ms, spans)
    if (wanted == MILLI).all():
        return unit
    wanted[~_is_free(engine, day, unit)] = MILLI
    lot = rng.integer(unit.uuid_low, MILLI, _PER_MILLE)
    copies = wanted // MILLI + (lot < wanted % MILLI)
    gone = np.isin(unit.uuid_low, twin_ids(unit.uuid_low[copies == 0])) | (copies == 0)
    added = _again(engine, unit, np.maximum(copies - 1, 0))
    twins = twins_of(engine.pack, engine.calendar, engine.world, added)
    return concatenate([unit.take(np.flatnonzero(~gone)), added, twins]).sorted()


def _wanted_milli(unit: Batch, at_ms: I64, spans: Sequence[Sequence[StageSpan]]) -> I64:
    """[n] how many of each event there should be, in thousandths."""
    found = np.full(len(unit), MILLI, dtype=np.int64)
    for tool, of_tool in enumerate(spans):
        for span in of_tool:
            if span.clicks_milli != MILLI:
                inside = (unit.tool == tool) & (at_ms >= span.start_ms) & (at_ms < span.end_ms)
                found[inside] = span.clicks_milli
    return found


def _is_free(engine: Engine, day: int, unit: Batch) -> BOOL:
    """[n] True for page views that may be there once more, or not at all."""
    click_by_click = np.append(engine.session_size == 1.0, np.zeros(NO_TOOL, dtype=np.bool_))
    free: BOOL = _IS_CLICK[unit.kind] & click_by_click[unit.tool]
    return free & ~np.isin(unit.uuid_low, anchored_ids(engine, day)[1])


def _again(engine: Engine, unit: Batch, times: I64) -> Batch:
    """Each event ``times`` more, soon after it; none in an incident."""
    rows = np.repeat(np.arange(len(unit)), times)
    key = rng.extend(rng.extend(unit.uuid_low[rows], _AGAIN), ordinals(times))
    high, low = rng.uuid_bits(key)
    time = unit.time_ms[rows] + _SOONEST_MS + rng.integer(key, _SPAN_MS, _HOW_SOON)
    found = replace(unit.take(rows), time_ms=time, uuid_high=high, uuid_low=low)
    out = taken(engine.calendar, time, engine.world.tools, found.tool.astype(np.int64))
    return found.take(np.flatnonzero(~out))
