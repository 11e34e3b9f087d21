"""How DuckDB holds values of BigQuery's types, and which of its own types become which."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from context.errors import InputError
from sim.sql.grammar.types import JSON, NUMERIC, SCALARS, Type, array_of, struct_of

_NAMES = {
    **dict.fromkeys(
        ("tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint"), "INT64"
    ),
    **dict.fromkeys(("uinteger", "ubigint", "uhugeint", "bignum"), "INT64"),
    **dict.fromkeys(("float", "double"), "FLOAT64"),
    **dict.fromkeys(("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"), "DATETIME"),
    **dict.fromkeys(("varchar", "uuid", "enum"), "STRING"),
    **dict.fromkeys(("timestamp with time zone", "timestamptz"), "TIMESTAMP"),
    **dict.fromkeys(("time", "time with time zone", "time_ns"), "TIME"),
    "boolean": "BOOL",
    "date": "DATE",
    "blob": "BYTES",
    "json": "JSON",
    '"null"': "INT64",
    "null": "INT64",
}


FROM_LITERALS = ("DATE", "DATETIME", "TIME", "TIMESTAMP", "JSON")  # what a text in quotes turns into
_OPENS = {  # what turns into a wider type by itself, as BigQuery's conversion rules have it
    "INT64": ("NUMERIC", "BIGNUMERIC", "FLOAT64"),
    "NUMERIC": ("BIGNUMERIC", "FLOAT64"),
    "BIGNUMERIC": ("FLOAT64",),
    "DATE": ("DATETIME",),
}


def kept_type(kind: Any) -> Type:
    """BigQuery's type of a DuckDBPyType. Raises InputError for one that has none there, such as a map."""
    name = str(kind.id)
    if str(kind).upper() == "JSON":
        return JSON
    if name in ("list", "array"):
        return array_of(kept_type(kind.children[0][1]))
    if name == "struct":
        return struct_of((str(key), kept_type(inner)) for key, inner in kind.children)
    if name == "decimal":
        return NUMERIC
    if name not in _NAMES:
        raise InputError(
            f"a column of type {str(kind).upper()} can't be kept; CAST it to one of BigQuery's types"
        )
    return SCALARS[_NAMES[name]]


def kept_columns(relation: Any) -> dict[str, Type]:
    """Names and types of a relation's columns. Raises InputError for two of one name."""
    names = [str(name) for name in relation.columns]
    folded = [name.lower() for name in names]
    twice = next((name for name in names if folded.count(name.lower()) > 1), None)
    if twice is not None:
        raise InputError(f"two columns named {twice} given, allowed: each name once")
    return {name: kept_type(kind) for name, kind in zip(names, relation.types, strict=True)}


def opens(held: Type, wanted: Type) -> bool:
    """Whether a value of one type turns into another by itself."""
    if held == wanted:
        return True
    if held.element is not None and wanted.element is not None:
        return opens(held.element, wanted.element)
    if held.kind == wanted.kind == "STRUCT" and len(held.fields) == len(wanted.fields):
        pairs = zip(held.fields, wanted.fields, strict=True)
        return all(opens(one, other) for (_, one), (_, other) in pairs)
    return wanted.kind in _OPENS.get(held.kind, ())


def widened(table: pa.Table) -> pa.Table:
    """INT64 and FLOAT64 are BigQuery's only such types, times are in microseconds and UTC, at every depth."""
    for i, field in enumerate(table.schema):
        kind = _wide(field.type)
        if kind != field.type:
            table = table.set_column(i, field.with_type(kind), _cast(table.column(i), kind, field.name))
    return table


def _cast(column: pa.ChunkedArray, kind: pa.DataType, name: str) -> pa.ChunkedArray:
    try:
        return column.cast(kind)  # imports what computes only here: most results need none
    except pa.ArrowInvalid:
        raise InputError(f"column {name}: a whole number is beyond INT64's 64 bits") from None


def _wide(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_integer(kind) or kind == pa.decimal128(38, 0) or pa.types.is_null(kind):
        return pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_wide(kind.value_type)))
    if pa.types.is_struct(kind):
        fields = [kind.field(i) for i in range(kind.num_fields)]
        return pa.struct([field.with_type(_wide(field.type)) for field in fields])
    return kind
