"""Counts and sums of a table's columns, made from its files here and by SQL there: equal, or rows differ.

Per leaf: how many values are not null, and a sum of what the type allows to sum exactly in both places. The
few long texts of an event, most of its bytes, are left out, or each check would be charged for reading them;
their rows are held together by the id, eight hex digits of which are summed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas._model import Column, Table

_PRIME = 1_000_003  # sums of remainders stay within 64 bits
_MICROS_PRIME = 1_000_000_007
_DECIMALS = 10_000  # decimals of a NUMERIC that count


@dataclass(frozen=True)
class SummedLeaf:
    """A column, or a field of one, that can be counted and summed."""

    path: tuple[str, ...]
    type: str
    repeated: bool
    event_id: bool  # urn:uuid: and hex digits

    @property
    def name(self) -> str:
        """As Parquet, Arrow and SQL name it."""
        return ".".join(self.path)


Sums = tuple[int, ...]  # rows, then count and sum of every leaf


def leaves(table: Table) -> list[SummedLeaf]:
    """What of a table is checked, in its order."""
    found: list[SummedLeaf] = []
    for column in table.columns:
        if column.unrepeated and column.type == "STRING" and column.name not in table.key:
            continue  # whole documents
        found += _leaves(column, ())
    has_ids = table.dataset == "event_store"
    return [replace(leaf, event_id=has_ids and leaf.path == ("id",)) for leaf in found]


def column_paths(found: Sequence[SummedLeaf]) -> list[str]:
    """Names of top-level columns that hold the leaves, in order."""
    return list(dict.fromkeys(leaf.path[0] for leaf in found))


def sums_of(found: Sequence[SummedLeaf], table: pa.Table) -> Sums:
    """The sums over a table, or a part of it; parts add up."""
    sums = [table.num_rows]
    for leaf in found:
        values = table.column(leaf.path[0])
        for field in leaf.path[1:]:
            values = pc.struct_field(values, field)
        sums += _measures(leaf, values)
    return tuple(sums)


def added(one: Sums | None, other: Sums) -> Sums:
    """Sums of two parts together."""
    return other if one is None else tuple(a + b for a, b in zip(one, other, strict=True))


def select(found: Sequence[SummedLeaf], source: str, where: str = "") -> str:
    """The query whose one row is ``sums_of`` the table ``source``."""
    terms = ["COUNT(*)", *(term for leaf in found for term in _terms(leaf))]
    columns = ", ".join(f"{term} AS c{number}" for number, term in enumerate(terms))
    return f"SELECT {columns} FROM {source}{f' WHERE {where}' if where else ''}"


def sums_read(row: Any) -> Sums:
    """The row of ``select``; a sum over nothing is null there."""
    return tuple(int(value or 0) for value in row)


def difference(found: Sequence[SummedLeaf], here: Sums, there: Sums) -> str | None:
    """What differs first, in words; None when nothing does."""
    if here[0] != there[0]:
        return f"{here[0]:,} rows sent, {there[0]:,} there"
    for number, leaf in enumerate(found):
        mine, its = here[1 + 2 * number : 3 + 2 * number], there[1 + 2 * number : 3 + 2 * number]
        if mine != its:
            return (
                f"column {leaf.name}: {mine[0]:,} values of sum {mine[1]} sent, {its[0]:,} of {its[1]} there"
            )
    return None


def checksum(sums: Sums) -> str:
    """Sums as one short text."""
    return hashlib.sha256(" ".join(map(str, sums)).encode()).hexdigest()[:32]


def _leaves(column: Column, above: tuple[str, ...]) -> Iterator[SummedLeaf]:
    path = (*above, column.name)
    if column.mode == "REPEATED":
        yield SummedLeaf(path, column.type, repeated=True, event_id=False)
    elif column.type == "RECORD":
        for field in column.fields:
            yield from _leaves(field, path)
    else:
        yield SummedLeaf(path, column.type, repeated=False, event_id=False)


def _measures(leaf: SummedLeaf, values: pa.ChunkedArray) -> list[int]:
    if leaf.repeated:
        filled = pc.fill_null(pc.list_value_length(values), 0)
        return [len(values), pc.sum(filled).as_py() or 0]
    present = len(values) - values.null_count
    if not present:
        return [0, 0]
    return [present, _sum(leaf, values.drop_null())]


def _sum(leaf: SummedLeaf, values: pa.ChunkedArray) -> int:
    if leaf.event_id:
        return _hex_sum(values)
    if leaf.type == "STRING":
        if pa.types.is_dictionary(values.type):
            values = values.cast(pa.string())
        return int(pc.sum(pc.binary_length(values)).as_py())
    if leaf.type in ("DATETIME", "TIMESTAMP"):
        micros = values.cast(pa.timestamp("us", values.type.tz)).cast(pa.int64()).to_numpy()
        return int(np.fmod(micros, _MICROS_PRIME).sum())
    if leaf.type == "INT64":
        return int(np.fmod(values.cast(pa.int64()).to_numpy(), _PRIME).sum())
    if leaf.type == "DATE":
        return int(pc.sum(values.cast(pa.int32())).as_py())
    if leaf.type == "BOOL":
        return int(pc.sum(values).as_py())
    if leaf.type == "NUMERIC":
        return int((pc.sum(values).as_py() * _DECIMALS).to_integral_value(ROUND_HALF_UP))
    return 0  # sums of FLOAT64 depend on their order, lengths of JSON on the spelling


def _hex_sum(values: pa.ChunkedArray) -> int:
    """Sum of the eight hex digits behind ``urn:uuid:``."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(pa.string())
    digits = pc.utf8_slice_codeunits(values, 9, 17).cast(pa.binary()).cast(pa.binary(8))
    raw = np.concatenate(
        [
            np.frombuffer(chunk.buffers()[1], np.uint8)[8 * chunk.offset :][: 8 * len(chunk)]
            for chunk in digits.chunks
        ]
    )
    raw = raw.reshape(-1, 8).astype(np.int64)
    nibbles = np.where(raw >= ord("a"), raw - ord("a") + 10, raw - ord("0"))
    return int((nibbles << np.arange(28, -1, -4)).sum())


def _terms(leaf: SummedLeaf) -> tuple[str, str]:
    path = ".".join(f"`{name}`" for name in leaf.path)
    if leaf.repeated:
        return "COUNT(*)", f"SUM(ARRAY_LENGTH({path}))"
    return f"COUNT({path})", _term(leaf, path)


def _term(leaf: SummedLeaf, path: str) -> str:
    if leaf.event_id:
        return f"SUM(CAST(CONCAT('0x', SUBSTR({path}, 10, 8)) AS INT64))"
    return {
        "STRING": f"SUM(BYTE_LENGTH({path}))",
        "DATETIME": f"SUM(MOD(UNIX_MICROS(TIMESTAMP({path})), {_MICROS_PRIME}))",
        "TIMESTAMP": f"SUM(MOD(UNIX_MICROS({path}), {_MICROS_PRIME}))",
        "INT64": f"SUM(MOD({path}, {_PRIME}))",
        "DATE": f"SUM(UNIX_DATE({path}))",
        "BOOL": f"COUNTIF({path})",
        "NUMERIC": f"CAST(ROUND(SUM({path}) * {_DECIMALS}) AS INT64)",
    }.get(leaf.type, "0")
