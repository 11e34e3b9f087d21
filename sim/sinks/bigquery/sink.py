"""The sink: several items at once, each loaded, counted, recorded; transactions one after the other."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import date, timedelta
from typing import Any

from google.api_core import exceptions as api

import schemas
from context.errors import RunError
from sim.sinks.bigquery import guard
from sim.sinks.bigquery.body import Body, body_of
from sim.sinks.bigquery.checksum import SummedLeaf, Sums, checksum, difference, leaves, select, sums_read
from sim.sinks.bigquery.connection import Connection
from sim.sinks.bigquery.fills import fill_table
from sim.sinks.bigquery.jobs import Load, job_base, load
from sim.sinks.bigquery.loads import Loads
from sim.sinks.bigquery.make import (
    bigquery_literal,
    delete_table,
    make_all,
    make_table,
    staging_days,
    table_name,
)
from sim.sinks.bigquery.methods import choose_method, replace_day
from sim.sinks.bigquery.target import read_address
from sim.sinks.tables import EXPANDED, Fill, Item, Shipment, TableOptions

LANES = 4  # items under way at once
_STAGINGS = 3  # a staging table that vanishes is loaded so often


class BigquerySink:
    """``target`` is ``//PROJECT?...``; see ``sim.sinks.bigquery.target``."""

    def __init__(self, target: str, options: TableOptions) -> None:
        self._target, self._options = read_address(target), options
        self._connection: Any = None
        self._shipment: Any = None
        self._findings: Any = None
        self._loads: Any = None
        self._method = options.method
        self._rows: dict[tuple[str, str, date | None], int] = {}  # by dataset, table and day, when opened
        self._pool = ThreadPoolExecutor(LANES, thread_name_prefix="bigquery")
        self._room = threading.BoundedSemaphore(2 * LANES)
        self._committer = threading.Lock()
        self._under_way: list[Future[None]] = []
        self._failure: BaseException | None = None  # the first; what fails after it fails because of it

    @property
    def places(self) -> frozenset[str]:
        """Datasets; those of one project are places of their own."""
        names = map(self._target.dataset, (*schemas.DATASETS, *schemas.MART_DATASETS, schemas.META))
        return frozenset(f"bigquery:{self._target.project}.{name}" for name in names)

    def check(self, shipment: Shipment) -> list[str]:
        """See the protocol."""
        self._connection = Connection(self._target.project, self._target.location)
        self._shipment = shipment
        self._findings = guard.check(self._connection, self._target, shipment, self._options)
        self._connection.labels = guard.labels_of(shipment)
        return [self._connection.line, *self._findings.lines]

    def open(self) -> None:
        """See the protocol."""
        make_all(self._connection, self._target, self._shipment, self._findings)
        self._loads = Loads(self._connection, self._target, self._shipment.run)
        self._loads.read()
        self._rows = self._count_rows()
        if EXPANDED in self._shipment.tables:
            self._method = choose_method(self._connection, self._target, self._options.method)
            self._options.say(f"days are replaced by {self._method}")
            for name in staging_days(self._connection, self._target):
                if any(self._target.staging(table, day) == name for table, day in self._loads.days):
                    delete_table(self._connection, self._called(schemas.META, name))

    def has(self, item: Item) -> bool:
        """See the protocol."""
        entry = self._loads.entry(item.name)
        if entry is None:
            return False
        if (entry.rows, entry.digest) != (item.rows, item.digest):
            self._options.say(f"{item.name}: other rows were delivered before: loading it again")
            return False
        there = self._rows.get((item.dataset, item.table, item.day), 0)
        if there != item.rows:
            self._options.say(
                f"{item.name}: {item.rows:,} rows delivered, {there:,} there now: loading it again"
            )
        return bool(there == item.rows)

    def put(self, item: Item) -> None:
        """See the protocol."""
        self._raise_failed()
        self._room.acquire()
        future = self._pool.submit(self._deliver, item)
        future.add_done_callback(lambda _: self._room.release())
        self._under_way.append(future)

    def fill(self, what: Fill) -> int:
        """See the protocol."""
        return fill_table(self._connection, self._target, what)

    def flush(self) -> None:
        """See the protocol."""
        wait(self._under_way)
        self._raise_failed()

    def close(self) -> None:
        """See the protocol."""
        if self._connection is not None:
            self._connection.give_up()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _raise_failed(self) -> None:
        """Raise the first failure; forget what succeeded."""
        self._under_way = [future for future in self._under_way if not future.done()]
        if self._failure is not None:
            raise self._failure

    def _deliver(self, item: Item) -> None:
        """One item, unless an earlier one failed: then nothing more is begun."""
        if self._connection.over:
            return
        try:
            self._load(item)
        except BaseException as error:
            self._failure = self._failure or error
            self._connection.give_up()
            raise

    def _load(self, item: Item) -> None:
        """Load one item, compare what is there, record it."""
        contract = schemas.table(item.dataset, item.table)
        with body_of(item, contract, _summed(item)) as body:
            if item.day is not None and self._method == "transaction":
                job = self._by_transaction(item, item.day, body)
            else:
                job = self._by_job(item, body)
        self._loads.record(item, checksum(body.sums), job)
        if item.day is not None and self._method == "transaction":
            delete_table(
                self._connection, self._called(schemas.META, self._target.staging(item.table, item.day))
            )

    def _by_job(self, item: Item, body: Body) -> str:
        """One load job replaces a table, or its partition named by the decorator."""
        called = self._called(item.dataset, item.table)
        destination = f"{called}${item.day:%Y%m%d}" if item.day else called
        what = Load(item.name, self._base(item), destination, schemas.table(item.dataset, item.table))
        return load(
            self._connection, what, body, lambda: self._wrong(item, called, body.sums), self._options.say
        )

    def _by_transaction(self, item: Item, day: date, body: Body) -> str:
        """A load job into a staging table, then one transaction that puts its rows in the day's place."""
        contract, called = schemas.table(item.dataset, item.table), self._called(item.dataset, item.table)
        staging = self._called(schemas.META, self._target.staging(item.table, day))
        what = Load(f"{item.name} (staging)", f"{self._base(item)}_stage", staging, contract, item.rows)
        job = ""
        for turn in range(_STAGINGS):
            make_table(self._connection, staging, contract, self._connection.labels, plain=True)
            job = load(
                self._connection, what, body, lambda: self._rows_wrong(staging, item.rows), self._options.say
            )
            try:
                with self._committer:
                    replace_day(self._connection, item.name, contract, called, staging, day)
                break
            except api.NotFound as error:
                if turn == _STAGINGS - 1:
                    raise RunError(
                        f"{item.name}: {staging} vanishes again and again; who deletes it?"
                    ) from error
                self._options.say(f"{item.name}: {staging} has vanished: loading it again")
        if wrong := self._wrong(item, called, body.sums):
            raise RunError(f"{item.name}: put in place, but {wrong}; the same command loads it again")
        return job

    def _wrong(self, item: Item, called: str, sums: Sums) -> str | None:
        """What is wrong with the rows there; None when they are the item's."""
        contract = schemas.table(item.dataset, item.table)
        where = during(contract.partition_by or "", item.day) if item.day else ""
        found = _summed(item)
        try:
            rows = self._connection.query(item.name, select(found, f"`{called}`", where))
        except api.NotFound:
            return f"the table {called} is gone"
        return difference(found, sums, sums_read(rows[0]))

    def _rows_wrong(self, called: str, rows: int) -> str | None:
        try:
            there = int(self._connection.query(called, f"SELECT COUNT(*) AS number FROM `{called}`")[0][0])
        except api.NotFound:
            return f"{called} is gone"
        return None if there == rows else f"{rows:,} rows sent, {there:,} in {called}"

    def _count_rows(self) -> dict[tuple[str, str, date | None], int]:
        """Rows of every table and day that has items; counting reads no column and is not charged."""
        parts = []
        for dataset, table in sorted(self._loads.tables & set(self._shipment.tables)):
            column = schemas.table(dataset, table).partition_by
            names = (
                f"SELECT {bigquery_literal(dataset)} AS dataset_name, {bigquery_literal(table)} AS table_name"
            )
            source = f"FROM `{self._called(dataset, table)}`"
            if column:
                where = f"WHERE `{column}` >= DATETIME '1000-01-01'"
                parts.append(
                    f"{names}, DATE(`{column}`) AS day, COUNT(*) AS number {source} {where} GROUP BY 3"
                )
            else:
                parts.append(f"{names}, CAST(NULL AS DATE) AS day, COUNT(*) AS number {source}")
        if not parts:
            return {}
        rows = self._connection.query("rows that are there", " UNION ALL ".join(parts))
        return {(row[0], row[1], row[2]): int(row[3]) for row in rows}

    def _called(self, dataset: str, table: str) -> str:
        return table_name(self._connection, self._target, dataset, table)

    def _base(self, item: Item) -> str:
        part = f"{item.day:%Y%m%d}" if item.day else "whole"
        dataset = self._target.dataset(item.dataset)
        return job_base(self._shipment.run, dataset, item.table, part, item.digest)


def _summed(item: Item) -> list[SummedLeaf]:
    """What of an item is summed here and there: its columns; none where its files are not read here."""
    return [] if item.uris else leaves(schemas.table(item.dataset, item.table))


def during(column: str, day: date) -> str:
    """The rows of one UTC date."""
    return f"`{column}` >= DATETIME '{day}' AND `{column}` < DATETIME '{day + timedelta(1)}'"
