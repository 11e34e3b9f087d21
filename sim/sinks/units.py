"""Where units of events go: siblings behind one small protocol, chosen by the scheme of a URL.

``parquet:DIR``   the run folder's event store, a file per unit and UTC date
``ndjson:DIR``    a folder with one file of JSON documents per unit; ``ndjson:-`` writes to stdout;
                  ``?compression=gzip`` and ``?compression=zstd`` compress the files
``memory:``       in memory, for notebooks and tests

A sink is given a unit in parts, so that no part of a day but the one at hand is in memory. It says what it
needs of a unit, so that nothing is made for nobody. It checks counts before it writes and after, and leaves
nothing half written: a unit is there as a whole or not at all. Writing a unit again replaces it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from context.arrays import I64
from context.errors import RunError
from context.files import Written, checked_bytes, disk_error

# "lines": documents as lines, and of the columns event_time alone. "columns": all columns; documents are one
# of them where the scenario wants that. "documents": all columns, and the documents beside them.
Needs = Literal["lines", "columns", "documents"]


@dataclass(frozen=True)
class Unit:
    """The events of one campus day, or a part of them, in order of event_time and id."""

    campus_day: date
    table: pa.Table  # schema of event_store.expanded; leaves may be dictionary-encoded
    json: pa.Array | pa.ChunkedArray | None = None  # whole documents, text or binary, in the table's order
    # The same as lines ended by newlines, made when asked for: (how many, their bytes) at a time.
    lines: Callable[[], Iterator[tuple[int, memoryview]]] | None = None

    def __post_init__(self) -> None:
        if self.json is not None and len(self.json) != self.table.num_rows:
            raise RunError(
                f"unit {self.campus_day}: {self.table.num_rows} rows but {len(self.json)} documents; "
                "every event must have one of each"
            )


class UnitWriter(AbstractContextManager["UnitWriter"], Protocol):
    """A unit on its way into a sink.

    Leaving the context puts it in place; leaving it by an exception leaves what was there before. Raises
    RunError when counts differ or the outside fails.
    """

    written: list[Written]  # what is in place, once the context is left

    def add(self, part: Unit) -> None:
        """The unit's next events."""
        ...


@dataclass(frozen=True)
class UnitOptions:
    """What is asked of a sink's files; one that has no use for an option ignores it."""

    row_group_rows: int = 65_536  # of Parquet, at most


class Sink(Protocol):
    """What every sink does."""

    @property
    def needs(self) -> Needs:
        """What it wants to be given of a unit; more does no harm."""
        ...

    @property
    def root(self) -> Path | None:
        """The folder that its files stand in; None when they stand in none."""
        ...

    @property
    def compression(self) -> str:
        """How its files are compressed as a whole: none, gzip or zstd."""
        ...

    def unit(self, campus_day: date) -> UnitWriter:
        """Begin to write or replace a unit."""
        ...

    def copy(self, campus_day: date, run_dir: Path, files: Sequence[Written]) -> list[Written]:
        """Write or replace a unit by what the run folder's Parquet files have of it.

        Raises RunError, DamagedError for a file that is not what was written.
        """
        ...

    def close(self) -> None:
        """Finish; nothing may be written afterwards."""
        ...


def stored(
    run_dir: Path, files: Iterable[Written], columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """A unit's files in a run folder, a row group at a time; all columns unless some are named.

    What is read is what was checked. Raises RunError when a file can't be read, DamagedError when it is not
    the one that was written.
    """
    for written in files:
        path = run_dir / written.path
        try:
            with pq.ParquetFile(pa.BufferReader(checked_bytes(path, written.xxh3_128))) as file:
                for group in range(file.num_row_groups):
                    yield file.read_row_group(group, columns)
        except OSError as error:
            raise disk_error(path, error) from error


class InOrder:
    """Holds a unit's parts to the order of time, from one to the next, and counts their rows."""

    def __init__(self, campus_day: date) -> None:
        self.campus_day = campus_day
        self.rows = 0
        self._last: int | None = None

    def times(self, part: Unit) -> I64:
        """The part's event times as microseconds since 1970 (UTC). Raises RunError when out of order."""
        column = part.table.column("event_time").cast(pa.timestamp("us")).cast(pa.int64())
        times: I64 = column.to_numpy()
        if len(times):
            back = self._last is not None and int(times[0]) < self._last
            if back or bool(np.any(times[1:] < times[:-1])):
                raise RunError(f"unit {self.campus_day}: events are not in order of time")
            self._last = int(times[-1])
        self.rows += len(times)
        return times

    def check(self, rows: int, where: str) -> None:
        """Raise RunError unless all rows that were given are there."""
        if rows != self.rows:
            raise RunError(f"unit {self.campus_day}: {self.rows} events, but {rows} in {where}")
