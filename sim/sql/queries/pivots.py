"""PIVOT and UNPIVOT: columns made of values, values made of columns, with BigQuery's names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from sim.sql.expressions.names import Column, FromSource, Scope
from sim.sql.expressions.operators import comparison_sql
from sim.sql.grammar.coercion import coerced, supertype
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import INT64, STRING, Type
from sim.sql.grammar.values import Value, name_sql, settled, text_value
from sim.sql.queries.compiler import Compiler


def applied(
    compiler: Compiler, scope: Scope, node: exp.Expr, sql: str, source: FromSource
) -> tuple[str, list[FromSource]]:
    """A table or subquery with its PIVOT or UNPIVOT."""
    pivots = node.args["pivots"]
    if len(pivots) > 1:
        raise refused(node, "more than one PIVOT or UNPIVOT on a table is not available here; use a subquery")
    pivot = pivots[0]
    inner = Scope([source], parent=scope.parent)
    if len(pivot.args.get("fields") or []) != 1:
        raise refused(node, "PIVOT and UNPIVOT take one FOR ... IN (...)")
    make = _unpivot if pivot.args.get("unpivot") else _pivot
    return make(compiler, inner, pivot, sql)


def _alias(pivot: exp.Pivot) -> str | None:
    alias = pivot.args.get("alias")
    return alias.name if alias is not None else None


def _pivot(compiler: Compiler, scope: Scope, pivot: exp.Pivot, sql: str) -> tuple[str, list[FromSource]]:
    """Rows are grouped by the columns that PIVOT does not speak of."""
    source, choice = scope.sources[0], pivot.args["fields"][0]
    subject = compiler.expressions(scope, "PIVOT").value(choice.this)
    spoken = {
        node.name.lower() for part in (*pivot.expressions, choice.this) for node in part.find_all(exp.Column)
    }
    keys = [column for column in source.columns if column.name.lower() not in spoken]
    aggregates = [
        (part.alias, part.this) if isinstance(part, exp.Alias) else ("", part) for part in pivot.expressions
    ]
    if len(aggregates) > 1 and any(not name for name, _ in aggregates):
        raise refused(pivot, "If PIVOT has multiple aggregate functions, each of them needs an alias")
    columns: list[tuple[str, Value]] = [(key.name, key.value) for key in keys]
    for item in choice.expressions:
        shown, value = _pivot_value(compiler, item)
        test = comparison_sql(item, "=", subject, value) if value.sql != "NULL" else f"{subject.sql} IS NULL"
        for name, node in aggregates:
            walker = compiler.expressions(scope)
            walker.condition = test
            made = walker.value(node)
            if walker.aggregates != 1 or not isinstance(node, exp.Anonymous):
                raise refused(node, "PIVOT expression must be an aggregate function call")
            columns.append((f"{name}_{shown}" if name else shown, made))
    scope.loose.clear()
    compiler.note_reads(scope)
    handle = compiler.handle()
    listed = ", ".join(f"{value.sql} AS {name_sql(name)}" for name, value in columns)
    grouped = f" GROUP BY {', '.join(key.value.sql for key in keys)}" if keys else ""
    found = [
        Column(name, Value(f"{handle}.{name_sql(name)}", settled(value.type))) for name, value in columns
    ]
    _refuse_twice(pivot, [name for name, _ in columns])
    return f"(SELECT {listed} FROM {sql}{grouped}) AS {handle}", [
        FromSource(_alias(pivot), found, handle=handle)
    ]


def _refuse_twice(node: exp.Expr, names: Sequence[str]) -> None:
    lower = [name.lower() for name in names]
    twice = next((name for name in names if lower.count(name.lower()) > 1), None)
    if twice is not None:
        raise refused(node, f"PIVOT gives two columns named {twice}; use aliases")


def _pivot_value(compiler: Compiler, item: exp.Expr) -> tuple[str, Value]:
    """(name of the column, value) of an item of IN (...)."""
    inner = item.this if isinstance(item, exp.PivotAlias | exp.Alias) else item
    value = compiler.expressions(Scope(), "PIVOT").value(inner)
    if inner is not item:
        return str(item.args["alias"].name), value
    return _value_name(inner, value), value


def _value_name(node: exp.Expr, value: Value) -> str:
    """BigQuery's name of a column that a value makes: Q1, _1, _2_point_5, minus_1, _2026_01_31, TRUE."""
    if value.literal is not None and value.type == STRING:
        return value.literal
    if value.literal is not None:
        digits = value.literal.removeprefix("-").replace(".", "_point_")
        return f"minus_{digits}" if value.literal.startswith("-") else f"_{digits}"
    if value.sql in ("TRUE", "FALSE", "NULL"):
        return value.sql
    if day := re.fullmatch(r"DATE '(\d+)-(\d+)-(\d+)'", value.sql):
        return f"_{day[1]}_{day[2]}_{day[3]}"
    raise refused(node, f"PIVOT: a value such as {node.sql('bigquery')} needs an alias here")


def _unpivot(compiler: Compiler, scope: Scope, pivot: exp.Pivot, sql: str) -> tuple[str, list[FromSource]]:
    """A row for each of the columns in IN (...), in their order."""
    source, choice = scope.sources[0], pivot.args["fields"][0]
    head = pivot.expressions[0]
    names = [part.name for part in (head.expressions if isinstance(head, exp.Tuple) else [head])]
    rows = [_unpivoted(compiler, scope, item, len(names)) for item in choice.expressions]
    kinds = [_common(pivot, [values[i] for _, _, values in rows]) for i in range(len(names))]
    label = _label_type(pivot, [shown for shown, _, _ in rows])
    gone = {name for _, columns, _ in rows for name in columns}
    kept = [column for column in source.columns if column.name.lower() not in gone]
    structs = []
    for shown, _, values in rows:
        parts = [f"c{i} := {coerced(value, kinds[i]).sql}" for i, value in enumerate(values)]
        structs.append(f"struct_pack(n := {coerced(shown, label).sql}, {', '.join(parts)})")
    handle, inner = compiler.handle(), compiler.handle()
    listed = [f"{column.value.sql} AS {name_sql(column.name)}" for column in kept]
    listed += [f"{inner}.v.c{i} AS {name_sql(name)}" for i, name in enumerate(names)]
    listed.append(f"{inner}.v.n AS {name_sql(choice.this.name)}")
    there = " OR ".join(f"{inner}.v.c{i} IS NOT NULL" for i in range(len(names)))
    where = "" if pivot.args.get("include_nulls") else f" WHERE {there}"
    each = f"LATERAL (SELECT unnest([{', '.join(structs)}]) AS v) AS {inner}"
    made = f"(SELECT {', '.join(listed)} FROM {sql} CROSS JOIN {each}{where}) AS {handle}"
    columns = [(column.name, column.value.type) for column in kept]
    columns += [*zip(names, [settled(kind) for kind in kinds], strict=True), (choice.this.name, label)]
    found = [Column(name, Value(f"{handle}.{name_sql(name)}", kind)) for name, kind in columns]
    compiler.note_reads(scope)
    return made, [FromSource(_alias(pivot), found, handle=handle)]


def _unpivoted(
    compiler: Compiler, scope: Scope, item: exp.Expr, count: int
) -> tuple[Value, list[str], list[Value]]:
    """(label, names of columns, their values) of an item of IN (...)."""
    inner = item.this if isinstance(item, exp.PivotAlias | exp.Alias) else item
    parts = inner.expressions if isinstance(inner, exp.Tuple) else [inner]
    if len(parts) != count:
        raise refused(item, f"UNPIVOT: {len(parts)} columns given, allowed: {count}")
    values = [compiler.expressions(scope, "UNPIVOT").value(part) for part in parts]
    names = [part.name.lower() for part in parts]
    label = item.args["alias"] if inner is not item else None
    if label is None:
        return text_value("_".join(part.name for part in parts)), names, values
    if isinstance(label, exp.Literal) and not label.args.get("is_string"):
        return Value(f"CAST({label.name} AS BIGINT)", INT64), names, values
    return text_value(label.name), names, values


def _common(pivot: exp.Pivot, values: Sequence[Value]) -> Type:
    kinds = {str(value.type) for value in values}
    kind = supertype(values)
    if kind is None or len(kinds) > 1:
        raise refused(pivot, f"UNPIVOT takes columns of one type; given: {', '.join(sorted(kinds))}")
    return kind


def _label_type(pivot: exp.Pivot, labels: Sequence[Value]) -> Type:
    kinds = {label.type for label in labels}
    if len(kinds) > 1:
        raise refused(pivot, "UNPIVOT labels must be all texts or all numbers")
    return kinds.pop()
