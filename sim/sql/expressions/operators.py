"""Operators: comparisons among types that have them, arithmetic, LIKE, IN, BETWEEN, logic."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from sim.sql.grammar.coercion import coerced, distance, supertype
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import (
    BOOL,
    BYTES,
    DATE,
    DATETIME,
    FLOAT64,
    INT64,
    INTERVAL,
    STRING,
    TIMESTAMP,
    Type,
)
from sim.sql.grammar.values import NULL, Value, settled, text_sql
from sim.sql.rules.calls import Walker
from sim.sql.rules.registry import SIGNATURES
from sim.sql.rules.signatures import apply

_ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "$+",
    exp.Sub: "$-",
    exp.Mul: "$*",
    exp.Div: "$/",
    exp.DPipe: "$||",
    exp.BitwiseAnd: "$&",
    exp.BitwiseOr: "$|",
    exp.BitwiseXor: "$^",
    exp.BitwiseLeftShift: "$<<",
    exp.BitwiseRightShift: "$>>",
}
_COMPARING: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_SHOWN = {"<>": "!="}


def arithmetic(walker: Walker, node: exp.Expr) -> Value:
    """Plus, minus, times, divided by, joined, bit by bit; dates with days and intervals."""
    left, right = walker.value(node.this), walker.value(node.expression)
    name = _ARITHMETIC[type(node)]
    if name in ("$+", "$-") and (moved := _with_times(node, name[1], left, right)) is not None:
        return moved
    return apply(node, name, SIGNATURES[name], [left, right])


def _with_times(node: exp.Expr, sign: str, left: Value, right: Value) -> Value | None:
    if sign == "+" and (left.type == INTERVAL or (left.type == INT64 and right.type == DATE)):
        left, right = right, left
    if left.type == DATE and right.type == NULL:
        right = coerced(right, INT64)
    result: tuple[str, Type] | None = None
    if left.type == DATE and right.type == INT64:
        result = (f"({left.sql} {sign} CAST({right.sql} AS INTEGER))", DATE)
    elif left.type in (DATE, DATETIME) and right.type == INTERVAL:
        result = (f"CAST({left.sql} {sign} {right.sql} AS TIMESTAMP)", DATETIME)
    elif left.type in (TIMESTAMP, INTERVAL) and right.type == INTERVAL:
        result = (f"({left.sql} {sign} {right.sql})", left.type)
    elif sign == "-" and left.type.is_time and left.type == right.type and left.type != Type("TIME"):
        days = f"to_days(CAST({left.sql} - {right.sql} AS INTEGER))"
        clock = f"to_microseconds(epoch_us({left.sql}) - epoch_us({right.sql}))"
        result = (days if left.type == DATE else clock, INTERVAL)
    return Value(result[0], result[1], node=node) if result else None


def negated(walker: Walker, node: exp.Expr) -> Value:
    """Minus a number; a literal stays one."""
    value = walker.value(node.this)
    if value.literal is not None and value.type.is_number:
        text = value.literal[1:] if value.literal.startswith("-") else f"-{value.literal}"
        return Value(number_sql(text, value.type), value.type, text, node=node)
    return apply(node, "$NEGATE", SIGNATURES["$NEGATE"], [value])


def number_sql(text: str, kind: Type) -> str:
    """A number literal as DuckDB SQL."""
    if kind == INT64:
        return f"CAST({text} AS BIGINT)"
    return f"CAST({text_sql(text)} AS DOUBLE)"


def inverted(walker: Walker, node: exp.Expr) -> Value:
    """Bit by bit the other."""
    return apply(node, "$~", SIGNATURES["$~"], [walker.value(node.this)])


def comparison(walker: Walker, node: exp.Expr) -> Value:
    """Two values of one type compared."""
    left, right = walker.value(node.this), walker.value(node.expression)
    return Value(comparison_sql(node, _COMPARING[type(node)], left, right), BOOL, node=node)


def comparison_sql(node: exp.Expr, sign: str, left: Value, right: Value) -> str:
    """The SQL of a comparison. Raises InputError for types that BigQuery does not compare."""
    kind = supertype([left, right])
    plain = settled(kind) if kind is not None else None
    if (
        plain is None
        or plain.kind in ("JSON", "INTERVAL")
        or (plain.kind == "STRUCT" and sign not in ("=", "<>"))
    ):
        raise refused(node, _no_operator(_SHOWN.get(sign, sign), left, right))
    if plain.kind == "ARRAY":
        raise refused(
            node, _no_operator(_SHOWN.get(sign, sign), left, right) + "; use TO_JSON_STRING of both"
        )
    one, other = coerced(left, plain).sql, coerced(right, plain).sql
    if plain == FLOAT64:
        return _float_compared(sign, one, other, left, right)
    return f"({one} {sign} {other})"


def _float_compared(sign: str, one: str, other: str, left: Value, right: Value) -> str:
    """NaN is neither less nor more nor the same; DuckDB has it as the greatest number."""
    odd = other if sign in ("<", "<=") else one
    known = right if sign in ("<", "<=") else left
    if known.literal is not None or known.type.kind in ("INT64", "NUMERIC"):
        odd = one if odd is other else other
        if sign in ("<", "<=", ">", ">="):
            return f"({one} {sign} {other})"  # the other side alone may be NaN, and then it is false
        known = left if known is right else right
        if known.literal is not None or known.type.kind in ("INT64", "NUMERIC"):
            return f"({one} {sign} {other})"
    if sign == "<>":
        return f"({one} <> {other} OR isnan({odd}))"
    return f"({one} {sign} {other} AND NOT isnan({odd}))"


def _no_operator(sign: str, left: Value, right: Value) -> str:
    given = f"{settled(left.type)}, {settled(right.type)}{_advice(left.type, right.type)}"
    return f"No matching signature for operator {sign} for argument types: {given}"


def _advice(left: Type, right: Type) -> str:
    kinds = {left.kind, right.kind}
    if kinds == {"DATETIME", "TIMESTAMP"}:
        return "; use TIMESTAMP(datetime) or DATETIME(timestamp)"
    if kinds == {"DATE", "TIMESTAMP"}:
        return "; use DATE(timestamp) or TIMESTAMP(date)"
    if "JSON" in kinds:
        return "; use JSON_VALUE, STRING() or INT64()"
    if kinds & {"STRING"} and kinds & {
        "INT64",
        "FLOAT64",
        "NUMERIC",
        "DATE",
        "DATETIME",
        "TIMESTAMP",
        "BOOL",
    }:
        return "; use CAST"
    return ""


def is_between(walker: Walker, node: exp.Expr) -> Value:
    """BETWEEN, both ends included."""
    value, low, high = (walker.value(node.args[name]) for name in ("this", "low", "high"))
    sql = f"({comparison_sql(node, '>=', value, low)} AND {comparison_sql(node, '<=', value, high)})"
    return Value(sql, BOOL, node=node)


def like(walker: Walker, node: exp.Expr) -> Value:
    r"""LIKE: % and _, and a backslash before one makes it itself."""
    value, pattern_node = walker.value(node.this), node.expression
    quantified = isinstance(pattern_node, exp.Any | exp.All)
    patterns = _alternatives(walker, pattern_node) if quantified else [walker.value(pattern_node)]
    joiner = " OR " if isinstance(pattern_node, exp.Any) else " AND "
    tests = []
    for pattern in patterns:
        kinds = {side.type for side in (value, pattern) if side.type != NULL}
        if len(kinds) > 1 or kinds - {STRING, BYTES}:
            raise refused(node, _no_operator("LIKE", value, pattern))
        if pattern.literal is not None:
            _check_pattern(node, pattern.literal)
        one, other = (_lettered(side) for side in (value, pattern))
        tests.append(f"({one} LIKE {other} ESCAPE '\\')")
    sql = f"({joiner.join(tests)})"
    return Value(f"(NOT {sql})" if node.args.get("negate") else sql, BOOL, node=node)


def _lettered(value: Value) -> str:
    """A text as it is, bytes as a text with a letter for each."""
    return f"fn_letters({value.sql})" if value.type == BYTES else coerced(value, STRING).sql


def _alternatives(walker: Walker, node: exp.Expr) -> list[Value]:
    inner = node.this
    items = (
        inner.expressions
        if isinstance(inner, exp.Tuple)
        else [inner.this if isinstance(inner, exp.Paren) else inner]
    )
    return [walker.value(item) for item in items]


def _check_pattern(node: exp.Expr, pattern: str) -> None:
    bare = pattern.replace("\\\\", "")
    if bare.endswith("\\"):
        raise refused(node, "LIKE pattern ends with a backslash")


def membership(walker: Walker, node: exp.Expr, query: Callable[[exp.Expr], Value]) -> Value:
    """IN a list, an UNNEST or a subquery; ``query`` gives the one column of a subquery as an array type."""
    value = walker.value(node.this)
    sql = ""
    if node.args.get("query") is not None:
        found = query(node.args["query"])
        sql = _in_query(node, value, found)
    elif node.args.get("unnest") is not None:
        array = walker.value(node.args["unnest"].expressions[0])
        sql = _in_array(node, value, array)
    else:
        tests = [comparison_sql(node, "=", value, walker.value(item)) for item in node.expressions]
        sql = f"({' OR '.join(tests)})"
    return Value(f"(NOT {sql})" if node.args.get("negate") else sql, BOOL, node=node)


def _in_array(node: exp.Expr, value: Value, array: Value) -> str:
    if array.type == NULL:
        return "FALSE"
    if array.type.element is None:
        raise refused(node, f"IN UNNEST takes an array, given: {array.type}")
    element = Value("", array.type.element)
    kind = supertype([value, element]) if array.type.element != NULL else value.type
    if kind is None or distance(element, kind) is None:
        raise refused(node, _no_operator("IN UNNEST", value, array))
    one = coerced(value, kind)
    items = array.sql if array.type.element == kind else f"CAST({array.sql} AS {settled(kind).duckdb}[])"
    found = f"list_contains({items}, {one.sql})"
    unknown = f"{one.sql} IS NULL AND len({items}) > 0 OR len({items}) <> list_count({items})"
    return (
        f"CASE WHEN {items} IS NULL THEN FALSE WHEN {found} THEN TRUE WHEN {unknown} THEN NULL ELSE FALSE END"
    )


def _in_query(node: exp.Expr, value: Value, found: Value) -> str:
    kind = supertype([value, Value("", found.type)])
    if kind is None:
        raise refused(node, _no_operator("IN", value, found))
    one = coerced(value, kind).sql
    if found.type == kind:
        return f"({one} IN {found.sql})"
    return f"({one} IN (SELECT CAST(q.v AS {settled(kind).duckdb}) FROM {found.sql} AS q(v)))"


def logic(walker: Walker, node: exp.Expr) -> Value:
    """AND, OR, NOT."""
    sides = [node.this] if isinstance(node, exp.Not) else [node.this, node.expression]
    values = [walker.value(side) for side in sides]
    for value in values:
        if value.type not in (BOOL, NULL):
            raise refused(
                node,
                f"No matching signature for operator {node.key.upper()} for argument types: {_given(values)}",
            )
    texts = [coerced(value, BOOL).sql for value in values]
    if isinstance(node, exp.Not):
        return Value(f"(NOT {texts[0]})", BOOL, node=node)
    return Value(f"({texts[0]} {node.key.upper()} {texts[1]})", BOOL, node=node)


def _given(values: Sequence[Value]) -> str:
    return ", ".join(str(settled(value.type)) for value in values)


def identity(walker: Walker, node: exp.Expr) -> Value:
    """IS NULL, IS TRUE, IS FALSE, and IS DISTINCT FROM."""
    value = walker.value(node.this)
    if isinstance(node, exp.NullSafeEQ | exp.NullSafeNEQ):
        other = walker.value(node.expression)
        kind = supertype([value, other])
        if kind is None:
            raise refused(node, _no_operator("IS DISTINCT FROM", value, other))
        word = "IS DISTINCT FROM" if isinstance(node, exp.NullSafeNEQ) else "IS NOT DISTINCT FROM"
        return Value(f"({coerced(value, kind).sql} {word} {coerced(other, kind).sql})", BOOL, node=node)
    negate = " NOT" if node.args.get("negate") else ""
    if isinstance(node.expression, exp.Null):
        return Value(f"({value.sql} IS{negate} NULL)", BOOL, node=node)
    if isinstance(node.expression, exp.Boolean):
        truth = "TRUE" if node.expression.this else "FALSE"
        if value.type not in (BOOL, NULL):
            raise refused(
                node, f"No matching signature for operator IS {truth} for argument types: {value.type}"
            )
        return Value(f"({coerced(value, BOOL).sql} IS{negate} {truth})", BOOL, node=node)
    raise refused(node, "IS takes NULL, TRUE or FALSE")
