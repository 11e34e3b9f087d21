"""Campus time as a function of wall time: it runs at a speed, stands still, is held, or is moved.

All of the live side that is about campus time asks here; only waits and rates are measured elsewhere. Nothing
that is sent contains wall time.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

MAX = math.inf  # as fast as the machine and the sink allow


class Clock:
    """Campus milliseconds (UTC). Safe to use from several threads; ``changed`` is notified of every change.

    At speed MAX there is no pace: every instant is due at once, and ``now_ms`` is where ``reach`` left it.
    """

    def __init__(self, campus_ms: int, speed: float, *, wall: Callable[[], float] = time.monotonic) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._wall = wall
        self._campus, self._since = float(campus_ms), wall()
        self._speed, self._paused = speed, False
        self._is_held = False
        self._until_ms: Callable[[], float] | None = None  # what it catches up with

    @property
    def speed(self) -> float:
        """Campus seconds per wall second, MAX without a pace."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Whether it stands still."""
        return self._paused

    def now_ms(self) -> float:
        """Campus time now."""
        with self.changed:
            if self._paused or self._is_held or self._speed == MAX:
                return self._campus
            return self._campus + (self._wall() - self._since) * 1000.0 * self._speed

    def is_due(self, campus_ms: float) -> bool:
        """Whether something set for ``campus_ms`` may happen."""
        with self.changed:
            if not self._paused:
                self._look_up(campus_ms)
            return not self._paused and (self._speed == MAX or self.now_ms() >= campus_ms)

    @property
    def catching_up(self) -> bool:
        """Whether it runs as fast as it can up to another clock."""
        return self._until_ms is not None

    def catch_up(self, now_ms: Callable[[], float]) -> None:
        """Run as fast as machine and sink allow until it is where another clock is, then like that one."""
        with self.changed:
            self._until_ms = now_ms
            self._anchor(speed=MAX)

    def _look_up(self, campus_ms: float) -> None:
        """When what is next, set for ``campus_ms``, lies ahead of the other clock: run with that one."""
        if self._until_ms is not None and campus_ms > (now := self._until_ms()):
            self._until_ms = None
            self._anchor(speed=1.0, campus=now)

    def reach(self, campus_ms: float) -> None:
        """At speed MAX: what was set for ``campus_ms`` has happened."""
        with self.changed:
            if self._speed == MAX:
                self._campus = max(self._campus, float(campus_ms))

    def set_speed(self, speed: float) -> None:
        """Another speed from now on; it catches up with nothing any more."""
        self._until_ms = None
        self._anchor(speed=speed)

    def pause(self) -> None:
        """Stand still."""
        self._anchor(paused=True)

    def resume(self) -> None:
        """Go on from where it stands."""
        self._anchor(paused=False)

    def move(self, campus_ms: float) -> None:
        """Be at another time, at the same speed; one that catches up goes on doing so."""
        self._anchor(campus=float(campus_ms))

    def hold(self, campus_ms: float) -> None:
        """Be at a time and stay there until ``release``, whatever others ask for: the campus is not ready."""
        self._anchor(campus=float(campus_ms), held=True)

    def release(self) -> None:
        """Go on from where it was held, unless somebody has paused it."""
        self._anchor(held=False)

    def _anchor(
        self,
        *,
        speed: float | None = None,
        paused: bool | None = None,
        campus: float | None = None,
        held: bool | None = None,
    ) -> None:
        with self.changed:
            self._campus = self.now_ms() if campus is None else campus
            self._since = self._wall()
            self._is_held = self._is_held if held is None else held
            self._speed = self._speed if speed is None else speed
            self._paused = self._paused if paused is None else paused
            self.changed.notify_all()

    def wait(self, campus_ms: float, at_most_s: float) -> None:
        """Sleep until ``campus_ms`` is due, something changes, or ``at_most_s`` wall seconds are over."""
        with self.changed:
            if self.is_due(campus_ms):
                return
            seconds = at_most_s
            if not self._paused and self._speed not in (0.0, MAX):
                seconds = min(seconds, (campus_ms - self.now_ms()) / 1000.0 / self._speed)
            self.changed.wait(max(seconds, 0.0))
