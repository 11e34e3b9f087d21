"""The events of one campus date, and when each of them leaves its sensor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from context.arrays import I64
from sim.caliper.batch import Batch
from sim.sensors.schedule import Schedule


@dataclass(frozen=True)
class DateEvents:
    """The events of one campus date in total order, their sensors, and when they leave."""

    day: int
    batch: Batch
    sensor: I64  # index into the feed's laws
    schedule: Schedule

    def take(self, rows: npt.NDArray[np.intp] | slice) -> DateEvents:
        """The given rows, in the given order."""
        kept = Schedule(self.schedule.release_ms[rows], self.schedule.envelope[rows])
        return DateEvents(self.day, self.batch.take(rows), self.sensor[rows], kept)
