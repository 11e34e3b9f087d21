"""The tables of a run, as a query may name them: by project, dataset and name, with days for the event store.

`project.dataset.table`, with backticks round the whole, round each part or round none; the project may be
left out. The views of BigQuery's own catalogue are made when a query asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import duckdb

import schemas
from context.errors import InputError
from sim.sql.grammar.catalog import Partition, Relation
from sim.sql.grammar.types import type_of_column
from sim.sql.information_schema import View, asked_for, rows_of
from sim.sql.warehouse import EVENT_DATE, dated_events, quoted


class RunTables:
    """A run's catalogue in a session of DuckDB, whose warehouse is attached as ``catalog``."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, run_dir: Path, project: str, catalog: str = "warehouse"
    ) -> None:
        self.connection, self.run_dir, self.project, self.catalog = connection, run_dir, project, catalog
        rows = connection.execute(
            "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = $1 AND NOT internal "
            "UNION ALL SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = $1",
            [catalog],
        ).fetchall()
        self.known = {(dataset, name) for dataset, name in rows}
        self._views: set[View] = set()

    def relation(self, path: Sequence[str]) -> Relation:
        """The table of a name. Raises InputError for one that is not there, with near names."""
        view = asked_for(path, self.project, sorted({dataset for dataset, _ in self.known}))
        if view is not None:
            return self._of_view(view)
        dataset, name = self._name(list(path))
        table = schemas.table(dataset, name)
        columns = tuple((column.name, type_of_column(column)) for column in table.columns)
        full = f"{dataset}.{name}"
        days = dated_events(self.run_dir, table)
        if days is not None and table.partition_by is not None:
            return Relation(name, f"({days})", columns, full, Partition(table.partition_by, EVENT_DATE))
        return Relation(name, f"{quoted(self.catalog)}.{quoted(dataset)}.{quoted(name)}", columns, full)

    def _of_view(self, view: View) -> Relation:
        if view not in self._views:
            self.connection.register("_rows", rows_of(view, self.run_dir, self.project, self.known))
            self.connection.execute(f"CREATE TEMP TABLE {quoted(view.table)} AS SELECT * FROM _rows")
            self.connection.unregister("_rows")
            self._views.add(view)
        contract = schemas.information_schema()[view.name]
        columns = tuple((column.name, type_of_column(column)) for column in contract.columns)
        return Relation(view.name, f"temp.main.{quoted(view.table)}", columns)

    def _name(self, parts: list[str]) -> tuple[str, str]:
        given = ".".join(parts)
        if len(parts) == 3 and parts[0] != self.project:
            raise InputError(f"project {parts[0]} given, allowed: {self.project}, which is this run's")
        if len(parts) > 3:
            raise InputError(f"table {given} given, allowed: dataset.table or {self.project}.dataset.table")
        if len(parts) >= 2 and (parts[-2], parts[-1]) in self.known:
            return parts[-2], parts[-1]
        raise InputError(f"no table named {given}; {self._near(parts)}")

    def _near(self, parts: list[str]) -> str:
        """Tables of that or nearly that name, of the dataset that was given if there is one like it."""
        datasets = sorted({dataset for dataset, _ in self.known})
        meant = (
            get_close_matches(parts[-2].lower(), datasets, n=1, cutoff=0.7) if len(parts) > 1 else datasets
        )
        names = sorted({name for dataset, name in self.known if dataset in meant})
        near = get_close_matches(parts[-1].lower(), names, n=1, cutoff=0.6)
        found = [
            f"{dataset}.{name}" for dataset, name in sorted(self.known) if dataset in meant and name in near
        ]
        return f"did you mean {' or '.join(found)}?" if found else f"datasets: {', '.join(datasets)}"
