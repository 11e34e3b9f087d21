"""``termtide_meta.loads``: what is in place, kept in the warehouse itself."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import date

import schemas
from sim.sinks.bigquery.connection import Connection
from sim.sinks.bigquery.make import bigquery_literal, table_name
from sim.sinks.bigquery.target import Address
from sim.sinks.tables import Item


@dataclass(frozen=True)
class Entry:
    """One row."""

    item: str
    dataset: str
    table: str
    day: date | None
    rows: int
    digest: str
    checksum: str
    job: str


class Loads:
    """Rows of one run; may be written from several threads, whose rows go in together."""

    def __init__(self, connection: Connection, target: Address, run: str) -> None:
        self._connection, self._run = connection, run
        self._table = f"`{table_name(connection, target, schemas.META, 'loads')}`"
        self._entries: dict[str, Entry] = {}
        self._waiting: list[Entry] = []
        self._lock, self._commit = threading.Lock(), threading.Lock()

    def read(self) -> None:
        """Read what is there."""
        rows = self._connection.query(
            "termtide_meta.loads",
            "SELECT item, dataset_name, table_name, day, row_count, digest, checksum, job "
            f"FROM {self._table} WHERE run = {bigquery_literal(self._run)}",
        )
        self._entries = {row[0]: Entry(*row) for row in rows}

    def entry(self, name: str) -> Entry | None:
        """The row of an item."""
        return self._entries.get(name)

    @property
    def tables(self) -> set[tuple[str, str]]:
        """Tables of which something is in place."""
        return {(entry.dataset, entry.table) for entry in self._entries.values()}

    @property
    def days(self) -> set[tuple[str, date]]:
        """Tables and days that are in place."""
        return {(entry.table, entry.day) for entry in self._entries.values() if entry.day is not None}

    def record(self, item: Item, checksum: str, job: str) -> None:
        """Write a row; returns once it is in the warehouse."""
        mine = Entry(
            item=item.name,
            dataset=item.dataset,
            table=item.table,
            day=item.day,
            rows=item.rows,
            digest=item.digest,
            checksum=checksum,
            job=job,
        )
        with self._lock:
            self._waiting.append(mine)
        with self._commit:  # while one writes, the others gather, and the next takes all of them
            with self._lock:
                batch, self._waiting = self._waiting, []
            if batch:
                try:
                    self._write(batch)
                except BaseException:
                    with self._lock:
                        self._waiting = batch + self._waiting
                    raise
            if mine.item not in self._entries:
                raise AssertionError(mine.item)

    def _write(self, batch: list[Entry]) -> None:
        items = ", ".join(bigquery_literal(entry.item) for entry in batch)
        names = "item, run, dataset_name, table_name, day, row_count, digest, checksum, job, loaded_at"
        values = ", ".join(self._values(entry) for entry in batch)
        self._connection.query(
            "termtide_meta.loads",
            "BEGIN TRANSACTION; "
            f"DELETE FROM {self._table} WHERE run = {bigquery_literal(self._run)} AND item IN ({items}); "
            f"INSERT INTO {self._table} ({names}) VALUES {values}; "
            "COMMIT TRANSACTION;",
        )
        self._entries |= {entry.item: entry for entry in batch}

    def _values(self, entry: Entry) -> str:
        texts = (entry.item, self._run, entry.dataset, entry.table)
        day = f"DATE '{entry.day}'" if entry.day else "CAST(NULL AS DATE)"
        last = (entry.digest, entry.checksum, entry.job)
        return (
            f"({', '.join(map(bigquery_literal, texts))}, {day}, {entry.rows}, "
            f"{', '.join(map(bigquery_literal, last))}, CURRENT_TIMESTAMP())"
        )
