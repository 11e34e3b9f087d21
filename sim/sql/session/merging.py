"""MERGE and UPDATE ... FROM: changes of a user's table that the rows of others decide.

The table's rows get numbers first. Queries tell which rows change and how; the table is then written anew, in
its order, with what comes new behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from sqlglot import exp

from context.errors import InputError
from sim.sql.grammar.types import INT64, Type
from sim.sql.session.catalog import TEMP
from sim.sql.session.changes import new_values, table_of
from sim.sql.session.definitions import column_value, name_of_place, write_table
from sim.sql.session.engine import SqlEngine
from sim.sql.tables.faults import explaining
from sim.sql.tables.places import Place
from sim.sql.warehouse import quoted

_TARGET, _SOURCE, _PAIRS = "rows_of_target_", "rows_of_source_", "pairs_"
_NUMBER, _OTHER, _ACTION = "number_of_row_", "number_of_source_", "action_"
_UPDATED, _DELETED = 1, 2
_TWICE = "UPDATE/MERGE must match at most one source row for each target row"
ColumnTypes = dict[str, Type]


@dataclass(frozen=True)
class _Target:
    """The table that changes: its place, its columns, and the name by which the statement calls its rows."""

    place: Place
    columns: ColumnTypes
    alias: str

    def table(self) -> exp.Table:
        """Its numbered rows under their name."""
        return _aliased(_TARGET, self.alias)

    def column(self, name: str) -> exp.Expr:
        """One of its columns."""
        return exp.column(exp.to_identifier(name, quoted=True), table=exp.to_identifier(self.alias))


def update_from(engine: SqlEngine, tree: exp.Update) -> str:
    """UPDATE ... FROM; returns how many rows have changed. Raises InputError."""
    place, columns = table_of(engine, tree, ("this", "expressions", "from_", "where"))
    target = _Target(place, columns, tree.this.alias or tree.this.name)
    new = new_values(tree, columns)
    source = tree.args["from_"].this.copy()
    source = exp.Subquery(this=source) if source.args.get("joins") else source
    with _numbered(engine, target):
        items = [exp.alias_(target.column(_NUMBER), _NUMBER)]
        items += [exp.alias_(exp.Literal.number(_UPDATED), _ACTION)]
        items += _columns_of(target, [new])
        query = _joined(exp.select(*items).from_(target.table()), exp.Join(this=source, kind="CROSS")).where(
            tree.args["where"].this.copy()
        )
        changed = engine.held(query, [INT64, INT64, *columns.values()]).rows()
        rows = _afterwards(engine, target, changed, None)
    write_table(engine, place, columns, rows)
    return f"{name_of_place(place)}: {changed.num_rows:,} rows updated"


def merge(engine: SqlEngine, tree: exp.Merge) -> str:
    """MERGE; returns how many rows it has inserted, updated and deleted. Raises InputError."""
    place, columns = table_of(engine, tree, ("this", "using", "on", "using_cond", "whens"))
    target = _Target(place, columns, tree.this.alias or tree.this.name)
    whens = list(tree.args["whens"].expressions)
    with _numbered(engine, target), _source(engine, tree.args["using"]) as (source, given):
        clauses = _Clauses(target, source, given)
        with _kept(engine, _PAIRS, clauses.pairs(tree.args["on"])):
            unmatched = [when for when in whens if not when.args.get("matched")]
            queries = [
                clauses.matched([when for when in whens if when.args.get("matched")]),
                clauses.not_by_source([when for when in unmatched if when.args.get("source")]),
            ]
            parts = [engine.held(query, [INT64, INT64, *columns.values()]) for query in queries]
            inserting = clauses.inserted([when for when in unmatched if not when.args.get("source")])
            new = engine.held(inserting, list(columns.values()))
            changed = pa.concat_tables([part.rows() for part in parts])
            fresh = new.rows()
            rows = _afterwards(engine, target, changed, fresh)
    write_table(engine, place, columns, rows)
    actions = changed.column(_ACTION).to_pylist()
    return (
        f"{name_of_place(place)}: {fresh.num_rows:,} rows inserted, "
        f"{actions.count(_UPDATED):,} updated, {actions.count(_DELETED):,} deleted"
    )


@dataclass(frozen=True)
class _Clauses:
    """The queries that a MERGE's clauses come to. ``given`` are the source's columns."""

    target: _Target
    source: exp.Expr
    given: Sequence[str]

    def pairs(self, condition: exp.Expr) -> exp.Query:
        """The numbers of the rows that match each other."""
        items = [exp.alias_(self.target.column(_NUMBER), _NUMBER), self._number_of_source()]
        query = exp.select(*items).from_(self.target.table())
        return _joined(query, exp.Join(this=self.source.copy(), on=condition.copy()))

    def matched(self, whens: Sequence[exp.When]) -> exp.Query:
        """(number, action, columns) of rows with a match."""
        query = _joined(
            self._changing(whens).from_(self.target.table()),
            exp.Join(this=exp.to_table(_PAIRS), on=_same(self.target.column(_NUMBER), _NUMBER)),
            exp.Join(this=self.source.copy(), on=_same(_qualified(self.source, _OTHER), _OTHER)),
        )
        return query.where(_any(whens))

    def not_by_source(self, whens: Sequence[exp.When]) -> exp.Query:
        """(number, action, columns) of rows that no row of the source matches."""
        query = self._changing(whens).from_(self.target.table())
        return query.where(_unpaired(self.target.column(_NUMBER), _NUMBER)).where(_any(whens))

    def inserted(self, whens: Sequence[exp.When]) -> exp.Query:
        """The rows of the source that match no row, as they are inserted."""
        values = [self._values(when) for when in whens]
        tests = [_test(when) for when in whens]
        items = []
        for name, kind in self.target.columns.items():
            missing = exp.cast(exp.Null(), exp.DataType.build(str(kind), dialect="bigquery"))
            parts = [column_value(row.get(name.lower(), missing), kind) for row in values] or [missing]
            items.append(exp.alias_(_first(tests or [exp.true()], parts), name, quoted=True))
        query = exp.select(*items).from_(self.source.copy())
        return query.where(_unpaired(_qualified(self.source, _OTHER), _OTHER)).where(_any(whens))

    def _number_of_source(self) -> exp.Expr:
        return exp.alias_(_qualified(self.source, _OTHER), _OTHER)

    def _changing(self, whens: Sequence[exp.When]) -> exp.Select:
        tests = [_test(when) for when in whens]
        actions, values = [], []
        for when in whens:
            then = when.args["then"]
            is_update = isinstance(then, exp.Update)
            if not is_update and then.name.upper() != "DELETE":
                raise InputError("MERGE: INSERT given, allowed there: UPDATE SET …, DELETE")
            actions.append(exp.Literal.number(_UPDATED if is_update else _DELETED))
            if is_update:
                then.set("this", exp.to_table(self.target.alias))
            values.append(new_values(then, self.target.columns) if is_update else {})
        items = [exp.alias_(self.target.column(_NUMBER), _NUMBER)]
        items.append(exp.alias_(_first(tests, actions), _ACTION))
        return exp.select(*items, *_columns_of(self.target, values, tests))

    def _values(self, when: exp.When) -> dict[str, exp.Expr]:
        """What an INSERT puts into columns, by their small names."""
        then = when.args["then"]
        if not isinstance(then, exp.Insert):
            raise InputError("MERGE: allowed after WHEN NOT MATCHED [BY TARGET]: INSERT")
        names = list(self.target.columns)
        listed, row = then.this, then.expression or None
        if isinstance(listed, exp.Tuple) and row is None:  # VALUES (...) without a list of columns
            [call] = listed.expressions
            listed, row = None, exp.Tuple(expressions=call.expressions)
        elif isinstance(listed, exp.Var) or (isinstance(row, exp.Var) and row.name.upper() == "ROW"):
            row = exp.Tuple(expressions=[_qualified(self.source, name) for name in self.given])
            listed = None if isinstance(listed, exp.Var) else listed
        if isinstance(listed, exp.Tuple):
            names = [part.name for part in listed.expressions]
        known = {name.lower() for name in self.target.columns}
        odd = next((name for name in names if name.lower() not in known), None)
        if odd is not None:
            raise InputError(f"MERGE: no column named {odd}; allowed: {', '.join(self.target.columns)}")
        values = list(row.expressions) if isinstance(row, exp.Tuple) else []
        if len(values) != len(names):
            raise InputError(f"MERGE: INSERT of {len(names)} columns, {len(values)} values")
        return {name.lower(): value for name, value in zip(names, values, strict=True)}


def _joined(query: exp.Select, *joins: exp.Join) -> exp.Select:
    for join in joins:
        query.append("joins", join)
    return query


def _same(number: exp.Expr, name: str) -> exp.Expr:
    return exp.EQ(this=number, expression=exp.column(name, table=_PAIRS))


def _unpaired(number: exp.Expr, name: str) -> exp.Expr:
    """Whether a row matches none."""
    inner = exp.select(exp.Literal.number(1)).from_(exp.to_table(_PAIRS)).where(_same(number, name))
    return exp.Not(this=exp.Exists(this=inner))


def _qualified(source: exp.Expr, name: str) -> exp.Expr:
    return exp.column(exp.to_identifier(name, quoted=True), table=exp.to_identifier(source.alias_or_name))


def _test(when: exp.When) -> exp.Expr:
    condition = when.args.get("condition")
    return exp.Boolean(this=True) if condition is None else condition


def _any(whens: Sequence[exp.When]) -> exp.Expr:
    """Whether one of the clauses takes a row."""
    tests = [_test(when).copy() for when in whens]
    return exp.or_(*tests) if tests else exp.Boolean(this=False)


def _first(tests: Sequence[exp.Expr], values: Sequence[exp.Expr]) -> exp.Expr:
    """The value of the first test that is true."""
    if not tests:
        return exp.Null()
    branches = [
        exp.If(this=test.copy(), true=value.copy()) for test, value in zip(tests, values, strict=True)
    ]
    return exp.Case(ifs=branches)


def _columns_of(
    target: _Target, values: Sequence[dict[str, exp.Expr]], tests: Sequence[exp.Expr] = ()
) -> list[exp.Expr]:
    """All columns as they are afterwards: changed in the clause that takes a row, else as they were."""
    taken = list(tests) or [exp.Boolean(this=True)] * len(values)
    items = []
    for name, kind in target.columns.items():
        old = target.column(name)
        parts = [
            column_value(row[name.lower()], kind) if name.lower() in row else old.copy() for row in values
        ]
        changes = any(name.lower() in row for row in values)
        items.append(exp.alias_(_first(taken, parts) if changes else old, name, quoted=True))
    return items


def _aliased(name: str, alias: str) -> exp.Table:
    return exp.Table(
        this=exp.to_identifier(name), alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True))
    )


@contextmanager
def _numbered(engine: SqlEngine, target: _Target) -> Iterator[None]:
    """The table's rows with their numbers, as a temporary table for as long as the statement runs."""
    with explaining():
        engine.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_TARGET} AS "
            f"SELECT *, row_number() OVER () AS {_NUMBER} FROM {target.place.duckdb}"
        )
    with _known(engine, _TARGET):
        yield


@contextmanager
def _source(engine: SqlEngine, node: exp.Expr) -> Iterator[tuple[exp.Expr, list[str]]]:
    """(what FROM has of the source, its columns); it is read once, and its rows have numbers."""
    if not isinstance(node, exp.Subquery | exp.Table) or node.args.get("joins"):
        raise InputError("MERGE: allowed after USING: a table, or a query in brackets")
    number = exp.Window(this=exp.Anonymous(this="ROW_NUMBER", expressions=[]))
    query = exp.select(exp.Star(), exp.alias_(number, _OTHER)).from_(node.copy())
    with _kept(engine, _SOURCE, query) as names:
        yield _aliased(_SOURCE, node.alias_or_name or _SOURCE), names[:-1]


@contextmanager
def _kept(engine: SqlEngine, name: str, query: exp.Query) -> Iterator[list[str]]:
    """The rows of a query as a temporary table for as long as the statement runs; its columns."""
    rows = engine.held(query).rows()
    with explaining():
        engine.connection.register("_rows", rows)
        engine.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM _rows")
        engine.connection.unregister("_rows")
    with _known(engine, name):
        yield list(rows.column_names)


@contextmanager
def _known(engine: SqlEngine, name: str) -> Iterator[None]:
    """A temporary table of ours, found by queries until the statement is done."""
    engine.names.temp[name] = Place("main", name, TEMP)
    try:
        yield
    finally:
        del engine.names.temp[name]
        engine.connection.execute(f"DROP TABLE IF EXISTS {quoted(TEMP)}.main.{name}")


def _afterwards(engine: SqlEngine, target: _Target, changed: pa.Table, fresh: pa.Table | None) -> pa.Table:
    """All rows as they are afterwards. Raises InputError if one of them was to change more than once."""
    numbers = changed.column(_NUMBER).to_pylist()
    if len(set(numbers)) < len(numbers):
        raise InputError(_TWICE)
    names = [f"c{i}" for i in range(len(target.columns))]
    held = [quoted(name) for name in target.columns]
    changed = changed.rename_columns([_NUMBER, _ACTION, *names])
    columns = ", ".join(
        f"CASE WHEN x.{_NUMBER} IS NULL THEN t.{old} ELSE CAST(x.{new} AS {kind.duckdb}) END AS {new}"
        for old, new, kind in zip(held, names, target.columns.values(), strict=True)
    )
    connection: duckdb.DuckDBPyConnection = engine.connection
    with explaining():
        connection.register("_changed", changed)
        rows = connection.sql(
            f"SELECT {columns} FROM {_TARGET} AS t LEFT JOIN _changed AS x USING ({_NUMBER}) "
            f"WHERE x.{_ACTION} IS DISTINCT FROM {_DELETED} ORDER BY t.{_NUMBER}"
        ).to_arrow_table()
        connection.unregister("_changed")
    if fresh is None:
        return rows
    return pa.concat_tables([rows, fresh.rename_columns(names).cast(rows.schema)])
