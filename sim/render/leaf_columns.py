"""One field of every event as an Arrow column: taken from the shapes of the kinds, each text made once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context.arrays import BOOL, I32, I64
from sim.caliper.kinds import KINDS
from sim.caliper.shapes import Token
from sim.caliper.texts import Texts, join
from sim.render.fragments import Fragment, fragments_of, joined_texts, raw_fragments_of, texts_of
from sim.render.layout import Layout, is_kept
from sim.render.scopes import Scoped, scope_size
from sim.render.text_pools import PooledTexts
from sim.tools.vendors import ALL_FIELDS, shape_of
from sim.world.world import World

LEAF_BYTES = 80_000_000  # of texts kept by a process; then they are made anew


@dataclass(frozen=True)
class LeafColumn:
    """Texts (or numbers) and the row of each event in them; -1 is NULL."""

    values: pa.Array
    rows: I64 | I32

    def array(self) -> pa.Array:
        """The column: a dictionary of the texts that happen, or plain numbers."""
        rows = _nullable(self.rows)
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


def _nullable(rows: I64 | I32) -> pa.Array:
    """Rows as int32, those below 0 as NULL."""
    there = rows >= 0
    if there.all():
        return pa.array(rows.astype(np.int32, copy=False))
    valid = pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.Array.from_buffers(
        pa.int32(), len(rows), [valid, pa.py_buffer(np.maximum(rows, 0).astype(np.int32))]
    )


_What = str | tuple[Fragment, ...]  # a text that is the same in all of a kind's events, or what makes it


@dataclass(frozen=True)
class _Alike:
    """Kinds by what they have in a field: found once, as on a small day there are as many kinds as on any."""

    number: list[int]  # of a kind's own, -1 for a kind without the field
    what: list[_What]  # by number

    @staticmethod
    def of(by_kind: list[tuple[Fragment, ...]]) -> _Alike:
        """The kinds of a field whose fragments are these."""
        numbers: dict[_What, int] = {}
        found = []
        for fragments in by_kind:
            is_constant = len(fragments) == 1 and not fragments[0].scope
            what: _What = fragments[0].text if is_constant else fragments
            found.append(numbers.setdefault(what, len(numbers)) if fragments else -1)
        return _Alike(found, list(numbers))

    def codes(self, present: tuple[int, ...]) -> dict[_What, list[int]]:
        """The kinds that are present, together with those that have the same; in their order."""
        found: dict[int, list[int]] = {}
        for code in present:
            found.setdefault(self.number[code], []).append(code)
        found.pop(-1, None)
        return {self.what[number]: codes for number, codes in found.items()}


class LeafColumns:
    """Makes leaf columns of one world's batches. A path leads through a document: ``("object", "id")``."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._shapes = [shape_of(kind, world.tenant) for kind in KINDS]
        self._fragments: dict[tuple[tuple[str, ...], bool], list[tuple[Fragment, ...]]] = {}
        self._grouped: dict[tuple[tuple[str, ...], bool], _Alike] = {}
        self._known: dict[tuple[str, ...], BOOL] = {}
        self._layouts: dict[tuple[str, ...], Layout] = {}
        self._pools: dict[tuple[tuple[Fragment, ...], bool], PooledTexts] = {}

    def forget(self) -> None:
        """Let texts go that are kept for later batches, if they are too many."""
        if sum(pool.bytes for pool in self._pools.values()) > LEAF_BYTES:
            self._pools.clear()

    def of(self, rows: Scoped, path: tuple[str, ...], *, as_json: bool = False) -> pa.Array:
        """The column of a field; NULL where a kind has none. ``as_json``: a whole node as JSON text."""
        alike = self._alike(path, as_json)
        groups: dict[tuple[Fragment, ...], list[int]] = {}
        constants: dict[str, list[int]] = {}
        for what, codes in alike.codes(rows.codes).items():
            if isinstance(what, str):
                constants[what] = codes
            else:
                groups[what] = codes
        values: list[pa.Array] = [pa.array(list(constants), pa.string())]
        of_code = np.full(256, -1, dtype=np.int32)
        for count, codes in enumerate(constants.values()):
            of_code[codes] = count
        row, count = of_code[rows.batch.kind], len(constants)
        for fragments, codes in groups.items():
            texts, place = self._texts(fragments, rows, tuple(codes), raw=not as_json)
            row[rows.mine(tuple(codes))] = place + count
            values.append(texts)
            count += len(texts)
        return LeafColumn(pa.concat_arrays(values) if groups else values[0], row).array()

    def plain(self, rows: Scoped, path: tuple[str, ...]) -> pa.Array:
        """A node as JSON text where nearly every event has its own: no dictionary."""
        if path not in self._layouts:
            self._layouts[path] = Layout(self._world, self._of_kinds(path, as_json=True))
        texts = self._layouts[path].texts(rows)
        there = self.has(rows, *path)
        return texts if there.all() else pc.if_else(pa.array(there), texts, pa.scalar(None, pa.string()))

    def has(self, rows: Scoped, *path: str) -> BOOL:
        """Which events have a field at all."""
        if path not in self._known:
            self._known[path] = np.array([bool(each) for each in self._of_kinds(path, as_json=True)])
        return np.asarray(self._known[path][rows.batch.kind])

    def _alike(self, path: tuple[str, ...], as_json: bool) -> _Alike:
        key = path, as_json
        if key not in self._grouped:
            self._grouped[key] = _Alike.of(self._of_kinds(path, as_json))
        return self._grouped[key]

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
        scopes, count = {fragment.scope for fragment in fragments} - {""}, len(rows.mine(codes))
        if len(scopes) == 1 and "event" not in scopes:
            scope = scopes.pop()
            used, place = rows.unique(scope, codes)
            tokens = tuple(token for fragment in fragments for token in fragment.tokens)
            make = partial(self._made, tokens, raw=raw)
            if any(is_kept(scope, code, self._world) for code in codes):
                key = fragments, raw
                if key not in self._pools:
                    self._pools[key] = PooledTexts(scope_size(scope, self._world))
                return self._pools[key].take(used, make), place
            if 2 * len(used) < count:
                return make(used), place
        # Where hardly two events have the same, their fields' texts are those that documents are made of.
        pieces: list[Any] = []
        for fragment in fragments:
            if not fragment.scope:
                pieces.append(fragment.text)
            else:
                pieces.append(joined_texts(fragment.tokens, partial(rows.texts, codes=codes, raw=raw), count))
        return pieces[0] if len(pieces) == 1 else join(*pieces), np.arange(count)

    def _made(self, tokens: tuple[Token, ...], used: I64, *, raw: bool) -> Texts:
        return texts_of(tokens, ALL_FIELDS, self._world, used, len(used), raw=raw)
