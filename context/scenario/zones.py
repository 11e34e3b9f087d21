"""Time zones from the tzdata package alone, so that a machine's own zone files never change a byte."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import metadata, resources
from zoneinfo import ZoneInfo

from context.arrays import DAY_MS

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times are naive on purpose


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """All IANA names of the tzdata package, in its order (about 600)."""
    text = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8")
    return tuple(line for line in text.splitlines() if line)


@lru_cache(maxsize=8)
def zone(name: str) -> ZoneInfo:
    """The zone of that name; raises ValueError for a name outside ``zone_names``."""
    if name not in zone_names():  # this also keeps "../" out of the path below
        raise ValueError(f"unknown time zone {name!r}")
    path = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with path.open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


def zone_version() -> str:
    """The version of the tzdata package, such as "2026.6": part of what a run depends on."""
    return metadata.version("tzdata")


def wall_ms_of(day: date) -> int:
    """A date's midnight, in ms, as if the clock on the wall showed UTC."""
    return (day - _EPOCH.date()).days * DAY_MS


def wall_to_instant(name: str, wall: datetime) -> int:
    """UTC ms of a naive wall time: a skipped one goes forward by the gap, a doubled one is the first."""
    return (wall - _EPOCH) // timedelta(milliseconds=1) - _offset_ms(name, wall)


def instant_to_wall(name: str, utc_ms: int) -> datetime:
    """The naive wall time of an instant."""
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=utc_ms)
    return instant.astimezone(zone(name)).replace(tzinfo=None)


def clock_of(name: str, day: date) -> tuple[int, int, int]:
    """A day's clock: offset (local minus UTC, ms) at its start, wall ms from which the next holds, that one.

    Without a change the switch is at DAY_MS. Changes are on whole seconds and at most one a day.
    """
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall time
    first = _offset_ms(name, midnight)
    last = _offset_ms(name, midnight + timedelta(seconds=86_399))
    if first == last:
        return first, DAY_MS, first
    low, high = 0, 86_399  # at low the first offset holds, at high the last one
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_ms(name, midnight + timedelta(seconds=middle)) == first:
            low = middle
        else:
            high = middle
    return first, high * 1_000, last


def _offset_ms(name: str, wall: datetime) -> int:
    """Local minus UTC at a naive wall time, ms.

    Fold 0 gives the offset before a change, both for a time that the clock skips and for one that it doubles.
    """
    offset = zone(name).utcoffset(wall.replace(tzinfo=None))
    if offset is None:
        raise ValueError(f"no offset for {wall}")
    return offset // timedelta(milliseconds=1)
