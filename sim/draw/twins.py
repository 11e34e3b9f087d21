"""Twins: page views that the sensor sends a second time, as the call of the API behind them.

A mobile app asks the API for what it shows, as some pages do; Canvas then emits two events of one look, with
different ids. This is how the vendor behaves, on top of the rates, which do not count twins. Which views have
one is keyed per event, so that a twin stays with its event in any part of a day drawn alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from context import rng
from context.arrays import U64
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.caliper.batch import Batch
from sim.caliper.kinds import KIND, KINDS, TWIN
from sim.plan.outages import taken
from sim.world.clients import devices
from sim.world.world import World

TWIN_OF = {KIND[kind.name]: KIND[kind.name + TWIN] for kind in KINDS if kind.api}
_HAS_TWIN, _DELAY, _ID = 70, 71, 72  # purposes of the page view's id
_SOONEST_MS, _SPAN_MS = 30, 1_500  # after the page view (assumption)


def twins_of(pack: Pack, calendar: Calendar, world: World, batch: Batch) -> Batch:
    """The twins of a batch's page views, in no order."""
    twin = np.zeros(len(KINDS), dtype=np.uint8)
    has = np.zeros(len(KINDS), dtype=np.bool_)
    for kind, other in TWIN_OF.items():
        twin[kind], has[kind] = other, True
    in_app, elsewhere = pack.number("twin.app_share"), pack.number("twin.other_share")
    u = rng.uniform(batch.uuid_low, _HAS_TWIN)
    rows = np.flatnonzero(has[batch.kind] & (u < max(in_app, elsewhere)))
    app = np.array([device == "mobile_app" for device in pack.table("device")["device"]])
    share = np.where(app[devices(world, batch.person[rows], batch.visit[rows])], in_app, elsewhere)
    rows = rows[u[rows] < share]
    time = batch.time_ms[rows] + _SOONEST_MS + rng.integer(batch.uuid_low[rows], _SPAN_MS, _DELAY)
    kept = ~taken(calendar, time)
    rows, time = rows[kept], time[kept]
    high, low = _ids(batch.uuid_low[rows])
    return replace(batch.take(rows), time_ms=time, kind=twin[batch.kind[rows]], uuid_high=high, uuid_low=low)


def twin_ids(uuid_low: U64) -> U64:
    """[n] lower halves of the ids that the twins of these page views have, or would have."""
    return _ids(uuid_low)[1]


def _ids(uuid_low: U64) -> tuple[U64, U64]:
    return rng.uuid_bits(rng.extend(uuid_low, _ID))
