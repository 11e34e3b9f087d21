"""CAST and SAFE_CAST: which types turn into which, with BigQuery's roundings, texts and errors."""

from __future__ import annotations

from collections.abc import Sequence

from sim.sql.grammar.coercion import (
    BIG_CASTS,
    bignumeric_literal,
    coerced,
    name_sql_text,
    numeric_literal,
)
from sim.sql.grammar.literals import time_literal
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import BIGNUMERIC, NUMERIC, STRING, Type
from sim.sql.grammar.values import NULL, Value, element_name, name_sql, once, settled
from sim.sql.rules.signatures import safe_sql

# (from, to) -> DuckDB SQL with {} for the value.
_CASTS = {
    ("INT64", "BOOL"): "({} <> 0)",
    ("INT64", "NUMERIC"): "CAST({} AS DECIMAL(38, 9))",
    ("INT64", "FLOAT64"): "CAST({} AS DOUBLE)",
    ("INT64", "STRING"): "CAST({} AS VARCHAR)",
    ("NUMERIC", "INT64"): "CAST({} AS BIGINT)",
    ("NUMERIC", "FLOAT64"): "CAST({} AS DOUBLE)",
    ("NUMERIC", "STRING"): "bq_numeric_text({})",
    ("FLOAT64", "INT64"): "bq_int64_of_float({})",
    ("FLOAT64", "NUMERIC"): "bq_numeric_of_float({})",
    ("FLOAT64", "STRING"): "bq_float_text({})",
    ("BOOL", "INT64"): "CAST({} AS BIGINT)",
    ("BOOL", "STRING"): "CAST({} AS VARCHAR)",
    ("STRING", "BOOL"): "bq_bool_of_text({})",
    ("STRING", "INT64"): "bq_int64_of_text({})",
    ("STRING", "NUMERIC"): "bq_numeric_of_text({})",
    ("STRING", "FLOAT64"): "bq_float_of_text({})",
    ("STRING", "BYTES"): "encode({})",
    ("STRING", "DATE"): "bq_date_of_text({})",
    ("STRING", "DATETIME"): "bq_datetime_of_text({})",
    ("STRING", "TIME"): "bq_time_of_text({})",
    ("STRING", "TIMESTAMP"): "bq_timestamp_of_text({})",
    ("BYTES", "STRING"): "bq_text_of_bytes({})",
    ("DATE", "STRING"): "strftime({}, '%Y-%m-%d')",
    ("DATE", "DATETIME"): "CAST({} AS TIMESTAMP)",
    ("DATE", "TIMESTAMP"): "timezone('UTC', CAST({} AS TIMESTAMP))",
    ("DATETIME", "STRING"): "bq_datetime_text({})",
    ("DATETIME", "DATE"): "CAST({} AS DATE)",
    ("DATETIME", "TIME"): "CAST({} AS TIME)",
    ("DATETIME", "TIMESTAMP"): "timezone('UTC', {})",
    ("TIME", "STRING"): "bq_time_text({})",
    ("TIMESTAMP", "STRING"): "bq_timestamp_text({})",
    ("TIMESTAMP", "DATE"): "CAST(timezone('UTC', {}) AS DATE)",
    ("TIMESTAMP", "DATETIME"): "timezone('UTC', {})",
    ("TIMESTAMP", "TIME"): "CAST(timezone('UTC', {}) AS TIME)",
    ("FLOAT64", "BIGNUMERIC"): "bq_big_of_float({})",
    ("STRING", "BIGNUMERIC"): "bq_big_of_text({})",
    ("BIGNUMERIC", "INT64"): "bq_big_int64({})",
    ("BIGNUMERIC", "NUMERIC"): "bq_big_numeric({})",
    ("BIGNUMERIC", "STRING"): "bq_big_text({})",
    **BIG_CASTS,
}
_TIMES = ("DATE", "DATETIME", "TIME", "TIMESTAMP")


def cast(value: Value, to: Type, *, safe: bool = False, digits: Sequence[int] = ()) -> Value:
    """The value as another type; ``safe`` gives NULL for what does not turn into it.

    ``digits`` are those of NUMERIC(10, 2) or STRING(20). Raises InputError for types that have no such cast.
    """
    result = _cast(value, to, safe=safe)
    if digits and to == NUMERIC:
        places = digits[1] if len(digits) > 1 else 0
        macro, most = "bqs_limited" if safe else "bq_limited", 10 ** (digits[0] - places)
        return result.named(f"{macro}(bq_rounded({result.sql}, {places}), {most})", NUMERIC)
    if digits and to == BIGNUMERIC:
        places = digits[1] if len(digits) > 1 else 0
        most = f"CAST('{10 ** (digits[0] - places + 38)}' AS BIGNUM)"
        prefix = "bqs_big" if safe else "bq_big"
        return result.named(f"{prefix}_limited({prefix}_round({result.sql}, {places}), {most})", BIGNUMERIC)
    if digits and to.kind in ("STRING", "BYTES"):
        macro = "bqs_short" if safe else "bq_short"
        return result.named(f"{macro}({result.sql}, {digits[0]})", to)
    return result


def _cast(value: Value, to: Type, *, safe: bool) -> Value:
    if value.type == to:
        return value.named(value.sql, to)
    if value.type.kind == "NULL":
        return coerced(value, to)
    if value.literal is not None and value.type == STRING and to.kind in _TIMES:
        sql = time_literal(value.literal, to)
        if sql is not None:  # known at once, so that files can be left out by it
            return value.named(sql, to)
    if value.literal is not None and to == NUMERIC and value.type.kind in ("INT64", "FLOAT64"):
        return value.named(numeric_literal(value.literal), NUMERIC)
    if value.literal is not None and to == BIGNUMERIC and (value.type.is_number or value.type == STRING):
        early = bignumeric_literal(value.literal)
        return value.named(safe_sql(early) if safe else early, BIGNUMERIC)
    if value.type.element is not None and to.element is not None:
        return _cast_array(value, to, safe=safe)
    if value.type.kind == to.kind == "STRUCT":
        return _cast_struct(value, to, safe=safe)
    known = _CASTS.get((value.type.kind, to.kind))
    if known is None:
        hint = _hint(value.type, to)
        raise refused(value.node, f"Invalid cast from {settled(value.type)} to {to}{hint}")
    sql = safe_sql(known) if safe else known
    if not sql.startswith("bq"):
        return value.named(sql.format(value.sql), to)
    return value.named(once([value], lambda given: sql.format(given[0].sql)), to)


def _hint(kind: Type, to: Type) -> str:
    if kind.kind == "JSON":
        return "; use INT64(), FLOAT64(), BOOL(), STRING() or JSON_VALUE"
    if to.kind == "JSON":
        return "; use PARSE_JSON or TO_JSON"
    if to.kind == "STRING" and kind.kind in ("ARRAY", "STRUCT"):
        return "; use TO_JSON_STRING"
    return ""


def _cast_array(value: Value, to: Type, *, safe: bool) -> Value:
    if value.type.inner in (NULL, to.inner):
        return value.named(f"CAST({value.sql} AS {to.duckdb})", to)
    each = element_name(value.sql)
    inner = _cast(Value(each, value.type.inner, node=value.node), to.inner, safe=safe)
    return value.named(f"list_transform({value.sql}, lambda {each}: {inner.sql})", to)


def _cast_struct(value: Value, to: Type, *, safe: bool) -> Value:
    if len(value.type.fields) != len(to.fields):
        raise refused(value.node, f"Invalid cast from {settled(value.type)} to {to}: other number of fields")
    parts = []
    fields = zip(to.keys, value.type.keys, value.type.fields, to.fields, strict=True)
    for new, old, (_, kind), (_, wanted) in fields:
        part = Value(f"({value.sql})[{name_sql_text(old)}]", kind, node=value.node)
        parts.append(f"{name_sql(new)} := {_cast(part, wanted, safe=safe).sql}")
    packed = f"struct_pack({', '.join(parts)})"
    return value.named(f"CASE WHEN ({value.sql}) IS NOT NULL THEN {packed} END", to)
