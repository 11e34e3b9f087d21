"""What people type of a stream: moments and speeds."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta

from context.arrays import DAY_MS, HOUR_MS, MINUTE_MS
from context.errors import InputError
from context.scenario.scenario import Scenario
from context.scenario.zones import instant_to_wall, wall_to_instant, zone
from sim.stream.clock import MAX

_YEARS = range(1850, 9000)  # clocks of other years have no place in a datetime, or none on a shifted one
LEAST_SPEED, MOST_SPEED = 0.01, 1_000_000.0


def read_moment(text: str, time_zone: str, what: str) -> int:
    """UTC ms of ``2026-10-12T08:00`` by the campus's clock, a date's midnight, or a time with offset."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        moment = None
    if moment is None or moment.year not in _YEARS:
        raise InputError(
            f"{what}: {text!r} given, allowed: a date or a time by the campus's clock ({time_zone}), "
            "such as 2026-10-12T08:00"
        )
    if moment.tzinfo is not None:
        return round(moment.timestamp() * 1000)
    return wall_to_instant(time_zone, moment)


def aligning_weeks(scenario: Scenario, begin: str, now: datetime) -> int:
    """Weeks that bring ``begin`` to the campus's today, or up to six days before.

    Whole weeks keep weekdays, and a stream never begins in the future. ``now`` has its offset.
    """
    first = instant_to_wall(scenario.time_zone, read_moment(begin, scenario.time_zone, "--from"))
    return (now.astimezone(zone(scenario.time_zone)).date() - first.date()).days // 7


def moved(moment: str | None, weeks: int, time_zone: str, flag: str) -> str | None:
    """A moment so many weeks later by the campus's clock. Raises InputError for what is no moment.

    One with an offset is read by the campus's clock first, so that it means one hour there all year.
    """
    if moment is None:
        return None
    wall = instant_to_wall(time_zone, read_moment(moment, time_zone, flag))
    try:
        return (wall + timedelta(weeks=weeks)).isoformat()
    except OverflowError:
        raise InputError(f"{flag}: {moment!r} given, which is too far away to be moved to today") from None


def read_speed(text: str, what: str = "--speed") -> float:
    """Campus seconds per second: ``600``, ``600x`` or ``max``."""
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*x?\s*", text)
    if text.strip().lower() == "max":
        return MAX
    speed = float(found[1]) if found else math.nan
    if not LEAST_SPEED <= speed <= MOST_SPEED:
        raise InputError(
            f"{what}: {text!r} given, allowed: {LEAST_SPEED} to {MOST_SPEED:,.0f} campus seconds a second, "
            "or max"
        )
    return speed


def speed_text(speed: float) -> str:
    """``600x`` or ``max``."""
    return "max" if speed == MAX else f"{speed:g}x"


_UNITS_MS = {"ms": 1, "s": 1000, "m": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
_MOST_SPAN_MS = 366 * DAY_MS


def read_time_span(text: str, what: str) -> int:
    """Milliseconds of ``90s``, ``5m``, ``1.5h`` or ``2d``. Raises InputError."""
    found = re.fullmatch(r"\s*([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*(ms|[smhd])\s*", text)
    span_ms = round(float(found[1]) * _UNITS_MS[found[2]]) if found else 0
    if not 0 < span_ms <= _MOST_SPAN_MS:
        raise InputError(f"{what}: {text!r} given, allowed: a time such as 90s, 5m, 2h or 1d, at most 366d")
    return span_ms


def read_skew(text: str) -> int | None:
    """Milliseconds of a time, None for ``none``. Raises InputError."""
    if text.strip().lower() == "none":
        return None
    try:
        return read_time_span(text, "--max-skew")
    except InputError as error:
        raise InputError(f"{error}, or none") from None


def read_ramp(text: str) -> tuple[tuple[float, float], ...]:
    """(wall seconds from the start, speed) of ``10m=60,20m=600,1h=max``, in order. Raises InputError."""
    steps = []
    for step in text.split(","):
        time, equals, speed = step.partition("=")
        if not equals:
            raise InputError(f"--ramp: {step!r} given, allowed: TIME=SPEED, such as 10m=60,20m=600,1h=max")
        steps.append((read_time_span(time, "--ramp") / 1000.0, read_speed(speed, "--ramp")))
    if steps != sorted(steps):
        raise InputError(f"--ramp: {text!r} given, allowed: steps in order of time")
    return tuple(steps)
