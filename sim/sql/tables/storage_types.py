"""How DuckDB holds values of BigQuery's types, and which of its own types become which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from context.errors import InputError
from sim.sql.script.literals import ValueType
from sim.sql.warehouse import quoted

_DUCKDB = {
    "BIGNUMERIC": "DECIMAL(38, 18)",
    "BOOL": "BOOLEAN",
    "BYTES": "BLOB",
    "DATE": "DATE",
    "DATETIME": "TIMESTAMP",
    "FLOAT64": "DOUBLE",
    "INT64": "BIGINT",
    "JSON": "JSON",
    "NUMERIC": "DECIMAL(38, 9)",
    "STRING": "VARCHAR",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMPTZ",
}
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
    '"null"': "NULL",
    "null": "NULL",
}


FROM_LITERALS = ("DATE", "DATETIME", "TIME", "TIMESTAMP", "JSON")  # what a text in quotes turns into
_OPENS = {  # what turns into a wider type by itself, as BigQuery's conversion rules have it
    "INT64": ("NUMERIC", "BIGNUMERIC", "FLOAT64"),
    "NUMERIC": ("BIGNUMERIC", "FLOAT64"),
    "BIGNUMERIC": ("FLOAT64",),
    "DATE": ("DATETIME",),
}


def duckdb_type(kind: ValueType) -> str:
    """A type in DuckDB's words; one that is not known yet is INT64, as in BigQuery."""
    if kind.element is not None:
        return f"{duckdb_type(kind.element)}[]"
    if kind.name == "STRUCT":
        return f"STRUCT({', '.join(f'{quoted(name)} {duckdb_type(inner)}' for name, inner in kind.fields)})"
    return _DUCKDB.get(kind.name, "BIGINT")


def type_of_duckdb(kind: Any) -> ValueType:
    """BigQuery's type of a DuckDBPyType. Raises InputError for one that has none there, such as a map."""
    name = str(kind.id)
    if str(kind).upper() == "JSON":
        return ValueType("JSON")
    if name in ("list", "array"):
        return ValueType("ARRAY", type_of_duckdb(kind.children[0][1]))
    if name == "struct":
        return ValueType(
            "STRUCT", None, tuple((str(key), type_of_duckdb(inner)) for key, inner in kind.children)
        )
    if name == "decimal":
        scale = dict(kind.children)["scale"]
        return ValueType("NUMERIC" if scale <= 9 else "BIGNUMERIC")
    if name not in _NAMES:
        raise InputError(
            f"a column of type {str(kind).upper()} can't be kept; CAST it to one of BigQuery's types"
        )
    return ValueType(_NAMES[name])


def kept_columns(relation: Any) -> dict[str, ValueType]:
    """Names and types of a relation's columns. Raises InputError for two of one name."""
    names = [str(name) for name in relation.columns]
    folded = [name.lower() for name in names]
    twice = next((name for name in names if folded.count(name.lower()) > 1), None)
    if twice is not None:
        raise InputError(f"two columns named {twice} given, allowed: each name once")
    return {name: type_of_duckdb(kind) for name, kind in zip(names, relation.types, strict=True)}


def opens(held: ValueType, wanted: ValueType) -> bool:
    """Whether a value of one type turns into another by itself. JSON is held as text."""
    if held == wanted or held.name == "NULL" or (held.name == "STRING" and wanted.name == "JSON"):
        return True
    if held.element is not None and wanted.element is not None:
        return opens(held.element, wanted.element)
    if held.name == wanted.name == "STRUCT" and len(held.fields) == len(wanted.fields):
        pairs = zip(held.fields, wanted.fields, strict=True)
        return all(opens(one, other) for (_, one), (_, other) in pairs)
    return wanted.name in _OPENS.get(held.name, ())


def told_apart(names: Sequence[str]) -> list[str]:
    """Each name once, whatever its letters' case: further ones get _1, _2, as BigQuery shows them."""
    taken: set[str] = set()
    found = []
    for name in names:
        new, number = name, 0
        while new.lower() in taken:
            number += 1
            new = f"{name}_{number}"
        taken.add(new.lower())
        found.append(new)
    return found


def widened(table: pa.Table) -> pa.Table:
    """INT64 and FLOAT64 are BigQuery's only such types, times are in microseconds and UTC, at every depth."""
    for i, field in enumerate(table.schema):
        kind = _wide(field.type)
        if kind != field.type:
            table = table.set_column(i, field.with_type(kind), _cast(table.column(i), kind, field.name))
    return table


def _cast(column: pa.ChunkedArray, kind: pa.DataType, name: str) -> pa.ChunkedArray:
    try:
        return pc.cast(column, kind)
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
