"""Whether a DuckDB file that was delivered to still has its rows, all of them readable."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb

from context.errors import InputError, first_line, number_of
from context.row_sums import MARK
from sim.folder.duckdb_paths import duckdb_database
from sim.sinks.duckdb import LOADS, rows_digest, rows_of_item
from sim.sql.warehouse import quoted

_LOADS = f"{quoted(LOADS.dataset)}.{quoted(LOADS.name)}"

_SUFFIXES = (".duckdb", ".db")
_MARK, _MARK_AT = b"DUCK", 8  # https://duckdb.org/docs/stable/internals/storage


def _has_mark(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(_MARK_AT + len(_MARK))[_MARK_AT:] == _MARK


def check_duckdb(path: Path) -> list[tuple[str, str]]:
    """What differs, as (table and day, in words); nothing for a file that is as it was delivered.

    Every column is read, so that DuckDB checks the checksum of every block; rows are counted, and each table,
    or day of it, is compared by the digest that was noted as it was delivered. Raises InputError
    for a file that isn't one of ours.
    """
    # What only looks like a database by nobody's account; one of ours may have lost a bit there, too.
    if path.suffix.lower() not in _SUFFIXES and not _has_mark(path):
        raise InputError(f"{path}: no DuckDB file, allowed: one that `--to duckdb:` made")
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
        f"SELECT item, dataset_name, table_name, day, row_count, checksum FROM {_LOADS} ORDER BY item"
    ).fetchall()
    for item, dataset, table, day, rows, checksum in items:
        try:
            if wrong := _wrong(connection, dataset, table, day, rows, checksum):
                yield item, wrong
        except duckdb.Error as error:
            yield item, first_line(error)


def _wrong(
    connection: duckdb.DuckDBPyConnection,
    dataset: str,
    table: str,
    day: date | None,
    rows: int,
    checksum: str | None,
) -> str | None:
    name = f"{quoted(dataset)}.{quoted(table)}"
    where, bounds = rows_of_item(dataset, table, day)
    ((count,),) = connection.execute(f"SELECT count(*) FROM {name}{where}", bounds).fetchall()
    if count != rows:
        return f"{number_of(count, 'row')}, {rows:,} were delivered"
    if checksum is None:
        return "no digest of its rows was noted: what was delivered before this version can't be told"
    if not checksum.startswith(MARK):
        return "its digest is an older version's, so its values can't be compared: deliver it anew"
    found = rows_digest(connection, dataset, table, day)
    return None if found == checksum else "other values than were delivered"
