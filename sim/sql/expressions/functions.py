"""Calls: functions, aggregates with what stands in their brackets, windows, functions that a script makes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import exp

from sim.sql.expressions.constructors import struct_value
from sim.sql.expressions.names import Scope
from sim.sql.expressions.orders import order_sql
from sim.sql.expressions.walker import Expressions
from sim.sql.grammar.coercion import coerced, distance
from sim.sql.grammar.parse import parse_query
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import INT64
from sim.sql.grammar.values import Value, settled
from sim.sql.rules.aggregates import FRAMELESS, NULLS, ORDERED, UNORDERED, Brackets, aggregate, windowed
from sim.sql.rules.calls import Call
from sim.sql.rules.failing import by_row
from sim.sql.rules.registry import AGGREGATE_NAMES, WINDOW_NAMES, call_value, has_rule


@dataclass(frozen=True)
class _Argument:
    """The first argument of an aggregate and all that surrounds it."""

    nodes: list[exp.Expr]
    distinct: bool = False
    order: exp.Order | None = None
    limit: exp.Expr | None = None
    nulls: str | None = None
    having: exp.HavingMax | None = None


def call(walker: Expressions, node: exp.Anonymous) -> Value:
    """The value of a call. Raises InputError for a function not known, or that does not take what it gets."""
    name = str(node.name).upper()
    prefix = node.meta.get("prefix")
    if prefix == "NET":
        return call_value(Call(f"NET.{name}", node, node.expressions, walker))
    safe = prefix == "SAFE"
    if name == "STRUCT":
        return _struct(walker, node)
    functions = {known.lower(): function for known, function in walker.queries.around.functions.items()}
    if name.lower() in functions:
        return _own(walker, node, name.lower())
    if name in AGGREGATE_NAMES or name in ("COUNT", "GROUPING"):
        return _aggregated(walker, node, name, over="")
    if name in WINDOW_NAMES and not has_rule(name):
        raise refused(node, f"Analytic function {name} cannot be called without an OVER clause")
    return call_value(Call(name, node, node.expressions, walker, safe))


def _struct(walker: Expressions, node: exp.Anonymous) -> Value:
    """STRUCT(1 AS a, b): columns give their names."""
    items = []
    for item in node.expressions:
        if isinstance(item, exp.Alias):
            items.append((item.alias, walker.value(item.this)))
        else:
            named = isinstance(item, exp.Column | exp.Dot)
            items.append((item.name if named else "", walker.value(item)))
    return struct_value(items, node)


def _own(walker: Expressions, node: exp.Anonymous, name: str) -> Value:
    """A function in SQL: its body with the arguments in it."""
    functions = {known.lower(): function for known, function in walker.queries.around.functions.items()}
    function = functions[name]
    if len(node.expressions) != len(function.parameters):
        raise refused(
            node, f"Number of arguments does not match for function {name}: {len(node.expressions)} given"
        )
    arguments = {}
    for (parameter, kind), given in zip(function.parameters, node.expressions, strict=True):
        value = walker.value(given)
        if kind is not None and distance(value, kind) is None:
            raise refused(
                given, f"function {name}: argument {parameter} is {settled(value.type)}, allowed: {kind}"
            )
        arguments[parameter.lower()] = value if kind is None else value.named(coerced(value, kind).sql, kind)
    body = parse_query(f"SELECT {function.body}").expressions[0]
    inner = replace(walker, scope=Scope(), arguments=arguments, grouped=None)
    value = inner.value(body)
    if function.returns is not None:
        if distance(value, function.returns) is None:
            raise refused(
                node, f"function {name} returns {settled(value.type)}, declared: {function.returns}"
            )
        value = coerced(value, function.returns)
    return value.named(value.sql, settled(value.type))


def _argument(node: exp.Anonymous) -> _Argument:
    """What stands in an aggregate's brackets, taken apart: x, then how."""
    nodes = list(node.expressions)
    found = _Argument(nodes)
    if not nodes:
        return found
    last = nodes[-1]
    if isinstance(last, exp.Limit):
        found, last = replace(found, limit=last.expression), last.this
    if isinstance(last, exp.Order):
        found, last = replace(found, order=last), last.this
    nodes[-1] = last
    first = nodes[0]
    if isinstance(first, exp.IgnoreNulls | exp.RespectNulls):
        found, first = (
            replace(found, nulls="IGNORE" if isinstance(first, exp.IgnoreNulls) else "RESPECT"),
            first.this,
        )
    if isinstance(first, exp.Distinct):
        found, inner = replace(found, distinct=True), list(first.expressions)
        if not inner:
            raise refused(node, f"{node.name}: DISTINCT needs a value after it")
        first, nodes = inner[0], [inner[0], *inner[1:], *nodes[1:]]
    if isinstance(first, exp.IgnoreNulls | exp.RespectNulls):
        found, first = (
            replace(found, nulls="IGNORE" if isinstance(first, exp.IgnoreNulls) else "RESPECT"),
            first.this,
        )
    if isinstance(first, exp.HavingMax):
        found, first = replace(found, having=first), first.this
    return replace(found, nodes=[first, *nodes[1:]])


def _aggregated(walker: Expressions, node: exp.Anonymous, name: str, *, over: str) -> Value:
    """An aggregate: its arguments are of the rows, and what it gives is known in the group."""
    if not over:
        if walker.in_aggregate:
            raise refused(node, "Aggregations of aggregations are not allowed")
        if walker.banned:
            raise refused(node, f"Aggregate function {name} not allowed in {walker.banned}")
        walker.aggregates += 1
    if name == "GROUPING":
        return _grouping(walker, node)
    argument = _argument(node)
    inner = walker if over else replace(walker, in_aggregate=True, grouped=None)
    mark = len(walker.scope.loose)
    if name == "COUNT" and len(argument.nodes) == 1 and isinstance(argument.nodes[0], exp.Star):
        condition = f" FILTER (WHERE {walker.condition})" if walker.condition else ""
        return Value(f"count(*){condition}{over}", INT64, node=node)
    values = [inner.value(part) for part in argument.nodes]
    brackets = Brackets(
        distinct=argument.distinct,
        order=f" ORDER BY {order_sql(inner, argument.order)}" if argument.order is not None else "",
        limit=_limit(inner, argument.limit),
        ignore_nulls=argument.nulls == "IGNORE",
        respect_nulls=argument.nulls == "RESPECT",
        condition=walker.condition,
        over=over,
        having=("arg_max_null" if argument.having.args.get("max") else "arg_min_null")
        if argument.having
        else None,
        having_value=inner.value(argument.having.expression) if argument.having else None,
    )
    if not over:
        del walker.scope.loose[mark:]
    return aggregate(Call(name, node, argument.nodes, inner), values, brackets)


def _grouping(walker: Expressions, node: exp.Anonymous) -> Value:
    mark = len(walker.scope.loose)
    values = [walker.value(part) for part in node.expressions]
    del walker.scope.loose[mark:]
    if len(values) != 1:
        raise refused(node, f"GROUPING given {len(values)} arguments, allowed: 1")
    return Value(f"CAST(grouping({values[0].sql}) AS BIGINT)", INT64, node=node)


def _limit(walker: Expressions, node: exp.Expr | None) -> str | None:
    if node is None:
        return None
    value = walker.value(node)
    if value.type != INT64 or (value.literal is None and not value.parameter):
        raise refused(node, "LIMIT takes a number or a parameter")
    return value.sql


def window(walker: Expressions, node: exp.Window) -> Value:
    """A function OVER a window."""
    function, nulls = node.this, None
    if isinstance(function, exp.IgnoreNulls | exp.RespectNulls):
        raise refused(node, "IGNORE NULLS and RESPECT NULLS stand inside of the brackets in BigQuery")
    if walker.window_banned:
        raise refused(node, f"Analytic function not allowed in {walker.window_banned}")
    if not isinstance(function, exp.Anonymous):
        raise refused(node, f"{function.sql('bigquery')} cannot have an OVER clause")
    name = str(function.name).upper()
    spec = _Window(walker, node)
    if name in WINDOW_NAMES:
        spec.check(name)
        argument = _argument(function)
        if argument.nulls and name not in NULLS:
            raise refused(node, f"IGNORE NULLS is not supported on {name}")
        nulls = argument.nulls == "IGNORE"
        values = [walker.value(part) for part in argument.nodes]
        brackets = Brackets(ignore_nulls=nulls, over=spec.sql(name))
        return windowed(Call(name, node, argument.nodes, walker), values, brackets)
    if name not in AGGREGATE_NAMES and name != "COUNT":
        raise refused(
            node,
            f"{name} cannot have an OVER clause; allowed: aggregates and {', '.join(sorted(WINDOW_NAMES))}",
        )
    return _aggregated(walker, function, name, over=spec.sql(name))


class _Window:
    """A window's PARTITION BY, ORDER BY and frame, those of a named window under it included."""

    def __init__(self, walker: Expressions, node: exp.Window) -> None:
        self.walker, self.node = walker, node
        self.partition: list[exp.Expr] = list(node.args.get("partition_by") or [])
        self.order: exp.Order | None = node.args.get("order")
        self.frame: exp.WindowSpec | None = node.args.get("spec")
        name = node.args.get("alias")
        seen = set()
        while name is not None:
            base = walker.named_windows.get(name.name.lower())
            if base is None or name.name.lower() in seen:
                raise refused(node, f"Unrecognized window alias {name.name}")
            seen.add(name.name.lower())
            self.partition = self.partition or list(base.args.get("partition_by") or [])
            self.order = self.order or base.args.get("order")
            self.frame = self.frame or base.args.get("spec")
            name = base.args.get("alias")

    def check(self, name: str) -> None:
        """Raises InputError for what a function does not take."""
        if name in ORDERED and self.order is None:
            raise refused(self.node, f"Window ORDER BY is required for analytic function {name.lower()}")
        if name in UNORDERED and self.order is not None:
            raise refused(self.node, f"Window ORDER BY is not allowed for analytic function {name.lower()}")
        if name in FRAMELESS and self.frame is not None:
            raise refused(
                self.node, f"Window framing clause is not allowed for analytic function {name.lower()}"
            )

    def sql(self, name: str) -> str:
        """OVER (...)."""
        parts = []
        if self.partition:
            keys = []
            for part in self.partition:
                value = self.walker.value(part)
                if settled(value.type).kind in ("JSON", "ARRAY"):
                    raise refused(
                        part, f"Partitioning by expressions of type {settled(value.type)} is not allowed"
                    )
                keys.append(by_row(value.sql))
            parts.append(f"PARTITION BY {', '.join(keys)}")
        if self.order is not None:
            parts.append(f"ORDER BY {by_row(order_sql(self.walker, self.order))}")
        if self.frame is not None and name not in FRAMELESS:
            parts.append(self._frame())
        return f" OVER ({' '.join(parts)})"

    def _frame(self) -> str:
        spec = self.frame
        assert spec is not None  # noqa: S101 - the caller has looked
        kind = str(spec.args.get("kind") or "").upper()
        if kind not in ("ROWS", "RANGE") or spec.args.get("exclude"):
            raise refused(self.node, f"window frame {kind} given, allowed: ROWS, RANGE")
        start = self._edge(spec.args.get("start"), spec.args.get("start_side"))
        end = (
            self._edge(spec.args.get("end"), spec.args.get("end_side"))
            if spec.args.get("end")
            else "CURRENT ROW"
        )
        return f"{kind} BETWEEN {start} AND {end}"

    def _edge(self, edge: str | exp.Expr | None, side: str | None) -> str:
        if isinstance(edge, str):
            return f"{edge} {side or ''}".strip().upper()
        assert edge is not None  # noqa: S101 - the grammar has one
        value = self.walker.value(edge)
        if not settled(value.type).is_number or (value.literal is None and not value.parameter):
            raise refused(edge, "a window frame takes a number or a parameter")
        return f"{value.sql} {str(side).upper()}"
