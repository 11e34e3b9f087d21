"""The marts of a run folder as views of its warehouse, under the names of their datasets."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb

import schemas
from context.errors import InputError, RunError, TermtideError
from context.files import disk_error, replacing
from schemas import Mart
from sim.folder.duckdb_paths import duckdb_folder, duckdb_pattern, readable_database, written_database
from sim.marts.graph import ordered
from sim.marts.record import MartEntry, MartsRecord, digest_of
from sim.sql.rules.failing import needed
from sim.sql.warehouse import ROOT, comments, files_sql, literal, quoted

_DIGEST = "termtide_marts"  # a macro that tells by what statements the views were made


def put_into_warehouse(warehouse: Path, run_dir: Path, record: MartsRecord) -> bool:
    """Make the views of the marts, in place of others; whether there was something to do. Raises RunError.

    The file is made beside its place and renamed: whoever reads it meanwhile reads the former one.
    """
    statements = list(_statements(run_dir.resolve(), record))
    digest = digest_of(statement for _, statement in statements)
    name = ""
    if _has(warehouse, digest):
        return False
    with replacing([warehouse]) as (beside,):
        shutil.copyfile(warehouse, beside)
        try:
            with written_database(beside) as made, duckdb.connect(made) as connection:
                # What DuckDB reads while it makes the views, in a folder that a pattern can't name too.
                connection.execute(f"SET VARIABLE {ROOT} = {literal(duckdb_folder(run_dir))}")
                connection.execute("BEGIN")
                for mart, statement in statements:
                    name = mart
                    connection.execute(statement)
                connection.execute(f"CREATE OR REPLACE MACRO {_DIGEST}() AS {literal(digest)}")
                connection.execute("COMMIT")
        except duckdb.IOException as error:
            raise disk_error(warehouse, OSError(*error.args)) from error
        except duckdb.Error as error:
            raise mart_error(name, error) if name else RunError(f"{warehouse}: {_line(error)}") from error
        finally:
            beside.with_name(beside.name + ".wal").unlink(missing_ok=True)
    return True


def mart_error(mart: str, error: duckdb.Error) -> TermtideError:
    """DuckDB's words about a mart, in one line."""
    if isinstance(error, duckdb.BinderException | duckdb.CatalogException):
        return InputError(f"mart {mart}: the stores are not what its query reads: {_line(error)}")
    more = "; more can be allowed by --memory" if isinstance(error, duckdb.OutOfMemoryException) else ""
    return RunError(f"mart {mart}: {_line(error)}{more}")


def _line(error: duckdb.Error) -> str:
    return str(error).strip().splitlines()[0]


def _has(warehouse: Path, digest: str) -> bool:
    """Whether a warehouse has views made by the same statements."""
    try:
        with duckdb.connect(readable_database(warehouse), read_only=True) as connection:
            return connection.execute(f"SELECT {_DIGEST}()").fetchone() == (digest,)
    except duckdb.Error:
        return False


def _statements(root: Path, record: MartsRecord) -> Iterator[tuple[str, str]]:
    """(the mart that a statement is of, "" for none; statement), in order."""
    there = [mart for mart in schemas.marts() if mart.name in record.marts]
    # What the views call must be there for whoever opens the file.
    views = [entry.view for mart in there if (entry := record.marts[mart.name]).view]
    for statement in dict.fromkeys(call for view in views for call in needed(view)):
        yield "", statement.replace("TEMP MACRO", "MACRO", 1)
    for dataset in schemas.MART_DATASETS:
        yield "", f"DROP SCHEMA IF EXISTS {quoted(dataset)} CASCADE"
    for dataset in dict.fromkeys(mart.table.dataset for mart in there):
        yield "", f"CREATE SCHEMA {quoted(dataset)}"
    for mart in ordered(there):
        called = f"{quoted(mart.table.dataset)}.{quoted(mart.table.name)}"
        yield mart.name, f"CREATE VIEW {called} AS {_select(root, mart, record.marts[mart.name])}"
        for comment in comments(mart.table, "VIEW"):
            yield mart.name, comment


def _select(root: Path, mart: Mart, entry: MartEntry) -> str:
    if entry.view is not None:
        return entry.view
    columns = ", ".join(quoted(column.name) for column in mart.table.columns)
    files = files_sql(duckdb_pattern(root), [file.path for file in entry.files.values()])
    return f"SELECT {columns} FROM read_parquet({files}, hive_partitioning = false)"
