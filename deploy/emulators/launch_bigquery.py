"""Starts the BigQuery emulator ``local-bigquery`` with what its release lacks, in an environment of its own.

As published (0.4.0) it wants a DuckDB newer than any whose ``ducklake`` extension can be had as a package,
and sets the time zone before the extension that knows zones is there. So an older DuckDB is pinned
(``local_bigquery.lock``), the extension is taken from its package instead of a download, and the zone is set
after the connection is made. Its functions on geography, which need another download, are left out. What a
project holds, which every request asks several times, is asked of DuckLake's own tables: DuckDB's lists ask
for the size of every table of every project first, a millisecond each. Nothing is written outside of the
environment and the data folder. ``BIGQUERY_EMULATOR_THREADS`` bounds the threads of a query.

    python launch_bigquery.py install
    python launch_bigquery.py serve --host 127.0.0.1 --port 9050 --grpc-port 9060 --data-dir FOLDER
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

_EXTENSIONS = Path(sys.prefix) / "duckdb-extensions"
_connect = duckdb.connect
# DuckDB's functions on a catalog -> the same columns out of DuckLake's tables; "{}" is where these lie.
_IN = "NATURAL JOIN (SELECT schema_id, schema_name FROM {}.ducklake_schema WHERE end_snapshot IS NULL)"
_TABLES = (
    f"SELECT table_id, schema_name, table_name FROM {{}}.ducklake_table {_IN} WHERE end_snapshot IS NULL"
)
_LISTS = {
    "duckdb_schemas()": "SELECT schema_name FROM {}.ducklake_schema WHERE end_snapshot IS NULL",
    "duckdb_tables()": (
        "SELECT schema_name, table_name, coalesce(record_count, 0) AS estimated_size "
        f"FROM ({_TABLES}) LEFT JOIN {{}}.ducklake_table_stats USING (table_id)"
    ),
    "duckdb_views()": (
        "SELECT schema_name, view_name, false AS internal "
        f"FROM {{}}.ducklake_view {_IN} WHERE end_snapshot IS NULL"
    ),
    "duckdb_columns()": (
        "SELECT schema_name, table_name, column_name, nulls_allowed AS is_nullable "
        f"FROM {{}}.ducklake_column JOIN ({_TABLES}) USING (table_id) "
        "WHERE end_snapshot IS NULL AND parent_column IS NULL"
    ),
}
Fetch = Callable[..., list[tuple[Any, ...]]]


def connect(*arguments: Any, config: dict[str, Any] | None = None, **named: Any) -> Any:
    """``duckdb.connect`` with extensions of this environment, and the time zone set afterwards."""
    settings = {"extension_directory": str(_EXTENSIONS), "autoinstall_known_extensions": "false"}
    if threads := os.environ.get("BIGQUERY_EMULATOR_THREADS"):
        settings["threads"] = threads
    settings |= config or {}
    zone = settings.pop("TimeZone", None)
    connection = _connect(*arguments, config=settings, **named)
    if zone is not None:
        connection.execute(f"SET GLOBAL TimeZone = '{zone}'")
    return connection


def by_ducklake(fetch: Fetch, projects: set[str]) -> Fetch:
    """The emulator's ``fetch``, whose questions on what a project holds go to DuckLake's tables."""

    def asked(sql: str, params: list[Any] | None = None) -> list[tuple[Any, ...]]:
        project = str(params[0]) if params and "duckdb_" in sql else ""
        if project not in projects:
            return fetch(sql, params)
        quoted = project.replace('"', '""')
        for name, rows in _LISTS.items():
            here = rows.replace("{}", f'"__ducklake_metadata_{quoted}"')
            sql = sql.replace(name, f"(SELECT '{project}' AS database_name, * FROM ({here}))")
        return fetch(sql, params)

    return asked


def with_results(objects: Fetch, cursor: Callable[[], Any]) -> Fetch:
    """The emulator's ``objects``, which finds the one table of results that is asked for by its name."""

    def found(project: str, dataset: str, table: str | None = None) -> list[tuple[Any, ...]]:
        if project != "emulator" or table is None:
            return objects(project, dataset, table)
        name = ".".join('"' + part.replace('"', '""') + '"' for part in (project, dataset, table))
        with cursor() as there, suppress(duckdb.CatalogException):
            return [
                (table, "TABLE", *row) for row in there.execute(f"SELECT count(*) FROM {name}").fetchall()
            ]
        return []

    return found


class Cursor:
    """A cursor of DuckDB's that knows its temporary tables by their columns."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def sql(self, text: str, **named: Any) -> Any:
        """A relation."""
        temporary = "duckdb_columns() WHERE database_name = 'temp'"
        return self._real.sql(text.replace("duckdb_tables() WHERE temporary", temporary), **named)


def main() -> None:
    """Install the extension, or hand over to the emulator."""
    duckdb.connect = connect
    if sys.argv[1:] == ["install"]:
        from duckdb_extensions import import_extension

        import_extension("ducklake", con=connect())
        return
    from local_bigquery.cli import main as emulator
    from local_bigquery.engine import database
    from local_bigquery.jobs import query

    database.FUNCTIONS = [path for path in database.FUNCTIONS if path.stem != "geography"]
    database.fetch = by_ducklake(database.fetch, database._attached)  # noqa: SLF001 - its projects
    database.objects = with_results(database.objects, database.cursor)
    execute = query.execute
    query.execute = lambda cursor, *given, **named: execute(Cursor(cursor), *given, **named)
    emulator(sys.argv[1:])


if __name__ == "__main__":
    main()
