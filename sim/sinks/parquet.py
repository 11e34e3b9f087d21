"""The event store as Parquet: one file per unit and UTC date, in folders that DuckDB and BigQuery know."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from context.errors import InputError, RunError
from sim.atomic import disk_error, replacing
from sim.sinks import Unit, Written, check_rows, event_micros

FOLDER = "event_store/expanded"
ROW_GROUP_ROWS = 65_536
# CPU seconds and MB per million events of 2.0 KB of JSON, one core: level 1 2.2 s, 193 MB; level 3 2.7 s,
# 203 MB; level -3 1.7 s, 312 MB; snappy 1.6 s, 459 MB. Without the whole JSON: level 1 0.9 s, 83 MB; level 3
# 1.3 s, 87 MB; snappy 0.9 s, 159 MB. All columns as dictionaries: 2.5 s; none: 2.7 s; all statistics: 2.6 s.
ZSTD_LEVEL = 1
UNREPEATED = frozenset({"id", "event", "event_time", "extensions_json", "federated_session_json"})
_DAY = 86_400_000_000  # microseconds


class ParquetSink:
    """``root`` is the run folder; files appear below ``event_store/expanded``."""

    def __init__(self, root: str | Path, *, row_group_rows: int = ROW_GROUP_ROWS) -> None:
        self._root = Path(root)
        if self._root.exists() and not self._root.is_dir():
            raise InputError(f"sink parquet:{root}: this is a file, allowed: a folder")
        self._row_group_rows = row_group_rows
        self._closed = False

    def write(self, unit: Unit) -> list[Written]:
        """Write the unit's files, up to three; raises RunError when counts differ or the disk fails."""
        if self._closed:
            raise RunError("parquet: the sink is closed")
        parts = split_by_date(unit)
        paths = [self._root / file_path(day, unit.campus_day) for day in parts]
        with replacing(paths) as beside:
            for path, part in zip(beside, parts.values(), strict=True):
                self._write(part, path)
            found = [pq.read_metadata(path).num_rows for path in beside]
            check_rows(unit, sum(found), "the files written")
            sizes = [path.stat().st_size for path in beside]
        self._remove_others(unit.campus_day, set(paths))
        return [
            Written(path.relative_to(self._root).as_posix(), rows, size)
            for path, rows, size in zip(paths, found, sizes, strict=True)
        ]

    def close(self) -> None:
        """Nothing is held open between units."""
        self._closed = True

    def _write(self, table: pa.Table, path: Path) -> None:
        pq.write_table(table, path, row_group_size=self._row_group_rows, **writer_options(table.schema))

    def _remove_others(self, campus_day: date, kept: set[Path]) -> None:
        """A unit written again may touch fewer dates; its old files must not count twice."""
        try:
            for offset in range(-2, 4):
                path = self._root / file_path(campus_day + timedelta(offset), campus_day)
                if path not in kept:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise disk_error(self._root, error) from error


def file_path(event_date: date, campus_day: date) -> str:
    """Where a unit's events of one UTC date stand, relative to the run folder."""
    return f"{FOLDER}/event_date={event_date}/unit-{campus_day}.parquet"


def split_by_date(unit: Unit) -> dict[date, pa.Table]:
    """The unit's rows by UTC date of event_time, in order. Raises RunError when rows get lost."""
    times = event_micros(unit)
    if not len(times):
        return {}
    first, last = int(times[0] // _DAY), int(times[-1] // _DAY)
    starts = np.searchsorted(times, np.arange(first, last + 2) * _DAY).tolist()
    parts = {
        date(1970, 1, 1) + timedelta(first + i): unit.table.slice(start, end - start)
        for i, (start, end) in enumerate(pairwise(starts))
        if end > start
    }
    check_rows(unit, sum(part.num_rows for part in parts.values()), "its dates")
    return parts


def writer_options(schema: pa.Schema) -> dict[str, Any]:
    """Options of ``pyarrow.parquet.write_table`` for events.

    Leaves with repeated values keep the dictionaries they come with, up to a large page; ids and texts get
    none; only event_time gets statistics, which is what queries filter on. The Arrow schema stays out
    of the file, so that readers get plain types.
    """
    return {
        "compression": "zstd",
        "compression_level": ZSTD_LEVEL,
        "use_dictionary": [path for path in leaf_paths(schema) if path not in UNREPEATED],
        "dictionary_pagesize_limit": 16 << 20,
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
