"""Columns of events whose documents are made already: the same as those made alone."""

from __future__ import annotations

import numpy as np
import pytest

from sim.caliper.kinds import KINDS
from sim.folder.digest import events_digest
from sim.render.expanded import Expander
from sim.render.fragments import fragments_of
from sim.render.rendered import ExtensionPlaces
from sim.render.renderer import Renderer
from sim.render.scopes import Scoped
from sim.tools.vendors import ALL_FIELDS, shape_of
from tests.events.test_render import samples
from tests.samples.tiny import tiny


@pytest.mark.parametrize("forgetful", [False, True])
def test_columns_are_the_same_beside_documents(monkeypatch: pytest.MonkeyPatch, forgetful: bool) -> None:
    """Every kind of event: extensions cut out of documents and texts kept between parts change no value."""
    if forgetful:
        monkeypatch.setattr("sim.render.leaf_columns.LEAF_BYTES", -1)
    world, batch = tiny().world, samples()
    assert set(batch.kind.tolist()) == set(range(len(KINDS)))
    alone = Expander(world).table(batch, Renderer(world).render(batch))
    renderer, expander = Renderer(world), Expander(world)
    for part in (slice(0, 300), slice(0, None)):  # the second finds what the first has made
        rows = Scoped(world, batch.take(part))
        made = renderer.of(rows)
        assert made.extensions() is not None
        beside = expander.of(rows, made)
    assert events_digest(beside) == events_digest(alone)
    assert beside.column("extensions_json").to_pylist() == alone.column("extensions_json").to_pylist()
    without = expander.of(rows, made, event=False, extensions=False)
    assert without.column("event").null_count == without.column("extensions_json").null_count == len(batch)


def test_extensions_elsewhere_are_made_and_not_cut() -> None:
    """Where a document's extensions can't be told by its fragments, nobody guesses."""
    shape = shape_of(KINDS[0], tiny().world.tenant)
    other = {"extensions": shape["extensions"], **{k: v for k, v in shape.items() if k != "extensions"}}
    places = ExtensionPlaces([shape, other], [fragments_of(each, ALL_FIELDS) for each in (shape, other)])
    ends, first = np.zeros(40, np.int32), np.zeros(1, np.int64)
    assert places.starts(np.zeros(1, np.uint8), ends, first) is not None
    assert places.starts(np.ones(1, np.uint8), ends, first) is None
