"""Where output goes: siblings behind one small protocol, chosen by the scheme of a URL.

``parquet:DIR``   the run folder's event store, a file per unit and UTC date
``ndjson:DIR``    a folder with one file of JSON documents per unit; ``ndjson:-`` writes to stdout
``memory:``       lists in memory, for notebooks and tests

A sink is given whole units. It checks counts before it writes and after, and leaves nothing half written.
Writing a unit again replaces it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from context.errors import InputError, RunError


@dataclass(frozen=True)
class Unit:
    """The events of one campus day, in order of event_time and id."""

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


@dataclass(frozen=True)
class Written:
    """One file that a sink has written: where (relative to the sink's root), how many rows and bytes."""

    path: str
    rows: int
    bytes: int


class Sink(Protocol):
    """What every sink does."""

    def write(self, unit: Unit) -> list[Written]:
        """Write or replace a unit. Raises RunError when counts differ or the outside fails."""
        ...

    def close(self) -> None:
        """Finish; nothing may be written afterwards."""
        ...


def event_micros(unit: Unit) -> npt.NDArray[np.int64]:
    """Event times as microseconds since 1970 (UTC). Raises RunError when they are not in order."""
    column = unit.table.column("event_time").cast(pa.timestamp("us")).cast(pa.int64())
    times: npt.NDArray[np.int64] = column.to_numpy()
    if len(times) > 1 and bool(np.any(times[1:] < times[:-1])):
        raise RunError(f"unit {unit.campus_day}: events are not in order of time")
    return times


def check_rows(unit: Unit, rows: int, where: str) -> None:
    """Raise RunError unless all of the unit's rows are there."""
    if rows != unit.table.num_rows:
        raise RunError(f"unit {unit.campus_day}: {unit.table.num_rows} events, but {rows} in {where}")


def _parquet(target: str) -> Sink:
    from sim.sinks.parquet import ParquetSink

    return ParquetSink(target)


def _ndjson(target: str) -> Sink:
    from sim.sinks.ndjson import NdjsonSink

    return NdjsonSink(target)


def _memory(target: str) -> Sink:
    from sim.sinks.memory import MemorySink

    if target:
        raise InputError(f"sink memory:{target}: nothing is allowed behind memory:")
    return MemorySink()


SCHEMES: dict[str, Callable[[str], Sink]] = {"parquet": _parquet, "ndjson": _ndjson, "memory": _memory}


def open_sink(url: str) -> Sink:
    """The sink of a URL. Raises InputError for an unknown scheme or a target that is missing."""
    scheme, colon, target = url.partition(":")
    if not colon or scheme not in SCHEMES:
        near = get_close_matches(scheme, SCHEMES, n=1)
        hint = f"; did you mean {near[0]}:?" if near else ""
        raise InputError(f"sink {url!r} given, allowed: {', '.join(f'{name}:' for name in SCHEMES)}{hint}")
    if scheme != "memory" and not target:
        raise InputError(f"sink {url!r} given, allowed: {scheme}: and a folder")
    return SCHEMES[scheme](target)
