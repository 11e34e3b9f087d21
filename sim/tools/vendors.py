"""The tools that send events, one module each: what their documents look like, and what they are made of.

A sensor's module has ``shape(kind, tenant)`` and ``COLUMNS``; one whose events come in sessions, and not
click by click, has ``SESSIONS`` too. Nothing else in the project knows how a tool speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sim.caliper.fields import Column
from sim.caliper.kinds import Kind
from sim.caliper.shapes import Shape
from sim.tools import canvas, engage, kaltura
from sim.tools.every_tool import COMMON
from sim.world.world import Tenant


@dataclass(frozen=True)
class Sensor:
    """A sender of events: Canvas and the tools with a sensor of their own."""

    shape: Callable[[Kind, Tenant], Shape]
    columns: Mapping[str, Column]


SENSORS: dict[str, Sensor] = {
    "canvas": Sensor(canvas.shape, canvas.COLUMNS),
    "kaltura": Sensor(kaltura.shape, kaltura.COLUMNS),
    "engage": Sensor(engage.shape, engage.COLUMNS),
}
COLUMNS: dict[str, Column] = {
    name: column
    for columns in (COMMON, *(sensor.columns for sensor in SENSORS.values()))
    for name, column in columns.items()
}


def shape_of(kind: Kind, tenant: Tenant) -> Shape:
    """What a kind's documents look like."""
    return SENSORS[kind.sensor].shape(kind, tenant)
