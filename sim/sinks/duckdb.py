"""One DuckDB file with every row in it: nothing else is needed to read it, and it may be moved.

Each item is one transaction, its row in ``termtide_meta.loads`` included: killed at any moment, the file has
an item whole or not at all, and the same command goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from typing import Any

import duckdb

import schemas
from context.errors import InputError, RunError, first_line
from context.files import disk_error, typed_path
from context.row_sums import RowSum
from schemas._model import Table
from sim.folder.duckdb_paths import duckdb_database, duckdb_file
from sim.folder.names import MANIFEST, WAREHOUSE
from sim.sinks.tables import Fill, Item, Shipment, TableOptions
from sim.sql.rules.failing import needed
from sim.sql.warehouse import comments, events_select, literal, new_file, quoted

LOADS = schemas.table(schemas.META, "loads")
_LOADS = f"{quoted(LOADS.dataset)}.{quoted(LOADS.name)}"
_RECORDED = "item, run, dataset_name, table_name, day, row_count, digest, checksum, loaded_at"
_DIGEST_BATCH = 1 << 14  # rows
_SETTINGS = ("SET TimeZone = 'UTC'", "SET memory_limit = '1GB'", "SET threads = 1")  # beside the workers
# Whatever somebody may have made in a file; a table comes first, and what DuckDB itself has doesn't count.
_ANYTHING = """
SELECT kind, name FROM (
    SELECT 1 AS place, 'the table' AS kind, table_name AS name, database_name, internal FROM duckdb_tables()
    UNION ALL SELECT 2, 'the view', view_name, database_name, internal FROM duckdb_views()
    UNION ALL SELECT 3, 'the macro', function_name, database_name, internal FROM duckdb_functions()
    UNION ALL SELECT 4, 'the sequence', sequence_name, database_name, false FROM duckdb_sequences()
    UNION ALL SELECT 5, 'the type', type_name, database_name, internal FROM duckdb_types()
    UNION ALL SELECT 6, 'the schema', schema_name, database_name, schema_name = 'main' FROM duckdb_schemas()
) WHERE database_name = current_database() AND NOT internal ORDER BY place, name LIMIT 1
"""


class DuckdbSink:
    """``target`` is a file, made when missing. Raises InputError when it can't be one."""

    def __init__(self, target: str, options: TableOptions | None = None) -> None:
        self._options = options or TableOptions()
        self._path = typed_path(target)
        if not target or self._path.is_dir():
            raise InputError(f"sink duckdb:{target}: {'this is a folder, ' * bool(target)}allowed: a file")
        if target.startswith(":"):
            raise InputError(f"sink duckdb:{target}: gone when this command ends, allowed: a file")
        there = self._path.resolve()
        if there.name == WAREHOUSE and (there.parent / MANIFEST).is_file():
            raise InputError(
                f"sink duckdb:{target}: the warehouse of a run, built by `termtide run`; give another file"
            )
        self._shipment: Shipment | None = None
        self._open: duckdb.DuckDBPyConnection | None = None
        self._made = False  # by this sink, in this call

    @property
    def places(self) -> frozenset[str]:
        """The file."""
        return frozenset([f"duckdb:{self._path.resolve()}"])

    def check(self, shipment: Shipment) -> list[str]:
        """Look into the file, if there is one. Raises InputError for one that is not this run's."""
        self._shipment = shipment
        if not self._path.exists():
            return [f"duckdb:{self._path}: a new file"]
        with self._connected(read_only=True) as connection:
            self._check_ours(connection)
        return [f"duckdb:{self._path}: there already, goes on"]

    def open(self) -> None:
        """Make the file and the tables that are missing. Raises RunError."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(self._path, error) from error
        self._made = not self._path.exists()
        self._open = self._connected(read_only=False)
        for setting in _SETTINGS:
            self._open.execute(setting)
        with self._transaction():
            for statement in self._missing(self._open):
                self._execute(statement)

    def has(self, item: Item) -> bool:
        """Whether the item is recorded and has its rows; read, where that is asked for. Raises RunError."""
        found = self._rows(f"SELECT row_count, digest, checksum FROM {_LOADS} WHERE item = ?", (item.name,))
        if [row[:2] for row in found] != [(item.rows, item.digest)] or self._count(item) != item.rows:
            return False
        if not self._options.verify:
            return True
        try:
            same = bool(rows_digest(self._connection, item.dataset, item.table, item.day) == found[0][2])
        except duckdb.Error as error:
            told = f"can't be read ({first_line(error)}); deliver into a new file"
            raise RunError(f"duckdb:{self._path}: {item.name}: {told}") from error
        if not same:
            self._options.say(f"{item.name}: other rows than were delivered; they are again")
        return same

    def put(self, item: Item) -> None:
        """Replace the item's rows. Raises RunError when they can't be written or are not all there."""
        name = f"{quoted(item.dataset)}.{quoted(item.table)}"
        columns = ", ".join(quoted(column.name) for column in schemas.table(item.dataset, item.table).columns)
        files = ", ".join(literal(duckdb_file(path)) for path in item.files)
        rows = f"SELECT {columns} FROM read_parquet([{files}], hive_partitioning = false)"
        where, bounds = rows_of_item(item.dataset, item.table, item.day)
        with self._transaction():
            self._execute(f"DELETE FROM {name}{where}", bounds)
            self._execute(f"INSERT INTO {name} ({columns}) {rows}")
            if (found := self._count(item)) != item.rows:
                raise RunError(f"duckdb:{self._path}: {item.name}: {item.rows} rows given, {found} there")
            self._record(item.dataset, item.table, item.day, item.rows, item.digest)

    def fill(self, what: Fill) -> int:
        """Replace rows by those of a query."""
        name = f"{quoted(what.dataset)}.{quoted(what.table)}"
        columns = ", ".join(quoted(column) for column in what.columns)
        where, bounds = "", tuple[date, ...]()
        if what.span is not None:
            column, first, last = what.span
            where, bounds = f" WHERE CAST({quoted(column)} AS DATE) BETWEEN ? AND ?", (first, last)
        try:
            with self._transaction():
                for macro in needed(what.duckdb):
                    self._execute(macro)
                self._execute(f"DELETE FROM {name}{where}", bounds)
                self._execute(f"INSERT INTO {name} ({columns}) {what.duckdb}")
                ((rows,),) = self._rows(f"SELECT count(*) FROM {name}")
                self._record(what.dataset, what.table, None, rows, None)
        except RunError as error:
            if not isinstance(error.__cause__, duckdb.CatalogException):
                raise RunError(f"{what.name}: {error}") from error
            if self._made:  # without stores it is of no use to anybody
                self.close()
                self._path.unlink(missing_ok=True)
            raise RunError(f"{what.name}: {error}; deliver the stores first") from error
        return int(self._rows(f"SELECT count(*) FROM {name}{where}", bounds)[0][0])

    def flush(self) -> None:
        """Write what is in the journal into the file."""
        with self._transaction():
            pass
        self._execute("CHECKPOINT")

    def close(self) -> None:
        """Leave the file to others."""
        if self._open is not None:
            with suppress(duckdb.Error):
                self._open.close()
        self._open = None

    def _known(self) -> Shipment:
        if self._shipment is None:
            raise RunError(f"duckdb:{self._path}: used before it was looked at")
        return self._shipment

    def _connected(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        try:
            if read_only:
                return duckdb.connect(duckdb_database(self._path), read_only=True)
            return new_file(duckdb_database(self._path))
        except duckdb.IOException as error:
            text = str(error)
            if "lock" in text:
                raise RunError(f"duckdb:{self._path}: another program has it open; close that") from None
            if "not a valid DuckDB" in text:
                raise InputError(
                    f"duckdb:{self._path}: no DuckDB file, allowed: a new one, or ours"
                ) from None
            raise disk_error(self._path, OSError(*error.args)) from error
        except duckdb.Error as error:
            raise InputError(f"duckdb:{self._path}: {first_line(error)}") from error

    def _check_ours(self, connection: duckdb.DuckDBPyConnection) -> None:
        ours = connection.execute(
            "SELECT 1 FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?",
            (LOADS.dataset, LOADS.name),
        ).fetchall()
        others = [] if ours else connection.execute(_ANYTHING).fetchall()
        if others:
            raise InputError(
                f"duckdb:{self._path}: has {' '.join(others[0])} and nothing of Termtide's, "
                "allowed: a new file, or ours"
            )
        runs = connection.execute(f"SELECT DISTINCT run FROM {_LOADS}").fetchall() if ours else []
        other = next((run for (run,) in runs if run != self._known().run), None)
        if other:
            raise InputError(
                f"duckdb:{self._path}: holds the run {other}, given: {self._known().run}; choose another file"
            )

    def _missing(self, connection: duckdb.DuckDBPyConnection) -> list[str]:
        """The SQL that makes schemas, tables and the view that are not there."""
        self._check_ours(connection)
        there = set(connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall())
        there |= set(connection.execute("SELECT schema_name, view_name FROM duckdb_views()").fetchall())
        wanted = [LOADS, *(schemas.table(*name) for name in sorted(self._known().tables))]
        wanted.sort(key=lambda table: table.name == "events")  # a view on the other one
        names = {(table.dataset, table.name) for table in wanted}
        statements = [
            f"CREATE SCHEMA IF NOT EXISTS {quoted(d)}" for d in dict.fromkeys(t.dataset for t in wanted)
        ]
        for table in wanted:
            if (table.dataset, table.name) in there:
                continue
            if table.name != "events":
                statements += [schemas.duckdb_ddl(table), *comments(table, "TABLE")]
            elif ("event_store", "expanded") in names | there:
                statements += [_view(table), *comments(table, "VIEW")]
        return statements

    def _record(self, dataset: str, table: str, day: date | None, rows: int, digest: str | None) -> None:
        """Note what stands there now, with the digest of its rows as they are read back."""
        item = f"{dataset}.{table}" + (f" {day}" if day else "")
        checksum = rows_digest(self._connection, dataset, table, day)
        self._execute(f"DELETE FROM {_LOADS} WHERE item = ?", (item,))
        values = (item, self._known().run, dataset, table, day, rows, digest, checksum)
        self._execute(f"INSERT INTO {_LOADS} ({_RECORDED}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, now())", values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All of it or nothing. Raises RunError."""
        try:
            self._execute("BEGIN")
            yield
            self._execute("COMMIT")
        except BaseException:
            if self._open is not None:
                with suppress(duckdb.Error):
                    self._open.execute("ROLLBACK")
            raise

    def _count(self, item: Item) -> int:
        where, bounds = rows_of_item(item.dataset, item.table, item.day)
        name = f"{quoted(item.dataset)}.{quoted(item.table)}"
        return int(self._rows(f"SELECT count(*) FROM {name}{where}", bounds)[0][0])

    def _rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._execute(query, values).fetchall()

    @property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        if self._open is None:
            raise RunError(f"duckdb:{self._path}: the sink is closed")
        return self._open

    def _execute(self, query: str, values: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(query, values)
        except duckdb.IOException as error:
            raise disk_error(self._path, OSError(*error.args)) from error
        except duckdb.Error as error:
            raise RunError(f"duckdb:{self._path}: {first_line(error)}") from error


def rows_of_item(dataset: str, table: str, day: date | None) -> tuple[str, Sequence[Any]]:
    """The condition of an item's rows, and its values: a UTC date of the partition column, or all."""
    if day is None:
        return "", ()
    column = quoted(schemas.table(dataset, table).partition_by or "event_time")
    return f" WHERE {column} >= ? AND {column} < ? + INTERVAL 1 DAY", (day, day)


def rows_digest(connection: duckdb.DuckDBPyConnection, dataset: str, table: str, day: date | None) -> str:
    """The sum of the hashes of an item's rows, whatever order they stand in. Raises duckdb.Error."""
    columns = ", ".join(quoted(column) for column in schemas.table(dataset, table).names)
    where, bounds = rows_of_item(dataset, table, day)
    rows = f"SELECT {columns} FROM {quoted(dataset)}.{quoted(table)}{where}"
    digest = RowSum()
    for batch in connection.sql(rows, params=bounds or None).to_arrow_reader(_DIGEST_BATCH):
        digest.update(batch)
    return digest.hexdigest()


def _view(table: Table) -> str:
    return f"CREATE VIEW {quoted(table.dataset)}.{quoted(table.name)} AS {events_select()}"
