"""Columns of the store's tables as arrays. Surrogate ids are row numbers from 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import rng
from context.arrays import BOOL, I64, U64
from context.store.store import ENTITY, KEYMAP, read_table
from sim.world.world import NO_ROW, NO_TIME

_MOST_TEXT = 2**31 - 1  # bytes of an array of texts, by its offsets


class Reader:
    """The played term's rows of one run directory, column by column; surrogate ids are row numbers from 1."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def entity(self, name: str, *columns: str) -> pa.Table:
        """Some columns of an entity."""
        return read_table(self.root, ENTITY, name, list(columns), played=True).combine_chunks()

    def local(self, name: str) -> I64:
        """Short Canvas ids by row."""
        keymap = read_table(self.root, KEYMAP, name, ["lms_ext_id"], played=True)
        return ints(keymap["lms_ext_id"].cast(pa.int64()))

    def sis(self, name: str) -> pa.StringArray:
        """SIS ids by row."""
        return strings(read_table(self.root, KEYMAP, name, ["sis_ext_id"], played=True)["sis_ext_id"])


def ints(column: pa.ChunkedArray | pa.Array, null: int = -1) -> I64:
    """An integer column as int64, NULL as ``null``."""
    return np.asarray(pc.fill_null(column, null).to_numpy(), dtype=np.int64)


def row_numbers(column: pa.ChunkedArray) -> I64:
    """Surrogate keys 1.. as row numbers 0.., NULL as NO_ROW."""
    return ints(column, NO_ROW + 1) - 1


def millis(column: pa.ChunkedArray) -> I64:
    """A DATETIME column as UTC ms, NULL as NO_TIME."""
    us = column.cast(pa.int64())
    return np.where(column.is_null().to_numpy(), NO_TIME, ints(us) // 1000)


def day_numbers(column: pa.ChunkedArray) -> I64:
    """A DATE column as days since 1970, NULL as NO_TIME."""
    return ints(column.cast(pa.int32()).cast(pa.int64()), NO_TIME)


def truths(column: pa.ChunkedArray) -> BOOL:
    """A BOOL column, NULL as False."""
    return np.asarray(pc.fill_null(column, fill_value=False).to_numpy(), dtype=np.bool_)


def hundredths(column: pa.ChunkedArray) -> I64:
    """A NUMERIC column in hundredths, NULL as -1. The low half of a decimal128(38, 9) holds any score."""
    array = column.cast(pa.decimal128(38, 9)).combine_chunks()
    halves = np.frombuffer(array.buffers()[1], dtype=np.int64)[2 * array.offset :][: 2 * len(array)]
    return np.where(array.is_null().to_numpy(zero_copy_only=False), -1, halves[::2] // 10_000_000)


def strings(column: pa.ChunkedArray | pa.Array) -> pa.StringArray:
    """A text column as one plain array; of large texts where it has more bytes than others can hold."""
    if pa.types.is_string(column.type) and column.nbytes > _MOST_TEXT:
        column = column.cast(pa.large_string())
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks)
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def text_keys(seed: int, purpose: str, texts: pa.StringArray) -> U64:
    """One natural key per text."""
    return rng.key_of_text(seed, purpose, [text or "" for text in texts.to_pylist()])
