"""The campus at a moment, as one simpy environment: calendar, sections, incidents, the feed, the sensors.

A scene plays one lap from a moment on. Being moved to another time means another scene: the plan is given,
so any day can be drawn alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import simpy

from context.arrays import BOOL
from sim.plan.campus import DUE, MEETS, Campus, DayState, Process, SectionSchedule
from sim.sensors.date_events import DateEvents
from sim.sensors.sensor import NEVER, Sensor
from sim.sensors.switches import Switches
from sim.stream.feed import Feed
from sim.stream.laps import Lap


@dataclass(frozen=True)
class Span:
    """What a scene plays: events from ``begin_ms`` (included) to ``end_ms`` (excluded), campus time."""

    lap: Lap
    begin_ms: int
    end_ms: int


class Scene:
    """Plays a span. ``outbox`` is what the sensors have handed over since it was last emptied.

    ``start_ms`` is where the clock stands, at or after the span's begin. ``wanted`` tells which rows of a
    window are still to be sent; ``switches`` are those that have been made.
    """

    def __init__(
        self,
        feed: Feed,
        schedules: Sequence[SectionSchedule],
        span: Span,
        start_ms: int,
        step_ms: Callable[[], int],
        wanted: Callable[[DateEvents], BOOL],
        switches: Switches = (),
    ) -> None:
        self.span, self._feed, self._wanted, self._switches = span, feed, wanted, switches
        self.calendar = span.lap.calendar
        self.env = simpy.Environment(initial_time=start_ms)
        self.outbox: list[DateEvents] = []
        self.waiting = 0  # events in the outbox
        self.given = self.taken = 0  # events that were ever put into it; of them those that the lanes have
        self.incident = ""
        self.loaded_ms = span.begin_ms  # events before it are with the sensors, or past them
        self.sensors = [Sensor(self.env, self._hand_over, step_ms) for _ in feed.laws]
        first = max(self._day_of(start_ms), self.calendar.first_day)
        self.campus = Campus(self.calendar, schedules, env=self.env, first_day=first)
        self.env.process(self._incidents())
        self._load_until(first)
        self.env.process(self._days(first + 1))

    @property
    def state(self) -> DayState | None:
        """The campus day's state, None before its first midnight on this scene."""
        return self.campus.today

    @property
    def held(self) -> int:
        """Events with the sensors."""
        return sum(sensor.held for sensor in self.sensors)

    @property
    def below_ms(self) -> int:
        """All of the span's events before this have been handed over."""
        return min(self.loaded_ms, *(sensor.first_ms for sensor in self.sensors))

    def empty(self) -> list[DateEvents]:
        """Take what the sensors have handed over."""
        windows, self.outbox, self.waiting = self.outbox, [], 0
        return windows

    def _hand_over(self, window: DateEvents) -> None:
        self.given += len(window.batch)
        self.outbox.append(window)
        self.waiting += len(window.batch)

    def next_ms(self) -> float:
        """When something happens next, infinity when all of the span has been handed over."""
        if self.loaded_ms >= self.span.end_ms and all(s.first_ms == NEVER for s in self.sensors):
            return float("inf")
        return self.env.peek()

    def first_event_ms(self) -> int | None:
        """The next event's time, None when none is left in the span. Draws the days up to it."""
        held = min(sensor.first_ms for sensor in self.sensors)
        if held != NEVER:
            return held
        for day in range(self._day_of(self.loaded_ms), self._feed.days.stop):
            if self.loaded_ms >= self.span.end_ms or self.calendar.day_start_ms(day) >= self.span.end_ms:
                break
            time = self._feed.window(day, self.span.lap, self._switches).batch.time_ms
            ahead = time[(time >= self.loaded_ms) & (time < self.span.end_ms)]
            if len(ahead):
                return int(ahead[0])
        return None

    def ahead(self, count: int) -> list[DateEvents]:
        """The first so many that each sensor holds; they stay there."""
        return [found for sensor in self.sensors if (found := sensor.ahead(count)) is not None]

    def leave(self, at_ms: int) -> None:
        """Let the sensors hand over all that happened before ``at_ms``; nothing later comes from here."""
        for sensor in self.sensors:
            sensor.give_up_all(at_ms)

    def rouse(self) -> None:
        """The pace has changed."""
        for sensor in self.sensors:
            sensor.rouse()

    def facts(self) -> dict[str, object]:
        """The campus for a status: date, kind of day, how many sections meet and have work due."""
        now = int(self.env.now)
        day = min(max(self._day_of(now), self.calendar.first_day), self.calendar.last_day)
        facts: dict[str, object] = {"date": self.calendar.date_of(day).isoformat()}
        facts["kind"] = str(self.calendar.kind_of(day))
        if self.state is not None and self.state.day == day:
            facts["sections_meeting"] = int(np.count_nonzero(self.state.sections & MEETS))
            facts["sections_with_work_due"] = int(np.count_nonzero(self.state.sections & DUE))
        if self.incident:
            facts["incident"] = self.incident
        return facts

    def _day_of(self, utc_ms: int) -> int:
        return int(self.calendar.day_of(utc_ms))

    def _days(self, first: int) -> Process:
        """Each midnight, the sensors get the events of the date that begins."""
        for day in range(first, self._feed.days.stop):
            if self.loaded_ms >= self.span.end_ms:
                return
            yield self.env.timeout(max(self.calendar.day_start_ms(day) - self.env.now, 0))
            self._load(day)

    def _load_until(self, day: int) -> None:
        """The dates from the span's begin to ``day``: on a resumed stream, sensors may hold older events."""
        for date in range(max(self._day_of(self.span.begin_ms), self._feed.days.start), day + 1):
            if date in self._feed.days and self.loaded_ms < self.span.end_ms:
                self._load(date)

    def _load(self, day: int) -> None:
        window = self._feed.window(day, self.span.lap, self._switches)
        time = window.batch.time_ms
        keep = (time >= self.span.begin_ms) & (time < self.span.end_ms) & self._wanted(window)
        for code, sensor in enumerate(self.sensors):
            sensor.take_in(window.take(np.flatnonzero(keep & (window.sensor == code))))
        last = day + 1 >= self._feed.days.stop
        self.loaded_ms = self.span.end_ms if last else self.calendar.day_start_ms(day + 1)

    def _incidents(self) -> Process:
        """Names the incident that is going on."""
        for window in self.calendar.windows:
            if window.end <= self.env.now:
                continue
            yield self.env.timeout(max(window.start - self.env.now, 0))
            self.incident = window.name
            yield self.env.timeout(window.end - self.env.now)
            self.incident = ""
