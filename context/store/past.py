"""A store on a morning: what of it is known by then. Which facts came about when is data, in ``schemas``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import schemas
from context.arrays import BOOL, I64, NEVER
from context.scenario.zones import wall_to_instant
from context.store.store import ENTITY


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
            target, key = target_of(table, column)
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
        values, is_day = self.instants(target_of(table, path[0])[0], path[1:])
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
                for column, target in references_of(name):
                    if target not in self.entity:
                        continue
                    rows = self.rows(name, column)
                    rule = facts_of(name).rule(column)
                    held = (rows < 0) | np.append(there[target], True)[rows]
                    if rule is not None and rule.kind == "since":
                        held |= ~self.known(name, rule.since[0].path)  # the reference is not there yet
                    if (there[name] & ~held).any():
                        there[name] = there[name] & held
                        changed = True
        return there

    def _born(self, name: str) -> BOOL:
        born, is_day = self.births(name)
        return np.asarray((born == NEVER) | (born < (self.day if is_day else self.cutoff_us)))

    def births(self, name: str) -> tuple[I64, bool]:
        """(from when each row is there, whether that is in days), NEVER where it has been ever since."""
        born = facts_of(name).born
        if not born:
            return np.full(len(self.entity[name]), NEVER), False
        if born[0] != "first":
            return self.instants(name, born)
        _, child, column = born
        values, is_day = self.instants(child, (column,))
        first = np.full(len(self.entity[name]) + 1, NEVER, dtype=np.int64)
        np.minimum.at(first, self.rows(child, back_of(child, name)), values)
        return first[:-1], is_day


def facts_of(name: str) -> schemas.AsOf:
    """When facts of an entity come about, as its schema says."""
    return schemas.table(ENTITY, name).as_of


def references_of(name: str) -> list[tuple[str, str]]:
    """(column, table it refers to) of an entity."""
    columns = schemas.table(ENTITY, name).columns
    return [(column.name, column.references.split(".")[0]) for column in columns if column.references]


def back_of(child: str, name: str) -> str:
    """The column of ``child`` that refers to an entity."""
    return next(column for column, target in references_of(child) if target == name)


def target_of(table: str, column: str) -> tuple[str, str]:
    """(table, key) that a column refers to."""
    references = schemas.table(ENTITY, table).column(column).references
    if references is None:
        raise KeyError(f"{table}.{column} refers to no table")
    target, key = references.split(".")
    return target, key
