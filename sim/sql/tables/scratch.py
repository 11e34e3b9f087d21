"""The scratch dataset: a DuckDB file beside the run for what users make, never in the run's own warehouse.

It is attached while a script needs it: several sessions may read at a time, one may write.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb

from context.errors import InputError, RunError
from context.files import PARTIAL, disk_error
from sim.folder.duckdb_paths import duckdb_database
from sim.sql.tables.places import Place
from sim.sql.warehouse import STORAGE_VERSION, literal, quoted

SCRATCH_CATALOG = "scratch"
_FILE = "tables.duckdb"
_VIEWS = f"{SCRATCH_CATALOG}._views.views"
_PROCEDURES = f"{SCRATCH_CATALOG}._views.procedures"
_KEPT = "scratch_before"  # the file itself while a transaction writes its copy


def scratch_folder(run_dir: Path) -> Path:
    """The folder beside a run that holds its users' tables."""
    run = run_dir.resolve()
    return run.with_name(f"{run.name}.scratch")


def scratch_file(run_dir: Path) -> Path:
    """The DuckDB file of a run's scratch datasets, which is there once somebody has made one."""
    return scratch_folder(run_dir) / _FILE


def _journal(file: Path) -> Path:
    """Where DuckDB keeps what it has not put into a file yet."""
    return file.with_name(f"{file.name}.wal")


class Scratch:
    """Users' tables of one run on a connection. Raises RunError when another session is writing."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, run_dir: Path) -> None:
        self._connection = connection
        self._path = scratch_file(run_dir)
        self._mode: str | None = None
        self._copy: Path | None = None  # what a transaction writes

    def places(self) -> list[Place]:
        """All tables and views in it; none if nobody has made one."""
        if self._mode is None:
            if not self._path.is_file():
                return []
            self._attach("READ_ONLY, ")
        found = self._rows(
            "SELECT schema_name, table_name FROM duckdb_tables() "
            "WHERE database_name = ? AND schema_name <> '_views'",
            [SCRATCH_CATALOG],
        )
        views = self._rows(f"SELECT dataset, name, text, columns FROM {_VIEWS}")
        return [
            *(Place(dataset, name, SCRATCH_CATALOG) for dataset, name in found),
            *(
                Place(dataset, name, SCRATCH_CATALOG, text, tuple(columns))
                for dataset, name, text, columns in views
            ),
        ]

    def datasets(self) -> list[str]:
        """Names of the datasets in it."""
        if self._mode is None and not self._path.is_file():
            return []
        self.places()
        rows = self._rows(
            "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ?", [SCRATCH_CATALOG]
        )
        return sorted(
            name for (name,) in rows if name not in ("main", "_views", "information_schema", "pg_catalog")
        )

    def write(self) -> None:
        """Make it ready to be written."""
        if self._mode == "":
            return
        self.release()
        if self._copy is not None:
            self._attach("")
            return
        try:
            self._path.parent.mkdir(exist_ok=True)
        except OSError as error:
            raise disk_error(self._path.parent, error) from error
        self._attach("")
        self._run(f"CREATE SCHEMA IF NOT EXISTS {SCRATCH_CATALOG}._views")
        columns = "dataset VARCHAR, name VARCHAR, text VARCHAR, columns VARCHAR[]"
        self._run(f"CREATE TABLE IF NOT EXISTS {_VIEWS} ({columns})")

    def make_dataset(self, name: str) -> bool:
        """Make a dataset; False if it is there already."""
        self.write()
        there = name in self.datasets()
        self._run(f"CREATE SCHEMA IF NOT EXISTS {SCRATCH_CATALOG}.{quoted(name)}")
        return not there

    def drop_dataset(self, name: str, *, cascade: bool) -> None:
        """Drop a dataset. Raises InputError if it holds something and that is not to go too."""
        self.write()
        held = [item.name for item in self.places() if item.dataset == name]
        if held and not cascade:
            raise InputError(f"DROP SCHEMA {name}: it holds {held[0]}; allowed: DROP SCHEMA {name} CASCADE")
        self._run(f"DELETE FROM {_VIEWS} WHERE dataset = ?", [name])
        self._run(f"DROP SCHEMA {SCRATCH_CATALOG}.{quoted(name)} CASCADE")

    def put_view(self, place: Place) -> None:
        """Write down a view, in place of an older one of its name."""
        self.write()
        self._run(f"DELETE FROM {_VIEWS} WHERE dataset = ? AND name = ?", [place.dataset, place.name])
        values = [place.dataset, place.name, place.text, list(place.columns)]
        self._run(f"INSERT INTO {_VIEWS} VALUES (?, ?, ?, ?)", values)

    def drop(self, place: Place) -> None:
        """Drop a table or view."""
        self.write()
        if place.text is None:
            self._run(f"DROP TABLE {SCRATCH_CATALOG}.{quoted(place.dataset)}.{quoted(place.name)}")
        else:
            self._run(f"DELETE FROM {_VIEWS} WHERE dataset = ? AND name = ?", [place.dataset, place.name])

    def put_procedure(self, dataset: str, name: str, text: str) -> None:
        """Write down a procedure, in place of an older one of its name."""
        self.make_dataset(dataset)
        self._run(f"CREATE TABLE IF NOT EXISTS {_PROCEDURES} (dataset VARCHAR, name VARCHAR, text VARCHAR)")
        self.drop_procedure(dataset, name)
        self._run(f"INSERT INTO {_PROCEDURES} VALUES (?, ?, ?)", [dataset, name, text])

    def drop_procedure(self, dataset: str, name: str) -> None:
        """Drop a procedure."""
        self.write()
        self._run(f"DELETE FROM {_PROCEDURES} WHERE dataset = ? AND name = ?", [dataset, name])

    def procedures(self) -> dict[tuple[str, str], str]:
        """The text of each procedure in it, by dataset and name."""
        self.places()
        there = "SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND table_name = 'procedures'"
        if self._mode is None or not self._rows(there, [SCRATCH_CATALOG]):
            return {}
        rows = self._rows(f"SELECT dataset, name, text FROM {_PROCEDURES}")
        return {(dataset, name): text for dataset, name, text in rows}

    @property
    def in_transaction(self) -> bool:
        """Whether what is written is not to stay yet."""
        return self._copy is not None

    def begin(self) -> None:
        """Write a copy from here on. The file stays as it is, and nobody else's, until the end."""
        self.write()
        self.release()
        copy = self._path.with_name(f"{_FILE}{PARTIAL}")
        try:
            _journal(copy).unlink(missing_ok=True)  # of a transaction that was killed
            shutil.copyfile(self._path, copy)
        except OSError as error:
            raise disk_error(copy, error) from error
        self._copy = copy
        try:
            self._open(self._path, _KEPT, "")
            self._attach("")
        except BaseException:
            self.end(keep=False)
            raise

    def end(self, *, keep: bool) -> None:
        """End what ``begin`` began: what was written stays, or is gone."""
        copy, self._copy = self._copy, None
        self.release()
        self._connection.execute(f"DETACH DATABASE IF EXISTS {_KEPT}")
        if copy is None:
            return
        try:
            if keep:
                copy.replace(self._path)
            for rubbish in (copy, _journal(copy)):
                rubbish.unlink(missing_ok=True)
        except OSError as error:
            raise disk_error(self._path, error) from error

    def release(self) -> None:
        """Leave the file to others."""
        if self._mode is not None:
            self._connection.execute(f"DETACH {SCRATCH_CATALOG}")
        self._mode = None

    def _attach(self, mode: str) -> None:
        self._open(self._copy or self._path, SCRATCH_CATALOG, mode)
        self._mode = mode

    def _open(self, path: Path, catalog: str, mode: str) -> None:
        options = f"{mode}STORAGE_VERSION '{STORAGE_VERSION}'" if not mode else mode.rstrip(", ")
        try:
            self._connection.execute(f"ATTACH {literal(duckdb_database(path))} AS {catalog} ({options})")
        except duckdb.IOException as error:
            if "lock" in str(error):
                raise RunError(f"{self._path}: another session writes its tables; wait for it") from None
            raise RunError(f"{self._path}: {str(error).splitlines()[0]}") from error
        except duckdb.Error as error:
            raise RunError(f"{self._path}: {str(error).splitlines()[0]}") from error

    def _rows(self, text: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        return self._run(text, values).fetchall()

    def _run(self, text: str, values: Sequence[object] = ()) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(text, values)
        except duckdb.Error as error:
            raise RunError(f"{self._path}: {str(error).splitlines()[0]}") from error
