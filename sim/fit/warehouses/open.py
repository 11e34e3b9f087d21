"""Which warehouse an address means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from context.errors import InputError
from context.files import typed_path
from sim.fit.warehouses.duckdb_source import DuckdbSource, attach, make_views
from sim.fit.warehouses.source import DATASETS, DISTRIBUTIONS, KEPT, FitSource
from sim.folder.duckdb_paths import duckdb_folder
from sim.folder.names import MANIFEST
from sim.sql.warehouse import literal, quoted

WAREHOUSE_FORMS = "the folder of a run, duckdb:FILE, parquet:DIR, bigquery://PROJECT"


@contextmanager
def open_warehouse(
    text: str, *, threads: int | None = None, memory: str | None = None
) -> Iterator[FitSource]:
    """The warehouse of an address. Raises InputError for one that is none, or not in the platform's shape."""
    scheme, colon, rest = text.partition(":")
    if colon and scheme == "bigquery":
        from sim.fit.warehouses.bigquery_source import BigQuerySource

        source: FitSource = BigQuerySource(rest)
        _check_shape(source, text)
        yield source
        return
    if colon and scheme not in ("duckdb", "parquet"):
        raise InputError(f"--from {text}: allowed: {WAREHOUSE_FORMS}")
    place = typed_path(rest if colon else text)
    with TemporaryDirectory(prefix="termtide-fit-") as spill, duckdb.connect() as connection:
        for setting in (
            "TimeZone = 'UTC'",
            f"temp_directory = {literal(duckdb_folder(Path(spill)))}",
            "preserve_insertion_order = false",
            "enable_progress_bar = false",
        ):
            connection.execute(f"SET {setting}")
        if threads is not None:
            connection.execute(f"SET threads = {threads}")
        connection.execute(f"SET memory_limit = {literal(memory or '2500MB')}")
        for dataset in (*DATASETS, KEPT):
            connection.execute(f"CREATE SCHEMA {quoted(dataset)}")
        _check_place(place, scheme if colon else "", text)
        if scheme == "duckdb" and colon:
            attach(connection, place, text)
        else:
            make_views(connection, place, text)
        kind = {"duckdb": "a DuckDB file", "parquet": "a folder of Parquet"}.get(
            scheme if colon else "", "a run"
        )
        found = DuckdbSource(connection, kind)
        _check_shape(found, text)
        yield found


def _check_shape(source: FitSource, text: str) -> None:
    """Raise InputError unless there is what makes it a warehouse of the platform."""
    there = source.tables()
    needed = [
        f"context_store_entity.{name}" for name in ("person", "course_section_enrollment", "academic_term")
    ]
    if DISTRIBUTIONS in there:
        return
    for name in needed:
        if name not in there:
            raise InputError(
                f"--from {text}: has no table {name}, "
                "allowed: a warehouse in the shape of the Unizin Data Platform"
            )


def _check_place(place: Path, scheme: str, text: str) -> None:
    """Raise InputError unless there is a file, a folder or a run at a place."""
    what = "file" if scheme == "duckdb" else "folder"
    if not (place.is_file() if scheme == "duckdb" else place.is_dir()):
        raise InputError(f"--from {text}: no such {what}, allowed: {WAREHOUSE_FORMS}")
    if not scheme and not (place / MANIFEST).is_file():
        raise InputError(f"--from {text}: no {MANIFEST} there, allowed: {WAREHOUSE_FORMS}")
