"""The SELECT list: columns, expressions with names, and stars with EXCEPT and REPLACE."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp

from sim.sql.expressions.names import Column, FromSource, Scope, struct_fields
from sim.sql.expressions.walker import Expressions, path_of
from sim.sql.grammar.places import refused
from sim.sql.grammar.values import Value


@dataclass(frozen=True)
class SelectItem:
    """One column of a SELECT list: its name ("" for none), its value, what it says of the rows."""

    name: str
    value: Value
    aggregated: bool = False
    loose: tuple[str, ...] = ()  # columns used outside of aggregates
    node: exp.Expr | None = None


def select_items(walker: Expressions, node: exp.Select) -> list[SelectItem]:
    """The columns of a SELECT list, stars spelled out."""
    items: list[SelectItem] = []
    for expression in node.expressions:
        star = _star_of(expression)
        if star is not None:
            items += _starred(walker, expression, star)
        else:
            items.append(_single(walker, expression))
    if not items:
        raise refused(node, "SELECT list must not be empty")
    return items


def _single(walker: Expressions, expression: exp.Expr) -> SelectItem:
    inner = expression.this if isinstance(expression, exp.Alias) else expression
    before, mark = walker.aggregates, len(walker.scope.loose)
    value = walker.value(inner)
    loose = tuple(name for name, _ in walker.scope.loose[mark:])
    return SelectItem(_name_of(expression), value, walker.aggregates > before, loose, inner)


def _name_of(expression: exp.Expr) -> str:
    if isinstance(expression, exp.Alias):
        return str(expression.alias)
    path = path_of(expression)
    if path is not None:
        return str(path[-1].name)
    if isinstance(expression, exp.Dot) and isinstance(expression.expression, exp.Identifier):
        return str(expression.expression.name)
    return ""


def _star_of(expression: exp.Expr) -> exp.Star | None:
    if isinstance(expression, exp.Star):
        return expression
    if isinstance(expression, exp.Column) and isinstance(expression.this, exp.Star):
        return expression.this
    if isinstance(expression, exp.Dot) and isinstance(expression.expression, exp.Star):
        return expression.expression
    return None


def _starred(walker: Expressions, expression: exp.Expr, star: exp.Star) -> Iterator[SelectItem]:
    columns = list(_columns(walker, expression))
    names = {column.name.lower() for column in columns}
    left_out = {part.name.lower(): part for part in star.args.get("except_") or []}
    for name, part in left_out.items():
        if name not in names:
            raise refused(part, f"Column {part.name} in SELECT * EXCEPT list does not exist")
    replaced = {part.alias.lower(): part for part in star.args.get("replace") or []}
    for name, part in replaced.items():
        if name not in names:
            raise refused(part, f"Column {part.alias} in SELECT * REPLACE list does not exist")
    if star.args.get("rename") or star.args.get("ilike"):
        raise refused(expression, "* takes EXCEPT and REPLACE, nothing else")
    shown = [column for column in columns if column.name.lower() not in left_out]
    if not shown:
        raise refused(expression, "SELECT * expands to zero columns after applying EXCEPT")
    for column in shown:
        part = replaced.get(column.name.lower())
        if part is not None:
            item = _single(walker, part.this)
            yield SelectItem(column.name, item.value, item.aggregated, item.loose, part.this)
        else:
            walker.scope.loose.append((column.name, expression))
            yield SelectItem(column.name, column.value, loose=(column.name,), node=expression)


def _columns(walker: Expressions, expression: exp.Expr) -> Iterator[Column]:
    """What a star stands for."""
    if isinstance(expression, exp.Star):
        yield from _all_columns(walker.scope, expression)
        return
    if isinstance(expression, exp.Dot):
        value = walker.value(expression.this)
    else:
        words = [expression.args[name] for name in ("catalog", "db", "table") if expression.args.get(name)]
        source = _source(walker.scope, words[0].name) if len(words) == 1 else None
        if source is not None:
            _note(walker.scope, source)
            yield from source.columns
            return
        parts = [word.copy() for word in words]
        inner: exp.Expr = exp.Column(this=parts[0])
        for part in parts[1:]:
            inner = exp.Dot(this=inner, expression=part)
        value = walker.value(inner)
    if value.type.kind != "STRUCT":
        raise refused(expression, f"Dot-star is not supported for type {value.type}")
    yield from struct_fields(value)


def _source(scope: Scope, name: str) -> FromSource | None:
    return next(
        (source for source in scope.sources if source.alias and source.alias.lower() == name.lower()), None
    )


def _note(scope: Scope, source: FromSource) -> None:
    scope.used.update((source.handle, column.name) for column in source.columns)


def _all_columns(scope: Scope, node: exp.Expr) -> Iterator[Column]:
    if not scope.sources:
        raise refused(node, "SELECT * must have a FROM clause")
    yield from scope.merged.values()
    for source in scope.sources:
        _note(scope, source)
        yield from (column for column in source.columns if column.name.lower() not in scope.merged)
