"""One SELECT: FROM, WHERE, GROUP BY, HAVING, QUALIFY, the list, DISTINCT, ORDER BY, LIMIT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from sim.sql.expressions.names import FromSource, Scope
from sim.sql.expressions.orders import limits, order_key
from sim.sql.expressions.walker import Expressions
from sim.sql.grammar.catalog import Partition
from sim.sql.grammar.coercion import coerced, distance
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import Type, struct_of, unique_names
from sim.sql.grammar.values import Value, name_sql, settled
from sim.sql.queries import pruning, sources
from sim.sql.queries.compiler import Compiler, Output, Query
from sim.sql.queries.groups import GroupKeys
from sim.sql.queries.items import SelectItem, select_items

DAYS = ":days"  # the column in which a query hands on the days of partitions; no name in BigQuery has a colon


class SelectCompiler:
    """The translation of one SELECT."""

    def __init__(
        self,
        compiler: Compiler,
        node: exp.Select,
        around: Scope,
        targets: Sequence[Type] | None,
        *,
        final: bool,
        carries: bool,
    ) -> None:
        self.compiler, self.node, self.targets, self.final = compiler, node, targets, final
        self.carries = carries
        self.scope = Scope(parent=around.parent)
        self.clauses: list[str] = []
        self.groups = GroupKeys()
        self.windows = {window.name.lower(): window for window in node.args.get("windows") or []}

    def query(self) -> Query:
        """Translate it."""
        node = self.node
        self._from()
        self._where()
        items, walker = self._list()
        grouped = self._group(items, walker)
        order_walker = self._after(items, walker, grouped=grouped)
        shown, names = self._shown(items)
        order = self._order(order_walker, items, names)
        word = "SELECT DISTINCT " if node.args.get("distinct") else "SELECT "
        if isinstance(node.args.get("distinct"), exp.Distinct) and node.args["distinct"].args.get("on"):
            raise refused(node, "DISTINCT ON is not BigQuery's; use QUALIFY ROW_NUMBER() OVER (...) = 1")
        columns = ", ".join(
            f"{value.sql} AS {name_sql(name)}" for value, name in zip(shown, names, strict=True)
        )
        days = self._days(shown, grouped=grouped)
        columns += f", {days[1]} AS {name_sql(DAYS)}" if days else ""
        sql = f"{word}{columns}{''.join(self.clauses)}{order}{limits(self.compiler, node)}"
        made = self._made(sql, items, shown, names)
        if days is None:
            return made
        source, _, position = days
        return replace(
            made,
            partition=Partition(made.outputs[position].name.lower(), DAYS),
            origin=source.origin or source.handle,
        )

    def _days(self, shown: Sequence[Value], *, grouped: bool) -> tuple[FromSource, str, int] | None:
        """What a SELECT round this one needs to leave files out by the time of a table in here.

        That is the table, the SQL of its days, and the output that has its times.
        """
        limited = any(self.node.args.get(key) for key in ("distinct", "kind", "limit", "offset", "qualify"))
        if not self.carries or grouped or limited:
            return None
        for source in self.scope.sources:
            if source.partition is None:
                continue
            time = next(
                (c.value.sql for c in source.columns if c.name.lower() == source.partition.column), None
            )
            for position, value in enumerate(shown):
                if time is not None and value.sql == time:
                    return source, f"{source.handle}.{name_sql(source.partition.day)}", position
        return None

    def _from(self) -> None:
        clause = self.node.args.get("from_")
        if clause is None:
            if self.node.args.get("joins"):
                raise refused(self.node, "JOIN needs a FROM clause")
            if self.node.args.get("where"):
                raise refused(self.node, "Query without FROM clause cannot have a WHERE clause")
            return
        sql = sources.from_sql(self.compiler, self.scope, clause.this, self.node.args.get("joins") or [])
        self.clauses.append(f" FROM {sql}")

    def _where(self) -> None:
        clause = self.node.args.get("where")
        if clause is None:
            return
        walker = self._walker(self.scope, "WHERE clause", "WHERE clause")
        tests = [
            walker.truth(clause.this, "WHERE clause"),
            *pruning.implied(self.compiler, self.scope, clause.this),
        ]
        self.scope.loose.clear()
        self.clauses.append(f" WHERE {' AND '.join(tests)}")

    def _walker(
        self, scope: Scope, banned: str | None = None, window_banned: str | None = None
    ) -> Expressions:
        walker = self.compiler.expressions(scope, banned, window_banned)
        walker.named_windows = self.windows
        return walker

    def _list(self) -> tuple[list[SelectItem], Expressions]:
        walker = self._walker(self.scope)
        return select_items(walker, self.node), walker

    def _group(self, items: list[SelectItem], walker: Expressions) -> bool:
        """GROUP BY; whether the rows are groups. The items are read again, now that the keys are known."""
        clause, count = self.node.args.get("group"), self.compiler.count
        grouped = clause is not None or walker.aggregates > 0 or self.node.args.get("having") is not None
        if clause is not None:
            self.groups.read(self._walker(self.scope, "GROUP BY clause", "GROUP BY clause"), clause, items)
            if self.groups.sql:
                self.clauses.append(f" GROUP BY {self.groups.sql}")
            for key in self.groups.known:
                self.compiler.json_reads.keep_apart(key)
        self.scope.loose.clear()
        if not grouped:
            return False
        del count
        again = self._walker(self.scope)
        again.grouped = frozenset(self.groups.known)
        for i, item in enumerate(items):
            if i in self.groups.items or item.node is None:
                continue
            self.scope.loose.clear()
            self._check(again, item)
        self.scope.loose.clear()
        return True

    def _check(self, again: Expressions, item: SelectItem) -> None:
        assert item.node is not None  # noqa: S101 - the caller has looked
        if isinstance(item.node, exp.Star) or (
            isinstance(item.node, exp.Column) and isinstance(item.node.this, exp.Star)
        ):
            if item.value.sql not in self.groups.known:
                self._loose(item.node, item.name, "SELECT list")
            return
        mark = self.compiler.count
        again.value(item.node)
        self.compiler.count = max(mark, self.compiler.count)
        if self.scope.loose:
            name, place = self.scope.loose[0]
            self._loose(place, name, "SELECT list")

    def _loose(self, node: exp.Expr, name: str, where: str) -> None:
        raise refused(
            node, f"{where} expression references column {name} which is neither grouped nor aggregated"
        )

    def _after(self, items: list[SelectItem], walker: Expressions, *, grouped: bool) -> Expressions:
        """HAVING and QUALIFY, which see the aliases; what ORDER BY is read with."""
        aliases: dict[str, list[Value]] = {}
        for item in items:
            if item.name:
                aliases.setdefault(item.name.lower(), []).append(item.value)
        aggregated = frozenset(item.name.lower() for item in items if item.aggregated)
        scope = self.scope.with_aliases(aliases, aggregated)
        for name, window_banned in (("having", "HAVING clause"), ("qualify", None)):
            clause = self.node.args.get(name)
            if clause is None:
                continue
            inner = self._walker(scope, None if grouped else f"{name.upper()} clause", window_banned)
            inner.grouped = frozenset(self.groups.known) if grouped else None
            test = inner.truth(clause.this, f"{name.upper()} clause")
            if grouped and scope.loose:
                self._loose(scope.loose[0][1], scope.loose[0][0], f"{name.upper()} clause")
            scope.loose.clear()
            self.clauses.append(f" {name.upper()} {test}")
        last = self._walker(scope, None if grouped else "ORDER BY clause")
        last.grouped = frozenset(self.groups.known) if grouped else None
        del walker
        return last

    def _shown(self, items: list[SelectItem]) -> tuple[list[Value], list[str]]:
        """The values as they leave the query, and their names in DuckDB."""
        kind = str(self.node.args.get("kind") or "").upper()
        values = [item.value for item in items]
        if kind == "STRUCT":
            made = struct_of((item.name, item.value.type) for item in items)
            parts = [f"{name_sql(key)} := {value.sql}" for key, value in zip(made.keys, values, strict=True)]
            return self._targeted([Value(f"struct_pack({', '.join(parts)})", made, node=self.node)]), [
                "value"
            ]
        if kind == "VALUE":
            if len(values) != 1:
                raise refused(
                    self.node, f"SELECT AS VALUE query must have exactly one column; given: {len(values)}"
                )
            return self._targeted(values), ["value"]
        if kind:
            raise refused(self.node, f"SELECT AS {kind} is not available here")
        names, count = [], 0
        for item in items:
            names.append(item.name or f"f{count}_")
            count += not item.name
        return self._targeted(values), list(unique_names(names))

    def _targeted(self, values: list[Value]) -> list[Value]:
        if self.targets is not None:
            if len(values) != len(self.targets):
                raise refused(self.node, f"{len(self.targets)} columns wanted, the query has {len(values)}")
            for position, (value, kind) in enumerate(zip(values, self.targets, strict=True), 1):
                if distance(value, kind) is None:
                    raise refused(
                        self.node,
                        f"column {position} of the query has type {settled(value.type)}, allowed: {kind}",
                    )
            values = [coerced(value, kind) for value, kind in zip(values, self.targets, strict=True)]
        if self.final and not str(self.node.args.get("kind") or ""):
            values = [_final(value) for value in values]
        return values

    def _order(self, walker: Expressions, items: list[SelectItem], names: list[str]) -> str:
        order = self.node.args.get("order")
        if order is None:
            return ""
        distinct = bool(self.node.args.get("distinct"))
        keys = []
        for item in order.expressions:
            position = self._position(item.this, items)
            if position is not None:
                keys.append(self._listed(items[position], position, names, item))
                continue
            value = walker.value(item.this)
            same = [i for i, listed in enumerate(items) if listed.value.sql == value.sql]
            if same and settled(value.type).kind != "FLOAT64":
                keys.append(self._listed(items[same[0]], same[0], names, item))
                walker.scope.loose.clear()
                continue
            if distinct and not same:
                raise refused(
                    item,
                    "ORDER BY clause expression references a column not visible after SELECT DISTINCT",
                )
            if walker.grouped is not None and walker.scope.loose:
                self._loose(walker.scope.loose[0][1], walker.scope.loose[0][0], "ORDER BY clause")
            keys.append(order_key(value, item))
        walker.scope.loose.clear()
        return f" ORDER BY {', '.join(keys)}"

    def _listed(self, listed: SelectItem, position: int, names: list[str], key: exp.Expr) -> str:
        """A key that is a column of the list, by its position: DuckDB orders by no name of what can fail."""
        value = replace(listed.value, node=key)
        if settled(value.type).kind != "FLOAT64":
            return order_key(value.named(str(position + 1), value.type), key)
        if self.node.args.get("distinct"):
            return order_key(value.named(name_sql(names[position]), value.type), key)
        return order_key(value, key)

    def _position(self, node: exp.Expr, items: list[SelectItem]) -> int | None:
        """The item that a key of ORDER BY names by position or alias."""
        if isinstance(node, exp.Literal) and not node.args.get("is_string"):
            if not node.name.isdigit() or not 1 <= int(node.name) <= len(items):
                raise refused(node, f"ORDER BY is out of SELECT column number range: {node.name}")
            return int(node.name) - 1
        if isinstance(node, exp.Column) and not node.table:
            named = [i for i, item in enumerate(items) if item.name.lower() == node.name.lower()]
            if len(named) > 1:
                raise refused(node, f"Column name {node.name} is ambiguous")
            return named[0] if named else None
        return None

    def _made(self, sql: str, items: list[SelectItem], shown: list[Value], names: list[str]) -> Query:
        self.compiler.note_reads(self.scope)
        if self.node.args.get("kind"):
            return Query(sql, (Output("", "value", shown[0]),), rows_are_values=True)
        outputs = zip(items, names, shown, strict=True)
        return Query(sql, tuple(Output(item.name, name, value) for item, name, value in outputs))


def _final(value: Value) -> Value:
    """What BigQuery does to arrays that leave it: NULL becomes [], and none may hold a NULL."""
    if value.type.element is None:
        return value
    kind = settled(value.type)
    return value.named(f"bq_no_nulls(COALESCE({value.sql}, CAST([] AS {kind.duckdb})))", kind)
