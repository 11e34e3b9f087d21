"""Whether a DuckDB file that was delivered to still has its rows, all of them readable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

import schemas
from context.errors import InputError, first_line
from sim.folder.digest import table_digest
from sim.folder.duckdb_paths import duckdb_database
from sim.sinks.duckdb import LOADS, rows_of_item
from sim.sql.warehouse import quoted

_LOADS = f"{quoted(LOADS.dataset)}.{quoted(LOADS.name)}"


def check_duckdb(path: Path) -> list[tuple[str, str]]:
    """What differs, as (table and day, in words); nothing for a file that is as it was delivered.

    Every column is read, so that DuckDB checks the checksum of every block; rows are counted, and whole
    tables compared by the digest of their columns. Raises InputError for a file that isn't one of ours.
    """
    try:
        with duckdb.connect(duckdb_database(path), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            ours = connection.execute(
                "SELECT 1 FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?",
                (LOADS.dataset, LOADS.name),
            ).fetchall()
            if not ours:
                raise InputError(f"{path}: has no {LOADS.dataset}.{LOADS.name}: not delivered by Termtide")
            return list(_findings(connection))
    except duckdb.Error as error:
        text = first_line(error)
        if "not a valid DuckDB" in text:
            raise InputError(f"{path}: no DuckDB file, allowed: one that `--to duckdb:` made") from None
        return [(path.name, text)]


def _findings(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    items = connection.execute(
        f"SELECT item, dataset_name, table_name, day, row_count, digest FROM {_LOADS} ORDER BY item"
    ).fetchall()
    for item, dataset, table, day, rows, digest in items:
        try:
            if wrong := _wrong(connection, dataset, table, day, rows, digest):
                yield item, wrong
        except duckdb.Error as error:
            yield item, first_line(error)


def _wrong(
    connection: duckdb.DuckDBPyConnection, dataset: str, table: str, day: date | None, rows: int, digest: str
) -> str | None:
    name = f"{quoted(dataset)}.{quoted(table)}"
    where, bounds = rows_of_item(dataset, table, day)
    columns = ", ".join(quoted(column) for column in schemas.table(dataset, table).names)
    if day is None:
        found = connection.sql(f"SELECT {columns} FROM {name}").to_arrow_table()
        if len(found) != rows:
            return f"{len(found):,} rows, {rows:,} were delivered"
        return None if table_digest(found) == digest else "other values than were delivered"
    scan = f"SELECT count(*), bit_xor(hash({columns})) FROM {name}{where}"
    ((count, _),) = connection.execute(scan, bounds).fetchall()
    return None if count == rows else f"{count:,} rows, {rows:,} were delivered"
