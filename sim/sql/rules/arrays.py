"""Arrays, and the choices among values: IF, COALESCE and their like."""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

from collections.abc import Sequence

from sim.sql.grammar.coercion import coerced, supertype
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import BOOL, INT64, STRING, Type
from sim.sql.grammar.values import NULL, Value, settled
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.signatures import signatures

SIGNATURES = signatures(r"""
ARRAY_LENGTH(ARRAY<T>) -> INT64 = CAST(len({0}) AS BIGINT)
ARRAY_REVERSE(ARRAY<T>) -> ARRAY<T> = list_reverse({0})
ARRAY_FIRST(ARRAY<T>) -> T = bq_first_item({0}, 1, 'ARRAY_FIRST')
ARRAY_LAST(ARRAY<T>) -> T = bq_first_item({0}, -1, 'ARRAY_LAST')
ARRAY_SLICE(ARRAY<T>, INT64, INT64) -> ARRAY<T> = bq_slice({0}, {1}, {2})
ARRAY_TO_STRING(ARRAY<STRING>, STRING) -> STRING = bq_joined({0}, {1})
ARRAY_TO_STRING(ARRAY<STRING>, STRING, STRING) -> STRING = bq_joined_with({0}, {1}, {2})
GENERATE_ARRAY(INT64, INT64, INT64 = CAST(1 AS BIGINT)) -> ARRAY<INT64> = bq_series({0}, {1}, {2})
GENERATE_ARRAY(NUMERIC, NUMERIC, NUMERIC = CAST(1 AS DECIMAL(38, 9))) -> ARRAY<NUMERIC> = bq_steps({0}, {1}, {2})
GENERATE_ARRAY(FLOAT64, FLOAT64, FLOAT64 = CAST(1 AS DOUBLE)) -> ARRAY<FLOAT64> = bq_steps({0}, {1}, {2})
ARRAY_IS_DISTINCT(ARRAY<ORD>) -> BOOL = (len(list_distinct({0})) + CAST(len({0}) > list_count({0}) AS INTEGER) = len({0}))
""")


def common(call: Call, values: Sequence[Value]) -> tuple[Type, list[str]]:
    """The type that all values turn into, and their SQL in it. Raises InputError if there is none."""
    kind = supertype(values)
    if kind is None:
        given = ", ".join(str(settled(value.type)) for value in values)
        raise call.refused(
            f"No matching signature for {call.name} for argument types: {given}; they have no common type"
        )
    return kind, [coerced(value, kind).sql if kind.kind != "NULL" else value.sql for value in values]


def _if(call: Call) -> Value:
    call.count(3)
    condition = call.value(0, BOOL)
    kind, (yes, no) = common(call, [call.value(1), call.value(2)])
    return call.result(f"CASE WHEN {condition.sql} THEN {yes} ELSE {no} END", kind)


def _coalesce(call: Call) -> Value:
    if not call.arguments:
        raise call.refused(f"{call.name} given no arguments, allowed: one or more")
    if call.name == "IFNULL":
        call.count(2)
    kind, texts = common(call, [call.value(i) for i in range(len(call.arguments))])
    return call.result(f"COALESCE({', '.join(texts)})", kind)


def _nullif(call: Call) -> Value:
    call.count(2)
    kind, (first, second) = common(call, [call.value(0), call.value(1)])
    return call.result(f"NULLIF({first}, {second})", kind)


def _zeroifnull(call: Call) -> Value:
    """ZEROIFNULL and NULLIFZERO of a number."""
    call.count(1)
    value = call.value(0)
    if not settled(value.type).is_number:
        raise call.refused(f"No matching signature for function {call.name} for argument types: {value.type}")
    name = "COALESCE" if call.name == "ZEROIFNULL" else "NULLIF"
    return call.result(f"{name}({value.sql}, CAST(0 AS {settled(value.type).duckdb}))", settled(value.type))


def _array_concat(call: Call) -> Value:
    """NULL if any array is."""
    if not call.arguments:
        raise call.refused("ARRAY_CONCAT given no arguments, allowed: one or more arrays")
    kind, texts = common(call, [call.value(i) for i in range(len(call.arguments))])
    if kind.element is None:
        raise call.refused(f"No matching signature for function ARRAY_CONCAT for argument types: {kind}")
    missing = " OR ".join(f"{text} IS NULL" for text in texts)
    joined = texts[0]
    for text in texts[1:]:
        joined = f"list_concat({joined}, {text})"
    return call.result(f"CASE WHEN {missing} THEN NULL ELSE {joined} END", kind)


def item(array: Value, index: Value, how: str) -> Value:
    """An element by OFFSET, ORDINAL, SAFE_OFFSET or SAFE_ORDINAL; a bare index is an OFFSET."""
    if index.type != INT64 and index.type.kind != "NULL":
        raise refused(index.node, f"Array position in [] given as {settled(index.type)}, allowed: INT64")
    macro = "bq_safe_item" if how.startswith("SAFE") else "bq_item"
    first = 1 if how.endswith("ORDINAL") else 0
    return array.named(f"{macro}({array.sql}, {coerced(index, INT64).sql}, {first})", array.type.inner)


def _error(call: Call) -> Value:
    """ERROR(text), which has whatever type is wanted of it."""
    call.count(1)
    return Value("NULL" if call.safe else f"bq_fail({call.value(0, STRING).sql})", NULL, node=call.node)


RULES: dict[str, Rule] = {
    "ERROR": _error,
    "IF": _if,
    "COALESCE": _coalesce,
    "IFNULL": _coalesce,
    "NULLIF": _nullif,
    "ZEROIFNULL": _zeroifnull,
    "NULLIFZERO": _zeroifnull,
    "ARRAY_CONCAT": _array_concat,
}
