"""Where finished tables go: siblings behind one small protocol, chosen by the scheme of a URL.

``bigquery://PROJECT?location=US&prefix=test_``   datasets of BigQuery; ``&event_store=NAME`` renames one
``duckdb:FILE``                                   one DuckDB file with the rows in it
``memory:``                                       in memory, for notebooks and tests

A table sink is given what stands in Parquet files: whole tables, and partitions of one UTC date. It keeps in
the warehouse itself what it has taken (``termtide_meta.loads``), so that any machine goes on where another
one stopped. Putting an item again replaces it: it is there once.

The order of calls is ``check``, ``open``, any number of ``has`` and ``put``, then ``flush`` and ``close``;
all from one thread. ``check`` alone is what ``--dry-run`` does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from context.files import check_digest, disk_error

EXPANDED = ("event_store", "expanded")  # what comes by days
METHODS = ("auto", "decorator", "transaction")


@dataclass(frozen=True)
class Shipment:
    """What is delivered: the run it belongs to, and every table it may have items of."""

    run: str  # its id, of lower-case letters, digits, - and _; see ``sim.folder.manifest.run_id``
    seed: int
    pack: str
    tables: Collection[tuple[str, str]]  # (dataset, table), each with a contract in ``schemas``


@dataclass(frozen=True)
class Item:
    """A whole table, or one partition of it; it has a contract in ``schemas``."""

    dataset: str
    table: str
    day: date | None  # UTC date of the partition; None for a whole table
    files: tuple[Path, ...]  # Parquet, in this order; they must stay until ``flush`` has returned
    rows: int
    digest: str  # of the content, whatever files it stands in
    xxh3_128: tuple[str, ...] = ()  # of the bytes of each file; none where they were written just now
    uris: tuple[
        str, ...
    ] = ()  # instead of files: where they stand in Cloud Storage, for a warehouse to fetch

    def check(self) -> None:
        """Raise DamagedError unless its files are those that were written; RunError if one is unreadable."""
        for path, digest in zip(self.files, self.xxh3_128, strict=bool(self.xxh3_128)):
            try:
                check_digest(path, digest)
            except OSError as error:
                raise disk_error(path, error) from error

    @property
    def name(self) -> str:
        """For messages: ``event_store.expanded 2026-09-01``."""
        return f"{self.dataset}.{self.table}" + (f" {self.day}" if self.day else "")


@dataclass(frozen=True)
class Fill:
    """Rows that a warehouse makes of what it has: a query, in each warehouse's dialect."""

    dataset: str
    table: str  # it has a contract in ``schemas``
    columns: tuple[str, ...]  # of the query, in its order
    bigquery: str  # tables as dataset.table, dates as @name
    duckdb: str
    parameters: Mapping[str, date]
    span: tuple[str, date, date] | None = None  # column, first and last UTC date to replace; None: all rows

    @property
    def name(self) -> str:
        """For messages."""
        return f"{self.dataset}.{self.table}" + (f" {self.span[1]} to {self.span[2]}" if self.span else "")


def _silent(line: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class TableOptions:
    """What a delivery asks of its sink; one that has no use for an option ignores it."""

    method: str = "auto"  # one of METHODS: how a partition is replaced
    allow_unlabelled: tuple[str, ...] = ()  # datasets to write into although they aren't labelled synthetic
    say: Callable[[str], None] = _silent  # lines for the user: what was found broken and is mended
    verify: bool = False  # read what is there already, where it can be read


class TableSink(Protocol):
    """What every table sink does."""

    @property
    def places(self) -> frozenset[str]:
        """What it writes into; two sinks of one place would be one destination named twice."""
        ...

    def check(self, shipment: Shipment) -> list[str]:
        """Look at the destination and write nothing.

        Returns lines for the user: the first names destination, account and whether it is an emulator, the
        others say what would be made and warn. Raises InputError for what the user can mend, RunError for
        what is out of reach.
        """
        ...

    def open(self) -> None:
        """Make what is missing, and read what is already there. Raises InputError, RunError."""
        ...

    def has(self, item: Item) -> bool:
        """Whether the warehouse has the item: recorded with its rows and digest, and the rows are there."""
        ...

    def put(self, item: Item) -> None:
        """Take an item, replacing what was there.

        It may still be under way when this returns, and may wait until there is room. Raises RunError when
        this or an earlier item failed; what is recorded by then stays good.
        """
        ...

    def fill(self, what: Fill) -> int:
        """Replace rows by those of a query over what is there, all of them or none; returns their number.

        Raises RunError; whatever was there before then stays.
        """
        ...

    def flush(self) -> None:
        """Return when everything put is in place, counted and recorded. Raises RunError."""
        ...

    def close(self) -> None:
        """Finish, or give up what is under way; may be called at any point, and again."""
        ...
