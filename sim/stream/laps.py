"""Laps: the same term again, later, with ids of its own, for streams that run for weeks.

Lap 0 is the term itself. Lap n happens n times the term's whole weeks later: same people, courses and
objects, whose ids join to the same context store; other dates, event ids, sessions and requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from context import rng
from context.arrays import DAY_MS, I64
from context.errors import InputError
from context.scenario.calendar import Calendar, build_calendar
from context.terms.premises import Premises
from sim.caliper.batch import Batch
from sim.sensors.settings import DeliveryWindow
from sim.world.world import World

_LAST_WEEK = 360_000  # of a shift: the year 8900, beyond which dates end


@dataclass(frozen=True, eq=False)
class Lap:
    """One repetition. ``base`` is the calendar that is drawn by, ``calendar`` the one that is played."""

    number: int
    base: Calendar
    calendar: Calendar

    def times(self, utc_ms: I64) -> I64:
        """Instants of the term in this lap: each campus day is laid onto its own, hour by hour.

        On days of which one has a clock change and the other none, it is stretched or pressed by that hour,
        so that nothing changes its order. Integers; instants outside of the calendar move by whole weeks.
        """
        if not self.number:
            return utc_ms
        here, there = self.base.midnight_ms, self.calendar.midnight_ms
        row = np.clip(np.searchsorted(here, utc_ms, side="right") - 1, 0, len(here) - 2)
        length, wanted = here[row + 1] - here[row], there[row + 1] - there[row]
        inside = (utc_ms >= here[0]) & (utc_ms < here[-1])
        # Within a day at most 25 h x 25 h in ms**2: far from the end of int64.
        within = np.where(inside, utc_ms - here[row], 0)
        return np.asarray(
            np.where(inside, there[row] + within * wanted // length, utc_ms + (there[0] - here[0]))
        )

    def instant(self, utc_ms: int) -> int:
        """One instant of the term in this lap."""
        return int(self.times(np.array([utc_ms]))[0])

    def batch(self, batch: Batch) -> Batch:
        """Events in this lap, in total order."""
        if not self.number or not len(batch):
            return batch
        high, low = rng.uuid_bits(rng.extend(batch.uuid_low ^ batch.uuid_high, self.number))
        return replace(
            batch,
            time_ms=self.times(batch.time_ms),
            uuid_high=high,
            uuid_low=low,
            visit=rng.extend(batch.visit, self.number),
        ).sorted()

    def world(self, world: World) -> World:
        """The world with the times that documents show moved into this lap."""
        if not self.number:
            return world
        s = world.submissions
        submitted = np.where(s.submitted_ms >= 0, self.times(s.submitted_ms), s.submitted_ms)
        return replace(world, submissions=replace(s, submitted_ms=submitted))

    def windows(self, windows: Sequence[DeliveryWindow]) -> tuple[DeliveryWindow, ...]:
        """Delivery outages in this lap."""
        if not self.number:
            return tuple(windows)
        moved = []
        for window in windows:
            start, end = (int(ms) for ms in self.times(np.array([window.start, window.end])))
            moved.append(replace(window, start=start, end=end, recovered=end + window.recovered - window.end))
        return tuple(moved)


class Laps:
    """All laps of a scenario, made when they are asked for."""

    def __init__(self, given: Premises, count: int | None) -> None:
        self._scenario, self._rows = given.scenario, given.pack.table("calendar")
        self.count = count  # None: without end
        self.base = given.calendar
        days = self.base.last_day - self.base.first_day + 2  # visits run into the day after the last one
        self.weeks = -(-days // 7)
        self.most = (_LAST_WEEK - self._scenario.shift) // self.weeks - 1  # laps after the first
        if count is not None and count > self.most + 1:
            raise InputError(f"--laps: {count} given, allowed: 1 to {self.most + 1}")
        self._last: Lap | None = None

    def lap(self, number: int) -> Lap:
        """A lap. The one asked for last is kept."""
        lap = self._last
        if lap is None or lap.number != number:
            lap = self._last = Lap(number, self.base, self._calendar(number))
        return lap

    def lap_of(self, utc_ms: int) -> Lap:
        """The lap in which an instant lies; before all of them lap 0, after the last one the last."""
        span = self.weeks * 7 * DAY_MS
        number = max((utc_ms - int(self.base.midnight_ms[0])) // span, 0)
        number = min(number, self.most if self.count is None else self.count - 1)
        # A clock change may put the seam an hour off the even weeks.
        if number and utc_ms < int(self._calendar(number).midnight_ms[0]):
            number -= 1
        elif self.exists(number + 1) and utc_ms >= int(self._calendar(number + 1).midnight_ms[0]):
            number += 1
        return self.lap(number)

    def exists(self, number: int) -> bool:
        """Whether there is a lap of that number."""
        return (self.count is None or number < self.count) and number <= self.most

    def _calendar(self, number: int) -> Calendar:
        if not number:
            return self.base
        shifted = self._scenario.model_copy(update={"shift": self._scenario.shift + number * self.weeks})
        return build_calendar(shifted, self._rows)
