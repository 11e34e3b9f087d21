"""The digest of rows that stand in no order: each row is hashed, and the hashes are added up.

So nothing is sorted, and nothing is held but a part of the rows. It tells an accident, such as a flipped bit
or a changed value, from what was written; it is no signature. Null differs from every value, and a value's
place counts: in which column, in which field of a record, where in a list.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from context.arrays import I64, U64, ordinals
from context.rng import extend, key

MARK = "rows1:"  # of digests of this kind, in this form
_LONG_BYTES = 256  # texts as long as this on average are hardly ever equal: each is hashed
_START, _NULL = key(0, "row sums"), key(0, "row sums: null")


class RowSum:
    """Rows in any order and in any parts, all of the same columns."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def update(self, part: pa.RecordBatch) -> None:
        """Add rows."""
        self.rows += part.num_rows
        hashes = _START
        for column in part.columns:
            hashes = extend(hashes, _hashes(column))
        self._sum += int(np.add.reduce(np.broadcast_to(hashes, part.num_rows), dtype=np.uint64))

    def hexdigest(self) -> str:
        """A mark of its kind, number of rows, and the sum modulo 2**64 in hex."""
        return f"{MARK}{self.rows}:{self._sum % 2**64:016x}"


def _hashes(values: pa.Array) -> U64:
    """A hash of each value."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _hashes(values.dictionary_decode())
    if pa.types.is_struct(kind):
        found = np.broadcast_to(_START, len(values))
        for field in values.flatten():
            found = extend(found, _hashes(field))
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        found = _of_lists(values)
    elif pa.types.is_null(kind):
        return np.broadcast_to(_NULL, len(values))
    elif _is_text(kind):
        found = _of_texts(values)
    else:
        found = _of_fixed(values)
    if values.null_count:
        found = np.where(values.is_valid().to_numpy(zero_copy_only=False), found, _NULL)
    return found


def _of_lists(values: pa.Array) -> U64:
    """Each element with its place in its list, added up, with the number of them."""
    lengths: I64 = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
    lengths = lengths.astype(np.int64)
    elements = extend(_hashes(values.flatten()), ordinals(lengths))
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(elements, dtype=np.uint64)])
    ends = np.cumsum(lengths)
    return extend(sums[ends] - sums[ends - lengths], lengths)


def _of_texts(values: pa.Array) -> U64:
    """XXH3 of the bytes of each, zero for null; short ones that are equal are hashed once."""
    total = pc.sum(pc.binary_length(values)).as_py() or 0
    if total >= _LONG_BYTES * len(values):
        return _xxh3(pc.fill_null(values.cast(pa.large_binary()), b""))
    coded = values.dictionary_encode()
    each = np.append(_xxh3(coded.dictionary), np.uint64(0))
    codes: Any = pc.fill_null(coded.indices, len(each) - 1).to_numpy(zero_copy_only=False)
    found: U64 = each[codes]
    return found


def _xxh3(texts: pa.Array) -> U64:
    given = texts.cast(pa.large_binary()).to_pylist()
    return np.fromiter(map(xxhash.xxh3_64_intdigest, given), np.uint64, len(given))


def _of_fixed(values: pa.Array) -> U64:
    """The eight or sixteen bytes of each number, date or time, little-endian."""
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.uint8())
    width = values.type.bit_width // 8
    start, buffer = values.offset * width, values.buffers()[1]
    if buffer is None or not len(values):
        return np.zeros(len(values), np.uint64)
    given = np.frombuffer(buffer, np.uint8)[start : start + len(values) * width].reshape(-1, width)
    words = np.zeros((len(values), -(-width // 8) * 8), np.uint8)
    words[:, :width] = given
    found = np.broadcast_to(_START, len(values))
    for word in words.view("<u8").T:
        found = extend(found, word)
    return found


def _is_text(kind: pa.DataType) -> bool:
    return any(
        test(kind)
        for test in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )
