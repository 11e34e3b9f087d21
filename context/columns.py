"""From integer columns to Arrow tables that match ``schemas``, column by column.

Generators work on integers; here they meet the types of the context store: instants in UTC milliseconds
become DATETIME, hundredths become NUMERIC, codes become strings (dictionary-encoded until written).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

import schemas
from context.arrays import BOOL, I64, NO_TIME

_BLANKS = b" \t\n\f\r"  # what stands between words
_PIECE_ROWS = 4_000_000  # of long texts: an array of them holds 2 GiB


@dataclass(frozen=True)
class Coded:
    """Codes into a list of texts; -1 is NULL, and so is a value that is None."""

    codes: npt.NDArray[Any]
    values: Sequence[str | None]

    def __len__(self) -> int:
        return len(self.codes)

    def array(self) -> pa.DictionaryArray:
        """Dictionary-encoded texts, each text once."""
        codes = np.asarray(self.codes, dtype=np.int32)
        mask = codes < 0
        if None in self.values:
            mask |= np.array([value is None for value in self.values])[np.maximum(codes, 0)]
        # Each text once: the Parquet writer gives up on a dictionary that holds one twice, and then its
        # bytes differ from run to run.
        once = pa.array([value or "" for value in self.values], pa.string()).dictionary_encode()
        rows = once.indices.take(pa.array(np.where(mask, 0, codes), mask=mask))
        return pa.DictionaryArray.from_arrays(rows, once.dictionary)


@dataclass(frozen=True)
class Maybe:
    """Values with a mask of those that are there."""

    values: Any
    valid: BOOL


def only(texts: Coded, mask: BOOL) -> Coded:
    """``texts`` where ``mask`` is true, NULL elsewhere."""
    return Coded(np.where(mask, texts.codes, -1), texts.values)


def either(mask: BOOL, texts: Coded, others: Coded) -> Coded:
    """``texts`` where ``mask`` is true, ``others`` elsewhere."""
    moved = np.where(others.codes < 0, -1, others.codes + len(texts.values))
    return Coded(np.where(mask, texts.codes, moved), (*texts.values, *others.values))


def decimal(hundredths: I64, valid: BOOL | None = None) -> pa.Array:
    """NUMERIC (decimal128(38, 9)) from integer hundredths, without a Python object per value."""
    scaled = np.asarray(hundredths, dtype=np.int64)
    mask = scaled == NO_TIME if valid is None else ~valid
    scaled = np.where(mask, 0, scaled) * 10_000_000
    halves = np.empty((len(scaled), 2), dtype=np.int64)
    halves[:, 0], halves[:, 1] = scaled, scaled >> 63
    bitmap = pa.array(~mask).buffers()[1] if mask.any() else None
    return pa.Array.from_buffers(
        pa.decimal128(38, 9), len(scaled), [bitmap, pa.py_buffer(halves)], null_count=int(mask.sum())
    )


def instants(ms: I64, unit: pa.DataType) -> pa.Array:
    """UTC milliseconds to a timestamp type; NO_TIME is NULL."""
    mask = ms == NO_TIME
    us = np.where(mask, 0, ms) * 1000
    return pa.array(us, pa.int64(), mask=mask).cast(pa.timestamp("us")).cast(unit)


def dates(days: I64) -> pa.Array:
    """Days since 1970-01-01 to DATE; NO_TIME is NULL."""
    mask = days == NO_TIME
    return pa.array(np.where(mask, 0, days).astype(np.int32), pa.int32(), mask=mask).cast(pa.date32())


def _column(column: schemas.Column, field_type: pa.DataType, value: Any, rows: int) -> pa.Array:
    if value is None or isinstance(value, (str, bool, int)):
        if isinstance(value, str):
            return Coded(np.zeros(rows, dtype=np.int32), (value,)).array()
        return pa.nulls(rows, field_type) if value is None else pa.repeat(pa.scalar(value, field_type), rows)
    if isinstance(value, Coded):
        return value.array()
    valid = None
    if isinstance(value, Maybe):
        value, valid = value.values, value.valid
    if isinstance(value, (pa.Array, pa.ChunkedArray)):
        if not pa.types.is_string(field_type):
            value = value.cast(field_type)
        return value if valid is None else pc.if_else(pa.array(valid), value, pa.scalar(None, value.type))
    value = np.asarray(value)
    if column.type == "NUMERIC":
        return decimal(value, valid)
    if valid is not None and column.type in ("DATETIME", "TIMESTAMP", "DATE"):
        value = np.where(valid, value, NO_TIME)
    if column.type in ("DATETIME", "TIMESTAMP"):
        return instants(value, field_type)
    if column.type == "DATE":
        return dates(value)
    return pa.array(value, mask=None if valid is None else ~valid).cast(field_type)


def table(name: str, rows: int, columns: Mapping[str, Any]) -> pa.Table:
    """A context-store entity: columns in schema order, those not given NULL.

    Raises KeyError for a column that the schema does not have and ValueError for a NULL in a key.
    """
    schema = schemas.table("context_store_entity", name)
    unknown = set(columns) - set(schema.names)
    if unknown:
        raise KeyError(f"{name} has no column {sorted(unknown)}")
    types = schemas.arrow_schema(schema).types
    arrays = [
        _column(column, field_type, columns.get(column.name), rows)
        for column, field_type in zip(schema.columns, types, strict=True)
    ]
    for column, array in zip(schema.columns, arrays, strict=True):
        if len(array) != rows:
            raise ValueError(f"{name}.{column.name} has {len(array)} values, the table {rows} rows")
        if column.mode == "REQUIRED" and array.null_count:
            raise ValueError(f"{name}.{column.name} is a key and has {array.null_count} nulls")
    return pa.table(arrays, names=list(schema.names))


def created(columns: Mapping[str, Any]) -> I64 | None:
    """The instants of creation among the columns of a table, None where it has none."""
    found = columns.get("created_date")
    return None if found is None else np.asarray(found, dtype=np.int64)


def numbers(column: pa.ChunkedArray) -> I64:
    """A DATETIME column without nulls as whole microseconds, int64."""
    return np.asarray(column.cast(pa.int64()).to_numpy(), dtype=np.int64)


def texts(integers: npt.NDArray[Any]) -> pa.Array:
    """Decimal text of integers."""
    return pa.array(np.asarray(integers)).cast(pa.string())


def in_pieces(rows: int, make: Callable[[slice], pa.Array]) -> pa.Array | pa.ChunkedArray:
    """Texts of ``rows``, made a piece at a time where one array would not hold them all."""
    if rows <= _PIECE_ROWS:
        return make(slice(0, rows))
    return pa.chunked_array(
        [make(slice(start, min(start + _PIECE_ROWS, rows))) for start in range(0, rows, _PIECE_ROWS)]
    )


def word_counts(texts: pa.Array) -> I64:
    """How many words each text has, int64: runs of what is neither a space nor ends a line or a page."""
    _, ends, letters = texts.buffers()
    first = np.frombuffer(ends, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    begin, end = int(first[0]), int(first[-1])
    bytes_ = np.frombuffer(letters, dtype=np.uint8)[begin:end]
    blank = np.zeros(len(bytes_), dtype=np.bool_)
    for code in _BLANKS:
        blank |= bytes_ == code
    starts = ~blank
    starts[1:] &= blank[:-1]
    own = first[:-1][first[:-1] < end] - begin  # a text begins a word, whatever ends the one before it
    starts[own] = ~blank[own]
    return np.diff(np.searchsorted(np.flatnonzero(starts), first - begin))


def join(*parts: Any) -> pa.Array:
    """Element-wise concatenation of string arrays and literal strings."""
    arrays = [part if isinstance(part, str) else _decoded(part) for part in parts]
    return pc.binary_join_element_wise(*arrays, "")


def _decoded(array: Any) -> pa.Array:
    if isinstance(array, Coded):
        array = array.array()
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array
