"""One simpy process per sensor: it wakes when its clock arrives and hands over what is due.

When each event leaves is known beforehand (``sim.sensors.schedule``), so a sensor can wake as often as the
pace makes worth while, many times a second or once in ten campus minutes, and hands over the same events.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
import simpy

from sim.plan.campus import Process
from sim.sensors.date_events import DateEvents

NEVER = np.iinfo(np.int64).max


class Sensor:
    """Sends one tool's events. ``step_ms`` gives the least campus time between two wakes."""

    def __init__(
        self,
        env: simpy.Environment,
        hand_over: Callable[[DateEvents], None],
        step_ms: Callable[[], int],
    ) -> None:
        self._env, self._hand_over, self._step_ms = env, hand_over, step_ms
        self._windows: deque[DateEvents] = deque()  # what it holds, of one campus date each
        self._given = 0  # rows of the first window that it has handed over
        self._news: simpy.Event = env.event()
        self.sent = 0
        self._process = env.process(self._run())

    @property
    def held(self) -> int:
        """Events that have happened, and that it holds back until they are due."""
        before = sum(
            int(np.searchsorted(window.batch.time_ms, self._env.now, side="right"))
            for window in tuple(self._windows)
        )
        return max(before - self._given, 0)

    @property
    def first_ms(self) -> int:
        """Time of the first event that it holds, NEVER without one."""
        return int(self._windows[0].batch.time_ms[self._given]) if self._windows else NEVER

    def ahead(self, count: int) -> DateEvents | None:
        """The first so many that it holds, which stay with it; None without any."""
        return self._windows[0].take(slice(self._given, self._given + count)) if self._windows else None

    def take_in(self, window: DateEvents) -> None:
        """More to send: rows of this sensor only, later than all it has."""
        if len(window.batch):
            self._windows.append(window)
            if not self._news.triggered:
                self._news.succeed()

    def give_up_all(self, before_ms: int) -> None:
        """Hand over now whatever happened before ``before_ms``; the rest is dropped: the clock is moved."""
        while self._windows:
            self._give(int(np.searchsorted(self._windows[0].batch.time_ms, before_ms)))
            self._windows.popleft()
            self._given = 0

    def rouse(self) -> None:
        """Think again about when to wake: the pace has changed."""
        self._process.interrupt()

    def _run(self) -> Process:
        while True:
            try:
                while not self._windows:
                    self._news = self._env.event()
                    yield self._news
                yield self._env.timeout(max(self._next_wake() - self._env.now, 0))
            except simpy.Interrupt:
                continue
            while self._windows and self._hand_over_due():
                pass

    def _next_wake(self) -> int:
        """Wakes lie on one grid, so that sensors wake together and their events are rendered together."""
        due, step = int(self._windows[0].schedule.release_ms[self._given]), max(self._step_ms(), 1)
        return due if due <= self._env.now else -(-due // step) * step

    def _hand_over_due(self) -> bool:
        """Hand over what of the first window is due; False when something of it stays."""
        window = self._windows[0]
        count = int(np.searchsorted(window.schedule.release_ms, self._env.now, side="right"))
        self._give(count)
        if count < len(window.batch):
            return False
        self._windows.popleft()
        self._given = 0
        return True

    def _give(self, count: int) -> None:
        """Hand over the first ``count`` rows of the first window, but for those that have been."""
        if count > self._given:
            self.sent += count - self._given
            self._hand_over(self._windows[0].take(slice(self._given, count)))
            self._given = count
