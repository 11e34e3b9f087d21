"""DuckDB as what a pack is fitted from: a session with views on a file, or on folders of Parquet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import duckdb

from context.errors import InputError, RunError, first_line
from sim.fit.warehouses.source import DATASETS, KEPT, FitRow, readable_fault
from sim.folder.duckdb_paths import duckdb_file, duckdb_folder, readable_database
from sim.sql.grammar.catalog import Relation, Surroundings
from sim.sql.session_tables import SessionTables
from sim.sql.translate import Translated, explained, install, translate
from sim.sql.warehouse import literal, quoted


@dataclass
class DuckdbSource:
    """A DuckDB session in which the tables of a warehouse go by their names."""

    connection: duckdb.DuckDBPyConnection
    label: str
    days_at_once: int = 14
    _known: dict[tuple[str, ...], Relation] = field(default_factory=dict)
    _made_ready: dict[str, Translated] = field(default_factory=dict)  # each text is looked through, then run

    def tables(self) -> frozenset[str]:
        """Names of its tables."""
        rows = self.connection.execute(
            "SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
        return frozenset(str(row[0]) for row in rows)

    def relation(self, path: Sequence[str]) -> Relation:
        """A table as queries find it; looked up once. Raises InputError."""
        at = tuple(path)
        if at not in self._known:
            self._known[at] = SessionTables(self.connection).relation(path)
        return self._known[at]

    def lacks(self, sql: str) -> str:
        """What is not there."""
        try:
            self._translated(sql)
        except InputError as error:
            return readable_fault(error)
        return ""

    def rows(self, sql: str) -> list[FitRow]:
        """The rows of a query."""
        made = self._made(sql)
        return list(self._explained(lambda: self.connection.sql(made).to_arrow_table()).to_pylist())

    def keep(self, name: str, *parts: str) -> None:
        """Keep rows of queries."""
        table = f"{KEPT}.{quoted(name)}"
        for i, sql in enumerate(parts):
            made = f"INSERT INTO {table}" if i else f"CREATE OR REPLACE TABLE {table} AS"
            self._explained(partial(self.connection.execute, f"{made} {self._made(sql)}"))
        self._known.pop((KEPT, name), None)
        self._made_ready.clear()

    def _translated(self, sql: str) -> Translated:
        if sql not in self._made_ready:
            self._made_ready[sql] = translate(sql, Surroundings(self))
        return self._made_ready[sql]

    def _made(self, sql: str) -> str:
        translated = self._translated(sql)
        install(self.connection, translated)
        return translated.duckdb_sql

    def _explained(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise RunError(f"{self.label}: {first_line(error)}") from error
        except duckdb.Error as error:
            raise explained(error) from error


def attach(connection: duckdb.DuckDBPyConnection, file: Path, text: str) -> None:
    """Views on the tables of a DuckDB file."""
    try:
        connection.execute(f"ATTACH {literal(readable_database(file))} AS warehouse (READ_ONLY)")
        rows = connection.execute(
            "SELECT DISTINCT schema_name, name FROM ("
            "SELECT schema_name, table_name AS name FROM duckdb_tables() WHERE database_name = 'warehouse' "
            "UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'warehouse')"
        ).fetchall()
        for dataset, name in sorted(rows):
            if dataset in DATASETS:
                at = f"{quoted(dataset)}.{quoted(name)}"
                connection.execute(f"CREATE VIEW {at} AS SELECT * FROM warehouse.{at}")
    except duckdb.Error as error:
        raise InputError(f"--from {text}: cannot be read: {first_line(error)}") from error


def make_views(connection: duckdb.DuckDBPyConnection, folder: Path, text: str) -> None:
    """Views on Parquet: dataset/table.parquet, or all files below dataset/table/."""
    for dataset in DATASETS:
        for place in sorted((folder / dataset).glob("*")):
            name = place.name.removesuffix(".parquet")
            if place.is_dir():
                if next(place.rglob("*.parquet"), None) is None:
                    continue
                files = literal(f"{duckdb_folder(place)}/**/*.parquet")
            elif place.suffix == ".parquet":
                files = literal(duckdb_file(place))
            else:
                continue
            at = f"{quoted(dataset)}.{quoted(name)}"
            try:
                connection.execute(
                    f"CREATE VIEW {at} AS SELECT * FROM read_parquet({files}, hive_partitioning = false)"
                )
            except duckdb.Error as error:
                raise InputError(f"--from {text}: {place.name}: {first_line(error)}") from error
