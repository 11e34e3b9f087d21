"""At which hours people do things, by the pack's hour-of-day curve."""

from __future__ import annotations

from math import fsum

import numpy as np

from context import rng
from context.arrays import DAY_MS, HOUR_MS, I64, U64
from context.packs.pack import Pack
from context.scenario.calendar import Calendar

_CURVE = 1_000_000  # parts of a day's curve
# Purposes of randomness: what each number draws.
_PLACE, _MILLISECOND, _WITHIN_HOUR = 3, 4, 100


def waking_hours(pack: Pack, key: U64, index: int) -> I64:
    """Milliseconds since local midnight by the pack's hour-of-day curve."""
    table = rng.thresholds([float(share) for share in pack.table("hour")["share"]])
    return rng.categorical(key, table, index) * HOUR_MS + rng.integer(key, HOUR_MS, index + _WITHIN_HOUR)


def same_day(pack: Pack, calendar: Calendar, at: I64, key: U64, index: int) -> I64:
    """Instants on the campus days of ``at``, at hours at which people are up."""
    day = np.clip(calendar.day_of(at), calendar.first_day, calendar.last_day)
    return calendar.wall_to_utc_ms(day, waking_hours(pack, key, index))


def awake(pack: Pack, calendar: Calendar, low: I64, high: I64, key: U64) -> I64:
    """Instants in (``low``, ``high``], likelier at hours at which people are up; ``low`` where that is empty.

    The pack's hour-of-day curve runs through all days between: what of it lies between the two is shared out
    evenly.
    """
    shares = [float(share) for share in pack.table("hour")["share"]]
    whole = fsum(shares)
    # Hours in millionths of a day's curve, so that places on it are whole numbers.
    curve = np.rint(np.cumsum([0.0, *(share / whole for share in shares)]) * _CURVE).astype(np.int64)
    width = np.diff(curve)
    hours = np.arange(len(shares), dtype=np.int64) * HOUR_MS

    def place(instant: I64) -> tuple[I64, I64]:
        day = np.clip(calendar.day_of(instant), calendar.first_day, calendar.last_day)
        wall = np.clip(instant - calendar.wall_to_utc_ms(day, 0), 0, DAY_MS - 1)
        hour = wall // HOUR_MS
        return day.astype(np.int64), curve[hour] + (wall - hours[hour]) * width[hour] // HOUR_MS

    first_day, first = place(low)
    last_day, last = place(high)
    reach = np.maximum((last_day - first_day) * _CURVE + last - first, 1)
    day, part = np.divmod(first + rng.integer(key, reach, _PLACE), _CURVE)
    hour = np.searchsorted(curve, part, side="right") - 1
    wall = (
        hours[hour]
        + (part - curve[hour]) * HOUR_MS // np.maximum(width[hour], 1)
        + rng.integer(key, 1000, _MILLISECOND)
    )
    time = calendar.wall_to_utc_ms(np.minimum(first_day + day, calendar.last_day), wall)
    return np.maximum(np.minimum(time, high), low)
