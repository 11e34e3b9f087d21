"""What there is to send: the events of one campus date after another, drawn ahead in the background.

The unit of drawing is the campus day in which a visit starts; a visit may run past midnight. A window holds
the events whose *time* falls on a campus date, whichever of two units brings them.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

import numpy as np

from context.arrays import I64
from context.errors import RunError
from context.scenario.calendar import Calendar
from context.scenario.parts import Stage
from sim.caliper.batch import NO_TOOL, Batch, concatenate
from sim.draw.day import draw_day
from sim.draw.engine import Engine
from sim.sensors.date_events import DateEvents
from sim.sensors.schedule import SensorLaw, schedule
from sim.sensors.staged_clicks import staged
from sim.sensors.switches import Switches, spans_of
from sim.stream.laps import Lap

_Key = tuple[int, int, Switches]  # of a window: lap, day, and what has been switched


class Feed:
    """Windows of one term. Makes one window ahead in a thread of its own; holds two units at most.

    ``switches`` are to ``stages`` of the scenario, in the time of the lap that is played.
    """

    def __init__(self, engine: Engine, laws: Sequence[SensorLaw], stages: Sequence[Stage] = ()) -> None:
        self.engine, self.laws, self._stages = engine, laws, stages
        self.calendar: Calendar = engine.calendar
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="draw")
        self._units: dict[int, Batch] = {}
        self._windows: dict[_Key, Future[DateEvents]] = {}
        self._latest: tuple[_Key, I64 | None] = ((-1, -1, ()), None)  # of the last window

    @property
    def days(self) -> range:
        """Campus dates on which events can fall."""
        return range(self.calendar.first_day, self.calendar.last_day + 2)

    def window(self, day: int, lap: Lap, switches: Switches = ()) -> DateEvents:
        """The events of a campus date in a lap. Begins to make that of the date after it, too."""
        coming = [(lap.number, date, switches) for date in (day, day + 1) if date in self.days]
        for key in coming:
            if key not in self._windows:
                self._windows[key] = self._pool.submit(self._window, key[1], lap, switches)
        for key in [key for key in self._windows if key not in coming]:
            self._windows.pop(key).cancel()
        return self._windows.pop((lap.number, day, switches)).result()

    def settle(self) -> None:
        """Wait until what is being made is there. What it fails with is raised by ``window``."""
        wait(self._windows.values())

    # What follows runs in the feed's own thread, one call after the other.

    def _window(self, day: int, lap: Lap, switches: Switches) -> DateEvents:
        held = self._held(day, lap, switches)
        window = self._scheduled(day, lap, switches, held)
        self._latest = (lap.number, day, switches), window.schedule.latest_ms
        return window

    def _held(self, day: int, lap: Lap, switches: Switches) -> I64 | None:
        """What the date before leaves with the sensors beyond its midnight, None at the first date."""
        if day - 1 not in self.days:
            return None
        key, latest = self._latest
        if key == (lap.number, day - 1, switches):
            return latest
        return self._scheduled(day - 1, lap, switches, None).schedule.latest_ms

    def _scheduled(self, day: int, lap: Lap, switches: Switches, held_ms: I64 | None) -> DateEvents:
        wanted = [unit for unit in (self.calendar.day_before(day), day) if self._exists(unit)]
        self._units = {
            unit: self._units[unit] if unit in self._units else self._draw(unit) for unit in wanted
        }
        laws = self.laws_of(lap, switches)
        begin, end = self.calendar.day_start_ms(day), self.calendar.day_start_ms(day + 1)
        parts = [between(self._staged(unit, lap, laws), begin, end) for unit in wanted]
        batch = lap.batch(concatenate(parts).sorted())
        sensor = batch.tool.astype(np.int64)
        sensor[batch.tool == NO_TOOL] = len(laws) - 1
        midnight, following = lap.calendar.day_start_ms(day), lap.calendar.day_start_ms(day + 1)
        planned = schedule(batch, sensor, laws, midnight, following, held_ms)
        return DateEvents(day, batch, sensor, planned)

    def _staged(self, unit: int, lap: Lap, laws: Sequence[SensorLaw]) -> Batch:
        batch = self._units[unit]
        if not any(law.spans for law in laws):
            return batch
        return staged(self.engine, unit, batch, lap.times(batch.time_ms), [law.spans for law in laws[:-1]])

    def laws_of(self, lap: Lap, switches: Switches) -> Sequence[SensorLaw]:
        """The sensors' laws in a lap: their delivery outages move with it, switches are made in it."""
        return [
            replace(
                law,
                windows=lap.windows(law.windows),
                spans=spans_of(law.settings.tool, switches, self._stages),
            )
            for law in self.laws
        ]

    def close(self) -> None:
        """End the thread; what it draws is not waited for."""
        for window in self._windows.values():
            window.cancel()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _exists(self, day: int) -> bool:
        return self.calendar.first_day <= day <= self.calendar.last_day

    def _draw(self, day: int) -> Batch:
        batch, _ = draw_day(self.engine, day)
        begin = self.calendar.day_start_ms(day)
        end = self.calendar.day_start_ms(self.calendar.day_after(day) + 1)
        if len(batch) and not begin <= batch.time_ms[0] <= batch.time_ms[-1] < end:
            raise RunError(f"day {day}: events outside of the day and the one after it")
        return batch


def between(batch: Batch, begin_ms: int, end_ms: int) -> Batch:
    """The events of a sorted batch from ``begin_ms`` (included) to ``end_ms`` (excluded)."""
    first, last = np.searchsorted(batch.time_ms, [begin_ms, end_ms])
    return batch.take(slice(int(first), int(last)))
