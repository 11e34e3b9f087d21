"""A store in another calendar: each date so many weeks later, each time by the campus's clock on the wall."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from context.scenario.zones import moved_instants


def moved_table(table: pa.Table, time_zone: str, weeks: int) -> pa.Table:
    """Every DATE and TIMESTAMP of a table moved; order of times stays, NULL stays."""
    for place, field in enumerate(table.schema):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_temporal(kind):
            column = _moved(table.column(place).cast(kind), time_zone, weeks)
            table = table.set_column(place, field.with_type(kind), column)
    return table


def _moved(column: pa.ChunkedArray, time_zone: str, weeks: int) -> pa.Array:
    whole = column.combine_chunks()
    if pa.types.is_date32(whole.type):
        days = whole.cast(pa.int32()).to_numpy(zero_copy_only=False)
        moved = np.where(np.isnan(days), 0, days).astype(np.int64) + 7 * weeks
        return pa.array(moved.astype(np.int32), mask=_nulls(whole)).cast(whole.type)
    if whole.type.unit != "us":
        raise TypeError(f"{whole.type} given, allowed: timestamps in microseconds")
    there = np.flatnonzero(~_nulls(whole))
    us = whole.drop_null().cast(pa.int64()).to_numpy(zero_copy_only=False)
    moved = np.zeros(len(whole), dtype=np.int64)
    moved[there] = moved_instants(time_zone, us // 1_000, weeks) * 1_000 + us % 1_000
    return pa.array(moved, mask=_nulls(whole)).cast(whole.type)


def _nulls(array: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(array.is_null().to_numpy(zero_copy_only=False))
