"""When a sensor wakes, and what it says it holds."""

from __future__ import annotations

import numpy as np
import pytest
import simpy

from sim.sensors.date_events import DateEvents
from sim.sensors.schedule import Schedule
from sim.sensors.sensor import NEVER, Sensor
from tests.samples.toy_batch import toy_batch

TIMES = np.array([1_000, 2_000, 2_500, 9_000], dtype=np.int64)
RELEASE = np.array([4_001, 4_009, 4_010, 9_777], dtype=np.int64)


def events() -> DateEvents:
    """Four events and when they leave."""
    nothing = np.zeros(len(TIMES), dtype=np.int64)
    return DateEvents(0, toy_batch(TIMES), nothing, Schedule(RELEASE, nothing))


@pytest.mark.parametrize("step", [1, 10, 1_000])
def test_a_sensor_wakes_for_what_is_due_and_for_nothing_else(step: int) -> None:
    """Each event leaves at the first moment of the grid from its own on; no wake brings nothing."""
    env, left = simpy.Environment(), list[tuple[int, int]]()
    sensor = Sensor(env, lambda found: left.append((int(env.now), len(found.batch))), lambda: step)
    sensor.take_in(events())
    env.run(until=20_000)
    wakes = -(-RELEASE // step) * step
    assert left == [(int(wake), int(np.sum(wakes == wake))) for wake in np.unique(wakes)]
    assert (sensor.sent, sensor.held, sensor.first_ms) == (4, 0, NEVER)


def test_what_is_held_has_happened() -> None:
    """A sensor that was given a whole date counts those events that have happened and not left."""
    env = simpy.Environment()
    sensor = Sensor(env, lambda _: None, lambda: 10)
    sensor.take_in(events())
    held = []
    for moment in (999, 1_001, 2_501, 4_011, 9_001, 9_781):
        env.run(until=moment)
        held.append(sensor.held)
    assert held == [0, 1, 3, 0, 1, 0]
