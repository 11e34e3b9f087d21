"""What scripts make, fill and drop: temporary tables, and tables, views and datasets of the scratch file."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from sqlglot import exp

from context.errors import InputError
from sim.sql.grammar.types import Type, type_of_node
from sim.sql.script.statements import ALLOWED
from sim.sql.session.catalog import TEMP, check_name
from sim.sql.session.engine import SqlEngine
from sim.sql.tables.faults import explaining
from sim.sql.tables.places import Place, name_parts, no_table
from sim.sql.tables.scratch import SCRATCH_CATALOG
from sim.sql.tables.storage_types import FROM_LITERALS, kept_columns, opens
from sim.sql.warehouse import quoted


def create(engine: SqlEngine, tree: exp.Create, body: str) -> str:
    """CREATE TABLE, VIEW or SCHEMA, ``body`` after its AS; returns what was made. Raises InputError."""
    kind = str(tree.args.get("kind")).upper()
    if kind == "SCHEMA":
        name = tree.this.db or tree.this.name
        check_name(name)
        if name in {item.dataset for item in engine.names.run.values()}:
            raise InputError(f"CREATE SCHEMA {name}: the run has it, and it is read-only")
        made = engine.names.scratch.make_dataset(name)
        if not made and not tree.args.get("exists"):
            raise InputError(f"CREATE SCHEMA {name}: it is there already")
        return f"dataset {name}: made" if made else f"dataset {name}: there already"
    if kind not in ("TABLE", "VIEW") or tree.args.get("clone"):
        raise InputError(f"CREATE {kind} given, allowed: {ALLOWED}")
    words = {
        type(item) for item in (tree.args["properties"].expressions if tree.args.get("properties") else ())
    }
    for odd, word in ((exp.ExternalProperty, "EXTERNAL"), (exp.MaterializedProperty, "MATERIALIZED")):
        if odd in words:
            raise InputError(f"CREATE {word} {kind} given, allowed: CREATE {kind}")
    if exp.LikeProperty in words:
        raise InputError("CREATE TABLE … LIKE given, allowed: CREATE TABLE … AS SELECT …")
    if kind == "VIEW":
        return _create_view(engine, tree, body)
    return _create_table(engine, tree, temporary=exp.TemporaryProperty in words)


def _create_table(engine: SqlEngine, tree: exp.Create, *, temporary: bool) -> str:
    schema = tree.this if isinstance(tree.this, exp.Schema) else None
    node = schema.this if schema is not None else tree.this
    query = tree.expression if isinstance(tree.expression, exp.Query) else None
    relation = _place(engine, node, temporary=temporary)
    if _there(engine, relation):
        if tree.args.get("exists"):
            return f"{name_of_place(relation)}: there already"
        if not tree.args.get("replace"):
            raise InputError(f"{name_of_place(relation)}: there already; allowed: CREATE OR REPLACE TABLE")
    held = engine.held(query) if query is not None else None
    if query is not None:
        _check_named(query)
    columns = dict(held.columns) if held is not None else {}
    if schema is not None:
        declared = _declared_columns(schema)
        if held is not None and len(declared) != len(columns):
            raise InputError(
                f"{name_of_place(relation)}: {len(declared)} columns declared, the query has {len(columns)}"
            )
        if held is not None:
            _check_fits(list(columns.values()), list(declared.items()))
        columns = declared
    elif held is None:
        raise InputError(f"{name_of_place(relation)}: columns or AS SELECT … are missing")
    rows = held.rows() if held is not None else None
    write_table(engine, relation, columns, rows)
    return f"{name_of_place(relation)}: {rows.num_rows if rows is not None else 0:,} rows"


def write_table(engine: SqlEngine, relation: Place, columns: dict[str, Type], rows: pa.Table | None) -> None:
    """Write a table of the user's, in place of an older one or a view of its name. Raises InputError."""
    big = next((name for name, kind in columns.items() if kind.holds_big), None)
    if big is not None:
        raise InputError(f"column {big}: a table here keeps no BIGNUMERIC; CAST it AS NUMERIC or STRING")
    if relation.catalog == SCRATCH_CATALOG:
        if relation.dataset not in engine.names.scratch.datasets():
            engine.note(f"dataset {relation.dataset}: made, beside the run")
        engine.names.scratch.make_dataset(relation.dataset)
        old = _there(engine, relation)
        if old is not None and old.text is not None:
            engine.names.scratch.drop(old)
    types = ", ".join(f"{quoted(name)} {kind.duckdb}" for name, kind in columns.items())
    name = relation.duckdb
    word = "TEMP TABLE" if relation.catalog == TEMP else "TABLE"
    with explaining():
        if rows is None:
            engine.connection.execute(f"CREATE OR REPLACE {word} {name} ({types})")
        else:
            held = [quoted(f"c{i}") for i in range(len(columns))]
            casts = ", ".join(
                f"CAST({one} AS {kind.duckdb}) AS {quoted(column)}"
                for one, (column, kind) in zip(held, columns.items(), strict=True)
            )
            engine.connection.register("_rows", rows.rename_columns([f"c{i}" for i in range(len(columns))]))
            engine.connection.execute(f"CREATE OR REPLACE {word} {name} AS SELECT {casts} FROM _rows")
            engine.connection.unregister("_rows")
    if relation.catalog == TEMP:
        engine.names.temp[relation.name.lower()] = relation


def _create_view(engine: SqlEngine, tree: exp.Create, body: str) -> str:
    schema = tree.this if isinstance(tree.this, exp.Schema) else None
    node = schema.this if schema is not None else tree.this
    if not isinstance(tree.expression, exp.Query):
        raise InputError("CREATE VIEW: AS SELECT … is missing")
    dataset, name = engine.names.target(node)
    columns = tuple(item.name for item in schema.expressions) if schema is not None else ()
    relation = Place(dataset, name, SCRATCH_CATALOG, body, columns)
    old = _there(engine, relation)
    if old is not None:
        if tree.args.get("exists"):
            return f"view {dataset}.{name}: there already"
        if not tree.args.get("replace") or old.text is None:
            raise InputError(f"{dataset}.{name}: there already; allowed: CREATE OR REPLACE VIEW, on a view")
    _check_alone(tree.expression)
    _check_once([name for name, _ in engine.held(tree.expression).columns])
    engine.names.scratch.make_dataset(dataset)
    engine.names.scratch.put_view(relation)
    return f"view {dataset}.{name}: made"


def insert(engine: SqlEngine, tree: exp.Insert) -> str:
    """INSERT into a table of the user's; returns how many rows. Raises InputError."""
    schema = tree.this if isinstance(tree.this, exp.Schema) else None
    node = schema.this if schema is not None else tree.this
    relation = existing_place(engine, node)
    if relation.text is not None:
        raise InputError(f"{name_of_place(relation)}: a view; allowed after INSERT: a table")
    with explaining():
        held = kept_columns(engine.connection.sql(f"SELECT * FROM {relation.duckdb}"))
    names = [item.name for item in schema.expressions] if schema is not None else list(held)
    folded = {name.lower(): name for name in held}
    for name in names:
        if name.lower() not in folded:
            raise InputError(f"{name_of_place(relation)}: no column named {name}; allowed: {', '.join(held)}")
    targets = [(folded[name.lower()], held[folded[name.lower()]]) for name in names]
    query = _values(tree.expression, targets)
    rows = engine.held(query, [kind for _, kind in targets]).rows()
    if relation.catalog == SCRATCH_CATALOG:
        engine.names.scratch.write()
    into = ", ".join(quoted(name) for name, _ in targets)
    with explaining():
        engine.connection.register("_rows", rows)
        engine.connection.execute(f"INSERT INTO {relation.duckdb} ({into}) SELECT * FROM _rows")
        engine.connection.unregister("_rows")
    return f"{name_of_place(relation)}: {rows.num_rows:,} rows inserted"


def _values(given: exp.Expr, targets: Sequence[tuple[str, Type]]) -> exp.Query:
    """VALUES as a query: a SELECT a row; texts turn into dates where a column wants them."""
    if isinstance(given, exp.Query) and not isinstance(given, exp.Values):
        return given
    if not isinstance(given, exp.Values):
        raise InputError("INSERT: VALUES or a query is missing")
    found: exp.Query | None = None
    for row in given.expressions:
        items = list(row.expressions) if isinstance(row, exp.Tuple) else [row.unnest()]
        if len(items) != len(targets):
            raise InputError(f"INSERT: {len(targets)} columns, {len(items)} values")
        values = [
            exp.alias_(column_value(item, kind), f"c{i}")
            for i, (item, (_, kind)) in enumerate(zip(items, targets, strict=True))
        ]
        one = exp.select(*values)
        found = one if found is None else exp.union(found, one, distinct=False)
    if found is None:
        raise InputError("INSERT: VALUES without a row")
    return found


def column_value(item: exp.Expr, kind: Type) -> exp.Expr:
    """A value of VALUES: NULL and DEFAULT of the column's type, texts as dates where it wants them."""
    missing = isinstance(item, exp.Column | exp.Var) and item.name.upper() == "DEFAULT"
    text = isinstance(item, exp.Literal) and item.is_string and kind.kind in FROM_LITERALS
    if missing or text or isinstance(item, exp.Null):
        value = exp.Null() if missing else item.copy()
        return exp.Cast(this=value, to=exp.DataType.build(str(kind), dialect="bigquery"))
    return item.copy()


def _check_alone(query: exp.Query) -> None:
    """A view outlives the script: it can't depend on what only the script has."""
    if query.find(exp.Parameter):
        raise InputError("CREATE VIEW: a parameter given; a view can have none")


def _check_once(names: Sequence[str]) -> None:
    folded = [name.lower() for name in names]
    twice = next((name for name in names if folded.count(name.lower()) > 1), None)
    if twice is not None:
        raise InputError(f"two columns named {twice} given, allowed: each name once")


def _check_fits(given: Sequence[Type], targets: Sequence[tuple[str, Type]]) -> None:
    """Raise InputError for values that don't turn into a column's type by themselves."""
    if len(given) != len(targets):
        raise InputError(f"{len(targets)} columns, the query has {len(given)}")
    for number, (held, (name, kind)) in enumerate(zip(given, targets, strict=True), 1):
        if not opens(held, kind):
            raise InputError(f"column {number} of the query has type {held}, allowed for {name}: {kind}")


def _check_named(query: exp.Query) -> None:
    first: exp.Expr = query
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    for number, item in enumerate(first.expressions if isinstance(first, exp.Select) else (), 1):
        if not item.is_star and not isinstance(item, exp.Alias | exp.Aliases | exp.Column | exp.Dot):
            raise InputError(f"CREATE TABLE: column {number} has no name; give it one with AS")


def _declared_columns(schema: exp.Schema) -> dict[str, Type]:
    found: dict[str, Type] = {}
    for item in schema.expressions:
        if not isinstance(item, exp.ColumnDef) or item.args.get("kind") is None:
            raise InputError(f"{item.sql('bigquery')} given, allowed in a list of columns: name TYPE")
        if item.name.lower() in map(str.lower, found):
            raise InputError(f"two columns named {item.name} given, allowed: each name once")
        found[item.name] = type_of_node(item.args["kind"])
    return found


def drop(engine: SqlEngine, tree: exp.Drop) -> str:
    """DROP of what the user made; returns what is gone. Raises InputError."""
    kind = str(tree.args.get("kind")).upper()
    node = (tree.args.get("tables") or [tree.this])[0]
    forgiving = bool(tree.args.get("exists"))
    if kind == "SCHEMA":
        name = node.db or node.name
        if name in {item.dataset for item in engine.names.run.values()}:
            raise InputError(f"DROP SCHEMA {name}: the run has it, and it is read-only")
        if name not in engine.names.scratch.datasets():
            if forgiving:
                return f"dataset {name}: not there"
            raise InputError(f"DROP SCHEMA {name}: no such dataset")
        engine.names.scratch.drop_dataset(name, cascade=bool(tree.args.get("cascade")))
        return f"dataset {name}: dropped"
    if kind not in ("TABLE", "VIEW"):
        raise InputError(f"DROP {kind} given, allowed: DROP TABLE, DROP VIEW, DROP SCHEMA")
    try:
        relation = existing_place(engine, node)
    except InputError as error:
        if forgiving and "no table named" in str(error):
            return f"{'.'.join(name_parts(node))}: not there"
        raise
    if (relation.text is None) == (kind == "VIEW"):
        is_one = "table" if relation.text is None else "view"
        raise InputError(f"DROP {kind} {name_of_place(relation)}: it is a {is_one}")
    if relation.catalog == TEMP:
        engine.connection.execute(f"DROP TABLE {relation.duckdb}")
        del engine.names.temp[relation.name.lower()]
    else:
        engine.names.scratch.drop(relation)
    return f"{name_of_place(relation)}: dropped"


def _place(engine: SqlEngine, node: exp.Table, *, temporary: bool) -> Place:
    if not temporary:
        dataset, name = engine.names.target(node)
        return Place(dataset, name, SCRATCH_CATALOG)
    parts = name_parts(node)
    if len(parts) != 1:
        raise InputError(f"CREATE TEMP TABLE {'.'.join(parts)}: allowed: a name without a dataset")
    check_name(parts[0])
    return Place("main", parts[0], TEMP)


def _there(engine: SqlEngine, relation: Place) -> Place | None:
    """The table or view that has the name already."""
    if relation.catalog == TEMP:
        return engine.names.temp.get(relation.name.lower())
    key = (relation.dataset, relation.name)
    return next((item for item in engine.names.scratch.places() if (item.dataset, item.name) == key), None)


def existing_place(engine: SqlEngine, node: exp.Table) -> Place:
    """A table of the user's that is to be changed or dropped. Raises InputError."""
    parts = name_parts(node)
    if len(parts) == 1 and parts[0].lower() in engine.names.temp:
        return engine.names.temp[parts[0].lower()]
    dataset, name = engine.names.target(node)
    found = _there(engine, Place(dataset, name, SCRATCH_CATALOG))
    if found is None:
        known = [*engine.names.scratch.places(), *engine.names.temp.values()]
        raise no_table(f"{dataset}.{name}", parts, known)
    return found


def name_of_place(relation: Place) -> str:
    """The name by which a user calls a table of theirs."""
    return relation.name if relation.catalog == TEMP else f"{relation.dataset}.{relation.name}"
