"""One field of every event as an Arrow column: taken from the shapes of the kinds, each text made once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context.arrays import BOOL, I64
from sim.caliper.kinds import KINDS
from sim.caliper.texts import Texts, join
from sim.render.fragments import Fragment, fragments_of, raw_fragments_of, texts_of
from sim.render.layout import Layout
from sim.render.scopes import Scoped
from sim.tools.vendors import ALL_FIELDS, shape_of
from sim.world.world import World


@dataclass(frozen=True)
class LeafColumn:
    """Texts (or numbers) and the row of each event in them; -1 is NULL."""

    values: pa.Array
    rows: I64

    def array(self) -> pa.Array:
        """The column: a dictionary of the texts that happen, or plain numbers."""
        rows = pa.array(self.rows.astype(np.int32, copy=False))
        if self.rows.min(initial=0) < 0:
            rows = pc.if_else(pc.greater_equal(rows, 0), rows, None)
        if not pa.types.is_string(self.values.type):
            return self.values.take(rows)
        if not len(self.values):  # every part of a unit has the same types
            return pa.DictionaryArray.from_arrays(pa.nulls(len(rows), pa.int32()), self.values)
        # A dictionary that holds a text twice makes the Parquet writer give up on it, and then its bytes
        # differ from run to run: each text once.
        once = self.values.dictionary_encode()
        if len(once.dictionary) < len(self.values):
            rows = once.indices.take(rows)
        return pa.DictionaryArray.from_arrays(rows, once.dictionary, safe=False)


class LeafColumns:
    """Makes leaf columns of one world's batches. A path leads through a document: ``("object", "id")``."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._shapes = [shape_of(kind, world.tenant) for kind in KINDS]
        self._fragments: dict[tuple[tuple[str, ...], bool], list[tuple[Fragment, ...]]] = {}
        self._layouts: dict[tuple[str, ...], Layout] = {}

    def of(self, rows: Scoped, path: tuple[str, ...], *, as_json: bool = False) -> pa.Array:
        """The column of a field; NULL where a kind has none. ``as_json``: a whole node as JSON text."""
        by_kind = self._of_kinds(path, as_json)
        groups: dict[tuple[Fragment, ...], list[int]] = {}
        for code in rows.codes:
            if by_kind[code]:
                groups.setdefault(by_kind[code], []).append(code)
        values: list[pa.Array] = []
        row, count = np.full(len(rows.batch), -1, dtype=np.int64), 0
        for fragments, codes in groups.items():
            texts, place = self._texts(fragments, rows, tuple(codes), raw=not as_json)
            row[rows.mine(tuple(codes))] = place + count
            values.append(texts)
            count += len(texts)
        return LeafColumn(pa.concat_arrays(values) if values else pa.array([], pa.string()), row).array()

    def plain(self, rows: Scoped, path: tuple[str, ...]) -> pa.Array:
        """A node as JSON text where nearly every event has its own: no dictionary."""
        if path not in self._layouts:
            self._layouts[path] = Layout(self._world, self._of_kinds(path, as_json=True))
        texts = self._layouts[path].texts(rows)
        there = self.has(rows, *path)
        return texts if there.all() else pc.if_else(pa.array(there), texts, pa.scalar(None, pa.string()))

    def has(self, rows: Scoped, *path: str) -> BOOL:
        """Which events have a field at all."""
        known = np.array([bool(fragments) for fragments in self._of_kinds(path, as_json=True)])
        return np.asarray(known[rows.batch.kind])

    def _of_kinds(self, path: tuple[str, ...], as_json: bool) -> list[tuple[Fragment, ...]]:
        key = path, as_json
        if key not in self._fragments:
            self._fragments[key] = [self._of_shape(shape, path, as_json) for shape in self._shapes]
        return self._fragments[key]

    @staticmethod
    def _of_shape(shape: Any, path: tuple[str, ...], as_json: bool) -> tuple[Fragment, ...]:
        node = shape
        for name in path:
            node = node.get(name) if isinstance(node, dict) else None
        if node is None:
            return ()
        return tuple(fragments_of(node, ALL_FIELDS) if as_json else raw_fragments_of(node, ALL_FIELDS))

    def _texts(
        self, fragments: tuple[Fragment, ...], rows: Scoped, codes: tuple[int, ...], *, raw: bool
    ) -> tuple[Texts, I64]:
        """(texts, row of each of the kinds' events in them)."""
        scopes = {fragment.scope for fragment in fragments} - {""}
        if not scopes:
            return pa.array([fragments[0].text]), np.zeros(len(rows.mine(codes)), dtype=np.int64)
        if len(scopes) == 1 and "event" not in scopes:
            used, place = rows.unique(scopes.pop(), codes)
            tokens = tuple(token for fragment in fragments for token in fragment.tokens)
            return texts_of(tokens, ALL_FIELDS, self._world, used, len(used), raw=raw), place
        batch = rows.batch.take(rows.mine(codes))
        pieces: list[Any] = []
        for fragment in fragments:
            if not fragment.scope:
                pieces.append(fragment.text)
            elif fragment.scope == "event":
                pieces.append(texts_of(fragment.tokens, ALL_FIELDS, self._world, batch, len(batch), raw=raw))
            else:
                used, place = rows.unique(fragment.scope, codes)
                texts = texts_of(fragment.tokens, ALL_FIELDS, self._world, used, len(used), raw=raw)
                pieces.append(texts.take(pa.array(place)))
        return join(*pieces), np.arange(len(batch))
