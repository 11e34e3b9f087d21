"""Expressions: each kind of node that may stand in a query has its rule here; any other is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlglot import exp

from sim.sql.expressions import constructors, functions, operators
from sim.sql.expressions.names import Scope, field_of, resolve
from sim.sql.expressions.walker import Expressions, Handlers, path_of
from sim.sql.grammar.catalog import SYSTEM_ERROR
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import BOOL, BYTES, FLOAT64, INT64, INTERVAL, JSON, Type
from sim.sql.grammar.values import NULL, Value, bool_value, text_sql, text_value
from sim.sql.rules.calls import Call
from sim.sql.rules.registry import unknown
from sim.sql.rules.times import arithmetic

_CLOCKS = ("CURRENT_DATE", "CURRENT_DATETIME", "CURRENT_TIME", "CURRENT_TIMESTAMP")


def _literal(_: Expressions, node: exp.Literal) -> Value:
    if node.args.get("is_string"):
        return text_value(node.name, node)
    text = node.name
    if text.isdigit():
        if int(text) > 2**63:
            raise refused(node, f"Invalid integer literal: {text}")
        return Value(f"CAST({text} AS BIGINT)", INT64, text, node=node)
    if not re.fullmatch(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
        raise refused(node, f"Invalid floating point literal: {text}")
    return Value(operators.number_sql(text, FLOAT64), FLOAT64, text, node=node)


def _hex(_: Expressions, node: exp.HexString) -> Value:
    number = int(str(node.this), 16)
    return Value(f"CAST({number} AS BIGINT)", INT64, str(number), node=node)


def _bytes(_: Expressions, node: exp.ByteString) -> Value:
    """b'...': the parser has a letter for each byte."""
    try:
        held = str(node.this).encode("latin-1")
    except UnicodeEncodeError:
        raise refused(node, "Illegal escape sequence in a BYTES literal; allowed: \\x and octal") from None
    return Value(f"unhex('{held.hex()}')", BYTES, node=node)


def _name(walker: Expressions, node: exp.Expr) -> Value:
    """A column, a field of one, a row; or what a script or a function calls so."""
    parts = path_of(node)
    if parts is None:
        if isinstance(node.expression, exp.Func) and path_of(node.this) is not None:
            raise unknown(Call(node.sql("bigquery").split("(")[0].upper(), node, (), walker))
        return field_of(walker.value(node.this), node.expression)
    first = parts[0].name
    if isinstance(parts[-1], exp.Star) or any(not isinstance(part, exp.Identifier) for part in parts):
        raise refused(node, "* is allowed only in a SELECT list and in COUNT(*)")
    found = walker.arguments.get(first.lower())
    variables = {name.lower(): kind for name, kind in walker.queries.around.variables.items()}
    if found is None and not _seen(walker.scope, first):
        if len(parts) == 1 and not parts[0].args.get("quoted") and first.upper() in _CLOCKS:
            return walker.value(exp.Anonymous(this=first, expressions=[]))
        if first.lower() in variables:
            found = Value(f"${name_of_parameter(first)}", variables[first.lower()], node=node)
            found = found.named(f"CAST({found.sql} AS {found.type.duckdb})", found.type)
    if found is not None:
        for part in parts[1:]:
            found = field_of(found, part)
        return found
    return resolve(walker.scope, parts, node, in_aggregate=walker.in_aggregate)


def _seen(scope: Scope, name: str) -> bool:
    return name.lower() in {seen.lower() for seen in scope.names()} or any(
        name.lower() in s.merged for s in scope.chain()
    )


def name_of_parameter(name: str) -> str:
    """How DuckDB's SQL calls a parameter."""
    return name.lower()


def _parameter(walker: Expressions, node: exp.Expr) -> Value:
    parameters = walker.queries.around.parameters
    if isinstance(node, exp.Placeholder):
        position = int(node.meta.get("position", 0))
        if isinstance(parameters, Mapping) or position > len(parameters):
            raise refused(node, f"Query parameter number {position} is not defined")
        return _bound(str(position), parameters[position - 1], node)
    name = node.name
    if isinstance(node.this, exp.Parameter):
        if node.this.name.lower() == "error" and SYSTEM_ERROR in walker.queries.around.variables:
            return _bound(SYSTEM_ERROR, walker.queries.around.variables[SYSTEM_ERROR], node)
        if node.this.name.lower() == "error":
            raise refused(node, "@@error is known after EXCEPTION WHEN ERROR THEN only")
        raise refused(node, f"system variable @@{node.this.name} is not available here")
    if not isinstance(parameters, Mapping):
        raise refused(node, f"Query parameter '{name}' not found; given: positional parameters or none")
    kinds = {given.lower(): kind for given, kind in parameters.items()}
    if name.lower() not in kinds:
        raise refused(node, f"Query parameter '{name}' not found; given: {', '.join(parameters) or 'none'}")
    return _bound(name_of_parameter(name), kinds[name.lower()], node)


def _bound(name: str, kind: Type, node: exp.Expr) -> Value:
    return Value(f"CAST(${name} AS {kind.duckdb})", kind, parameter=True, node=node)


def _if(walker: Expressions, node: exp.If) -> Value:
    arguments = [
        part for part in (node.this, node.args.get("true"), node.args.get("false")) if part is not None
    ]
    return walker.value(exp.Anonymous(this="IF", expressions=arguments))


def _extract(walker: Expressions, node: exp.Extract) -> Value:
    return arithmetic.extract(Call("EXTRACT", node, (node.this, node.expression), walker))


def _interval(walker: Expressions, node: exp.Interval) -> Value:
    value = arithmetic.interval(Call("INTERVAL", node, (), walker), node)
    return value.named(value.sql, INTERVAL)


def _scalar(walker: Expressions, node: exp.Subquery) -> Value:
    found = walker.queries.subquery(node, walker.scope)
    return Value(f"({found.sql})", found.column(node), node=node)


def _exists(walker: Expressions, node: exp.Exists) -> Value:
    return Value(f"EXISTS ({walker.queries.subquery(node.this, walker.scope).sql})", BOOL, node=node)


def _in(walker: Expressions, node: exp.In) -> Value:
    def column(query: exp.Expr) -> Value:
        found = walker.queries.subquery(query, walker.scope)
        return Value(f"({found.sql})", found.column(node))

    return operators.membership(walker, node, column)


def _json(_: Expressions, node: exp.ParseJSON) -> Value:
    """JSON '...'."""
    if not isinstance(node.this, exp.Literal):
        raise refused(node, "write brackets round a JSON literal: (JSON '...').field")
    return Value(f"bq_parse_json({text_sql(node.this.name)})", JSON, node=node)


def _safe(walker: Expressions, node: exp.Expr) -> Value:
    """SAFE.function(...), NET.HOST(...)."""
    inner = node.this
    prefix = "SAFE" if isinstance(node, exp.SafeFunc) else "NET"
    if not isinstance(inner, exp.Anonymous):
        raise refused(node, f"{prefix}.{inner.sql('bigquery')} is not available here")
    inner.meta["prefix"] = prefix
    return walker.value(inner)


def _mod(_: Expressions, node: exp.Mod) -> Value:
    raise refused(node, "operator % is not BigQuery's; use MOD(a, b)")


_TWO = ("this", "expression")
_KNOWN: dict[type[exp.Expr], Any] = {
    exp.Literal: (_literal, ("this", "is_string")),
    exp.RawString: (lambda _, node: text_value(str(node.this), node), ("this",)),
    exp.ByteString: (_bytes, ("this", "is_bytes")),
    exp.HexString: (_hex, ("this", "is_integer")),
    exp.Null: (lambda _, node: Value("NULL", NULL, node=node), ()),
    exp.Boolean: (lambda _, node: bool_value(bool(node.this)), ("this",)),
    exp.Column: (_name, ("this", "table", "db", "catalog")),
    exp.Identifier: (_name, ("this", "quoted")),
    exp.Dot: (_name, _TWO),
    exp.Parameter: (_parameter, ("this",)),
    exp.Placeholder: (_parameter, ()),
    exp.Paren: (lambda walker, node: walker.value(node.this), ("this",)),
    exp.Cast: (constructors.cast_value, ("this", "to", "format")),
    exp.TryCast: (constructors.cast_value, ("this", "to", "format", "safe", "requires_string")),
    exp.Array: (
        constructors.array_value,
        ("expressions", "struct_name_inheritance", "bracket_notation", "value_constructor"),
    ),
    exp.Tuple: (constructors.tuple_value, ("expressions",)),
    exp.Bracket: (constructors.bracketed, ("this", "expressions")),
    exp.Case: (constructors.case_value, ("this", "ifs", "default")),
    exp.If: (_if, ("this", "true", "false")),
    exp.Extract: (_extract, _TWO),
    exp.Interval: (_interval, ("this", "unit")),
    exp.Subquery: (_scalar, ("this",)),
    exp.Exists: (_exists, ("this",)),
    exp.In: (_in, ("this", "expressions", "query", "unnest", "negate")),
    exp.Like: (operators.like, ("this", "expression", "negate")),
    exp.Between: (operators.is_between, ("this", "low", "high")),
    exp.Neg: (operators.negated, ("this",)),
    exp.BitwiseNot: (operators.inverted, ("this",)),
    exp.Not: (operators.logic, ("this",)),
    exp.And: (operators.logic, _TWO),
    exp.Or: (operators.logic, _TWO),
    exp.Is: (operators.identity, ("this", "expression", "negate")),
    exp.NullSafeEQ: (operators.identity, _TWO),
    exp.NullSafeNEQ: (operators.identity, _TWO),
    exp.Mod: (_mod, _TWO),
    exp.ParseJSON: (_json, ("this", "is_literal")),
    exp.SafeFunc: (_safe, ("this",)),
    exp.NetFunc: (_safe, ("this",)),
    exp.Anonymous: (functions.call, ("this", "expressions")),
    exp.Window: (
        functions.window,
        ("this", "partition_by", "order", "spec", "alias", "over"),
    ),
}
for _kinds, _rule in (
    (
        (exp.Add, exp.Sub, exp.Mul, exp.DPipe, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor),
        operators.arithmetic,
    ),
    ((exp.Div, exp.BitwiseLeftShift, exp.BitwiseRightShift), operators.arithmetic),
    ((exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE), operators.comparison),
):
    for _kind in _kinds:
        _KNOWN[_kind] = (_rule, (*_TWO, "safe", "typed", "requires_int128"))
HANDLERS: Handlers = _KNOWN
