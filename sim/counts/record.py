"""The record of a unit's counts: one row of lists, as a small Parquet file; a run's records are one table.

Records name things by the names and ids that stores and packs use, so those of several runs can be put below
each other: nothing that is counted needs the events again. A record says what its campus day was asked for
and what was drawn, and it is a pure function of plan and store, as the events are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from context.errors import RunError
from context.files import Written, damaged, replacing
from sim.folder.names import counts_path

COUNTS_FORMAT = 1
_NAME = pa.dictionary(pa.int16(), pa.string())


def _list(**fields: pa.DataType) -> pa.DataType:
    return pa.list_(pa.struct(fields))


COUNTS_SCHEMA = pa.schema(
    {
        "format": pa.int16(),
        "campus_day": pa.date32(),
        "events": pa.int64(),  # all that the unit has
        "lost": pa.int64(),  # clicks that an outage cost, which are not among them
        # Events by kind (a name of kinds.toml) and by who acted: student, staff or system. Counted are those
        # that the rates ask for.
        "kinds": _list(kind=_NAME, role=_NAME, counted=pa.bool_(), events=pa.int64()),
        # What is asked of a cell, in millionths of an event, and what was drawn in it; zeros are left out.
        "cells": _list(
            tool=_NAME,
            cip=_NAME,
            level=_NAME,
            asked_micro=pa.int64(),
            overshoot_micro=pa.int64(),
            drawn=pa.int64(),
        ),
        # Hours by the clock on the wall since the campus day's midnight: 24 and more are of the next date.
        # Without a tool are logins and all that no tool's rate counts.
        "hours": _list(hour=pa.int8(), tool=_NAME, counted=pa.bool_(), events=pa.int64()),
        # Counted clicks by course_offering_id.
        "courses": _list(course=pa.int64(), tool=_NAME, clicks=pa.int64()),
        # Students' enrolments of the day, by how many whole weeks are left until they withdraw (NULL: never),
        # and their counted clicks.
        "leaving": _list(weeks_left=pa.int8(), seats=pa.int64(), clicks=pa.int64()),
        # Of a sample of students: on which work (global Canvas id of the assignment) they did what today.
        "work": _list(
            person=pa.int64(),
            assignment=pa.int64(),
            opened=pa.bool_(),
            submitted=pa.bool_(),
            graded=pa.bool_(),
        ),
        # Every event of one student, chosen by key; visit is the same for events of one visit.
        "moments": _list(
            person=pa.int64(),
            time=pa.timestamp("ms"),  # UTC
            kind=_NAME,
            tool=_NAME,
            course=pa.int64(),
            visit=pa.uint64(),
        ),
    }
)


def record_of(columns: Mapping[str, Any]) -> pa.Table:
    """One row: plain values, and of lists the elements, as a pa.StructArray of the list's type."""
    arrays = []
    for field in COUNTS_SCHEMA:
        value = columns[field.name]
        if pa.types.is_list(field.type):
            arrays.append(pa.ListArray.from_arrays(pa.array([0, len(value)], pa.int32()), value))
        else:
            arrays.append(pa.array([value], field.type))
    return pa.table(arrays, schema=COUNTS_SCHEMA)


def write_counts(root: Path, campus_day: date, record: pa.Table) -> Written:
    """Write a unit's record beside its files. Raises RunError when the disk fails."""
    name = counts_path(campus_day)
    with replacing([root / name]) as (beside,):
        pq.write_table(record, beside, compression="zstd", store_schema=False, write_statistics=False)
        return Written.of(name, beside, record.num_rows)


def read_counts(root: Path, days: Iterable[str]) -> pa.Table:
    """The records of campus days, in the order given. Raises DamagedError for one that can't be read."""
    with ThreadPoolExecutor(4) as pool:
        records = list(pool.map(lambda day: _read(root / counts_path(date.fromisoformat(day))), days))
    return pa.concat_tables([COUNTS_SCHEMA.empty_table(), *records])


def _read(path: Path) -> pa.Table:
    try:
        found = pq.read_table(path, partitioning=None).cast(COUNTS_SCHEMA)
    except (OSError, pa.ArrowException):
        raise damaged(path, "is no record of counts") from None
    if found.num_rows != 1 or found["format"][0].as_py() != COUNTS_FORMAT:
        raise RunError(
            f"{path}: a record of another format than {COUNTS_FORMAT}; another version of Termtide made it"
        )
    return found
