"""FROM: tables, subqueries, UNNEST, joins of all kinds, each with the columns that it gives."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from context.errors import InputError
from sim.sql.expressions import operators
from sim.sql.expressions.names import Column, FromSource, Scope, element_source
from sim.sql.expressions.walker import path_of
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import INT64
from sim.sql.grammar.values import NULL, Value, name_sql, settled
from sim.sql.queries import pruning
from sim.sql.queries.compiler import Compiler

_TABLE = ("this", "db", "catalog", "alias", "pivots", "joins", "offset")


def from_sql(compiler: Compiler, scope: Scope, first: exp.Expr, joins: Sequence[exp.Join]) -> str:
    """The SQL after FROM; ``scope`` gets what it gives."""
    sql, found = _item(compiler, scope, first, lateral=False)
    scope.sources += found
    inner = first.args.get("joins") if isinstance(first, exp.Table) else None
    for join in [*(inner or []), *joins]:
        sql = _joined(compiler, scope, sql, join)
    names = [source.alias.lower() for source in scope.sources if source.alias]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise refused(first, f"Duplicate table alias {twice} in the same FROM clause")
    return sql


def _joined(compiler: Compiler, scope: Scope, left: str, join: exp.Join) -> str:
    side, kind = str(join.args.get("side") or "").upper(), str(join.args.get("kind") or "").upper()
    if (
        join.args.get("method")
        or kind not in ("", "INNER", "OUTER", "CROSS")
        or side not in ("", "LEFT", "RIGHT", "FULL")
    ):
        shown = join.sql("bigquery").split(" JOIN ")[0].strip()
        raise refused(
            join, f"{shown} JOIN given, allowed: [INNER] JOIN, LEFT, RIGHT, FULL [OUTER] JOIN, CROSS JOIN"
        )
    before = len(scope.sources)
    right, found = _item(compiler, scope, join.this, lateral=side in ("", "LEFT"))
    condition, using = join.args.get("on"), join.args.get("using")
    if kind == "CROSS" or (not side and condition is None and not using):
        if kind != "CROSS" and not right.startswith("LATERAL "):  # an array needs none
            raise refused(join, "INNER JOIN must have an immediately following ON or USING clause")
        scope.sources += found
        return f"{left} CROSS JOIN {right}"
    word = f"{side} JOIN" if side else "JOIN"
    if using:
        tests = [_using(scope, found, part, side) for part in using]
        scope.sources += found
        return f"{left} {word} {right} ON {' AND '.join(tests)}"
    if condition is None and side == "LEFT" and right.startswith("LATERAL "):  # an array needs none
        scope.sources += found
        return f"{left} {word} {right} ON TRUE"
    if condition is None:
        raise refused(join, f"{side} JOIN must have an immediately following ON or USING clause")
    scope.sources += found
    walker = compiler.expressions(scope, "JOIN ON clause", "JOIN ON clause")
    tests = [walker.truth(condition, "JOIN ON clause")]
    if side in ("", "LEFT"):  # of a LEFT JOIN only what it adds may be thinned out here
        tests += pruning.implied(compiler, scope, condition, scope.sources[before:] if side else None)
    scope.loose.clear()
    return f"{left} {word} {right} ON {' AND '.join(tests)}"


def _using(scope: Scope, found: Sequence[FromSource], part: exp.Expr, side: str) -> str:
    name = part.name.lower()
    lefts = [scope.merged[name]] if name in scope.merged else _named(scope.sources, name)
    rights = _named(found, name)
    for columns, where in ((lefts, "left"), (rights, "right")):
        if len(columns) != 1:
            trouble = "is ambiguous" if columns else "not found"
            raise refused(part, f"Column {part.name} in USING clause {trouble} on {where} side of join")
    scope.used.update(
        (source.handle, column.name)
        for source in [*scope.sources, *found]
        for column in source.columns
        if column.name.lower() == name
    )
    left, right = lefts[0].value, rights[0].value
    test = operators.comparison_sql(part, "=", left, right)
    merged = {"RIGHT": right.sql, "FULL": f"COALESCE({left.sql}, {right.sql})"}.get(side, left.sql)
    scope.merged[name] = Column(lefts[0].name, left.named(merged, left.type))
    return test


def _named(sources: Sequence[FromSource], name: str) -> list[Column]:
    return [column for source in sources for column in source.columns if column.name.lower() == name]


def _item(compiler: Compiler, scope: Scope, node: exp.Expr, *, lateral: bool) -> tuple[str, list[FromSource]]:
    if isinstance(node, exp.Table):
        return _table(compiler, scope, node, lateral=lateral)
    if isinstance(node, exp.Unnest):
        return _unnest(compiler, scope, node, node.expressions, lateral=lateral)
    if isinstance(node, exp.Subquery):
        return _subquery(compiler, scope, node)
    raise refused(node, f"{node.sql('bigquery')[:60]} given, allowed: tables, subqueries and UNNEST")


def _table(
    compiler: Compiler, scope: Scope, node: exp.Table, *, lateral: bool
) -> tuple[str, list[FromSource]]:
    if isinstance(node.this, exp.Func):
        name = node.this.sql("bigquery").split("(")[0]
        raise refused(node, f"table function {name} given, allowed: tables, subqueries and UNNEST")
    _refuse_extras(node)
    parts = ".".join(part.name for part in node.parts).split(".")
    known = compiler.cte(parts[0]) if len(parts) == 1 else None
    alias = node.alias or parts[-1]
    if known is None and len(parts) > 1 and _is_path(scope, parts[0]):
        path = exp.Column(this=exp.to_identifier(parts[0]))
        inner: exp.Expr = path
        for part in parts[1:]:
            inner = exp.Dot(this=inner, expression=exp.to_identifier(part))
        array = exp.Unnest(
            expressions=[inner],
            alias=node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(alias)),
            offset=node.args.get("offset"),
        )
        return _unnest(compiler, scope, array, [inner], lateral=lateral)
    if node.args.get("offset"):
        raise refused(node, f"WITH OFFSET stands after an array, given: table {'.'.join(parts)}")
    handle = compiler.handle()
    if known is not None:
        sql, source = compiler.json_reads.table(handle, known[0]), known[1].source(alias, handle)
    else:
        try:
            relation = compiler.around.catalog.relation(parts)
        except InputError as error:
            raise refused(node, str(error)) from None
        columns = [Column(name, Value(f"{handle}.{name_sql(name)}", kind)) for name, kind in relation.columns]
        source = FromSource(
            alias, columns, partition=relation.partition, handle=handle, full_name=relation.full_name
        )
        sql = compiler.json_reads.table(handle, relation.sql)
        if relation.full_name and relation.partition:
            compiler.expect(source)
    return _pivoted(compiler, scope, node, sql, source)


def _pivoted(
    compiler: Compiler, scope: Scope, node: exp.Expr, sql: str, source: FromSource
) -> tuple[str, list[FromSource]]:
    if not node.args.get("pivots"):
        return sql, [source]
    from sim.sql.queries.pivots import applied

    return applied(compiler, scope, node, sql, source)


def _refuse_extras(node: exp.Table) -> None:
    if node.args.get("version"):
        raise refused(
            node, "FOR SYSTEM_TIME AS OF is not available here; the tables of a run have no history"
        )
    if node.args.get("sample"):
        raise refused(node, "TABLESAMPLE is not available here; use WHERE RAND() < 0.1")
    extra = [key for key, value in node.args.items() if value and key not in _TABLE]
    if extra:
        raise refused(node, f"{node.sql('bigquery')[:60]} is not available here")


def _is_path(scope: Scope, name: str) -> bool:
    """Whether a name in FROM is that of something before it."""
    return any(
        source.alias and source.alias.lower() == name.lower()
        for level in scope.chain()
        for source in level.sources
    )


def _subquery(compiler: Compiler, scope: Scope, node: exp.Subquery) -> tuple[str, list[FromSource]]:
    if isinstance(node.this, exp.Table | exp.Unnest):  # a join in brackets
        inner = Scope(parent=scope.parent)
        sql = from_sql(compiler, inner, node.this, [])
        scope.merged |= inner.merged
        return f"({sql})", inner.sources
    handle = compiler.handle()
    plain = node.copy() if any(node.args.get(key) for key in ("alias", "pivots")) else node
    for key in ("alias", "pivots"):
        plain.set(key, None)
    query = compiler.query(plain, Scope(parent=scope.parent), carries=True)
    source = query.source(node.alias or None, handle)
    return _pivoted(compiler, scope, node, compiler.json_reads.table(handle, f"({query.sql})"), source)


def _unnest(
    compiler: Compiler, scope: Scope, node: exp.Unnest, arrays: Sequence[exp.Expr], *, lateral: bool
) -> tuple[str, list[FromSource]]:
    """UNNEST: a row for each element, with its position if that is asked for."""
    if len(arrays) != 1:
        raise refused(
            node,
            f"UNNEST given {len(arrays)} arrays, allowed: one; WITH OFFSET AS i, and other[SAFE_OFFSET(i)]",
        )
    value = compiler.expressions(scope, "UNNEST", "UNNEST").value(arrays[0])
    scope.loose.clear()
    if value.type.element is None and value.type != NULL:
        raise refused(
            node,
            f"Values referenced in UNNEST must be arrays. UNNEST contains expression of type {value.type}",
        )
    handle, kind = compiler.handle(), settled(value.type.element or INT64)
    whole = Value(f"{handle}.v", kind, node=node)
    table = node.args.get("alias")
    alias = (table.columns[0].name if table.columns else table.name) if table is not None else None
    if alias is None and (path := path_of(arrays[0])) is not None and len(path) > 1:
        alias = path[-1].name
    found = [element_source(alias, whole, handle)]
    array = value.sql if value.type.element not in (None, NULL) else f"CAST({value.sql} AS {kind.duckdb}[])"
    positions = ""
    if offset := node.args.get("offset"):
        name = offset.name if isinstance(offset, exp.Identifier) else "offset"
        found.append(FromSource(None, [Column(name, Value(f"{handle}.o", INT64, node=node))], handle=handle))
        positions = f", CAST(generate_subscripts({array}, 1) - 1 AS BIGINT) AS o"
    word = "LATERAL " if lateral else ""
    return f"{word}(SELECT unnest({array}) AS v{positions}) AS {handle}", found
