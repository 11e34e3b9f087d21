"""A batch seen by scopes: the row of each event in its person, course, object; found once a batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from context.arrays import I64, U8, values_and_codes
from sim.caliper.batch import Batch
from sim.render.fragments import SHARED
from sim.tools.every_tool import FIXED, key_texts
from sim.tools.vendors import ALL_FIELDS
from sim.world.clients import ADDRESSES, address_rows, devices
from sim.world.world import World


def scope_rows(scope: str, world: World, batch: Batch) -> I64:
    """The row of each event in its scope."""
    if scope == "person":
        return batch.person.astype(np.int64)
    if scope == "enrolment":
        return batch.enrolment.astype(np.int64)
    if scope == "course":
        return batch.course.astype(np.int64)
    if scope == "agent":
        return devices(world, batch.person, batch.visit)
    if scope == "address":
        return address_rows(world, batch.person, batch.visit)
    return batch.object.astype(np.int64)


def scope_size(scope: str, world: World) -> int:
    """How many rows a scope has that are shared by many events; 0 for others."""
    sizes = {
        "person": len(world.persons.udp_id),
        "enrolment": len(world.enrolments.person),
        "course": len(world.courses.udp_id),
        "agent": len(world.devices),
        "address": len(ADDRESSES),
    }
    return (
        sizes[scope] if scope in sizes else len(world.objects[scope].lms_id) if scope in world.objects else 0
    )


_OF_VISITS = ("agent", "address")


class Scoped:
    """One batch's events by scope: the rows they have in each, and texts that more than one reader wants.

    Everything is found when first asked for, once for documents and columns.
    """

    def __init__(self, world: World, batch: Batch) -> None:
        self.batch = batch
        self._world = world
        order = np.argsort(batch.kind, kind="stable")
        codes, starts = np.unique(batch.kind[order], return_index=True)
        bounds = np.append(starts, len(order))
        self.codes: tuple[int, ...] = tuple(codes.tolist())
        self._of_kind: dict[int, I64] = {
            code: order[bounds[place] : bounds[place + 1]] for place, code in enumerate(self.codes)
        }
        self._rows: dict[str, I64] = {"": np.zeros(len(batch), dtype=np.int64)}
        self._mine: dict[tuple[int, ...], I64] = {}
        self._unique: dict[tuple[str, tuple[int, ...]], tuple[I64, I64]] = {}
        self._fixed: dict[str, U8] = {}
        self._texts: dict[tuple[str, tuple[int, ...], bool], Any] = {}
        self._visits: tuple[I64, I64] | None = None

    def of(self, scope: str) -> I64:
        """The row of each event in a scope, "" for none."""
        key = _key(scope)
        if key not in self._rows:
            self._rows[key] = self._of_visits(key) if key in _OF_VISITS else self._scope_rows(key, self.batch)
        return self._rows[key]

    def _scope_rows(self, key: str, batch: Batch) -> I64:
        return scope_rows(key, self._world, batch)

    def _of_visits(self, key: str) -> I64:
        """What is the same in all of a visit is found once a visit."""
        first, place = self.visits()
        person = self.batch.person
        if not np.array_equal(
            person[first][place], person
        ):  # nobody's events could stand under a visit's key
            return self._scope_rows(key, self.batch)
        return np.asarray(self._scope_rows(key, self.batch.take(first))[place])

    def visits(self) -> tuple[I64, I64]:
        """(the first event of each visit, in order; the place of each event's visit among them)."""
        if self._visits is None:
            place = pa.array(self.batch.visit).dictionary_encode().indices.to_numpy().astype(np.int64)
            first = np.flatnonzero(np.diff(np.maximum.accumulate(place), prepend=-1))
            self._visits = first, place
        return self._visits

    def fixed(self, name: str) -> U8:
        """[events, width] bytes of a field of ``FIXED``."""
        if name not in self._fixed:
            self._fixed[name] = FIXED[name](self.batch)
        return self._fixed[name]

    def sessions(self) -> U8:
        """[visits, 32] bytes of the session of each visit, in the order of ``visits``."""
        if "" not in self._fixed:
            self._fixed[""] = key_texts(self.batch.visit[self.visits()[0]])
        return self._fixed[""]

    def texts(self, field: str, codes: tuple[int, ...], *, raw: bool) -> Any:
        """A field's text for each event of some kinds, as ``Field.texts`` has it."""
        found = ALL_FIELDS[field]
        key = field, codes, raw and found.form == "text"
        if key not in self._texts:
            mine = self.mine(codes)
            at = self.batch.take(mine) if found.scope == "event" else self.of(found.scope)[mine]
            self._texts[key] = found.texts(self._world, at, raw=raw)
        return self._texts[key]

    def mine(self, codes: tuple[int, ...]) -> I64:
        """The events of some kinds."""
        if len(codes) == 1:
            return self._of_kind[codes[0]]
        if codes not in self._mine:
            wanted = np.zeros(256, dtype=np.bool_)
            wanted[list(codes)] = True
            self._mine[codes] = np.flatnonzero(wanted[self.batch.kind])
        return self._mine[codes]

    def unique(self, scope: str, codes: tuple[int, ...]) -> tuple[I64, I64]:
        """(rows of a scope that events of some kinds have, each once; the place of each event among them)."""
        key = _key(scope), codes
        if key not in self._unique:
            self._unique[key] = values_and_codes(self.of(scope)[self.mine(codes)])
        return self._unique[key]


def _key(scope: str) -> str:
    return scope if scope in SHARED or not scope else "object"
