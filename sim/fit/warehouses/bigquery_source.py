"""BigQuery as what a pack is fitted from: the same texts, run there; only what they count comes back."""

from __future__ import annotations

import re
from collections.abc import Sequence

import schemas
from context.errors import InputError
from sim.fit.warehouses.source import (
    DATASETS,
    KEPT,
    FitRow,
    readable_fault,
)
from sim.sinks.bigquery.connection import BigQueryReader
from sim.sql.grammar.catalog import Relation, Surroundings
from sim.sql.grammar.types import Type, type_of_column
from sim.sql.translate import translate


class BigQuerySource:
    """A project of BigQuery. ``address``: what stands behind ``bigquery:``."""

    label = "BigQuery"
    days_at_once = 10_000

    def __init__(self, address: str) -> None:
        self._reader = BigQueryReader(address, DATASETS)
        self._columns = self._reader.columns()
        self._kept: dict[str, tuple[str, tuple[tuple[str, Type], ...]]] = {}

    def tables(self) -> frozenset[str]:
        """Names of its tables."""
        return frozenset(self._columns)

    def relation(self, path: Sequence[str]) -> Relation:
        """A table with the columns that are there, in the types of the contract. Raises InputError."""
        name = ".".join(path)
        if path[0] == KEPT and path[-1] in self._kept:
            return Relation(path[-1], path[-1], self._kept[path[-1]][1])
        if name not in self._columns:
            raise InputError(f"no table named {name}")
        try:
            table = schemas.find_table(name)
            known = {column.name: column for column in table.columns}
        except schemas.UnknownName as error:
            raise InputError(str(error)) from None
        there = [known[column] for column in self._columns[name] if column in known]
        return Relation(path[-1], name, tuple((column.name, type_of_column(column)) for column in there))

    def lacks(self, sql: str) -> str:
        """What is not there: told by the translation to DuckDB, which looks every name up."""
        try:
            translate(sql, Surroundings(self))
        except InputError as error:
            return readable_fault(error)
        return ""

    def rows(self, sql: str) -> list[FitRow]:
        """The rows of a query."""
        return self._reader.rows(self._with_kept(sql))

    def keep(self, name: str, *parts: str) -> None:
        """Keep the rows of queries in anonymous tables of the service, which goes through the events once."""
        columns = translate(parts[0], Surroundings(self)).columns
        table = self._reader.kept(self._with_kept("\nUNION ALL\n".join(parts)))
        self._kept[name] = (table, columns)

    def _with_kept(self, sql: str) -> str:
        """The query with the names of kept tables there."""
        for name, (table, _) in self._kept.items():
            sql = re.sub(rf"\b{KEPT}\.{name}\b", f"`{table}`", sql)
        return sql
