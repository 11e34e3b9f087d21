"""What a condition on a table's times says of its days, so that the files of other days are never opened.

A value made of a time, such as its date in a zone or its week, lies on the time's day or at most so many days
before or after it. A condition on the value is thus one on the day, with some days' slack.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from context.errors import InputError
from sim.sql.expressions.names import FromSource, Scope
from sim.sql.expressions.walker import path_of
from sim.sql.grammar.coercion import coerced, distance
from sim.sql.grammar.types import DATETIME, TIMESTAMP
from sim.sql.grammar.values import Value, name_sql
from sim.sql.queries.compiler import Compiler
from sim.sql.rules.calls import word

_SPANS = {"WEEK": 6, "ISOWEEK": 6, "MONTH": 30, "QUARTER": 91, "YEAR": 365, "ISOYEAR": 371}
_MOVES = {"DAY": 1, "WEEK": 7}
_CONVERSIONS = ("DATE", "DATETIME", "TIMESTAMP")
_MIRRORED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.EQ: exp.EQ,
}
_RISES, _FALLS = (exp.GT, exp.GTE, exp.EQ), (exp.LT, exp.LTE, exp.EQ)
Slack = tuple[int, int]  # a value's day is at most so many days before and after the time's


def implied(
    compiler: Compiler, scope: Scope, condition: exp.Expr, only: Sequence[FromSource] | None = None
) -> list[str]:
    """SQL of conditions on the days of partitions that follow from ``condition``."""
    found = []
    for source in scope.sources if only is None else only:
        if source.partition is None:
            continue
        sql = _Days(compiler, scope, source).follows(condition)
        if sql is not None:
            found.append(sql)
            origin = source.origin or source.handle
            if origin in compiler.unfiltered:
                compiler.unfiltered.remove(origin)
    return found


class _Days:
    """A table's partition column, and what conditions on it say of a partition's day."""

    def __init__(self, compiler: Compiler, scope: Scope, source: FromSource) -> None:
        assert source.partition is not None  # noqa: S101 - the caller has looked
        self.compiler, self.scope, self.source = compiler, scope, source
        self.column = source.partition.column
        self.day = f"{source.handle}.{name_sql(source.partition.day)}"

    def follows(self, node: exp.Expr) -> str | None:
        """What a condition says of the day, as SQL; None if nothing."""
        if isinstance(node, exp.Paren):
            return self.follows(node.this)
        if isinstance(node, exp.And):
            parts = [
                part for side in (node.this, node.expression) if (part := self.follows(side)) is not None
            ]
            return " AND ".join(parts) or None
        if isinstance(node, exp.Or):
            return _either([self.follows(side) for side in (node.this, node.expression)])
        if isinstance(node, exp.Between):
            bounds = ((exp.GTE, node.args["low"]), (exp.LTE, node.args["high"]))
            found = [
                part for sign, bound in bounds if (part := self._bound(sign, node.this, bound)) is not None
            ]
            return " AND ".join(found) or None
        if isinstance(node, exp.In) and node.expressions and not node.args.get("negate"):
            return _either([self._bound(exp.EQ, node.this, item) for item in node.expressions])
        if type(node) in _MIRRORED:
            return self._bound(type(node), node.this, node.expression) or self._bound(
                _MIRRORED[type(node)], node.expression, node.this
            )
        return None

    def _bound(self, sign: type[exp.Expr], time: exp.Expr, bound: exp.Expr) -> str | None:
        slack = self.slack(time)
        limit = self._day_of(sign, time, bound) if slack is not None else None
        if slack is None or limit is None:
            return None
        before, after = slack
        parts = [f"{self.day} >= {limit} - {after}"] if sign in _RISES else []
        parts += [f"{self.day} <= {limit} + {before}"] if sign in _FALLS else []
        return " AND ".join(parts)

    def slack(self, node: exp.Expr) -> Slack | None:
        """How far a value's day may be from the time's; None for a value that is no such."""
        if self._is_time(node):
            return 0, 0
        if isinstance(node, exp.Paren | exp.Cast | exp.TryCast):
            return self.slack(node.this)
        if isinstance(node, exp.Extract) and word(node.this) in ("DATE", "DATETIME"):
            inner = node.expression
            return (
                _more(self.slack(inner.this), 1, 1)
                if isinstance(inner, exp.AtTimeZone)
                else self.slack(inner)
            )
        if isinstance(node, exp.Anonymous) and node.expressions:
            return self._of_call(str(node.name).upper(), node.expressions)
        return None

    def _of_call(self, name: str, arguments: list[exp.Expr]) -> Slack | None:
        inner = self.slack(arguments[0])
        kind, _, what = name.partition("_")
        if name in _CONVERSIONS and len(arguments) <= 2:
            return _more(inner, 1, 1) if len(arguments) == 2 else inner
        if what == "TRUNC" and kind in _CONVERSIONS and len(arguments) >= 2:
            part = word(arguments[1]) or str(getattr(arguments[1], "name", "")).upper()
            return _more(inner, _SPANS.get(part, 0) + 2 * (len(arguments) > 2), 2 * (len(arguments) > 2))
        if what in ("ADD", "SUB") and kind in _CONVERSIONS and len(arguments) == 2:
            interval = arguments[1]
            unit = word(interval.args["unit"]) if isinstance(interval, exp.Interval) else None
            count = interval.this.name if isinstance(interval, exp.Interval) else ""
            if unit in _MOVES and count.isdigit():
                days = int(count) * _MOVES[str(unit)] * (1 if what == "ADD" else -1)
                return _more(inner, -days, days)
        return None

    def _is_time(self, node: exp.Expr) -> bool:
        path = path_of(node)
        if path is None or path[-1].name.lower() != self.column:
            return False
        if len(path) == 2:
            return bool(self.source.alias) and path[0].name.lower() == str(self.source.alias).lower()
        owners = [s for s in self.scope.sources for c in s.columns if c.name.lower() == self.column]
        return len(path) == 1 and owners == [self.source]

    def _day_of(self, sign: type[exp.Expr], time: exp.Expr, bound: exp.Expr) -> str | None:
        """The last or first day that a bound allows, as SQL; None if it is not the same for all rows."""
        random = any(str(part.name).upper() == "RAND" for part in bound.find_all(exp.Anonymous))
        if random or bound.find(exp.Query, exp.Subquery, exp.Window):
            return None
        try:
            value = self.compiler.expressions(Scope(), "a filter", "a filter").value(bound)
            kind = self.compiler.expressions(Scope([self.source])).value(time).type
            wanted = kind if distance(value, kind) is not None else value.type
            return _day_sql(coerced(value, wanted), sign)
        except InputError:
            return None
        finally:
            self.scope.loose.clear()


def _day_sql(value: Value, sign: type[exp.Expr]) -> str | None:
    if value.type.kind == "DATE":
        return f"{value.sql} - 1" if sign is exp.LT else value.sql
    if value.type not in (DATETIME, TIMESTAMP):
        return None
    time = f"({value.sql} - INTERVAL 1 MICROSECOND)" if sign is exp.LT else value.sql
    return f"CAST(timezone('UTC', {time}) AS DATE)" if value.type == TIMESTAMP else f"CAST({time} AS DATE)"


def _either(sides: Sequence[str | None]) -> str | None:
    known = [side for side in sides if side is not None]
    return f"({' OR '.join(f'({side})' for side in known)})" if len(known) == len(sides) else None


def _more(slack: Slack | None, before: int, after: int) -> Slack | None:
    return (slack[0] + before, slack[1] + after) if slack is not None else None
