"""Queries: WITH, UNION and their like, and what stands after them; a SELECT has its own module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from sim.sql.expressions.names import Scope
from sim.sql.expressions.orders import limits, order_key
from sim.sql.expressions.walker import Expressions
from sim.sql.grammar.coercion import supertype
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import Type
from sim.sql.grammar.values import Value, name_sql
from sim.sql.queries.compiler import Compiler, Query
from sim.sql.queries.selects import SelectCompiler

_SELECT = frozenset(
    ("expressions", "from_", "joins", "where", "group", "having", "qualify", "windows", "order")
)
_SELECT |= {"limit", "offset", "distinct", "kind", "with_"}
# https://cloud.google.com/bigquery/docs/recursive-ctes, in BigQuery's own words
_MOST_ROUNDS = 500
_TOO_MANY_ROUNDS = f"'A recursive CTE has reached the maximum number of iterations: {_MOST_ROUNDS}.'"
_ROUND = '"#round"'  # no name in BigQuery
_SETS = ("this", "expression", "distinct", "with_", "order", "limit", "offset")


@dataclass
class Translator(Compiler):
    """Translates the queries of one statement, those inside of others too."""

    def query(
        self,
        node: exp.Expr,
        scope: Scope,
        targets: Sequence[Type] | None = None,
        *,
        final: bool = False,
        carries: bool = False,
    ) -> Query:
        """A query; ``targets``: types that its columns must take; ``final``: it is all."""
        prefix, depth = self._with(node, scope)
        try:
            if isinstance(node, exp.Subquery):
                found = self._wrapped(node, scope, targets, final=final, carries=carries)
            elif isinstance(node, exp.SetOperation):
                found = self._set(node, scope, targets, final=final)
            elif isinstance(node, exp.Select):
                found = self._select(node, scope, targets, final=final, carries=carries)
            else:
                raise refused(node, f"{node.sql('bigquery')[:60]} is not available here")
        finally:
            del self.ctes[len(self.ctes) - depth :]
        return replace(found, sql=prefix + found.sql)

    def _with(self, node: exp.Expr, scope: Scope) -> tuple[str, int]:
        """WITH: each of its queries sees those before it."""
        clause = node.args.get("with_")
        if clause is None:
            return "", 0
        recursive = bool(clause.args.get("recursive"))
        parts, depth = [], 0
        for cte in clause.expressions:
            name, handle = cte.alias, self.handle("c")
            extra = [key for key, value in cte.args.items() if value and key not in ("this", "alias")]
            if extra or cte.args["alias"].args.get("columns"):
                raise refused(cte, f"WITH {name}: only `name AS (query)` is allowed")
            if (
                name.lower() in {known for level in self.ctes[len(self.ctes) - depth :] for known in level}
                and depth
            ):
                raise refused(cte, f"Duplicate alias {name} for WITH subquery")
            found = self._recursive(cte, name, handle, scope) if recursive else None
            found = found or self.query(cte.this, Scope(parent=scope.parent), carries=True)
            parts.append(f"{handle} AS ({found.sql})")
            self.ctes.append({name.lower(): (handle, found)})
            depth += 1
        return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} ", depth

    def _recursive(self, cte: exp.CTE, name: str, handle: str, scope: Scope) -> Query | None:
        """A query that asks itself: its first part says the columns."""
        body = cte.this
        calls_itself = any(
            table.name.lower() == name.lower() and not table.db for table in body.find_all(exp.Table)
        )
        if not calls_itself:
            return None
        if not isinstance(body, exp.Union) or body.args.get("distinct"):
            raise refused(
                cte, f"WITH RECURSIVE {name}: allowed: one query UNION ALL another that uses {name}"
            )
        first = self.query(body.this, Scope(parent=scope.parent))
        self.ctes.append({name.lower(): (handle, first)})
        try:
            second = self.query(
                body.expression, Scope(parent=scope.parent), [output.type for output in first.outputs]
            )
        finally:
            self.ctes.pop()
        # Each round's rows bear its number: BigQuery gives up where the round behind the last one has rows.
        number = f"CASE WHEN r.n > {_MOST_ROUNDS} THEN bq_fail({_TOO_MANY_ROUNDS}) ELSE r.n END"
        rounds = f"(SELECT max({_ROUND}) + 1 AS n FROM {handle}) AS r"
        rest = f"SELECT q.*, {number} FROM ({second.sql}) AS q, {rounds}"
        return replace(first, sql=f"SELECT *, 0 AS {_ROUND} FROM ({first.sql}) UNION ALL {rest}")

    def _wrapped(
        self,
        node: exp.Subquery,
        scope: Scope,
        targets: Sequence[Type] | None,
        *,
        final: bool,
        carries: bool,
    ) -> Query:
        """A query in brackets, perhaps with ORDER BY and LIMIT after them."""
        extra = [
            key
            for key, value in node.args.items()
            if value and key not in ("this", "with_", "order", "limit", "offset")
        ]
        if extra:
            raise refused(node, f"{node.sql('bigquery')[:60]} is not available here")
        if not any(node.args.get(key) for key in ("order", "limit", "offset")):
            return self.query(node.this, scope, targets, final=final, carries=carries)
        return self._ordered(node, self.query(node.this, scope, targets, final=final), scope)

    def _ordered(self, node: exp.Expr, inner: Query, scope: Scope) -> Query:
        """ORDER BY and LIMIT after a set operation or a query in brackets: only its columns are seen."""
        handle = self.handle()
        columns = ", ".join(name_sql(output.inner) for output in inner.outputs)
        sql = f"SELECT {columns} FROM ({inner.sql}) AS {handle}"
        around = Scope([inner.source(None, handle)], scope.parent)
        order = node.args.get("order")
        if order is not None:
            walker = self.expressions(around, "ORDER BY clause")
            keys = [
                self._key(walker, item, [output.type for output in inner.outputs])
                for item in order.expressions
            ]
            sql += f" ORDER BY {', '.join(keys)}"
        return replace(inner, sql=sql + limits(self, node))

    def _key(self, walker: Expressions, item: exp.Ordered, kinds: Sequence[Type]) -> str:
        node = item.this
        if isinstance(node, exp.Literal) and not node.args.get("is_string"):
            if not node.name.isdigit() or not 1 <= int(node.name) <= len(kinds):
                raise refused(node, f"ORDER BY is out of SELECT column number range: {node.name}")
            return (
                order_key(Value(node.name, kinds[int(node.name) - 1], node=node), item)
                if kinds[int(node.name) - 1].kind != "FLOAT64"
                else order_key(walker_column(walker, int(node.name) - 1, node), item)
            )
        return order_key(walker.value(node), item)

    def _set(
        self, node: exp.SetOperation, scope: Scope, targets: Sequence[Type] | None, *, final: bool
    ) -> Query:
        """UNION ALL, UNION DISTINCT, EXCEPT DISTINCT, INTERSECT DISTINCT, column by column."""
        word = node.key.upper()
        distinct = bool(node.args.get("distinct"))
        extra = [key for key, value in node.args.items() if value and key not in _SETS]
        if extra or (word != "UNION" and not distinct):
            raise refused(
                node, f"{word} given, allowed: UNION ALL, UNION DISTINCT, EXCEPT DISTINCT, INTERSECT DISTINCT"
            )
        arms = _arms(node, word, distinct=distinct)
        count = self.count
        found = [self.query(arm, Scope(parent=scope.parent)) for arm in arms]
        if len({len(query.outputs) for query in found}) > 1:
            given = ", ".join(str(len(query.outputs)) for query in found)
            raise refused(node, f"Queries in {word} have mismatched column count; given: {given}")
        kinds = list(targets) if targets is not None else self._common(node, word, found)
        self.count = count  # the same names again
        made = [self.query(arm, Scope(parent=scope.parent), kinds, final=final) for arm in arms]
        operator = f" {word}{'' if distinct else ' ALL'} "
        sql = operator.join(f"({query.sql})" for query in made)
        result = replace(made[0], sql=sql)
        return (
            self._ordered(node, result, scope)
            if any(node.args.get(k) for k in ("order", "limit", "offset"))
            else result
        )

    def _common(self, node: exp.Expr, word: str, found: Sequence[Query]) -> list[Type]:
        kinds = []
        for position, outputs in enumerate(zip(*[query.outputs for query in found], strict=True), 1):
            kind = supertype([output.value for output in outputs])
            if kind is None:
                given = ", ".join(str(output.type) for output in outputs)
                raise refused(node, f"Column {position} in {word} has incompatible types: {given}")
            kinds.append(kind)
        return kinds

    def _select(
        self,
        node: exp.Select,
        scope: Scope,
        targets: Sequence[Type] | None,
        *,
        final: bool,
        carries: bool,
    ) -> Query:
        extra = [key for key, value in node.args.items() if value and key not in _SELECT]
        if extra:
            raise refused(node, f"{extra[0].rstrip('_').upper()} is not available here")
        return SelectCompiler(self, node, scope, targets, final=final, carries=carries).query()


def _arms(node: exp.SetOperation, word: str, *, distinct: bool) -> list[exp.Expr]:
    """The queries of a chain of one operator, from the left."""
    left, right = node.this, node.expression
    same = (
        isinstance(left, exp.SetOperation)
        and left.key.upper() == word
        and bool(left.args.get("distinct")) == distinct
    )
    plain = same and not any(left.args.get(key) for key in ("order", "limit", "offset", "with_"))
    if plain and word != "EXCEPT":
        return [*_arms(left, word, distinct=distinct), right]
    return [left, right]


def walker_column(walker: Expressions, position: int, node: exp.Expr) -> Value:
    """A column of the one source that a walker sees, by position."""
    return replace(walker.scope.sources[0].columns[position].value, node=node)
