"""Finding what the names of a query mean, and making ready what has to be made first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlglot import exp

from context.errors import InputError
from sim.sql.information_schema import View, asked_for, rows_of
from sim.sql.script.literals import ValueType
from sim.sql.script.statements import statements_of
from sim.sql.session.described import described
from sim.sql.session.translator import translated
from sim.sql.tables.external import external_rows
from sim.sql.tables.faults import explained
from sim.sql.tables.relations import (
    MADE,
    SCRATCH,
    Relation,
    is_local,
    is_path,
    no_table,
    parts_of,
    place_of,
    without_project,
)
from sim.sql.tables.scratch import Scratch
from sim.sql.tables.storage_types import kept_columns
from sim.sql.warehouse import quoted

WAREHOUSE = "warehouse"  # the catalog of the run's own tables
TEMP = "temp"
_DUCKDBS = ("main", "temp", "system", "pg_catalog", "information_schema")  # names of its own, in every file
_DEPTH_MAX = 16  # BigQuery's limit of views in views


class Names:
    """What a session's queries can read. ``note`` is told what a user should know and no answer shows."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        run_dir: Path,
        project: str,
        own: Iterable[Relation],
        note: Callable[[str], None],
        *,
        strict_project: bool = False,
    ) -> None:
        self.connection = connection
        self.project = project
        self.scratch = Scratch(connection, run_dir)
        self.temp: dict[str, Relation] = {}  # temporary tables, by small letters
        self.run = {(item.dataset, item.name): item for item in _tables_of(connection, WAREHOUSE)}
        self.own = {(item.dataset, item.name): item for item in own}
        self._run_dir = run_dir
        self._note = note
        self._strict = strict_project
        self._made = 0
        for dataset, name in self.own:
            if (dataset, name) in self.run:
                raise InputError(
                    f"--table {dataset}.{name}: the run has a table of that name; choose another one"
                )

    def known(self) -> list[Relation]:
        """Everything with a dataset, the run's tables first."""
        return [*self.run.values(), *self.own.values(), *self.scratch.relations()]

    def columns(self) -> dict[str, list[str]]:
        """Names of the columns of everything that has a dataset, by dataset.name, and of temporary tables."""
        rows = self.connection.execute(
            "SELECT database_name, schema_name, table_name, list(column_name ORDER BY column_index) "
            "FROM duckdb_columns() GROUP BY ALL"
        ).fetchall()
        found = {(catalog, dataset, name): columns for catalog, dataset, name, columns in rows}
        named = {f"{item.dataset}.{item.name}": item for item in self.known()}
        named |= {item.name: item for item in self.temp.values()}
        return {
            name: found.get((item.catalog, item.dataset, item.name), [])
            for name, item in sorted(named.items())
        }

    def resolve(self, tree: exp.Expr, depth: int = 0) -> list[Relation]:
        """Give each table of the tree its full name in DuckDB; returns what was found, also in views.

        Views of the user are put in, views of the catalogue and external queries are made. Raises InputError
        for a name that there is not, and for a function in the place of a table.
        """
        refuse_table_functions(tree)
        found: list[Relation] = []
        for node in list(tree.find_all(exp.Table)):
            if isinstance(node.this, exp.Func):
                made = self._external(node)
                self._put(node, made, "external_query")
                found.append(made)
                continue
            parts = parts_of(node)
            if len(parts) == 1 and is_local(node, parts[0]):
                continue
            if len(parts) > 1 and is_path(node, parts[0]):
                continue
            found += self._found(node, parts, depth)
        return found

    def _found(self, node: exp.Table, parts: list[str], depth: int) -> list[Relation]:
        view = self._view(parts)
        if view is not None:
            own = described(self.connection, [*self.own.values(), *self.scratch.relations()], self._columns)
            rows = rows_of(view, self._run_dir, self.project, set(self.run), own)
            made = self._rows(rows)
            self._put(node, made, view.name)
            return [made]
        relation = self.relation(node, parts)
        if relation.text is None:
            self._put(node, relation, relation.name)
            return [relation]
        if depth >= _DEPTH_MAX:
            raise InputError(
                f"view {relation.dataset}.{relation.name}: more than {_DEPTH_MAX} views in views"
            )
        inner = statements_of(relation.text)[0].tree
        below = self.resolve(inner, depth + 1)
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(relation.name, quoted=True))
        if relation.columns and isinstance(inner, exp.Query):
            inner = _renamed(inner, relation.columns)
        node.replace(exp.Subquery(this=inner, alias=alias))
        return below

    def relation(self, node: exp.Table, parts: list[str]) -> Relation:
        """The table or view that a name means. Raises InputError with the nearest names."""
        given, place = ".".join(parts), place_of(node)
        if len(parts) == 1 and parts[0].lower() in self.temp:
            return self.temp[parts[0].lower()]
        parts, project = without_project(parts, self.project)
        self._told(project)
        if len(parts) == 1:
            mine = next(
                (r for r in self.scratch.relations() if (r.dataset, r.name) == (SCRATCH, parts[0])), None
            )
            if mine is None:
                raise no_table(given, parts, [*self.known(), *self.temp.values()], place)
            return mine
        key = (parts[0], parts[1])
        for relations in (self.run, self.own):
            if key in relations:
                return relations[key]
        mine = next((r for r in self.scratch.relations() if (r.dataset, r.name) == key), None)
        if mine is None:
            raise no_table(given, parts, self.known(), place)
        return mine

    def target(self, node: exp.Table) -> tuple[str, str]:
        """(dataset, name) of a table to make, change or drop. Raises InputError for one of the run's."""
        parts, project = without_project(parts_of(node), self.project)
        self._told(project)
        dataset, name = (parts[0], parts[1]) if len(parts) == 2 else (SCRATCH, parts[0])
        taken = {dataset for dataset, _ in (*self.run, *self.own)}
        if dataset in taken or dataset.lower() in _DUCKDBS or dataset.startswith("_"):
            raise InputError(
                f"{dataset}.{name}: {dataset} is read-only; "
                f"allowed: a dataset of your own, such as {SCRATCH}.{name}"
            )
        check_name(dataset)
        check_name(name)
        return dataset, name

    def _told(self, project: str | None) -> None:
        if project is None:
            return
        if self._strict:
            raise InputError(f"project {project} given, allowed: {self.project}, which is this run's")
        self._note(f"project {project} is read as {self.project}, which is this run's")

    def _view(self, parts: list[str]) -> View | None:
        upper = [part.upper() for part in parts]
        if not any(name in upper for name in ("INFORMATION_SCHEMA", "__TABLES__")):
            return None
        position = next(i for i, part in enumerate(upper) if part in ("INFORMATION_SCHEMA", "__TABLES__"))
        if position == 2 and parts[0] != self.project:
            self._told(parts[0])
            parts = [self.project, *parts[1:]]
        return asked_for(parts, self.project, sorted({item.dataset for item in self.known()}))

    def _columns(self, view: Relation) -> dict[str, ValueType]:
        """Columns and types of a view of the user's."""
        tree = exp.select("*").from_(exp.table_(view.name, view.dataset, quoted=True))
        self.resolve(tree)
        with explained():
            return kept_columns(self.connection.sql(translated(tree)))

    def _external(self, node: exp.Table) -> Relation:
        return self._rows(external_rows(self.connection, node.this, self._run_dir))

    def _rows(self, rows: pa.Table) -> Relation:
        """Rows as a temporary table of the session."""
        self._made += 1
        name = f"{MADE}{self._made}"
        self.connection.register("_rows", rows)
        self.connection.execute(f"CREATE TEMP TABLE {quoted(name)} AS SELECT * FROM _rows")
        self.connection.unregister("_rows")
        return Relation("main", name, TEMP)

    def _put(self, node: exp.Table, relation: Relation, name: str) -> None:
        new, alias = relation.node, node.args.get("alias")
        for part in ("this", "db", "catalog"):
            node.set(part, new.args.get(part))
        if alias is None:
            node.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))


def _renamed(query: exp.Query, columns: tuple[str, ...]) -> exp.Query:
    """A view's query with the names that the view gives to its columns."""
    first: exp.Expr = query
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    items = list(first.expressions) if isinstance(first, exp.Select) else []
    if len(items) != len(columns) or any(item.is_star for item in items):
        raise InputError(f"CREATE VIEW: {len(columns)} columns named, the query has {len(items)}")
    first.set(
        "expressions", [exp.alias_(item.unalias(), name) for item, name in zip(items, columns, strict=True)]
    )
    return query


def refuse_table_functions(tree: exp.Expr) -> None:
    """Raise InputError for a function in the place of a table, wherever in a FROM clause it stands."""
    for node in tree.find_all(
        exp.Table, exp.Lateral, exp.TableFromRows, exp.JSONTable, exp.OpenJSON, exp.XMLTable
    ):
        inner = node.this
        if isinstance(node, exp.Lateral) and isinstance(inner, exp.Subquery):
            raise InputError(
                "LATERAL given; BigQuery has no such word, a joined UNNEST sees what stands before it"
            )
        if isinstance(node, exp.Table) and not isinstance(inner, exp.Func):
            continue
        name = (inner.name if isinstance(inner, exp.Anonymous) else "") or inner.sql("bigquery").split("(")[0]
        if isinstance(node, exp.Table) and name.upper() == "EXTERNAL_QUERY":
            continue
        raise InputError(
            f"table function {name} given, allowed: tables, subqueries, UNNEST and EXTERNAL_QUERY"
        )


def check_name(name: str) -> None:
    """Raise InputError for a name that no table or dataset of BigQuery has."""
    if not name or not all(letter.isalnum() or letter in "_- " for letter in name):
        raise InputError(f"name {name!r} given, allowed: letters, digits, _ and -")


def _tables_of(connection: duckdb.DuckDBPyConnection, catalog: str) -> list[Relation]:
    rows = connection.execute(
        "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = $1 AND NOT internal "
        "UNION ALL SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = $1",
        [catalog],
    ).fetchall()
    return [Relation(dataset, name, catalog) for dataset, name in rows]
