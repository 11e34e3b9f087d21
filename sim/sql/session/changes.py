"""UPDATE and DELETE in users' tables: what a table holds afterwards is a query, and takes its place."""

from __future__ import annotations

import pyarrow as pa
from sqlglot import exp

from context.errors import InputError
from sim.sql.grammar.types import BOOL, Type
from sim.sql.session.definitions import column_value, existing_place, name_of_place, write_table
from sim.sql.session.engine import SqlEngine
from sim.sql.tables.faults import explaining
from sim.sql.tables.places import Place
from sim.sql.tables.storage_types import kept_columns

_CHOSEN = "chosen_"  # the column that says which rows are meant


def delete(engine: SqlEngine, tree: exp.Delete) -> str:
    """DELETE; returns how many rows are gone. Raises InputError."""
    place, columns = table_of(engine, tree, ("this", "where"))
    rows = engine.held(_query(tree, columns, {}), [*columns.values(), BOOL]).rows()
    kept = rows.filter(pa.array([not chosen for chosen in rows.column(_CHOSEN).to_pylist()], pa.bool_()))
    kept = kept.drop_columns([_CHOSEN])
    write_table(engine, place, columns, kept)
    return f"{name_of_place(place)}: {rows.num_rows - kept.num_rows:,} rows deleted"


def update(engine: SqlEngine, tree: exp.Update) -> str:
    """UPDATE; returns how many rows have changed. Raises InputError."""
    place, columns = table_of(engine, tree, ("this", "expressions", "where"))
    query = _query(tree, columns, new_values(tree, columns))
    rows = engine.held(query, [*columns.values(), BOOL]).rows()
    count = sum(rows.column(_CHOSEN).to_pylist())
    write_table(engine, place, columns, rows.drop_columns([_CHOSEN]))
    return f"{name_of_place(place)}: {count:,} rows updated"


def truncate(engine: SqlEngine, tree: exp.TruncateTable) -> str:
    """TRUNCATE TABLE; returns how many rows are gone. Raises InputError."""
    if len(tree.expressions) != 1:
        raise InputError("TRUNCATE TABLE takes one table")
    everything = exp.Where(this=exp.Boolean(this=True))
    return delete(engine, exp.Delete(this=tree.expressions[0].copy(), where=everything))


def table_of(
    engine: SqlEngine, tree: exp.Delete | exp.Update | exp.Merge, allowed: tuple[str, ...]
) -> tuple[Place, dict[str, Type]]:
    """The table that is meant and its columns. Raises InputError for what else a statement may not have."""
    word = tree.key.upper()
    named = tree.args.get("tables") or []
    if len(named) == 1 and not tree.this:  # DELETE table, without FROM
        tree.set("this", named[0])
        tree.set("tables", None)
    extra = [name for name, given in tree.args.items() if given and name not in allowed]
    if extra or not isinstance(tree.this, exp.Table) or tree.this.args.get("joins"):
        shown = extra[0].rstrip("_").upper() if extra else "a join"
        raise InputError(
            f"{word} with {shown} is not available here; CREATE OR REPLACE TABLE … AS SELECT … takes joins"
        )
    if tree.args.get("where") is None and not isinstance(tree, exp.Merge):
        raise InputError(f"{word} must have a WHERE clause; WHERE TRUE means all rows")
    place = existing_place(engine, tree.this)
    if place.text is not None:
        raise InputError(f"{name_of_place(place)}: a view; allowed after {word}: a table")
    with explaining():
        return place, kept_columns(engine.connection.sql(f"SELECT * FROM {place.duckdb}"))


def new_values(tree: exp.Update, columns: dict[str, Type]) -> dict[str, exp.Expr]:
    """New values by the small names of their columns. Raises InputError."""
    found: dict[str, exp.Expr] = {}
    for item in tree.expressions:
        column = item.this if isinstance(item, exp.EQ) else None
        name = column.name.lower() if isinstance(column, exp.Column) else ""
        alias = tree.this.alias or tree.this.name
        if not isinstance(column, exp.Column) or (column.table and column.table.lower() != alias.lower()):
            raise InputError(f"{item.sql('bigquery')[:60]} given, allowed after SET: column = value")
        if name not in (known.lower() for known in columns):
            raise InputError(f"UPDATE: no column named {column.name}; allowed: {', '.join(columns)}")
        if name in found:
            raise InputError(f"UPDATE: two values for {column.name} given, allowed: one")
        given = item.expression
        is_default = isinstance(given, exp.Column) and not given.table and given.name.upper() == "DEFAULT"
        found[name] = exp.Null() if is_default else given
    return found


def _query(tree: exp.Delete | exp.Update, columns: dict[str, Type], new: dict[str, exp.Expr]) -> exp.Query:
    """All rows as they are afterwards, and of each whether it is meant."""
    table = tree.this.copy()
    alias = table.alias or table.name
    table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    condition = tree.args["where"].this

    def meant() -> exp.Expr:
        return exp.Anonymous(this="IFNULL", expressions=[condition.copy(), exp.Boolean(this=False)])

    items = []
    for name, kind in columns.items():
        old: exp.Expr = exp.column(exp.to_identifier(name, quoted=True), table=exp.to_identifier(alias))
        if name.lower() in new:
            changed = column_value(new[name.lower()], kind)
            old = exp.Anonymous(this="IF", expressions=[meant(), changed, old])
        items.append(exp.alias_(old, name, quoted=True))
    return exp.select(*items, exp.alias_(meant(), _CHOSEN)).from_(table)
