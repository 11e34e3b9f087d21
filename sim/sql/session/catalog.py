"""Finding what the names of a query mean, and making ready what has to be made first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from sqlglot import exp

import schemas
from context.errors import InputError
from schemas._model import Table
from sim.sql.grammar.catalog import Partition, Relation, Surroundings
from sim.sql.grammar.types import Type, type_of_column
from sim.sql.script.written_types import type_of_arrow
from sim.sql.tables.faults import explaining
from sim.sql.tables.places import MADE, SCRATCH, Place, name_parts, no_table, with_domain, without_project
from sim.sql.tables.scratch import Scratch
from sim.sql.tables.storage_types import kept_columns
from sim.sql.translate import translate
from sim.sql.warehouse import EVENT_DATE, contract_of, dated_events, events_select, is_view, quoted

if TYPE_CHECKING:
    from sim.sql.information_schema import View

RUN_CATALOG = "warehouse"  # the catalog of the run's own tables
TEMP = "temp"
_EXPANDED = ("event_store", "expanded")
_DUCKDBS = ("main", "temp", "system", "pg_catalog", "information_schema")  # names of its own, in every file
_CATALOGUES = ("INFORMATION_SCHEMA", "__TABLES__")  # what sim.sql.information_schema answers
_DEPTH_MAX = 16  # BigQuery's limit of views in views
Columns = tuple[tuple[str, Type], ...]


class TableNames:
    """What a session's queries can read, as the translation looks it up.

    ``note`` is told what a user should know and no answer shows. While ``planning`` is on, tables are plain
    ones of the same names, whose plan tells what a query touches; ``found`` collects them.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        run_dir: Path,
        project: str,
        own: Iterable[Place],
        note: Callable[[str], None],
        *,
        strict_project: bool = False,
    ) -> None:
        self.connection = connection
        self.project = project
        self.scratch = Scratch(connection, run_dir)
        self.temp: dict[str, Place] = {}  # temporary tables, by small letters
        self.run = {(item.dataset, item.name): item for item in _tables_of(connection, RUN_CATALOG)}
        self.own = {(item.dataset, item.name): item for item in own}
        self.planning = False
        self.views_read = False  # whether a view was looked up that reads a table with partitions
        self.found: dict[str, tuple[Place, Columns]] = {}  # by their names in DuckDB's SQL
        self.run_dir = run_dir
        self._note = note
        self._strict = strict_project
        self._made: dict[object, tuple[Place, Columns]] = {}
        self._depth = 0
        for dataset, name in self.own:
            if (dataset, name) in self.run:
                raise InputError(
                    f"--table {dataset}.{name}: the run has a table of that name; choose another one"
                )

    def known(self) -> list[Place]:
        """Everything with a dataset, the run's tables first."""
        return [*self.run.values(), *self.own.values(), *self.scratch.places()]

    def columns(self) -> dict[str, list[str]]:
        """Names of the columns of everything that has a dataset, by dataset.name, and of temporary tables."""
        rows = self.connection.execute(
            "SELECT database_name, schema_name, table_name, list(column_name ORDER BY column_index) "
            "FROM duckdb_columns() GROUP BY ALL"
        ).fetchall()
        found = {(catalog, dataset, name): columns for catalog, dataset, name, columns in rows}
        named = {f"{item.dataset}.{item.name}": item for item in self.known()}
        named |= {item.name: item for item in self.temp.values()}
        return {
            name: found.get((item.catalog, item.dataset, item.name), [])
            for name, item in sorted(named.items())
        }

    def relation(self, path: Sequence[str]) -> Relation:
        """The table of a name. Raises InputError for one that is not there, with near names."""
        parts = with_domain(path)
        view = self._view(parts)
        if view is not None:
            if view not in self._made:
                from sim.sql.information_schema import rows_of
                from sim.sql.session.described import described

                own = described(
                    self.connection, [*self.own.values(), *self.scratch.places()], self._columns_of_view
                )
                rows = rows_of(view, self.run_dir, self.project, set(self.run), own)
                self._made[view] = self._keep(rows, contract_columns(schemas.information_schema()[view.name]))
            return self._plain(view.name, *self._made[view])
        if parts[0] in self._made:
            return self._plain("external_query", *self._made[parts[0]])
        place = self.place(parts)
        if place.text is not None:
            return self._of_view(place)
        contract = contract_of(place.dataset, place.name) if place.catalog == RUN_CATALOG else None
        columns = contract_columns(contract) if contract is not None else self._columns_of(place)
        days = dated_events(self.run_dir, contract) if contract is not None else None
        if contract is None or days is None or contract.partition_by is None:
            return self._plain(place.name, place, columns)
        name = f"{place.dataset}.{place.name}"
        if not self.planning:
            return Relation(
                place.name, f"({days})", columns, name, Partition(contract.partition_by, EVENT_DATE)
            )
        expanded = Place(*_EXPANDED, RUN_CATALOG)
        self.found[expanded.duckdb] = (expanded, contract_columns(schemas.table(*_EXPANDED)))
        source = f"({events_select(expanded.duckdb)})" if is_view(contract) else expanded.duckdb
        return Relation(place.name, source, columns, name)

    def place(self, parts: list[str]) -> Place:
        """Where the table or view of a name lies. Raises InputError with the nearest names."""
        given = ".".join(parts)
        if len(parts) == 1 and parts[0].lower() in self.temp:
            return self.temp[parts[0].lower()]
        parts, project = without_project(parts, self.project)
        self._told(project)
        key = (parts[0], parts[1]) if len(parts) == 2 else (SCRATCH, parts[0])
        if len(parts) == 2 and key in self.run:
            return self.run[key]
        if key in self.own:
            return self.own[key]
        mine = next((item for item in self.scratch.places() if (item.dataset, item.name) == key), None)
        if mine is None:
            raise no_table(given, parts, [*self.known(), *self.temp.values()])
        return mine

    def target(self, node: exp.Table) -> tuple[str, str]:
        """(dataset, name) of a table to make, change or drop. Raises InputError for one of the run's."""
        parts, project = without_project(name_parts(node), self.project)
        self._told(project)
        dataset, name = (parts[0], parts[1]) if len(parts) == 2 else (SCRATCH, parts[0])
        taken = {dataset for dataset, _ in (*self.run, *self.own)}
        if dataset in taken or dataset.lower() in _DUCKDBS or dataset.startswith("_"):
            raise InputError(
                f"{dataset}.{name}: {dataset} is read-only; "
                f"allowed: a dataset of your own, such as {SCRATCH}.{name}"
            )
        check_name(dataset)
        check_name(name)
        return dataset, name

    def external(self, tree: exp.Query) -> None:
        """Run the external queries of a query, and put their rows in their place. Raises InputError."""
        for node in list(tree.find_all(exp.Table)):
            if isinstance(node.this, exp.Func) and node.this.name.upper() == "EXTERNAL_QUERY":
                from sim.sql.tables.external import external_rows

                rows = external_rows(self.connection, node.this, self.run_dir)
                columns = tuple((field.name, type_of_arrow(field.type)) for field in rows.schema)
                place, columns = self._keep(rows, columns)
                self._made[place.name] = (place, columns)
                node.set("this", exp.to_identifier(place.name))
                if not node.args.get("alias"):
                    node.set("alias", exp.TableAlias(this=exp.to_identifier("external_query")))

    def _told(self, project: str | None) -> None:
        if project is None:
            return
        if self._strict:
            raise InputError(f"project {project} given, allowed: {self.project}, which is this run's")
        self._note(f"project {project} is read as {self.project}, which is this run's")

    def _view(self, parts: list[str]) -> View | None:
        upper = [part.upper() for part in parts]
        position = next((i for i, part in enumerate(upper) if part in _CATALOGUES), None)
        if position is None:
            return None
        if position == 2 and parts[0] != self.project:
            self._told(parts[0])
            parts = [self.project, *parts[1:]]
        from sim.sql.information_schema import asked_for

        return asked_for(parts, self.project, sorted({item.dataset for item in self.known()}))

    def _of_view(self, place: Place) -> Relation:
        """A view of the user's: its query, translated, in brackets."""
        if self._depth >= _DEPTH_MAX:
            raise InputError(f"view {place.dataset}.{place.name}: more than {_DEPTH_MAX} views in views")
        self._depth += 1
        try:
            inner = translate(str(place.text), Surroundings(self), carries=True)
        finally:
            self._depth -= 1
        self.views_read |= any(read.partitioned for read in inner.reads)
        columns, sql, partition = inner.columns, f"({inner.duckdb_sql})", inner.partition
        if place.columns:
            if len(place.columns) != len(columns):
                raise InputError(
                    f"view {place.dataset}.{place.name}: {len(place.columns)} columns named, "
                    f"the query has {len(columns)}"
                )
            shown = ", ".join(
                f"{quoted(old)} AS {quoted(new)}"
                for (old, _), new in zip(columns, place.columns, strict=True)
            )
            partition = _renamed(partition, columns, place.columns)
            shown += f", {quoted(partition.day)}" if partition is not None else ""
            sql = f"(SELECT {shown} FROM {sql})"
            columns = tuple((new, kind) for (_, kind), new in zip(columns, place.columns, strict=True))
        return Relation(place.name, sql, columns, partition=partition)

    def _columns_of_view(self, view: Place) -> dict[str, Type]:
        return dict(self._of_view(view).columns)

    def _columns_of(self, place: Place) -> Columns:
        with explaining():
            return tuple(kept_columns(self.connection.sql(f"SELECT * FROM {place.duckdb}")).items())

    def _plain(self, name: str, place: Place, columns: Columns) -> Relation:
        self.found[place.duckdb] = (place, columns)
        return Relation(name, place.duckdb, columns, f"{place.dataset}.{place.name}")

    def _keep(self, rows: pa.Table, columns: Columns) -> tuple[Place, Columns]:
        """Rows as a temporary table of the session."""
        name = f"{MADE}{len(self._made) + 1}"
        self.connection.register("_given", rows)
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS SELECT * FROM _given")
        self.connection.unregister("_given")
        return Place("main", name, TEMP), columns


def _renamed(partition: Partition | None, old: Columns, new: Sequence[str]) -> Partition | None:
    """The partitions of a view whose columns have other names than its query's."""
    names = {name.lower(): renamed for (name, _), renamed in zip(old, new, strict=True)}
    return Partition(names[partition.column].lower(), partition.day) if partition is not None else None


def contract_columns(table: Table) -> Columns:
    """Columns of a contract with their types."""
    return tuple((column.name, type_of_column(column)) for column in table.columns)


def check_name(name: str) -> None:
    """Raise InputError for a name that no table or dataset of BigQuery has."""
    if not name or not all(letter.isalnum() or letter in "_- " for letter in name):
        raise InputError(f"name {name!r} given, allowed: letters, digits, _ and -")


def _tables_of(connection: duckdb.DuckDBPyConnection, catalog: str) -> list[Place]:
    rows = connection.execute(
        "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = $1 AND NOT internal "
        "UNION ALL SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = $1",
        [catalog],
    ).fetchall()
    return [Place(dataset, name, catalog) for dataset, name in rows]
