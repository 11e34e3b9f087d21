"""GROUP BY: its keys, by expression, by alias or by position, and the rule that all else be aggregated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from sim.sql.expressions.walker import Expressions
from sim.sql.grammar.places import refused
from sim.sql.grammar.values import Value, settled
from sim.sql.queries.items import SelectItem


@dataclass
class GroupKeys:
    """The keys: what DuckDB is told, the SQL that is known in a group, the items of SELECT that are keys."""

    sql: str = ""
    known: set[str] = field(default_factory=set)
    items: set[int] = field(default_factory=set)

    def read(self, walker: Expressions, clause: exp.Group, items: Sequence[SelectItem]) -> None:
        """Read the clause. Raises InputError for a key that may not be one."""
        extra = [key for key, value in clause.args.items() if value and key not in ("expressions", "all")]
        if extra:
            raise refused(clause, f"GROUP BY ... {extra[0].upper()} is not available here")
        if clause.args.get("all"):
            chosen = [i for i, item in enumerate(items) if not item.aggregated and item.loose]
            self.sql = ", ".join(self._item(items, i, clause) for i in chosen)
            return
        self.sql = ", ".join(self._part(walker, part, items) for part in clause.expressions)

    def _part(self, walker: Expressions, node: exp.Expr, items: Sequence[SelectItem]) -> str:
        if isinstance(node, exp.Rollup | exp.Cube | exp.GroupingSets):
            inner = ", ".join(self._part(walker, part, items) for part in node.expressions)
            word = {"rollup": "ROLLUP", "cube": "CUBE"}.get(node.key, "GROUPING SETS")
            return f"{word} ({inner})"
        if isinstance(node, exp.Tuple):
            return f"({', '.join(self._part(walker, part, items) for part in node.expressions)})"
        inside = node.find_ancestor(exp.Rollup, exp.Cube, exp.GroupingSets) is not None
        if isinstance(node, exp.Literal) and not node.args.get("is_string"):
            if not node.name.isdigit() or not 1 <= int(node.name) <= len(items):
                raise refused(node, f"GROUP BY is out of SELECT column number range: {node.name}")
            return self._item(items, int(node.name) - 1, node, spelled=inside)
        if isinstance(node, exp.Column) and not node.table:
            named = [i for i, item in enumerate(items) if item.name.lower() == node.name.lower()]
            if len(named) > 1:
                raise refused(
                    node,
                    f"Name {node.name} in GROUP BY clause is ambiguous; "
                    "it may refer to multiple columns in the SELECT-list",
                )
            if named:
                return self._item(items, named[0], node, spelled=inside)
        value = walker.value(node)
        _check(value, node)
        self.known.add(value.sql)
        return value.sql if value.literal is None else f"({value.sql})"

    def _item(
        self, items: Sequence[SelectItem], position: int, node: exp.Expr, *, spelled: bool = False
    ) -> str:
        item = items[position]
        if item.aggregated:
            raise refused(node, f"Aggregate functions aren't allowed in GROUP BY: column {position + 1}")
        _check(item.value, node)
        self.known.add(item.value.sql)
        self.items.add(position)
        return item.value.sql if spelled else str(position + 1)


def _check(value: Value, node: exp.Expr) -> None:
    if settled(value.type).kind == "JSON":
        raise refused(
            node, f"Grouping by expressions of type {settled(value.type)} is not allowed; use TO_JSON_STRING"
        )
