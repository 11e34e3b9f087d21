"""What a query touches of each table: columns down to fields, and the bounds of its partitions.

DuckDB plans the query on empty tables of the same names and types, in a connection of its own: its optimizer
carries filters and columns through views, WITH clauses and subqueries, as BigQuery's does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from schemas._model import Table
from sim.sql.grammar.types import Type
from sim.sql.tables.faults import explaining
from sim.sql.tables.places import Place
from sim.sql.translate import Translated, install
from sim.sql.warehouse import contract_of, quoted

_CATALOGS = ("warehouse", "own", "scratch")
_FLIPPED = {exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE, exp.EQ: exp.EQ}
_RISING = (
    exp.Paren,
    exp.Cast,
    exp.AtTimeZone,
    exp.DateTrunc,
    exp.TimestampTrunc,
    exp.Date,
    exp.TsOrDsToDate,
    exp.Year,
)
_COLUMN = re.compile(r'"?([A-Za-z_][\w]*)"?')


@dataclass(frozen=True)
class Touched:
    """What one scan of a query reads: of a run's table the ``contract``, of any the paths of its columns.

    ``bounds``: a condition on ``_first`` and ``_last``, the ends of a partition, in DuckDB's SQL; None: all.
    """

    catalog: str
    dataset: str
    name: str
    paths: tuple[tuple[str, ...], ...]
    bounds: str | None

    @property
    def contract(self) -> Table | None:
        """The contract of a run's table."""
        return contract_of(self.dataset, self.name) if self.catalog == "warehouse" else None


def touched(
    query: Translated,
    values: Mapping[str, Any] | None,
    tables: Iterable[tuple[Place, Sequence[tuple[str, Type]]]],
) -> list[Touched]:
    """Every scan of a query that was translated for plain tables; ``tables`` with their columns."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET disabled_optimizers = 'statistics_propagation,empty_result_pullup'")
        for catalog in _CATALOGS:
            connection.execute(f"ATTACH ':memory:' AS {catalog}")
        for place, columns in tables:
            types = ", ".join(f"{quoted(column)} {kind.duckdb}" for column, kind in columns)
            if place.catalog != "temp":
                connection.execute(f"CREATE SCHEMA IF NOT EXISTS {place.catalog}.{quoted(place.dataset)}")
            word = "TEMP TABLE" if place.catalog == "temp" else "TABLE"
            connection.execute(f"CREATE {word} {place.duckdb} ({types})")
        install(connection, query)
        with explaining():
            row = connection.execute(f"EXPLAIN (FORMAT JSON) {query.duckdb_sql}", values).fetchall()[0]
    return [scan for root in json.loads(row[1]) for scan in _scans(root, [])]


def _scans(node: dict[str, Any], filters: list[str]) -> Iterator[Touched]:
    """The scans below a node of a plan; ``filters`` stand between it and the next node above."""
    info = node["extra_info"]
    if node["name"].strip() == "FILTER":
        here = [*filters, *_texts(info.get("Expression"))]
        for child in node["children"]:
            yield from _scans(child, here)
        return
    table = str(info.get("Table") or "")
    if node["name"].strip() == "SEQ_SCAN" and table:
        yield _scan(table, _texts(info.get("Projections")), [*filters, *_texts(info.get("Filters"))])
    for child in node["children"]:
        yield from _scans(child, [])


def _scan(table: str, projections: list[str], filters: list[str]) -> Touched:
    catalog, dataset, name = _split(table)
    conditions = [tree for text in filters if (tree := _parsed(text)) is not None]
    paths = {_path(text) for text in projections}
    for tree in conditions:
        paths |= {tuple(part.name for part in column.parts) for column in tree.find_all(exp.Column)}
    contract = contract_of(dataset, name) if catalog == "warehouse" else None
    bounds = None
    if contract is not None and contract.partition_by:
        found = [text for tree in conditions if (text := _bounds(tree, contract.partition_by)) is not None]
        bounds = " AND ".join(f"({text})" for text in found) or None
    # A field of a record that is read whole is not read again.
    kept = tuple(sorted(p for p in paths if not any(p[:i] in paths for i in range(1, len(p)))))
    return Touched(catalog, dataset, name, kept, bounds)


def _texts(given: Any) -> list[str]:
    if not given:
        return []
    found = given if isinstance(given, list) else [given]
    return [str(text) for text in found if not str(text).startswith("optional:")]


def _split(table: str) -> tuple[str, str, str]:
    """(catalog, dataset, name) of a table as a plan shows it."""
    parts = [part.name for part in exp.to_table(table, dialect="duckdb").parts]
    padded = ["warehouse", "main", *parts][-3:] if len(parts) < 3 else parts[-3:]
    return padded[0], padded[1], padded[2]


def _parsed(text: str) -> exp.Expr | None:
    try:
        return sqlglot.parse_one(text, read="duckdb")
    except sqlglot.errors.SqlglotError:
        return None


def _path(text: str) -> tuple[str, ...]:
    return tuple(_COLUMN.findall(text)) if "#" not in text else ()


def _bounds(tree: exp.Expr, column: str) -> str | None:
    """A condition on a partition's ends that holds wherever the tree can; None if that is everywhere."""
    if isinstance(tree, exp.Paren):
        return _bounds(tree.this, column)
    if isinstance(tree, exp.And | exp.Or):
        sides = [_bounds(tree.left, column), _bounds(tree.right, column)]
        known = [side for side in sides if side is not None]
        if isinstance(tree, exp.Or):
            return f"({known[0]}) OR ({known[1]})" if len(known) == 2 else None
        return " AND ".join(f"({side})" for side in known) or None
    if isinstance(tree, exp.Between):
        low = _compared(exp.GTE, tree.this, tree.args["low"], column)
        high = _compared(exp.LTE, tree.this, tree.args["high"], column)
        return f"{low} AND {high}" if low and high else None
    if isinstance(tree, exp.In) and tree.expressions:
        sides = [_compared(exp.EQ, tree.this, item, column) for item in tree.expressions]
        return " OR ".join(f"({side})" for side in sides) if all(sides) else None
    if isinstance(tree, exp.Binary) and type(tree) in _FLIPPED:
        found = _compared(type(tree), tree.this, tree.expression, column)
        return found or _compared(_FLIPPED[type(tree)], tree.expression, tree.this, column)
    return None


def _compared(sign: type[exp.Binary], value: exp.Expr, other: exp.Expr, column: str) -> str | None:
    """``value sign other`` for a value that rises with the partition column, and another without columns."""
    if not _rises(value, column) or other.find(exp.Column):
        return None
    first, last, given = _at(value, "_first"), _at(value, "_last"), other.sql("duckdb")
    return {
        exp.GT: f"{last} > {given}",
        exp.GTE: f"{last} >= {given}",
        exp.LT: f"{first} < {given}",
        exp.LTE: f"{first} <= {given}",
        exp.EQ: f"{first} <= {given} AND {last} >= {given}",
    }[sign]


def _rises(value: exp.Expr, column: str) -> bool:
    if isinstance(value, exp.Column):
        return value.name == column
    if isinstance(value, _RISING):
        return _rises(value.this, column)
    if isinstance(value, exp.Anonymous) and value.name.lower() == "timezone":
        zone = value.expressions[0]
        return zone.name == "UTC" and _rises(value.expressions[1], column)
    return False


def _at(value: exp.Expr, end: str) -> str:
    found = value.copy()
    for column in list(found.find_all(exp.Column)):
        if column is found:
            return end
        column.replace(exp.column(end))
    return found.sql("duckdb")


def partitions_within(connection: duckdb.DuckDBPyConnection, days: list[date], bounds: str) -> list[date]:
    """The days, in order, that the bounds of a scan leave."""
    if not days:
        return []
    values = ", ".join(f"(DATE '{day}')" for day in days)
    ends = (
        "CAST(day AS TIMESTAMP) AS _first, CAST(day AS TIMESTAMP) + INTERVAL 86399999999 MICROSECOND AS _last"
    )
    text = (
        f"SELECT day FROM (SELECT day, {ends} FROM (VALUES {values}) AS _(day)) WHERE {bounds} ORDER BY day"
    )
    with explaining():
        return [row[0] for row in connection.execute(text).fetchall()]
