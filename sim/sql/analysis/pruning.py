"""What a condition on a table's times says of its days, so that the files of other days are never opened.

A condition on ``event_time`` is repeated with the first and the last instant of a partition's day in place of
the time: what holds for some time of the day holds, one way or the other, for its ends. This is true of every
function that never falls as time goes on, and those are listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from context.errors import InputError
from sim.sql.analysis.compiler import Compiler
from sim.sql.analysis.names import Scope, Source
from sim.sql.analysis.operators import compared
from sim.sql.analysis.walker import Expressions, path_of
from sim.sql.grammar.types import DATETIME, TIMESTAMP
from sim.sql.grammar.values import Value, name_sql

_RISING = frozenset(
    ("DATE", "DATETIME", "TIMESTAMP", "DATE_TRUNC", "DATETIME_TRUNC", "TIMESTAMP_TRUNC", "UNIX_SECONDS")
)
_RISING |= {"UNIX_MILLIS", "UNIX_MICROS", "UNIX_DATE", "DATE_ADD", "DATE_SUB", "DATETIME_ADD", "DATETIME_SUB"}
_RISING |= {"TIMESTAMP_ADD", "TIMESTAMP_SUB", "LAST_DAY"}
_MIRRORED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.EQ: exp.EQ,
}
_SIGNS: dict[type[exp.Expr], str] = {exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">="}


def implied(
    compiler: Compiler, scope: Scope, condition: exp.Expr, only: Sequence[Source] | None = None
) -> list[str]:
    """SQL of conditions on the days of partitions that follow from ``condition``."""
    found = []
    for source in scope.sources if only is None else only:
        if source.partition is None:
            continue
        sql = _follows(_Days(compiler, scope, source), condition)
        if sql is not None:
            found.append(sql)
            if source.handle in compiler.unfiltered:
                compiler.unfiltered.remove(source.handle)
    return found


class _Days:
    """A table's partition column, and an expression's value at the ends of a day."""

    def __init__(self, compiler: Compiler, scope: Scope, source: Source) -> None:
        self.compiler, self.scope, self.source = compiler, scope, source

    def is_time(self, node: exp.Expr) -> bool:
        """Whether a node is the partition column."""
        path = path_of(node)
        partition = self.source.partition
        if path is None or partition is None or path[-1].name.lower() != partition.column:
            return False
        if len(path) == 2:
            return bool(self.source.alias) and path[0].name.lower() == str(self.source.alias).lower()
        owners = [
            source
            for source in self.scope.sources
            for column in source.columns
            if column.name.lower() == partition.column
        ]
        return len(path) == 1 and owners == [self.source]

    def rises(self, node: exp.Expr) -> bool:
        """Whether a node is the partition column or never falls as it rises."""
        if self.is_time(node):
            return True
        if isinstance(node, exp.Paren | exp.Cast | exp.TryCast):
            return self.rises(node.this)
        if isinstance(node, exp.Extract):
            inner = node.expression.this if isinstance(node.expression, exp.AtTimeZone) else node.expression
            return node.this.name.upper() in ("DATE", "DATETIME", "YEAR", "ISOYEAR") and self.rises(inner)
        if (
            isinstance(node, exp.Anonymous)
            and str(node.name).upper() in (*_RISING, "FORMAT_DATE")
            and node.expressions
        ):
            name, arguments = str(node.name).upper(), node.expressions
            if name == "FORMAT_DATE":
                known = isinstance(arguments[0], exp.Literal) and arguments[0].name in (
                    "%Y-%m-%d",
                    "%F",
                    "%Y%m%d",
                    "%Y-%m",
                    "%Y",
                )
                return known and len(arguments) == 2 and self.rises(arguments[1])
            return self.rises(arguments[0]) and not any(self.mentions(part) for part in arguments[1:])
        return False

    def mentions(self, node: exp.Expr) -> bool:
        """Whether the partition column stands somewhere in a node."""
        return any(self.is_time(part) for part in node.find_all(exp.Column))

    def at(self, node: exp.Expr, *, last: bool) -> Value:
        """A rising node's value at the end or the beginning of a day; slack for clocks put back."""
        partition = self.source.partition
        assert partition is not None  # noqa: S101 - the caller has looked
        day = f"CAST({self.source.handle}.{name_sql(partition.day)} AS TIMESTAMP)"
        zoned = any(isinstance(part, exp.AtTimeZone) for part in node.walk()) or self._zoned(node)
        slack = 86_400_000_000 if zoned else 0
        time = (
            f"({day} + to_microseconds({86_399_999_999 + slack}))"
            if last
            else f"({day} - to_microseconds({slack}))"
        )
        kind = next(c.value.type for c in self.source.columns if c.name.lower() == partition.column)
        value = Value(
            f"timezone('UTC', {time})" if kind == TIMESTAMP else time,
            TIMESTAMP if kind == TIMESTAMP else DATETIME,
        )
        columns = [
            replace(c, value=value) if c.name.lower() == partition.column else c for c in self.source.columns
        ]
        scope = Scope([Source(self.source.alias, columns)])
        return self._walker(scope).value(node)

    def _zoned(self, node: exp.Expr) -> bool:
        calls = [part for part in node.walk() if isinstance(part, exp.Anonymous)]
        return any(len(part.expressions) > (2 if "TRUNC" in str(part.name).upper() else 1) for part in calls)

    def constant(self, node: exp.Expr) -> Value | None:
        """The value of a node that is the same for all rows; None for any other."""
        if node.find(exp.Query, exp.Subquery, exp.Window) or any(
            str(part.name).upper() in ("RAND", "GENERATE_UUID") for part in node.find_all(exp.Anonymous)
        ):
            return None
        try:
            return self._walker(Scope()).value(node)
        except InputError:
            return None

    def _walker(self, scope: Scope) -> Expressions:
        return self.compiler.expressions(scope, "a filter", "a filter")


def _follows(days: _Days, node: exp.Expr) -> str | None:
    """What a condition says of the day, as SQL; None if nothing."""
    if isinstance(node, exp.Paren):
        return _follows(days, node.this)
    if isinstance(node, exp.And):
        parts = [
            part for part in (_follows(days, node.this), _follows(days, node.expression)) if part is not None
        ]
        return " AND ".join(parts) or None
    if isinstance(node, exp.Or):
        sides = [_follows(days, node.this), _follows(days, node.expression)]
        return None if None in sides else f"({' OR '.join(f'({side})' for side in sides)})"
    if isinstance(node, exp.Between) and days.rises(node.this):
        bounds = [(exp.GTE, node.args["low"]), (exp.LTE, node.args["high"])]
        found = [part for sign, bound in bounds if (part := _bound(days, sign, node.this, bound)) is not None]
        return " AND ".join(found) or None
    if (
        isinstance(node, exp.In)
        and node.expressions
        and days.rises(node.this)
        and not node.args.get("negate")
    ):
        tests = [_bound(days, exp.EQ, node.this, item) for item in node.expressions]
        return None if None in tests else f"({' OR '.join(f'({test})' for test in tests)})"
    if type(node) in _MIRRORED:
        if days.rises(node.this):
            return _bound(days, type(node), node.this, node.expression)
        if days.rises(node.expression):
            return _bound(days, _MIRRORED[type(node)], node.expression, node.this)
    return None


def _bound(days: _Days, sign: type[exp.Expr], time: exp.Expr, bound: exp.Expr) -> str | None:
    limit = days.constant(bound)
    if limit is None:
        return None
    try:
        if sign is exp.EQ:
            low = compared(time, "<=", days.at(time, last=False), limit)
            return f"{low} AND {compared(time, '>=', days.at(time, last=True), limit)}"
        return compared(time, _SIGNS[sign], days.at(time, last=sign in (exp.GT, exp.GTE)), limit)
    except InputError:
        return None
