"""Texts that one array can't hold: made in pieces, read as large ones, rendered the same."""

from __future__ import annotations

import pyarrow as pa
import pytest

from context import columns
from context.generate import laid_out
from sim.render.renderer import Renderer
from sim.world import reader
from sim.world.load import load_world
from tests.events.test_draw import term
from tests.samples.tiny import TINY, drawn_of, store_of, tiny


def test_texts_in_pieces_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts that are written some rows at a time say what they say when written at once."""
    whole = store_of(TINY).entity["discussion_entry"]
    monkeypatch.setattr(columns, "_PIECE_ROWS", 100)
    found = laid_out(drawn_of(TINY)).entity["discussion_entry"]
    assert found["body"].num_chunks > 2
    assert found.equals(whole)


def test_large_texts_are_rendered_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world whose texts are large ones gives the same documents."""
    campus = tiny()
    monkeypatch.setattr(reader, "_MOST_TEXT", 10_000)
    world = load_world(campus.root, campus.scenario, campus.pack, campus.calendar)
    assert pa.types.is_large_string(world.posts.body.type)
    batch = term().take(slice(0, 30_000))
    assert Renderer(world).render(batch).equals(Renderer(campus.world).render(batch))
