"""A run folder as what marts are made from: its tables, the dates of its events, and digests of both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import duckdb

import schemas
from context.errors import InputError
from context.files import damaged
from context.store.store import table_path
from sim.folder.duckdb_paths import duckdb_file, duckdb_folder
from sim.folder.manifest import Manifest, load_manifest, termtide_version
from sim.folder.names import COMPLETED_BY, date_of
from sim.folder.whole import check_files
from sim.marts.record import digest_of
from sim.sql.warehouse import literal, quoted

EXPANDED_NAME = "event_store.expanded"
EVENTS_NAME = "event_store.events"


@dataclass(frozen=True)
class MartSource:
    """The stores of a run. Raises InputError for a run that is not complete, or of another version."""

    run_dir: Path
    manifest: Manifest

    @cached_property
    def dates(self) -> dict[date, str]:
        """UTC dates that have events, in order, each with a digest of its units."""
        parts: dict[date, list[str]] = {}
        for name, unit in sorted(self.manifest.units.items()):
            for file in unit.files:
                day = date_of(file.path)
                if day is not None:
                    parts.setdefault(day, []).append(f"{name} {file.rows} {unit.digest}")
        return {day: digest_of(parts[day]) for day in sorted(parts)}

    @cached_property
    def events(self) -> Counter[date]:
        """How many events there are by UTC date."""
        found: Counter[date] = Counter()
        for unit in self.manifest.units.values():
            for file in unit.files:
                day = date_of(file.path)
                if day is not None:
                    found[day] += file.rows
        return found

    def files(self, first: date, last: date) -> list[Path]:
        """Files with events of some dates."""
        found = []
        for unit in self.manifest.units.values():
            for file in unit.files:
                day = date_of(file.path)
                if day is not None and first <= day <= last:
                    found.append(self.run_dir / file.path)
        return sorted(found)

    def digest(self, table: str) -> str:
        """Of a table's content, as the manifest has it."""
        if table in (EXPANDED_NAME, EVENTS_NAME):
            return digest_of(self.dates.values())
        return self.manifest.store[table].digest

    def events_digest(self, first: date, last: date) -> str:
        """Of the events of some dates and the day before, which sessions may reach back into."""
        return digest_of(
            f"{day} {digest}" for day, digest in self.dates.items() if first - timedelta(1) <= day <= last
        )

    def check(self) -> None:
        """Raise DamagedError unless stores and events are what was written: what differs is noted."""
        check_files(self.run_dir, self.manifest.files)

    def has(self, table: str) -> bool:
        """Whether there is a table of the stores by that name."""
        return table in (EXPANDED_NAME, EVENTS_NAME) or table in self.manifest.store


def open_mart_source(run_dir: Path) -> MartSource:
    """The stores of a run.

    Raises InputError when they are not whole, or another version's, DamagedError when a file is missing.
    """
    manifest = load_manifest(run_dir)
    if manifest.termtide != termtide_version():
        raise InputError(
            f"{run_dir}: its stores are of Termtide {manifest.termtide}, this is {termtide_version()}; "
            "marts are built by the version that made the stores"
        )
    if manifest.state in ("context", "plan") or not manifest.units:
        raise InputError(f"{run_dir}: has no events yet; {COMPLETED_BY}")
    for file in manifest.files:
        if not (run_dir / file.path).is_file():
            raise damaged(run_dir / file.path, "is missing")
    return MartSource(run_dir, manifest)


_PUSHDOWN = "partial_aggregate_pushdown"
_SPILL = ".marts-"  # folders for what exceeds the memory


@contextmanager
def connected(source: MartSource, *, threads: int | None, memory: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which tables of the stores go by their names; what exceeds the memory is spilled."""
    for left in source.run_dir.glob(f"{_SPILL}*"):  # by a kill: whoever builds holds the run
        rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=_SPILL, dir=source.run_dir) as spill, duckdb.connect() as connection:
        for setting in ("TimeZone = 'UTC'", f"temp_directory = {literal(duckdb_folder(Path(spill)))}"):
            connection.execute(f"SET {setting}")
        # Adding up what is unique before a join costs more than it saves; other versions have no such step.
        if (_PUSHDOWN,) in connection.execute("SELECT name FROM duckdb_optimizers()").fetchall():
            connection.execute(f"SET disabled_optimizers = {literal(_PUSHDOWN)}")
        if threads is not None:
            connection.execute(f"SET threads = {threads}")
        connection.execute(f"SET memory_limit = {literal(memory)}")
        for dataset in (*schemas.DATASETS, *schemas.MART_DATASETS):
            connection.execute(f"CREATE SCHEMA {quoted(dataset)}")
        for table in source.manifest.store:
            dataset, _, name = table.partition(".")
            _view(connection, table, [table_path(source.run_dir, dataset, name)])
        _view(connection, EXPANDED_NAME, source.files(min(source.dates), max(source.dates)))
        yield connection


def _view(connection: duckdb.DuckDBPyConnection, table: str, files: list[Path]) -> None:
    """A table's rows, in Parquet files, by its name."""
    dataset, _, name = table.partition(".")
    listed = ", ".join(literal(duckdb_file(path)) for path in files)
    connection.execute(
        f"CREATE OR REPLACE VIEW {quoted(dataset)}.{quoted(name)} AS "
        f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)"
    )


@contextmanager
def events_of(
    connection: duckdb.DuckDBPyConnection, source: MartSource, first: date, last: date
) -> Iterator[None]:
    """Meanwhile the event store has the events of some dates alone: no other file is even opened."""
    _view(connection, EXPANDED_NAME, source.files(first, last))
    try:
        yield
    finally:
        _view(connection, EXPANDED_NAME, source.files(min(source.dates), max(source.dates)))


def term_end(connection: duckdb.DuckDBPyConnection, last: date) -> date:
    """The last day of the latest term that has begun by ``last``, and no later than that."""
    row = connection.execute(
        "SELECT max(coalesce(term_end_date, le_term_end_date)) FROM context_store_entity.academic_term "
        "WHERE coalesce(term_begin_date, le_term_begin_date) <= ?",
        [last],
    ).fetchone()
    found = row[0] if row else None
    return min(found, last) if isinstance(found, date) else last
