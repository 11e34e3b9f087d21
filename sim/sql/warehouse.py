"""``warehouse.duckdb``: every dataset under its UDP name, as views on the Parquet files of the run folder.

The views name the folder's absolute path, so that the plain client opens the file from anywhere; a variable
``termtide_root`` overrides it, which is how our commands work after the folder has moved. DuckDB lets no
reader in while a writer has the file open: it is built beside its place and renamed, and only read then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

import schemas
from context.errors import InputError, RunError, first_line
from context.files import PARTIAL, disk_error, replacing
from schemas._model import Table, UnknownName
from sim.folder.duckdb_paths import duckdb_folder, duckdb_pattern, readable_database, written_database
from sim.folder.facts import event_files, mart_files
from sim.folder.names import COMPLETED_BY, WAREHOUSE

ROOT = "termtide_root"
# Files are written as DuckDB 1.1 wrote them, so that clients from 1.2 on open them, not DuckDB 2 alone.
STORAGE_VERSION = "v1.1.0"
EVENT_DATE = "event_date"  # the day of a file of events, by its folder; no column of the tables
_EVENTS = schemas.events_columns("duckdb")


def build_warehouse(run_dir: Path, place: str | None = None) -> Path:
    """Build or rebuild ``warehouse.duckdb`` of a run folder; returns its path.

    Its views name ``place``, such as ``gs://BUCKET/PATH``, where the same files stand or will; by default the
    folder. A table of the context store that has no file is left out. Raises RunError when the disk fails or
    a file does not have the columns of its contract.
    """
    from sim.folder.whole import note_built  # with manifests and scenarios, which no query waits for

    target = run_dir / WAREHOUSE
    journal = target.with_name(target.name + PARTIAL + ".wal")
    with replacing([target]) as (beside,):
        for rubbish in (beside, journal):
            rubbish.unlink(missing_ok=True)
        try:
            with written_database(beside) as made, new_file(made) as connection:
                connection.execute(f"SET VARIABLE {ROOT} = {literal(duckdb_folder(run_dir))}")
                named = duckdb_pattern(place or run_dir.resolve())
                # One transaction: a statement alone waits for the disk, and there are more than a thousand.
                connection.execute("BEGIN")
                for statement in _statements(run_dir.resolve(), named):
                    connection.execute(statement)
                connection.execute("COMMIT")
        except duckdb.IOException as error:
            raise disk_error(target, OSError(*error.args)) from error
        except duckdb.Error as error:
            raise RunError(f"{target}: cannot be built: {first_line(error)}") from error
        finally:
            journal.unlink(missing_ok=True)
    note_built(run_dir, WAREHOUSE)
    return target


def new_file(place: str) -> duckdb.DuckDBPyConnection:
    """A connection that writes a DuckDB file, a new one in the form that older clients read.

    ``place`` as ``sim.folder.duckdb_paths`` tells it.
    """
    return duckdb.connect(place, config={"storage_compatibility_version": STORAGE_VERSION})


def open_run(run_dir: Path, catalog: str = "warehouse") -> duckdb.DuckDBPyConnection:
    """A connection that reads a run, wherever its folder is now; several may be open at a time.

    The warehouse is attached read-only as ``catalog`` and made the default; the session's time zone is
    UTC. Raises InputError when there is no warehouse, RunError when it can't be read.
    """
    path = run_dir / WAREHOUSE
    if not path.is_file():
        raise InputError(f"{run_dir}: no {WAREHOUSE} there; {COMPLETED_BY}")
    connection = duckdb.connect()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"SET VARIABLE {ROOT} = {literal(duckdb_folder(run_dir))}")
        connection.execute(f"ATTACH {literal(readable_database(path))} AS {quoted(catalog)} (READ_ONLY)")
        connection.execute(f"USE {quoted(catalog)}")
    except duckdb.Error as error:
        connection.close()
        raise RunError(f"{path}: cannot be opened: {first_line(error)}") from error
    return connection


def contract_of(dataset: str, name: str) -> Table | None:
    """The contract of a table of the run; None for a table that has none."""
    try:
        return schemas.table(dataset, name)
    except UnknownName:
        return None


def is_view(table: Table) -> bool:
    """Whether a table has no files of its own, as the older event store and some marts."""
    return (table.dataset, table.name) == ("event_store", "events") or table.stored == "view"


def data_files(run_dir: Path, table: Table) -> dict[str | None, list[Path]]:
    """A table's Parquet files by partition, "2026-09-01", in order; None for a table without partitions."""
    if is_view(table):
        return {}
    if table.stored == "days":
        days = mart_files(run_dir, f"{table.dataset}.{table.name}")
        return {day: [run_dir / path] for day, path in days.items()}
    if table.dataset != "event_store":
        path = run_dir / table.dataset / f"{table.name}.parquet"
        return {None: [path]} if path.is_file() else {}
    return {day: [run_dir / path for path in paths] for day, paths in event_files(run_dir).items()}


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _statements(root: Path, named: str) -> Iterator[str]:
    """The SQL that makes the warehouse of the folder ``root``, whose views name another place or itself."""
    for dataset in schemas.DATASETS:
        yield f"CREATE SCHEMA {quoted(dataset)}"
        # The older event store is a view on the newer one, so it comes last.
        for table in sorted(schemas.tables(dataset), key=is_view):
            name = f"{quoted(dataset)}.{quoted(table.name)}"
            select = _select(root, named, table)
            kind = "VIEW" if select else "TABLE"
            if select:
                yield f"CREATE VIEW {name} AS {select}"
            elif dataset == "event_store":  # DuckDB refuses a pattern that no file matches
                yield schemas.duckdb_ddl(table)
            else:
                continue
            yield from comments(table, kind)


def comments(table: Table, kind: str) -> Iterator[str]:
    """The SQL that tells in DuckDB what a table (or view) and its columns hold."""
    name = f"{quoted(table.dataset)}.{quoted(table.name)}"
    yield f"COMMENT ON {kind} {name} IS {literal(schemas.describe_table(table))}"
    for column in table.columns:
        told = literal(schemas.describe_column(column))
        yield f"COMMENT ON COLUMN {name}.{quoted(column.name)} IS {told}"


def events_select(source: str = "event_store.expanded", more: str = "") -> str:
    """The query that is the older form of the event store, out of ``source`` and with ``more`` columns."""
    columns = ", ".join(f"{expression} AS {name}" for name, expression in _EVENTS.items())
    return f"SELECT {columns}{more} FROM {source}"


def dated_events(run_dir: Path, table: Table) -> str | None:
    """The query that is a table of the event store with the day of each event, so that days can be left out.

    None for any other table, and for an event store without files.
    """
    if table.dataset != "event_store" or not data_files(run_dir, schemas.table("event_store", "expanded")):
        return None
    columns = [quoted(column.name) for column in schemas.table("event_store", "expanded").columns]
    paths = [path for paths in event_files(run_dir).values() for path in paths]
    read = f"hive_partitioning = true, hive_types = {{{literal(EVENT_DATE)}: DATE}}"
    read = f"read_parquet({files_sql(duckdb_pattern(run_dir.resolve()), paths)}, {read})"
    dated = f"SELECT {', '.join([*columns, EVENT_DATE])} FROM {read}"
    return events_select(f"({dated})", f", {EVENT_DATE}") if is_view(table) else dated


def files_sql(named: str, paths: Iterable[str]) -> str:
    """Files of a run as DuckDB's list of them, wherever it is when it is read; ``named`` is where it is now.

    As ``sim.folder.duckdb_paths.duckdb_pattern`` gives it.
    """
    folder = f"coalesce(getvariable({literal(ROOT)}), {literal(named)})"
    return "[" + ", ".join(f"{folder} || {literal('/' + path)}" for path in paths) + "]"


def _select(root: Path, named: str, table: Table) -> str | None:
    """What the table's view selects; None when it has no files."""
    if is_view(table):
        return events_select()
    if table.dataset == "event_store":
        paths = [path for paths in event_files(root).values() for path in paths]
    else:
        paths = [f"{table.dataset}/{table.name}.parquet"]
        paths = paths if (root / paths[0]).is_file() else []
    if not paths:
        return None
    columns = ", ".join(quoted(column.name) for column in table.columns)
    return f"SELECT {columns} FROM read_parquet({files_sql(named, paths)}, hive_partitioning = false)"
