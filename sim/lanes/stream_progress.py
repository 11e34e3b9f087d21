"""How far a stream has come: what a journal adds up to, and which events are still to be sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from context.arrays import BOOL, I64, U64
from sim.caliper.batch import Batch
from sim.sensors.switches import Switch, Switches

Cursor = tuple[int, int, int]  # time_ms, uuid_high, uuid_low of the last event acknowledged
# Group and sensor: within both, events are acknowledged in total order. A group is what the ordering key
# names, by its position among people or courses; a lane where there is no such key.
Key = tuple[int, int]


@dataclass
class Segment:
    """One stretch of the term, played without being moved: all events from begin to end have been sent."""

    begin_ms: int
    end_ms: int | None = None  # None: it is being played
    switches: Switches = ()  # to stages of the scenario, in order: with any, it differs from the backfill


@dataclass
class StreamProgress:
    """What a journal adds up to."""

    identity: dict[str, Any]
    segments: list[Segment] = field(default_factory=list)
    cursors: dict[Key, Cursor] = field(default_factory=dict)
    below_ms: int = 0  # every event of the segment before this is acknowledged
    at_ms: int = 0  # where the clock stood
    ahead_ms: int = 0  # what left its sensor later than this is with no sink yet
    acked: int = 0  # events acknowledged, repeats included
    mark: Any = None  # what the sink wants to be told when it is opened again
    done: bool = False
    paused: bool = False  # somebody wanted it to stand still

    @property
    def switches(self) -> Switches:
        """Those of the segment that is played."""
        return self.segments[-1].switches if self.segments else ()

    def switch(self, to: Switch) -> None:
        """From a moment on, after all before, another stage of the scenario holds.

        Raises ValueError where nothing is played.
        """
        if not self.segments:
            raise ValueError("nothing is played yet")
        last = self.segments[-1]
        last.switches = (*last.switches, to)

    def extend(self, identity: dict[str, Any]) -> None:
        """Go on to a later end than before, even from the end itself."""
        self.identity = identity
        if self.done:
            self.done = False
            last = self.segments[-1]
            self.below_ms = max(self.below_ms, last.end_ms or 0)
            last.end_ms = None

    def wanted(self, group: I64, sensor: I64, batch: Batch) -> BOOL:
        """Which events have not been acknowledged in this segment."""
        keep = np.asarray(batch.time_ms >= self.below_ms)
        if not self.cursors:
            return keep
        keys = np.array(list(self.cursors), dtype=np.int64)
        ends = np.array([cursor[0] for cursor in self.cursors.values()], dtype=np.int64)
        high, low = (
            np.array([cursor[half] for cursor in self.cursors.values()], dtype=np.uint64) for half in (1, 2)
        )
        codes: I64 = _code(keys[:, 0], keys[:, 1])
        order = np.argsort(codes)
        wanted = _code(np.asarray(group, dtype=np.int64), np.asarray(sensor, dtype=np.int64))
        place = order[np.minimum(np.searchsorted(codes[order], wanted), len(order) - 1)]
        found: BOOL = keep & ((codes[place] != wanted) | _after(batch, ends[place], high[place], low[place]))
        return found


def _code(group: I64, sensor: I64) -> I64:
    return np.asarray(group * 65_536 + sensor)


def _after(batch: Batch, time: I64, high: U64, low: U64) -> BOOL:
    """Which events come after their cursors in total order."""
    same_time = batch.time_ms == time
    above, level = batch.uuid_high > high, batch.uuid_high == high
    later: BOOL = (batch.time_ms > time) | (same_time & (above | (level & (batch.uuid_low > low))))
    return later
