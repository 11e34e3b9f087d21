"""The tools that send events, one module each: what their documents look like, and what they are made of.

A vendor's module has ``shape(kind, tenant)`` and ``FIELDS``. Nothing else knows what its documents look like;
CONTRIBUTING lists who knows a tool's name. What people do in one whose events come in sessions is in
``sim.draw.sessions``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sim.caliper.fields import Field
from sim.caliper.kinds import Kind
from sim.caliper.shapes import Shape
from sim.tools import canvas, engage, kaltura
from sim.tools.every_tool import SHARED_FIELDS
from sim.world.world import Tenant


@dataclass(frozen=True)
class Vendor:
    """Who sends events: Canvas and the tools with a sensor of their own."""

    shape: Callable[[Kind, Tenant], Shape]
    fields: Mapping[str, Field]


VENDORS: dict[str, Vendor] = {
    "canvas": Vendor(canvas.shape, canvas.FIELDS),
    "kaltura": Vendor(kaltura.shape, kaltura.FIELDS),
    "engage": Vendor(engage.shape, engage.FIELDS),
}
ALL_FIELDS: dict[str, Field] = {
    name: field
    for fields in (SHARED_FIELDS, *(vendor.fields for vendor in VENDORS.values()))
    for name, field in fields.items()
}


def shape_of(kind: Kind, tenant: Tenant) -> Shape:
    """What a kind's documents look like."""
    return VENDORS[kind.sensor].shape(kind, tenant)
