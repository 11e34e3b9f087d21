"""Time zones from the tzdata package alone, so that a machine's own zone files never change a byte."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

import numpy as np

from context.arrays import DAY_MS, HOUR_MS, I64

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall times are naive on purpose
_PRESSED_MS = 3 * HOUR_MS  # what takes up a change; the longest change of the last decades is one of 3 hours


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


def moved_instants(name: str, utc_ms: I64, weeks: int) -> I64:
    """Instants so many weeks later by the clock on the wall of a zone, UTC ms in the shape of ``utc_ms``.

    Order stays. Where the clock changes, there or here, the hours up to the change are stretched or pressed,
    three at least, so that none of them vanishes; at all other times the wall shows what it showed.
    """
    if not utc_ms.size or not weeks:
        return utc_ms
    first = int(utc_ms.min()) // DAY_MS - 2
    count = int(utc_ms.max()) // DAY_MS + 4 - first
    here, there = _changes(name, first, count), _changes(name, first + 7 * weeks, count)
    calm = np.maximum(here.calm_ms, there.calm_ms)
    begin = np.minimum(np.minimum(here.begin_ms, there.begin_ms), calm)
    length, wanted = here.passed_by(calm) - begin, there.passed_by(calm) - begin
    row = np.searchsorted(here.midnight_ms, utc_ms, side="right") - 1
    passed = utc_ms - here.midnight_ms[row] - begin[row]
    # At most 25 h x 25 h in ms**2: far from the end of int64.
    inside = np.clip(passed, 0, length[row]) * wanted[row] // np.maximum(length[row], 1)
    outside = np.minimum(passed, 0) + np.maximum(passed - length[row], 0)
    return np.asarray(there.midnight_ms[row] + begin[row] + inside + outside)


@dataclass(frozen=True)
class _Changes:
    """Clock changes of days, [n] each, ms; of a day without one ``begin_ms`` is its end, ``calm_ms`` 0."""

    midnight_ms: I64  # [n + 1] UTC
    begin_ms: I64  # wall time, some hours before the change
    calm_ms: I64  # wall time from which no change follows
    lost_ms: I64  # how much less has passed by then than the wall shows

    def passed_by(self, wall_ms: I64) -> I64:
        """What has passed since midnight when the wall shows a time of ``calm_ms`` or later."""
        return np.asarray(wall_ms - np.where(wall_ms >= self.calm_ms, self.lost_ms, 0))


@lru_cache(maxsize=8)
def _changes(name: str, first: int, count: int) -> _Changes:
    """The clocks of ``count`` days from ``first`` on, in days since 1970."""
    table = [clock_of(name, _EPOCH.date() + timedelta(first + day)) for day in range(count + 1)]
    offset, switch, _ = (np.array(column, dtype=np.int64) for column in zip(*table, strict=True))
    midnight = (np.arange(count + 1) + first) * DAY_MS - offset
    lost = DAY_MS - np.diff(midnight)
    calm = np.where(lost != 0, np.maximum(switch[:-1], _PRESSED_MS), 0)
    begin = np.where(lost != 0, np.maximum(calm - _PRESSED_MS - np.abs(lost), 0), DAY_MS)
    return _Changes(midnight, begin, calm, lost)


def _offset_ms(name: str, wall: datetime) -> int:
    """Local minus UTC at a naive wall time, ms.

    Fold 0 gives the offset before a change, both for a time that the clock skips and for one that it doubles.
    """
    offset = zone(name).utcoffset(wall.replace(tzinfo=None))
    if offset is None:
        raise ValueError(f"no offset for {wall}")
    return offset // timedelta(milliseconds=1)
