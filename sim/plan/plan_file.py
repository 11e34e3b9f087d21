"""The plan as one Parquet file: a first row with the effects, then a row (and row group) per campus day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from context.arrays import I64
from context.errors import RunError
from context.files import replacing
from sim.plan.effects import MICRO, Effects
from sim.plan.plan import DayPlan, Plan

CELL = pa.struct(
    [
        ("cip", pa.int16()),
        ("level", pa.int8()),
        ("tool", pa.int16()),
        ("students", pa.int32()),
        ("asked_micro", pa.int64()),
        ("moved_micro", pa.int64()),
        ("anchored", pa.int32()),
        ("overshoot_micro", pa.int64()),
        ("ambient_micro", pa.int32()),
        ("each_nano", pa.int64()),
    ]
)
NORM = pa.struct(
    [("cip", pa.int16()), ("level", pa.int8()), ("students", pa.int32()), ("norm_micro", pa.int64())]
)
SCHEMA = pa.schema(
    [
        ("day", pa.int16()),  # NULL in the first row
        ("date", pa.date32()),
        ("kind", pa.string()),
        ("curve_micro", pa.int64()),
        ("cells", pa.list_(CELL)),  # cells with students or anchored events
        ("norms", pa.list_(NORM)),
        ("section_flags", pa.list_(pa.uint8())),
        ("enrolment_micro", pa.list_(pa.int64())),
        ("person_micro", pa.list_(pa.int64())),  # week after week
        ("section_micro", pa.list_(pa.int64())),
        ("tool_day", pa.list_(pa.int64())),
        ("shape", pa.list_(pa.int32())),  # cips, levels, tools, weeks: first row only
    ]
)


def _list(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """One list of all values."""
    return pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values.cast(kind))


def _struct(columns: dict[str, I64], kind: pa.StructType) -> pa.Array:
    arrays = [pa.array(columns[field.name]).cast(field.type) for field in kind]
    return _list(pa.StructArray.from_arrays(arrays, fields=list(kind)), kind)


def _row(columns: dict[str, pa.Array]) -> pa.RecordBatch:
    arrays = [columns.get(field.name, pa.nulls(1, field.type)) for field in SCHEMA]
    return pa.record_batch(
        [array.cast(field.type) for array, field in zip(arrays, SCHEMA, strict=True)], schema=SCHEMA
    )


def _effects_row(plan: Plan) -> pa.RecordBatch:
    shape = (*next(iter(plan.days.values())).asked_micro.shape, len(plan.effects.person_micro))
    lists = {
        field.name: _list(pa.array(getattr(plan.effects, field.name).ravel()), pa.int64())
        for field in fields(Effects)
    }
    return _row({**lists, "shape": pa.array([list(shape)], pa.list_(pa.int32()))})


def _day_row(plan: DayPlan, on: date) -> pa.RecordBatch:
    # A bundle may fall on a day on which its student is already out of the course: such cells count too.
    cip, level = np.nonzero((plan.students > 0) | plan.anchored.any(axis=2))
    tools = plan.asked_micro.shape[2]
    c, lv, tool = np.repeat(cip, tools), np.repeat(level, tools), np.tile(np.arange(tools), len(cip))
    cells = {
        "cip": c,
        "level": lv,
        "tool": tool,
        "students": plan.students[c, lv],
        "asked_micro": plan.asked_micro[c, lv, tool],
        "moved_micro": plan.moved_micro[c, lv, tool],
        "anchored": plan.anchored[c, lv, tool],
        "overshoot_micro": plan.overshoot_micro[c, lv, tool],
        "ambient_micro": plan.ambient_micro[c, lv, tool],
        "each_nano": plan.each_nano[c, lv, tool],
    }
    norms = {
        "cip": cip,
        "level": level,
        "students": plan.students[cip, level],
        "norm_micro": plan.norm_micro[cip, level],
    }
    return _row(
        {
            "day": pa.array([plan.day], pa.int16()),
            "date": pa.array([on], pa.date32()),
            "kind": pa.array([plan.kind]),
            "curve_micro": pa.array([plan.curve_micro]),
            "cells": _struct(cells, CELL),
            "norms": _struct(norms, NORM),
            "section_flags": _list(pa.array(plan.section_flags), pa.uint8()),
        }
    )


def write_plan(path: Path, plan: Plan, start: date) -> str:
    """Write ``plan.parquet`` whole; returns the digest of its columns. ``start`` is the date of day 0."""
    digest = xxhash.xxh3_128()
    with (
        replacing([path]) as (beside,),
        pq.ParquetWriter(beside, SCHEMA, compression="zstd", store_schema=False) as writer,
    ):
        rows = [_effects_row(plan)]
        rows += [_day_row(plan.days[day], start + timedelta(day)) for day in sorted(plan.days)]
        for row in rows:
            writer.write_batch(row)
            for column in row.columns:
                digest.update(_bytes_of(column))
    return digest.hexdigest()


def planned_events(path: Path) -> dict[date, int]:
    """Events that students are asked for, by campus day, deadlines beyond the rates included.

    Others' events and vendors' twins come on top, about in proportion. Raises RunError for a file that can't
    be read.
    """
    try:
        rows = pq.read_table(path, columns=["date", "cells"]).filter(pc.field("date").is_valid())
    except (OSError, pa.ArrowInvalid) as error:
        raise RunError(f"{path}: can't be read as a plan: {error}") from error
    cells = rows["cells"].combine_chunks()
    asked = pc.add(*(pc.struct_field(cells.flatten(), name) for name in ("asked_micro", "overshoot_micro")))
    sums = np.bincount(cells.value_parent_indices().to_numpy(), weights=asked.to_numpy(), minlength=len(rows))
    return dict(zip(rows["date"].to_pylist(), (sums / MICRO).astype(np.int64).tolist(), strict=True))


def _bytes_of(column: pa.Array) -> bytes:
    """A row's column as bytes: all its numbers in order, whatever the nesting."""
    while pa.types.is_list(column.type):
        column = column.flatten()
    if pa.types.is_struct(column.type):
        return b"".join(_bytes_of(field) for field in column.flatten())
    if pa.types.is_string(column.type):
        return "\x00".join(text or "" for text in column.to_pylist()).encode()
    plain = column.cast(pa.int32()) if pa.types.is_date(column.type) else column
    return np.ascontiguousarray(plain.fill_null(0).to_numpy(zero_copy_only=False)).astype("<i8").tobytes()


class PlanFile:
    """A plan on disk, read a day at a time."""

    def __init__(self, path: Path) -> None:
        try:
            self._file = pq.ParquetFile(path)
            head = self._file.read_row_group(0)
            days = self._file.read(columns=["day"])["day"].to_pylist()
        except (OSError, pa.ArrowInvalid) as error:
            raise RunError(f"{path}: the plan cannot be read: {error}; delete it and run again") from error
        self._group = {day: place for place, day in enumerate(days) if day is not None}
        *self._shape, weeks = head["shape"].combine_chunks().flatten().to_pylist()
        parts = {
            field.name: np.asarray(head[field.name].combine_chunks().flatten().to_numpy(), dtype=np.int64)
            for field in fields(Effects)
        }
        parts["tool_day"] = parts["tool_day"].reshape(-1, self._shape[2])
        parts["person_micro"] = parts["person_micro"].reshape(weeks, -1)
        self.effects = Effects(**parts)

    @property
    def days(self) -> list[int]:
        """Campus days in the plan."""
        return sorted(self._group)

    def day(self, day: int) -> DayPlan:
        """One day of the plan."""
        row = self._file.read_row_group(self._group[day])
        cells = row["cells"].combine_chunks().flatten()
        norms = row["norms"].combine_chunks().flatten()
        cip, level, tool = (_ints(cells, name) for name in ("cip", "level", "tool"))

        def spread(name: str) -> I64:
            values = np.zeros(self._shape, dtype=np.int64)
            values[cip, level, tool] = _ints(cells, name)
            return values

        def spread_norm(name: str) -> I64:
            values = np.zeros(self._shape[:2], dtype=np.int64)
            values[_ints(norms, "cip"), _ints(norms, "level")] = _ints(norms, name)
            return values

        return DayPlan(
            day=day,
            kind=row["kind"][0].as_py(),
            curve_micro=row["curve_micro"][0].as_py(),
            section_flags=row["section_flags"].combine_chunks().flatten().to_numpy().copy(),
            students=spread_norm("students"),
            norm_micro=spread_norm("norm_micro"),
            asked_micro=spread("asked_micro"),
            moved_micro=spread("moved_micro"),
            anchored=spread("anchored"),
            ambient_micro=spread("ambient_micro"),
            each_nano=spread("each_nano"),
        )


def _ints(struct: pa.StructArray, name: str) -> I64:
    return np.asarray(struct.field(name).to_numpy(zero_copy_only=False), dtype=np.int64)


class PlanDays(Mapping[int, DayPlan]):
    """Days of a plan on disk; only the last one read is kept."""

    def __init__(self, file: PlanFile) -> None:
        self._file = file
        self._last: DayPlan | None = None

    def __getitem__(self, day: int) -> DayPlan:
        last = self._last
        if last is None or last.day != day:
            last = self._last = self._file.day(day)
        return last

    def __iter__(self) -> Iterator[int]:
        return iter(self._file.days)

    def __len__(self) -> int:
        return len(self._file.days)
