"""When each event leaves its sensor: a pure function of event, sensor and delivery outages.

A sensor collects events in a buffer, and sends when the buffer is full or the flush interval is over; what
it sends then takes a while. During a delivery outage it keeps all, and afterwards sends faster than usual
until it has caught up. Flush intervals are counted from each campus midnight, so that nothing here depends
on where a stream began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from context import rng
from context.arrays import HOUR_MS, I64, U64
from context.scenario.incidents import time_map
from sim.caliper.batch import Batch
from sim.sensors.settings import DeliveryWindow, SensorSettings
from sim.sensors.switches import MILLI, StageSpan

_DELAYS = 1_024  # rows of a table of delays, each as likely as the others
# No delay is longer. The shortest campus date has 23 hours, so a date is held up by the one before it alone.
LONGEST_DELAY_MS = 22 * HOUR_MS


@dataclass(frozen=True)
class SensorLaw:
    """One sensor's settings made ready for drawing."""

    settings: SensorSettings
    windows: tuple[DeliveryWindow, ...]  # its delivery outages
    delays_ms: I64
    key: U64  # shape (1,)
    spans: tuple[StageSpan, ...] = ()  # what stages that were switched on do to it


def sensor_laws(
    settings: Sequence[SensorSettings], windows: Sequence[DeliveryWindow], seed: int
) -> tuple[SensorLaw, ...]:
    """The laws of all sensors, in the order of ``settings``."""
    keys = rng.key_of_text(seed, "delivery", [sensor.tool for sensor in settings])
    return tuple(
        SensorLaw(
            sensor,
            tuple(window for window in windows if window.stops(sensor.tool)),
            delay_table(sensor.delay_median_ms, sensor.delay_p99_ms),
            keys[place : place + 1],
        )
        for place, sensor in enumerate(settings)
    )


def delay_table(median_ms: int, p99_ms: int) -> I64:
    """Equally likely delays, ms: lognormal with that median and 99th percentile, cut at the table's ends.

    None is longer than LONGEST_DELAY_MS.
    """
    if not median_ms:
        return np.zeros(1, dtype=np.int64)
    normal = NormalDist()
    steps = [normal.inv_cdf((row + 0.5) / _DELAYS) / normal.inv_cdf(0.99) for row in range(_DELAYS)]
    delays = [round(median_ms * (p99_ms / median_ms) ** step) for step in steps]
    return np.minimum(np.array(delays, dtype=np.int64), LONGEST_DELAY_MS)


@dataclass(frozen=True)
class Schedule:
    """Row i: when event i of a window leaves, and with which envelope of its sensor."""

    release_ms: I64  # campus time, UTC; never before the event, never falling within a sensor
    envelope: I64  # rows of a sensor with the same number leave in one envelope
    latest_ms: I64 | None = None  # of a whole date, by sensor: what holds up the date after it


def schedule(
    batch: Batch,
    sensor: I64,
    laws: Sequence[SensorLaw],
    midnight_ms: int,
    next_ms: int,
    held_ms: I64 | None = None,
) -> Schedule:
    """The schedule of the events between two campus midnights. ``sensor``: index into ``laws`` of each.

    ``held_ms``: the ``latest_ms`` of the date before, None at the first one: no sensor overtakes itself.
    """
    release = np.empty(len(batch), dtype=np.int64)
    envelope = np.empty(len(batch), dtype=np.int64)
    latest = np.full(len(laws), midnight_ms, dtype=np.int64)
    for code, law in enumerate(laws):
        rows = np.flatnonzero(sensor == code)
        if not len(rows):
            continue
        arrival, envelope[rows] = _of_sensor(batch.time_ms[rows], law, midnight_ms, next_ms)
        latest[code] = arrival[-1]
        if held_ms is not None:
            arrival = np.maximum(arrival, held_ms[code])
        arrival = time_map(arrival, list(law.windows))
        for span in law.spans:  # one by one: such an outage may begin while another one is caught up with
            arrival = arrival if span.outage is None else time_map(arrival, [span.outage])
        release[rows] = arrival
    return Schedule(release, envelope, latest)


def _of_sensor(time: I64, law: SensorLaw, midnight_ms: int, next_ms: int) -> tuple[I64, I64]:
    """(when each event would arrive if there were no outage, its envelope)."""
    flushed, run = flushes(time, law.settings, midnight_ms, next_ms)
    first = np.searchsorted(run, run)  # the run's first row
    within = np.arange(len(run)) - first
    key = rng.extend(
        rng.extend(np.broadcast_to(law.key, run.shape), flushed), run - run[np.searchsorted(flushed, flushed)]
    )
    delay = law.delays_ms[rng.integer(key, len(law.delays_ms))]
    for span in law.spans:
        slow = (flushed >= span.start_ms) & (flushed < span.end_ms)
        delay[slow] = np.minimum(delay[slow] * span.delay_milli // MILLI, LONGEST_DELAY_MS)
    # A late flush holds up those behind it: a sensor never overtakes itself.
    arrival = np.maximum.accumulate(flushed + delay)
    fresh = (within % law.settings.envelope_events == 0).astype(np.int64)
    return arrival, np.cumsum(fresh) - 1


def flushes(time: I64, settings: SensorSettings, midnight_ms: int, next_ms: int) -> tuple[I64, I64]:
    """(instant of the flush that sends each event, number of that flush) of one sensor's times in order."""
    if settings.flush_ms == 0:
        return time, np.arange(len(time))
    tick = (time - midnight_ms) // settings.flush_ms
    place = np.arange(len(time)) - np.searchsorted(tick, tick)
    turn = place // settings.buffer_events
    new = np.ones(len(time), dtype=np.bool_)
    new[1:] = (tick[1:] != tick[:-1]) | (turn[1:] != turn[:-1])
    run = np.cumsum(new) - 1
    last = np.searchsorted(run, run, side="right") - 1
    full = np.bincount(run)[run] == settings.buffer_events
    at_tick = np.minimum(midnight_ms + (tick + 1) * settings.flush_ms, next_ms)
    return np.where(full, time[last], at_tick), run
