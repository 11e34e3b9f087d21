"""The plain truth about Caliper documents: one event, one dict, in the vendor's order of keys.

``sim.tools.vendors`` says what a document looks like; this builds it the plain way, and
``sim.render.renderer`` must give the same bytes. ``models`` (pydantic) hold the shape; ``plain_loop`` is what
the benchmark races against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import orjson

from sim.caliper.batch import Batch
from sim.caliper.kinds import KINDS
from sim.caliper.models import EVENT_MODELS, Event
from sim.caliper.shapes import Shape, builder, fields_of
from sim.render.scopes import scope_rows
from sim.tools.vendors import ALL_FIELDS, shape_of
from sim.world.world import World

Document = dict[str, Any]


class Builder:
    """Documents of one world, an event at a time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._plans: dict[int, tuple[list[str], Callable[[Any], Shape]]] = {}

    def documents(self, batch: Batch) -> Iterator[Document]:
        """One document per event, in the batch's order."""
        made: dict[int, Iterator[Document]] = {
            kind: self._of_kind(kind, batch.take(np.flatnonzero(batch.kind == kind)))
            for kind in np.unique(batch.kind).tolist()
        }
        for kind in batch.kind.tolist():
            yield next(made[kind])

    def _of_kind(self, code: int, batch: Batch) -> Iterator[Document]:
        if code not in self._plans:
            shape = shape_of(KINDS[code], self.world.tenant)
            self._plans[code] = fields_of(shape), builder(shape)
        names, make = self._plans[code]
        return map(make, zip(*(self._values(name, batch) for name in names), strict=True))

    def _values(self, name: str, batch: Batch) -> list[Any]:
        field = ALL_FIELDS[name]
        place = batch if field.scope == "event" else scope_rows(field.scope, self.world, batch)
        return field.values(self.world, place)


def models(world: World, batch: Batch) -> list[Event]:
    """The documents as checked pydantic models."""
    documents = Builder(world).documents(batch)
    kinds = (KINDS[code] for code in batch.kind.tolist())
    return [
        EVENT_MODELS[kind.sensor].model_validate(document)
        for kind, document in zip(kinds, documents, strict=True)
    ]


def render_slow(world: World, batch: Batch) -> list[bytes]:
    """The reference bytes: pydantic models to orjson."""
    return [
        orjson.dumps(model.model_dump(by_alias=True, exclude_none=True)) for model in models(world, batch)
    ]


def plain_loop(builder: Builder, batch: Batch) -> list[bytes]:
    """Dicts and ``orjson.dumps``, an event at a time: how one would write it without thinking of speed."""
    return [orjson.dumps(document) for document in builder.documents(batch)]
