"""The event store as Parquet: one file per unit and UTC date, in folders that DuckDB and BigQuery know."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import schemas
from context.arrays import DAY_MS, I64
from context.errors import InputError, RunError
from context.files import Written, copy_checked, disk_error, replacing, typed_path
from sim.folder.names import file_path
from sim.sinks.units import InOrder, Needs, Unit, UnitOptions, UnitWriter

# CPU seconds and MB per million events of 2.0 KB of JSON, one core: level 1 2.2 s, 193 MB; level 3 2.7 s,
# 203 MB; level -3 1.7 s, 312 MB; snappy 1.6 s, 459 MB. Without the whole JSON: level 1 0.9 s, 83 MB; level 3
# 1.3 s, 87 MB; snappy 0.9 s, 159 MB. All columns as dictionaries: 2.5 s; none: 2.7 s; all statistics: 2.6 s.
ZSTD_LEVEL = 1
# Rows that the writer takes at a time, of which pages consist: an eighth less CPU time for all columns but
# documents than with its own 1,024, and 2 % fewer bytes of those. A page of documents is 8 MB; 65,536 rows
# would make one of 125 MB.
BATCH_ROWS = 4_096
DATES_AROUND = range(-2, 4)  # UTC dates a unit's files can have, counted from its campus day
_DAY_US = 1_000 * DAY_MS


class ParquetSink:
    """``root`` is the run folder; files appear below ``event_store/expanded``."""

    needs: Needs = "columns"
    compression = "none"  # of whole files: their columns are

    def __init__(self, root: str | Path, options: UnitOptions | None = None) -> None:
        self.root = typed_path(root)
        if self.root.exists() and not self.root.is_dir():
            raise InputError(f"sink parquet:{root}: this is a file, allowed: a folder")
        self.row_group_rows = (options or UnitOptions()).row_group_rows
        self._closed = False

    def unit(self, campus_day: date) -> UnitWriter:
        """Begin a unit's files, up to three; each part makes a row group of its own in each of them."""
        if self._closed:
            raise RunError("parquet: the sink is closed")
        return _ParquetUnit(self, campus_day)

    def copy(self, campus_day: date, run_dir: Path, files: Sequence[Written]) -> list[Written]:
        """Take a unit's files, byte for byte. Raises RunError, DamagedError for one that was changed."""
        for file in files:
            with replacing([self.root / file.path]) as (beside,):
                copy_checked(run_dir / file.path, beside, file.xxh3_128)
        self.remove_others(campus_day, {self.root / file.path for file in files})
        return list(files)

    def close(self) -> None:
        """Nothing is held open between units."""
        self._closed = True

    def remove_others(self, campus_day: date, kept: set[Path]) -> None:
        """A unit written again may touch fewer dates; its old files must not count twice."""
        try:
            for offset in DATES_AROUND:
                path = self.root / file_path(campus_day + timedelta(offset), campus_day)
                if path not in kept:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise disk_error(self.root, error) from error


class _ParquetUnit:
    """Files of one unit, beside their places until all of them are whole."""

    def __init__(self, sink: ParquetSink, campus_day: date) -> None:
        self.written: list[Written] = []
        self._sink, self._day, self._order = sink, campus_day, InOrder(campus_day)
        self._stack = ExitStack()
        self._writers: dict[date, pq.ParquetWriter] = {}
        self._beside: dict[date, Path] = {}

    def __enter__(self) -> Self:
        return self

    def add(self, part: Unit) -> None:
        for day, rows in split_by_date(self._order.times(part)).items():
            if day not in self._writers:
                path = self._sink.root / file_path(day, self._day)
                (beside,) = self._stack.enter_context(replacing([path]))
                self._beside[day] = beside
                self._writers[day] = pq.ParquetWriter(
                    beside, part.table.schema, **writer_options(part.table.schema)
                )
            table = part.table.slice(rows.start, rows.stop - rows.start)
            self._writers[day].write_table(table, row_group_size=self._sink.row_group_rows)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for writer in self._writers.values():
                with suppress(OSError, pa.ArrowException):
                    writer.close()  # a full disk refuses the footer too
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:
            self._finish()
        self._sink.remove_others(self._day, {self._sink.root / file.path for file in self.written})

    def _finish(self) -> None:
        found = {}
        for day, writer in self._writers.items():
            writer.close()
            found[day] = int(pq.read_metadata(self._beside[day]).num_rows)
        self._order.check(sum(found.values()), "the files written")
        self.written = [
            Written.of(file_path(day, self._day), self._beside[day], rows) for day, rows in found.items()
        ]


def split_by_date(times: I64) -> dict[date, slice]:
    """Rows of each UTC date, in order; ``times`` are increasing microseconds since 1970."""
    if not len(times):
        return {}
    first, last = int(times[0] // _DAY_US), int(times[-1] // _DAY_US)
    starts = np.searchsorted(times, np.arange(first, last + 2) * _DAY_US).tolist()
    return {
        date(1970, 1, 1) + timedelta(first + i): slice(start, end)
        for i, (start, end) in enumerate(pairwise(starts))
        if end > start
    }


def writer_options(schema: pa.Schema) -> dict[str, Any]:
    """Options of ``pyarrow.parquet.write_table`` for events.

    Leaves with repeated values keep the dictionaries they come with, up to a large page; ids and texts get
    none; only event_time gets statistics, which is what queries filter on. The Arrow schema stays out
    of the file, so that readers get plain types.
    """
    unrepeated = schemas.table("event_store", "expanded").unrepeated
    return {
        "compression": "zstd",
        "compression_level": ZSTD_LEVEL,
        "use_dictionary": [path for path in leaf_paths(schema) if path not in unrepeated],
        "dictionary_pagesize_limit": 16 << 20,
        "write_batch_size": BATCH_ROWS,
        "write_statistics": ["event_time"],
        "store_schema": False,
    }


def leaf_paths(schema: pa.Schema) -> list[str]:
    """Paths of the leaves as Parquet names them: ``actor.id``, ``membership.roles.list.element``."""
    return [path for field in schema for path in _leaves(field.type, field.name)]


def _leaves(kind: pa.DataType, path: str) -> list[str]:
    if pa.types.is_struct(kind):
        return [leaf for field in kind for leaf in _leaves(field.type, f"{path}.{field.name}")]
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _leaves(kind.value_type, f"{path}.list.element")
    return [path]
