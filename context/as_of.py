"""The store as a nightly batch would show it on an earlier morning.

The batch of day D is taken at D's local midnight: what happened before it is there, nothing else is. Which
facts came about when is data, the ``[as_of]`` sections of ``schemas``; this is the one engine for all tables.
A row is there once it is born and every row that it refers to is there, so that no key is an orphan on any
morning. Ids never depend on the date.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

import schemas
from context.as_of_grades import COMPUTED, Gradebook
from context.errors import InputError
from context.store import ENTITY, Store
from context.zones import instant_to_wall, wall_to_instant
from schemas import Rule, Since

I64 = npt.NDArray[np.int64]
BOOL = npt.NDArray[np.bool_]
DAY_US = 86_400_000_000
NEVER = np.iinfo(np.int64).max  # later than everything: a date that is NULL


class Past:
    """A store on a morning: what of it is known. Tables are those given; ids are looked up, not counted."""

    def __init__(self, entity: Mapping[str, pa.Table], time_zone: str, day: date) -> None:
        self.entity = {name: table.combine_chunks() for name, table in entity.items()}
        self.day = (day - date(1970, 1, 1)).days
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - a wall time
        self.cutoff_us = wall_to_instant(time_zone, midnight) * 1000
        self._rows: dict[tuple[str, str], I64] = {}

    def ints(self, table: str, column: str, null: int = NEVER) -> I64:
        """A column of dates, instants or integers as int64 (days, microseconds), NULL as ``null``."""
        array = self.entity[table][column]
        if pa.types.is_date32(array.type):
            array = array.cast(pa.int32())
        return np.asarray(pc.fill_null(array.cast(pa.int64()), null).to_numpy(), dtype=np.int64)

    def rows(self, table: str, column: str) -> I64:
        """The row that each reference leads to, -1 for NULL."""
        if (table, column) not in self._rows:
            target, key = _target(table, column)
            wanted, there = self.ints(table, column, -1), self.ints(target, key)
            order = np.argsort(there, kind="stable")
            place = np.minimum(np.searchsorted(there[order], wanted), max(len(there) - 1, 0))
            found = order[place] if len(there) else np.full(len(wanted), -1)
            self._rows[table, column] = np.where(wanted < 0, -1, found)
        return self._rows[table, column]

    def instants(self, table: str, path: tuple[str, ...]) -> tuple[I64, bool]:
        """(values of a path, whether they are days and not microseconds), NEVER where there is none."""
        if len(path) == 1:
            return self.ints(table, path[0]), pa.types.is_date32(self.entity[table][path[0]].type)
        values, is_day = self.instants(_target(table, path[0])[0], path[1:])
        rows = self.rows(table, path[0])
        return np.where(rows < 0, NEVER, np.append(values, NEVER)[rows]), is_day

    def known(self, table: str, path: tuple[str, ...]) -> BOOL:
        """True where the date that a path leads to is past."""
        values, is_day = self.instants(table, path)
        return values < (self.day if is_day else self.cutoff_us)

    @cached_property
    def there(self) -> dict[str, BOOL]:
        """The rows of each table that are there."""
        there = {name: self._born(name) for name in self.entity}
        changed = True
        while changed:  # a row that goes takes those that refer to it along
            changed = False
            for name in self.entity:
                for column, target in _references(name):
                    if target not in self.entity:
                        continue
                    rows = self.rows(name, column)
                    rule = _as_of(name).rule(column)
                    held = (rows < 0) | np.append(there[target], True)[rows]
                    if rule is not None and rule.kind == "since":
                        held |= ~self.known(name, rule.since[0].path)  # the reference is not there yet
                    if (there[name] & ~held).any():
                        there[name] = there[name] & held
                        changed = True
        return there

    @cached_property
    def gradebook(self) -> Gradebook:
        """The results as they stood, for scores."""
        return Gradebook(self)

    def _born(self, name: str) -> BOOL:
        born, is_day = self.births(name)
        return np.asarray((born == NEVER) | (born < (self.day if is_day else self.cutoff_us)))

    def births(self, name: str) -> tuple[I64, bool]:
        """(from when each row is there, whether that is in days), NEVER where it has been ever since."""
        born = _as_of(name).born
        if not born:
            return np.full(len(self.entity[name]), NEVER), False
        if born[0] != "first":
            return self.instants(name, born)
        _, child, column = born
        values, is_day = self.instants(child, (column,))
        first = np.full(len(self.entity[name]) + 1, NEVER, dtype=np.int64)
        np.minimum.at(first, self.rows(child, _back(child, name)), values)
        return first[:-1], is_day

    def shown(self, name: str) -> pa.Table:
        """A table as it stood: the rows there, each column by its rule."""
        table = self.entity[name]
        computed = COMPUTED[name](self, self.gradebook) if name in COMPUTED else {}
        for place, column in enumerate(table.column_names):
            rule = _as_of(name).rule(column)
            if rule is None or rule.kind in ("planned", "created"):
                continue
            array = computed[column] if rule.kind == "computed" else self._column(name, column, rule)
            if array is not None:
                table = table.set_column(place, table.field(place).with_type(array.type), array)
        return table if self.there[name].all() else table.filter(pa.array(self.there[name]))

    def _column(self, name: str, column: str, rule: Rule) -> pa.Array | None:
        """A column as it stood, None where nothing in it differs."""
        if rule.kind == "since":
            return self._since(name, column, rule)
        stored = self.entity[name][column].combine_chunks()
        values = self.ints(name, column)
        if rule.kind == "actual":
            later = (values != NEVER) & ~self.known(name, (column,))
            return pc.if_else(pa.array(later), pa.scalar(None, stored.type), stored) if later.any() else None
        if rule.kind == "changed":
            then = np.where(self.known(name, (column,)), values, self._last_fact(name))
        elif rule.kind == "last":
            then = self._last_of(name, rule.path)
        else:
            then = self._grown(name, values, rule.path)
        if np.array_equal(then, values):
            return None
        whole = pa.array(np.where(then == NEVER, 0, then), mask=then == NEVER)
        return whole.cast(stored.type)

    def _last_fact(self, name: str) -> I64:
        """The latest of a row's own instants that is past."""
        rules = _as_of(name).rules
        own = [column for column, rule in rules.items() if rule.kind in ("created", "actual")]
        last = np.full(len(self.entity[name]), -NEVER, dtype=np.int64)
        for column in own:
            values, is_day = self.instants(name, (column,))
            if not is_day:
                last = np.maximum(last, np.where(values < self.cutoff_us, values, -NEVER))
        return np.where(last == -NEVER, NEVER, last)

    def _last_of(self, name: str, path: tuple[str, ...]) -> I64:
        """The latest date of the rows there that refer to each row."""
        child, column = path
        back = _back(child, name)
        values = self.ints(child, column)
        mine = np.flatnonzero(self.there[child] & (values < self.cutoff_us) & (self.rows(child, back) >= 0))
        last = np.full(len(self.entity[name]), -NEVER, dtype=np.int64)
        np.maximum.at(last, self.rows(child, back)[mine], values[mine])
        return np.where(last == -NEVER, NEVER, last)

    def _grown(self, name: str, values: I64, path: tuple[str, ...]) -> I64:
        """A count that grows evenly, whole days counted, from the row's creation to the end of a date."""
        first = self.births(name)[0] // DAY_US
        until, is_day = self.instants(name, path)
        end = until + 1 if is_day else until // DAY_US + 1
        whole = np.maximum(end - first, 1)
        gone = np.clip(np.where(until == NEVER, whole, self.day - first), 0, whole)
        return np.where(values == NEVER, NEVER, values * gone // whole)

    def _since(self, name: str, column: str, rule: Rule) -> pa.Array | None:
        stored = self.entity[name][column].combine_chunks()
        plain = stored.dictionary_decode() if pa.types.is_dictionary(stored.type) else stored
        shown = plain
        for since in rule.since:
            early = ~self.known(name, since.path)
            if since.only:
                among = pa.array(since.only).cast(shown.type)
                early &= pc.is_in(shown, value_set=among).to_numpy(zero_copy_only=False)
            if early.any():
                shown = self._earlier(name, shown, early, since)
        return None if shown is plain or shown.equals(plain) else shown

    def _earlier(self, name: str, shown: pa.Array, rows: BOOL, since: Since) -> pa.Array:
        """The values of ``rows``, where a value has not come about yet, replaced by what was before it."""
        before = since.before
        if not isinstance(before, Since):
            return pc.if_else(pa.array(rows), pa.scalar(before, shown.type), shown)
        known = self.known(name, before.path)
        shown = pc.if_else(pa.array(rows & known), pa.scalar(before.value, shown.type), shown)
        return self._earlier(name, shown, rows & ~known, before)


def _as_of(name: str) -> schemas.AsOf:
    return schemas.table(ENTITY, name).as_of


def _references(name: str) -> list[tuple[str, str]]:
    """(column, table it refers to) of an entity."""
    columns = schemas.table(ENTITY, name).columns
    return [(column.name, column.references.split(".")[0]) for column in columns if column.references]


def _back(child: str, name: str) -> str:
    """The column of ``child`` that refers to an entity."""
    return next(column for column, target in _references(child) if target == name)


def _target(table: str, column: str) -> tuple[str, str]:
    """(table, key) that a column refers to."""
    references = schemas.table(ENTITY, table).column(column).references
    if references is None:
        raise KeyError(f"{table}.{column} refers to no table")
    target, key = references.split(".")
    return target, key


def as_of(store: Store, time_zone: str, day: date) -> Store:
    """The store on the morning of ``day``: what was recorded before its midnight in ``time_zone``.

    Rows keep their order and ids. Raises InputError for a day on which there is nothing yet.
    """
    past = Past(store.entity, time_zone, day)
    if not past.there["course_section"].any():
        first = _local_day(time_zone, int(past.instants("course_section", ("created_date",))[0].min()))
        raise InputError(f"as of {day}: the store begins later, allowed: {first + timedelta(1)} and after")
    keymap = {
        name: table if past.there[name].all() else table.filter(pa.array(past.there[name]))
        for name, table in store.keymap.items()
    }
    return Store({name: past.shown(name) for name in store.entity}, keymap)


def last_change(store: Store, time_zone: str) -> date:
    """The local date of the last fact in the store: as of the day after, the store is whole."""
    past = Past(store.entity, time_zone, date(1970, 1, 1))
    last = date(1970, 1, 1)
    for name in store.entity:
        section = _as_of(name)
        found = [past.births(name)]
        paths: list[tuple[str, ...]] = []
        for column, rule in section.rules.items():
            if rule.kind in ("created", "actual", "changed"):
                paths.append((column,))
            elif rule.kind == "grows":
                paths.append(rule.path)
            paths.extend(since.path for since in rule.since)
        found.extend(past.instants(name, path) for path in paths)
        for values, is_day in found:
            top = int(np.max(values, initial=-NEVER, where=values != NEVER))
            if top != -NEVER:
                last = max(last, date(1970, 1, 1) + timedelta(top) if is_day else _local_day(time_zone, top))
    return last


def _local_day(time_zone: str, us: int) -> date:
    return instant_to_wall(time_zone, us // 1000).date()
