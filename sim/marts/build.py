"""Building marts in a run folder: in order, only what is not there already, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from time import monotonic

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import schemas
from context.errors import InputError, number_of
from context.files import disk_error, file_digest, replacing
from context.store.store import ENTITY
from schemas import Mart
from sim.folder.duckdb_paths import duckdb_file
from sim.folder.names import MARTS, WAREHOUSE
from sim.folder.progress import Say
from sim.folder.whole import note_built
from sim.marts.graph import parameters, reads, with_needed
from sim.marts.made import follows_from, made_from, written
from sim.marts.query import PLAIN_ARITHMETIC, Dates, duckdb_query, sort_key
from sim.marts.record import MartEntry, MartFile, MartsRecord, digest_of, load_record
from sim.marts.room import first_limit, with_room
from sim.marts.source import (
    EVENTS_NAME,
    EXPANDED_NAME,
    MartSource,
    connected,
    events_of,
    open_mart_source,
    term_end,
)
from sim.marts.views import mart_error, put_into_warehouse
from sim.sql.rules.failing import needed
from sim.sql.warehouse import literal, quoted

CHUNK_EVENTS = 3_000_000  # in one pass, about; a day at least
# A dictionary has room for what repeats: most averages and times don't, and to number all of them before
# giving it up was a third of writing. Level 2 packs as level 3 does.
PARQUET = (
    "FORMAT parquet, ROW_GROUP_SIZE 122880, DICTIONARY_SIZE_LIMIT 2000, COMPRESSION zstd, COMPRESSION_LEVEL 2"
)


@dataclass(frozen=True)
class Wish:
    """What is to be built."""

    names: tuple[str, ...] = ()  # of marts, with or without their dataset, or of datasets; none is all
    begin: date | None = None  # first day of the events that marts by day are built of
    end: date | None = None
    run_date: date | None = None
    threads: int | None = None
    memory: str | None = None  # a limit for DuckDB; without one it is as much as it takes


@dataclass
class BuiltMarts:
    """What was done: files made and files that were there, rows by mart."""

    made: int
    found: int
    record: MartsRecord


def _silent(_: str) -> None:
    """Say nothing."""


def chosen(names: Sequence[str]) -> list[Mart]:
    """The marts named and all that they read, in order; for no name every mart but those on wish.

    Raises InputError for a name of no mart and no dataset of marts.
    """
    every = [mart for mart in schemas.marts() if not mart.table.on_wish]
    try:
        named = [
            mart
            for name in names
            for mart in (schemas.marts(name) if name in schemas.MART_DATASETS else [schemas.mart(name)])
        ]
        return with_needed(named if names else every)
    except schemas.UnknownName as error:
        raise InputError(str(error)) from None


def build_marts(run_dir: Path, wish: Wish | None = None, say: Say = _silent) -> BuiltMarts:
    """Build marts of a run as files of its folder and views of its warehouse.

    Raises InputError for an unknown mart, days without events, or stores that are not whole; RunError when
    a step fails. Marts that are there already stay as they were until a new one is whole.
    """
    wish = wish or Wish()
    order = chosen(wish.names)
    source = open_mart_source(run_dir)
    begin, end = span_of(source.dates, wish)
    for mart in sorted(order, key=lambda mart: mart.sql is None):
        _check_sources(source, mart)
    with connected(source, threads=wish.threads, memory=first_limit(wish.memory)) as connection:
        run_date = wish.run_date or term_end(connection, max(source.dates))
        whole = Dates(run_date, min(source.dates), max(source.dates))
        record = load_record(run_dir)
        record.run_date = run_date
        named = _read_while_building(order)
        work = _Work(
            source, connection, record, whole=whole, begin=begin, end=end, say=say, wish=wish, named=named
        )
        for number, mart in enumerate(order, 1):
            work.build(mart, f"{number} of {len(order)}")
        record.save(run_dir)
    if (run_dir / WAREHOUSE).is_file() and put_into_warehouse(run_dir / WAREHOUSE, run_dir, record):
        work.made += 1
    if work.made:
        files = [file.path for entry in record.marts.values() for file in entry.files.values()]
        built = [WAREHOUSE] if (run_dir / WAREHOUSE).is_file() else []
        note_built(run_dir, MARTS, *built, *files)
    return BuiltMarts(work.made, work.found, record)


def span_of(dates: Collection[date], wish: Wish) -> tuple[date, date]:
    """First and last date with events of those wished for. Raises InputError when there are none."""
    first, last = min(dates), max(dates)
    begin, end = wish.begin or first, wish.end or last
    if not any(begin <= day <= end for day in dates):
        raise InputError(f"--from {begin}, --to {end}: no events there, allowed: days from {first} to {last}")
    return max(begin, first), min(end, last)


def _check_sources(source: MartSource, mart: Mart) -> None:
    # What no query makes is worked out from the store as a whole.
    store = [f"{ENTITY}.{table.name}" for table in schemas.tables(ENTITY)]
    for table in store if mart.sql is None else reads(mart):
        if table.partition(".")[0] not in schemas.MART_DATASETS and not source.has(table):
            raise InputError(f"mart {mart.name}: reads {table}, which {source.run_dir} does not have")


def _read_while_building(order: Sequence[Mart]) -> frozenset[str]:
    """Names of marts that are read where rows are made, also by views. Wide views are slow to bind."""
    found: set[str] = set()
    for mart in reversed(order):
        if mart.table.stored != "view" or mart.name in found:
            found.update(reads(mart))
    return frozenset(found)


@dataclass
class _Work:
    source: MartSource
    connection: duckdb.DuckDBPyConnection
    record: MartsRecord
    whole: Dates
    begin: date
    end: date
    say: Callable[[str], None]
    wish: Wish
    named: frozenset[str] = frozenset()  # marts that go by their names in the connection
    made: int = 0
    found: int = 0
    is_checked: bool = False  # the stores, before anything is made of them
    brought: dict[str, pa.Table] = field(default_factory=dict)  # rows of marts to come, made with another's

    def build(self, mart: Mart, place: str) -> None:
        """Build a mart, or find it; afterwards it goes by its name where another's rows are made of it."""
        began = monotonic()
        before = self.made
        old = self.record.marts.get(mart.name, MartEntry())
        try:
            if mart.sql is not None:
                for macro in (*needed(duckdb_query(mart, self.whole)), *PLAIN_ARITHMETIC):
                    self.connection.execute(macro)
            if mart.table.stored == "view":
                entry = MartEntry(view=duckdb_query(mart, self.whole))
                self.made += entry != old
            else:
                make = partial(self._by_day if mart.table.stored == "days" else self._whole, mart, old)
                entry = with_room(self.connection, self.wish.memory, make, self.say)
            if mart.name in self.named:
                self._name(mart, entry)
        except duckdb.IOException as error:
            raise disk_error(self.source.run_dir, OSError(*error.args)) from error
        except duckdb.Error as error:
            raise mart_error(mart.name, error) from error
        if entry != old:
            self.record.marts[mart.name] = entry
            self.record.save(self.source.run_dir)
        if self.made > before:
            rows = sum(file.rows for file in entry.files.values())
            made = number_of(rows, "row") if entry.files else "a view"
            self.say(f"marts: {place}, {mart.name}, {made}, {monotonic() - began:.1f} s")

    def _whole(self, mart: Mart, old: MartEntry) -> MartEntry:
        made_from = self._made_from(mart, self.whole)
        there = old.files.get("")
        if there is not None and there.made_from == made_from and there.is_whole(self.source.run_dir):
            self.found += 1
            return old
        path = f"{mart.table.dataset}/{mart.table.name}.parquet"
        if mart.sql is None:
            memory = first_limit(self.wish.memory)
            write = written(mart, self.source, self.wish.threads, memory, self.say, self.brought)
        else:
            select = f"SELECT * FROM ({duckdb_query(mart, self.whole)}) ORDER BY {sort_key(mart)}"
            write = self._copier(select)
        return MartEntry(files={"": self._file(path, write, made_from)})

    def _by_day(self, mart: Mart, old: MartEntry) -> MartEntry:
        """Days of the range that are missing or were made of something else, some at a time."""
        dates = [day for day in self.source.dates if self.begin <= day <= self.end]
        made_from = {day: self._made_from(mart, replace(self.whole, begin=day, end=day)) for day in dates}
        files = {
            name: file for name, file in old.files.items() if date.fromisoformat(name) in self.source.dates
        }
        missing = []
        for day in dates:
            there = files.get(day.isoformat())
            if there is None or there.made_from != made_from[day] or not there.is_whole(self.source.run_dir):
                missing.append(day)
        self.found += len(dates) - len(missing)
        column = str(mart.table.partition_by)
        for days in _runs(missing, self.source.events):
            query = duckdb_query(mart, replace(self.whole, begin=days[0], end=days[-1]))
            with events_of(self.connection, self.source, days[0] - timedelta(1), days[-1]):
                rows = self._rows_by_day(mart, query)
            for day in days:
                path = f"{mart.table.dataset}/{mart.table.name}/{column}={day}.parquet"
                write = partial(_write_day, rows.get(day, rows[None]))
                files[day.isoformat()] = self._file(path, write, made_from[day])
        return MartEntry(files=dict(sorted(files.items())))

    def _made_from(self, mart: Mart, dates: Dates) -> str:
        """A fingerprint of all that rows follow from: query, contract, dates, tables read, version."""
        parts = [self.record.termtide, mart.sql or "", repr(mart.table), follows_from(mart, self.source)]
        by_day = mart.table.stored == "days"
        parts += [f"{name} {dates.of(name)}" for name in sorted(parameters(mart))]
        for table in made_from(mart):
            if by_day and table in (EXPANDED_NAME, EVENTS_NAME):
                parts.append(self.source.events_digest(dates.begin, dates.end))
            elif table in self.record.marts:
                parts.append(self.record.marts[table].digest)
            else:
                parts.append(self.source.digest(table))
        return digest_of(parts)

    def _copier(self, select: str) -> Callable[[Path], None]:
        def copy(path: Path) -> None:
            self.connection.execute(
                f"COPY ({select}) TO {literal(duckdb_file(path))} ({PARQUET}, USE_TMP_FILE false)"
            )

        return copy

    def _rows_by_day(self, mart: Mart, query: str) -> dict[date | None, pa.Table]:
        """Rows of some days, each day's in order, by day; of None: no rows."""
        column = str(mart.table.partition_by)
        ordered = f"SELECT * FROM ({query}) ORDER BY CAST({quoted(column)} AS DATE), {sort_key(mart)}"
        rows = self.connection.sql(ordered).to_arrow_table().cast(schemas.arrow_schema(mart.table))
        found: dict[date | None, pa.Table] = {None: rows.slice(0, 0)}
        begin = 0
        for day in pc.value_counts(rows[column].cast(pa.date32(), safe=False)).to_pylist():
            found[day["values"]] = rows.slice(begin, day["counts"])
            begin += day["counts"]
        return found

    def _file(self, path: str, write: Callable[[Path], None], made_from: str) -> MartFile:
        target = self.source.run_dir / path
        if not self.is_checked:
            self.source.check()
            self.is_checked = True
        with replacing([target]) as (beside,):
            write(beside)
            rows = int(pq.read_metadata(beside).num_rows)
            size, digest = beside.stat().st_size, file_digest(beside)
        self.made += 1
        return MartFile(path=path, rows=rows, bytes=size, xxh3_128=digest, made_from=made_from)

    def _name(self, mart: Mart, entry: MartEntry) -> None:
        """From here on the mart's rows go by its name in the connection."""
        called = f"{quoted(mart.table.dataset)}.{quoted(mart.table.name)}"
        if entry.view is not None:
            self.connection.execute(f"CREATE OR REPLACE VIEW {called} AS {entry.view}")
            return
        files = [duckdb_file(self.source.run_dir / file.path) for file in entry.files.values()]
        listed = ", ".join(literal(path) for path in files)
        self.connection.execute(
            f"CREATE OR REPLACE VIEW {called} AS "
            f"SELECT * FROM read_parquet([{listed}], hive_partitioning = false)"
        )


def _write_day(rows: pa.Table, path: Path) -> None:
    # By pyarrow and in one piece: DuckDB's bytes show what else there was beside a day's rows.
    # A dictionary that outgrows a page of 64 KB holds times, of which hardly any comes up again.
    pq.write_table(rows.combine_chunks(), path, compression="zstd", dictionary_pagesize_limit=1 << 16)


def _runs(days: Sequence[date], events: Mapping[date, int]) -> Iterator[list[date]]:
    """Days in a row with at most CHUNK_EVENTS events, or one day with more."""
    run: list[date] = []
    for day in days:
        full = sum(events[one] for one in (*run, day)) > CHUNK_EVENTS
        if run and (full or (day - run[-1]).days != 1):
            yield run
            run = []
        run.append(day)
    if run:
        yield run
