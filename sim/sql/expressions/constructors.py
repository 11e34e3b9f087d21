"""Values made of others: arrays, structs, casts, CASE, and the elements in brackets."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sim.sql.expressions import operators
from sim.sql.expressions.walker import Expressions
from sim.sql.grammar.coercion import coerced, distance, supertype
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import JSON, STRING, Type, array_of, struct_of, type_of_node, type_parameters
from sim.sql.grammar.values import NULL, Value, name_sql, settled
from sim.sql.rules import arrays
from sim.sql.rules.calls import Call
from sim.sql.rules.casts import cast
from sim.sql.rules.jsons.reading import subscript
from sim.sql.rules.times.arithmetic import zone_value
from sim.sql.rules.times.cast_formats import format_cast

_POSITIONS = ("OFFSET", "SAFE_OFFSET", "ORDINAL", "SAFE_ORDINAL")


def cast_value(walker: Expressions, node: exp.Cast) -> Value:
    """CAST, SAFE_CAST, DATE '...' and the constructors STRUCT<...>(...) and ARRAY<...>[...]."""
    to, safe = type_of_node(node.args["to"]), isinstance(node, exp.TryCast)
    if isinstance(node.this, exp.Struct):
        return _typed_struct(walker, node.this, to)
    if (
        isinstance(node.this, exp.Array)
        and to.element is not None
        and "value_constructor" not in node.this.args
    ):
        return _typed_array(walker, node.this, to)
    value = walker.value(node.this)
    pattern = node.args.get("format")
    if pattern is not None:
        return _formatted(walker, node, value, to, pattern)
    if isinstance(node.this, exp.Literal) and value.type == STRING and not safe:
        early = Value(value.sql, value.type, value.literal, node=node)
        return cast(early, to, digits=type_parameters(node.args["to"]))
    return cast(value, to, safe=safe, digits=type_parameters(node.args["to"]))


def _formatted(walker: Expressions, node: exp.Cast, value: Value, to: Type, pattern: exp.Expr) -> Value:
    """CAST(... FORMAT '...' [AT TIME ZONE zone])."""
    call = Call("CAST", node, (), walker, isinstance(node, exp.TryCast))
    at = None
    if isinstance(pattern, exp.AtTimeZone):
        at, pattern = zone_value(call, pattern.args["zone"]), pattern.this
    text = walker.value(pattern)
    if text.literal is None or text.type != STRING:
        raise refused(node, "CAST: the format must be a text in quotes here")
    if value.type == NULL:
        return coerced(value, to)
    return format_cast(call, value, to, text.literal, at)


def _typed_struct(walker: Expressions, node: exp.Struct, to: Type) -> Value:
    if len(node.expressions) != len(to.fields):
        raise refused(
            node,
            f"STRUCT type has {len(to.fields)} fields, but its constructor {len(node.expressions)}",
        )
    parts = []
    for key, (name, kind), item in zip(to.keys, to.fields, node.expressions, strict=True):
        value = walker.value(item)
        if distance(value, kind) is None:
            raise refused(
                node,
                f"Struct field {name or key} has type {settled(value.type)} which does not coerce to {kind}",
            )
        parts.append(f"{name_sql(key)} := {coerced(value, kind).sql}")
    return Value(f"struct_pack({', '.join(parts)})", to, node=node)


def _typed_array(walker: Expressions, node: exp.Array, to: Type) -> Value:
    items = []
    for item in node.expressions:
        value = _element(walker, item, to.inner)
        if distance(value, to.inner) is None:
            raise refused(node, f"Array element type {settled(value.type)} does not coerce to {to.inner}")
        items.append(coerced(value, to.inner).sql)
    return Value(f"CAST([{', '.join(items)}] AS {to.duckdb})", to, node=node)


def _element(walker: Expressions, item: exp.Expr, kind: Type) -> Value:
    if isinstance(item, exp.Tuple) and kind.kind == "STRUCT":
        return _typed_struct(walker, exp.Struct(expressions=item.expressions), kind)
    return walker.value(item)


def array_value(walker: Expressions, node: exp.Array) -> Value:
    """[1, 2] or ARRAY(SELECT ...)."""
    if len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Query):
        found = walker.queries.subquery(node.expressions[0], walker.scope)
        return Value(f"ARRAY({found.sql})", array_of(settled(found.column(node))), node=node)
    values = [walker.value(item) for item in node.expressions]
    kind = supertype(values) if values else NULL
    if kind is None:
        given = ", ".join(dict.fromkeys(str(settled(value.type)) for value in values))
        raise refused(node, f"Array elements of types {{{given}}} do not have a common supertype")
    items = [coerced(value, kind).sql if kind != NULL else "NULL" for value in values]
    made = array_of(kind)
    return Value(f"CAST([{', '.join(items)}] AS {array_of(settled(kind)).duckdb})", made, node=node)


def tuple_value(walker: Expressions, node: exp.Tuple) -> Value:
    """(1, 2): a STRUCT without names."""
    return struct_value([("", walker.value(item)) for item in node.expressions], node)


def struct_value(items: Sequence[tuple[str, Value]], node: exp.Expr) -> Value:
    """A STRUCT of named values."""
    kind = struct_of((name, value.type) for name, value in items)
    parts = [f"{name_sql(key)} := {value.sql}" for key, (_, value) in zip(kind.keys, items, strict=True)]
    return Value(f"struct_pack({', '.join(parts)})", kind, node=node)


def bracketed(walker: Expressions, node: exp.Bracket) -> Value:
    """An element of an array, of a JSON, or a field of a STRUCT by position."""
    value = walker.value(node.this)
    if len(node.expressions) != 1:
        raise refused(node, "[] takes one position")
    index, how = node.expressions[0], ""
    if (
        isinstance(index, exp.Anonymous)
        and str(index.this).upper() in _POSITIONS
        and len(index.expressions) == 1
    ):
        how, index = str(index.this).upper(), index.expressions[0]
    position = walker.value(index)
    if value.type == JSON and not how:
        sql = subscript(value, position)
        if sql is not None:
            return Value(sql, JSON, node=node)
    if value.type.element is None:
        raise refused(
            node, f"Element access using [] is not supported on values of type {settled(value.type)}"
        )
    return arrays.item(value, position, how or "OFFSET")


def case_value(walker: Expressions, node: exp.Case) -> Value:
    """CASE, with a value or without."""
    branches = node.args["ifs"]
    results = [walker.value(branch.args["true"]) for branch in branches]
    default = node.args.get("default")
    results.append(walker.value(default) if default is not None else Value("NULL", NULL))
    call = Call("CASE", node, (), walker)
    kind, texts = arrays.common(call, results)
    tests = []
    for branch in branches:
        if node.this is not None:
            tests.append(
                operators.comparison_sql(branch, "=", walker.value(node.this), walker.value(branch.this))
            )
        else:
            tests.append(walker.truth(branch.this, "CASE WHEN"))
    parts = [f"WHEN {test} THEN {text}" for test, text in zip(tests, texts, strict=False)]
    return Value(f"CASE {' '.join(parts)} ELSE {texts[-1]} END", kind, node=node)
