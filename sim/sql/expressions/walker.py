"""The walker: turns the expressions of one clause into values, each kind of node by its rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlglot import exp

from sim.sql.expressions.names import Scope
from sim.sql.grammar.catalog import Surroundings
from sim.sql.grammar.coercion import coerced
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import BOOL, Type
from sim.sql.grammar.values import NULL, Value, settled
from sim.sql.rules.json_reads import JsonRead

_FIELD = re.compile(r"\((.*)\)\['(?:[^']|'')*'\]", re.DOTALL)
# The rule for a kind of node, and the parts that such a node may have.
Handlers = Mapping[type[exp.Expr], tuple[Callable[[Any, Any], Value], tuple[str, ...]]]


class Subquery(Protocol):
    """A query inside another, translated."""

    @property
    def sql(self) -> str:
        """Its SQL."""
        ...

    def column(self, node: exp.Expr) -> Type:
        """The type of its one column. Raises InputError if it has more."""
        ...


class Queries(Protocol):
    """What translates the queries inside of expressions."""

    @property
    def around(self) -> Surroundings:
        """What the whole statement may refer to."""
        ...

    def expressions(self, scope: Scope) -> Expressions:
        """What turns expressions into values."""
        ...

    def subquery(self, node: exp.Expr, scope: Scope) -> Subquery:
        """The query of a node in the scope round it."""
        ...

    def read_together(self, read: JsonRead) -> str | None:
        """What a path into a JSON column finds, by a name; None if the document is no column of a table."""
        ...


@dataclass
class Expressions:
    """Turns the expressions of one clause into values.

    ``grouped`` are the SQL texts that GROUP BY makes known; ``banned`` says why aggregates or windows may not
    stand here.
    """

    scope: Scope
    queries: Queries
    handlers: Handlers
    grouped: frozenset[str] | None = None
    banned: str | None = None
    window_banned: str | None = None
    in_aggregate: bool = False
    condition: str | None = None  # of a PIVOT: rows that count
    named_windows: dict[str, exp.Window] = field(default_factory=dict)
    aggregates: int = 0
    arguments: dict[str, Value] = field(default_factory=dict)  # of a function in SQL whose body this is

    @property
    def only_duckdb(self) -> bool:
        """Whether the SQL may call nothing of Python's."""
        return self.queries.around.only_duckdb

    def read_together(self, read: JsonRead) -> str | None:
        """What a path into a JSON column finds, by a name; None if the document is no column of a table."""
        return self.queries.read_together(read)

    def value(self, node: exp.Expr) -> Value:
        """The value of an expression. Raises InputError for what BigQuery or this does not have."""
        known = self.handlers.get(type(node))
        if known is None:
            raise refused(node, f"{node.sql('bigquery')[:60]} is not available here")
        handler, allowed = known
        extra = [name for name, given in node.args.items() if given and name not in allowed]
        if extra:
            raise refused(node, f"{node.sql('bigquery')[:60]} is not available here")
        mark = len(self.scope.loose)
        result = handler(self, node)
        if self.grouped is not None and self._is_grouped(result.sql):
            del self.scope.loose[mark:]
        return result

    def _is_grouped(self, sql: str) -> bool:
        """Whether SQL is that of a key, or of a field in one."""
        assert self.grouped is not None  # noqa: S101 - the caller has looked
        while sql not in self.grouped:
            inside = _FIELD.fullmatch(sql)
            if inside is None:
                return False
            sql = inside[1]
        return True

    def truth(self, node: exp.Expr, clause: str) -> str:
        """The SQL of a condition. Raises InputError if it is no BOOL."""
        value = self.value(node)
        if value.type not in (BOOL, NULL):
            raise refused(node, f"{clause} should return type BOOL, but returns {settled(value.type)}")
        return coerced(value, BOOL).sql


def path_of(node: exp.Expr) -> list[exp.Identifier] | None:
    """The words of a dotted name; None for anything else."""
    if isinstance(node, exp.Column):
        return [node.args[name] for name in ("catalog", "db", "table", "this") if node.args.get(name)]
    if isinstance(node, exp.Identifier):
        return [node]
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier):
        above = path_of(node.this)
        return [*above, node.expression] if above is not None else None
    return None
