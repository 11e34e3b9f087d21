"""Rules for values: casts, JSON, texts, arrays."""

from __future__ import annotations

import re
from importlib import resources

from sqlglot import exp

from context.errors import InputError
from sim.sql.tree import Rule, call, cast

MACROS = resources.files("sim.sql").joinpath("macros.sql").read_text(encoding="utf-8")

_NUMERIC = "DECIMAL(38, 9)"
_CASTS = {
    exp.DataType.Type.TEXT: ("bq_text", "bq_text"),
    exp.DataType.Type.VARCHAR: ("bq_text", "bq_text"),
    exp.DataType.Type.BIGINT: ("bq_int64", "bq_safe_int64"),
    exp.DataType.Type.BOOLEAN: (None, "bq_safe_bool"),
}
_RAISING = ("bq_int64", "bq_divide", "bq_div", "bq_mod")
_PRINTF = re.compile(r"%(?:%|[-+ #0]*[0-9]*(?:\.[0-9]+)?([a-zA-Z']))")
_PATH_STEP = re.compile(
    r"""\.(?:"(?P<quoted>[^"]*)"|(?P<plain>[^.\[\]"]+))"""
    r"""|\[\s*(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<index>[0-9]+)|(?P<bare>[^'"\]]+?))\s*\]"""
)
_KEYS = ("quoted", "plain", "single", "double", "bare")


def _casting(node: exp.Expression) -> exp.Expression:
    """Texts of numbers, roundings and NUMERIC's nine digits as BigQuery has them."""
    safe = isinstance(node, exp.TryCast)
    kind = node.args["to"]
    if node.args.get("format"):
        raise InputError("CAST ... FORMAT is not supported here; use FORMAT_DATE, PARSE_DATE and their like")
    if kind.this == exp.DataType.Type.DECIMAL and not kind.expressions:
        node.set("to", exp.DataType.build(_NUMERIC, dialect="duckdb"))
    macro = _CASTS.get(kind.this, (None, None))[1 if safe else 0]
    return call(macro, node.this) if macro and not kind.expressions else node


def _json_scalar(node: exp.Expression) -> exp.Expression:
    value = call("json_value", node.this, _json_path(node.expression))
    return call("json_extract_string", value, "$")


def _json_part(node: exp.Expression) -> exp.Expression:
    return call("json_extract", node.this, _json_path(node.expression))


def _json_array(node: exp.Expression) -> exp.Expression:
    kind = "VARCHAR[]" if isinstance(node, exp.JSONValueArray) else "JSON[]"
    return cast(_json_part(node), kind)


def _json_path(path: exp.Expression | None) -> str:
    """A path in the one spelling that DuckDB reads for any key: quoted steps.

    BigQuery's users write keys with dots in brackets, and further keys there with quotes or without.
    """
    if path is None:
        return "$"
    if isinstance(path, exp.JSONPath):
        steps = []
        for step in path.expressions:
            if isinstance(step, exp.JSONPathKey) and isinstance(step.this, str):
                steps.append(f'."{step.this}"')
            elif isinstance(step, exp.JSONPathSubscript) and isinstance(step.this, int | str):
                steps.append(f"[{step.this}]" if isinstance(step.this, int) else f'."{step.this}"')
            elif not isinstance(step, exp.JSONPathRoot):
                raise InputError(f"JSON path {path.sql('bigquery')}: only keys and positions are allowed")
        return "$" + "".join(steps)
    text = path.name if isinstance(path, exp.Literal) else ""
    steps, position = [], 1
    while text.startswith("$") and position < len(text):
        match = _PATH_STEP.match(text, position)
        if match is None:
            break
        position = match.end()
        key = next(
            (match[name] for name in ("quoted", "plain", "single", "double", "bare") if match[name]), ""
        )
        steps.append(f"[{match['index']}]" if match["index"] else f'."{key}"')
    if not text.startswith("$") or position < len(text):
        raise InputError(
            f"JSON path {path.sql('bigquery')} given, allowed: a text such as '$.a[0]' or \"$['a.b'].c\""
        )
    return "$" + "".join(steps)


def _printf(node: exp.Expression) -> exp.Expression:
    """FORMAT is printf in DuckDB; %t takes any value."""
    pattern, values = node.this, list(node.expressions)
    if not isinstance(pattern, exp.Literal):
        raise InputError("FORMAT needs a text in quotes as its first argument")
    kinds = [match[1] for match in _PRINTF.finditer(pattern.name) if match[1]]
    odd = sorted(set(kinds) - set("diouxXeEfgGst"))
    if odd or len(kinds) != len(values):
        raise InputError(f"FORMAT({pattern.sql('bigquery')}) with {len(values)} values is not supported here")
    texts = [call("bq_text", v) if kind == "t" else v for kind, v in zip(kinds, values, strict=True)]
    plain = _PRINTF.sub(lambda m: m[0][:-1] + "s" if m[1] == "t" else m[0], pattern.name)
    return call("printf", plain, *texts)


def _array_agg(node: exp.Expression) -> exp.Expression:
    """LIMIT and IGNORE NULLS inside of ARRAY_AGG become a slice and a filter."""
    ignore = isinstance(node, exp.IgnoreNulls)
    inner = node.this if ignore else node
    if not isinstance(inner, exp.ArrayAgg) or isinstance(node.parent, exp.IgnoreNulls):
        return node
    limit = inner.this if isinstance(inner.this, exp.Limit) else None
    if limit is None and not ignore:
        return node
    argument = limit.this if limit is not None else inner.this
    value = argument.this if isinstance(argument, exp.Order) else argument
    result: exp.Expression = call("array_agg", argument)
    if ignore:
        core = value.expressions[0] if isinstance(value, exp.Distinct) else value
        present = exp.Not(this=exp.Is(this=core.copy(), expression=exp.Null()))
        result = exp.Filter(this=result, expression=exp.Where(this=present))
    return call("list_slice", result, 1, limit.expression) if limit is not None else result


def _unnest(node: exp.Expression) -> exp.Expression:
    """Positions count from 0, those of DuckDB's WITH ORDINALITY from 1."""
    offset, alias = node.args.get("offset"), node.args.get("alias")
    if not offset:
        return node
    array = node.expressions[0]
    name = offset.name if isinstance(offset, exp.Identifier) else "offset"
    value = alias.columns[0].name if alias is not None and alias.columns else "value"
    positions = exp.Sub(this=call("generate_subscripts", array.copy(), 1), expression=exp.convert(1))
    columns = (
        exp.alias_(call("unnest", array), value, quoted=True),
        exp.alias_(positions, name, quoted=True),
    )
    return exp.select(*columns).subquery(f"_{value}_{name}")


def _division(name: str) -> Rule:
    """Dividing by zero is an error; DuckDB answers infinity or NULL."""

    def rule(node: exp.Expression) -> exp.Expression:
        divisor = node.args["expression"]
        if isinstance(divisor, exp.Literal) and divisor.name.strip("0."):
            return node
        return call(name, node.this, divisor)

    return rule


def _safe(node: exp.Expression) -> exp.Expression:
    """SAFE.function gives NULL for an error; DuckDB's TRY takes none of our macros that raise one."""
    for macro in node.find_all(exp.Anonymous):
        if macro.name in _RAISING:
            macro.set("this", macro.name.replace("bq_", "bq_safe_"))
    return call("try", node.this)


def _number(node: exp.Expression) -> exp.Expression:
    """1.5 is a FLOAT64; DuckDB takes it for a decimal."""
    if node.args.get("is_string") or "." not in node.name or "e" in node.name.lower():
        return node
    return exp.Literal.number(f"{node.name}e0")


RULES: dict[type[exp.Expression], Rule] = {
    exp.Cast: _casting,
    exp.TryCast: _casting,
    exp.String: lambda node: node if node.args.get("zone") else call("bq_string", node.this),
    exp.JSONBool: lambda node: cast(node.this, "BOOLEAN"),
    exp.Float64: lambda node: cast(node.this, "DOUBLE"),
    exp.JSONExtractScalar: _json_scalar,
    exp.JSONExtract: _json_part,
    exp.JSONExtractArray: _json_array,
    exp.JSONValueArray: _json_array,
    exp.Div: _division("bq_divide"),
    exp.IntDiv: _division("bq_div"),
    exp.Mod: _division("bq_mod"),
    exp.Literal: _number,
    exp.Format: _printf,
    exp.ArrayAgg: _array_agg,
    exp.IgnoreNulls: _array_agg,
    exp.Unnest: _unnest,
    exp.SafeFunc: _safe,
}
