"""BigQuery SQL on a run: ``run_sql`` translates one query, runs it read-only in DuckDB and returns Arrow.

Tables go by one project (the scenario's), their dataset and name: `project.dataset.table`, with backticks
round the whole, round each part or round none; the project may be left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from context.errors import InputError, RunError, TermtideError
from sim.folder.duckdb_paths import duckdb_folder
from sim.sql.information_schema import View, asked_for, rows_of
from sim.sql.translate import parse, to_duckdb
from sim.sql.values import MACROS
from sim.sql.warehouse import literal, open_run, quoted

_CATALOG = "warehouse"
Parameters = Mapping[str, object] | Sequence[object]


def run_sql(run_dir: Path, project: str, text: str, params: Parameters | None = None) -> pa.Table:
    """The result of one query in BigQuery's dialect; ``project`` is that of the run's scenario.

    ``params`` are named (@name) or positional (?). INT64 comes as int64, STRING as string, NUMERIC as
    decimal128(38, 9), DATE as date32, DATETIME as timestamp[us], TIMESTAMP as timestamp[us, UTC]. Raises
    InputError for what is wrong with the query, with line and column, near matches or what is allowed.
    """
    tree = parse(text)
    _check_parameters(tree, params)
    with open_run(run_dir, _CATALOG) as connection:
        known = _known_tables(connection)
        for view in _name_tables(tree, project, known):
            _make_view(connection, view, rows_of(view, run_dir, project, known))
        statement = to_duckdb(tree)
        _lock(connection, run_dir)
        return _widened(_execute(connection, statement, params))


def _make_view(connection: duckdb.DuckDBPyConnection, view: View, rows: pa.Table) -> None:
    """A table of the session with the rows of a view of the catalogue."""
    connection.register("_rows", rows)
    connection.execute(f"CREATE TEMP TABLE {quoted(view.table)} AS SELECT * FROM _rows")
    connection.unregister("_rows")


def _lock(connection: duckdb.DuckDBPyConnection, run_dir: Path) -> None:
    """From here on the session reads files of the run and no others, and no setting can change that."""
    connection.execute(MACROS)
    folder = literal(duckdb_folder(run_dir))
    for setting in (
        f"allowed_directories = [{folder}]",
        "enable_external_access = false",
        "autoload_known_extensions = false",
        "autoinstall_known_extensions = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")


def _execute(connection: duckdb.DuckDBPyConnection, text: str, params: Parameters | None) -> pa.Table:
    try:
        statements = connection.extract_statements(text)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise InputError("allowed: one query (SELECT or WITH); runs are read-only")
        return connection.sql(text, params=params).to_arrow_table()
    except duckdb.IOException as error:
        raise RunError(f"the run's files can't be read: {_first_line(error)}") from error
    except duckdb.OutOfMemoryException as error:
        raise RunError(f"the query needs more memory than there is: {_first_line(error)}") from error
    except duckdb.Error as error:
        raise _explained(error) from error


def _check_parameters(tree: exp.Query, params: Parameters | None) -> None:
    """DuckDB's own words about parameters are hard to read."""
    named = sorted({str(node.name) for node in tree.find_all(exp.Parameter)})
    positional = len(list(tree.find_all(exp.Placeholder)))
    given = sorted(params) if isinstance(params, Mapping) else []
    count = 0 if params is None or isinstance(params, Mapping) else len(params)
    if named != given or positional != count:
        wanted = ", ".join([f"@{name}" for name in named] or [f"{positional} positional"])
        got = ", ".join([f"@{name}" for name in given] or [f"{count} positional"])
        raise InputError(f"parameters: the query has {wanted}; given: {got}")


def _known_tables(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """(dataset, table) of everything in the warehouse."""
    rows = connection.execute(
        "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = $1 AND NOT internal "
        "UNION ALL SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = $1",
        [_CATALOG],
    ).fetchall()
    return {(dataset, name) for dataset, name in rows}


def _name_tables(tree: exp.Query, project: str, known: set[tuple[str, str]]) -> set[View]:
    """Give each table of the query its full name in DuckDB; returns the views of the catalogue among them.

    Raises InputError for one that isn't there.
    """
    views = set()
    for node in list(tree.find_all(exp.Table)):
        if isinstance(node.this, exp.Func):
            name = node.this.sql("bigquery").split("(")[0]
            raise InputError(f"table function {name} given, allowed: tables, subqueries and UNNEST")
        parts = ".".join(part.name for part in node.parts).split(".")
        if len(parts) == 1 and _is_local(node, parts[0]):
            continue
        view = asked_for(parts, project, sorted({dataset for dataset, _ in known}))
        if view is not None:
            views.add(view)
            name, new = view.name, exp.table_(view.table, "main", "temp", quoted=True)
        else:
            dataset, name = _table_name(parts, project, known)
            new = exp.table_(name, dataset, _CATALOG, quoted=True)
        alias = node.args.get("alias")
        node.set("this", new.this)
        node.set("db", new.args["db"])
        node.set("catalog", new.args["catalog"])
        if alias is None:
            node.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    return views


def _is_local(node: exp.Table, name: str) -> bool:
    """True for the name of a WITH clause round the table."""
    above = node.parent
    while above is not None:
        if isinstance(above, exp.Query) and name.lower() in (cte.alias.lower() for cte in above.ctes):
            return True
        above = above.parent
    return False


def _table_name(parts: list[str], project: str, known: set[tuple[str, str]]) -> tuple[str, str]:
    given = ".".join(parts)
    if len(parts) == 3 and parts[0] != project:
        raise InputError(f"project {parts[0]} given, allowed: {project}, which is this run's")
    if len(parts) > 3:
        raise InputError(f"table {given} given, allowed: dataset.table or {project}.dataset.table")
    if len(parts) >= 2 and (parts[-2], parts[-1]) in known:
        return parts[-2], parts[-1]
    raise InputError(f"no table named {given}; {_near_tables(parts, known)}")


def _near_tables(parts: list[str], known: set[tuple[str, str]]) -> str:
    """Tables of that or nearly that name, of the dataset that was given if there is one like it."""
    datasets = sorted({dataset for dataset, _ in known})
    meant = get_close_matches(parts[-2].lower(), datasets, n=1, cutoff=0.7) if len(parts) > 1 else datasets
    names = sorted({name for dataset, name in known if dataset in meant})
    near = get_close_matches(parts[-1].lower(), names, n=1, cutoff=0.6)
    found = [f"{dataset}.{name}" for dataset, name in sorted(known) if dataset in meant and name in near]
    return f"did you mean {' or '.join(found)}?" if found else f"datasets: {', '.join(datasets)}"


_NOT_FOUND = (
    (re.compile(r'Referenced column "([^"]+)" (?:was )?not found'), "column named {}"),
    (re.compile(r'does not have a column named "([^"]+)"'), "column named {}"),
    (re.compile(r"Could not find key \"?([^\"\n]+?)\"? in struct", re.IGNORECASE), "field named {}"),
    (re.compile(r"Function with name \"?(\w+)\"? does not exist"), "function named {} here"),
)


def _explained(error: duckdb.Error) -> TermtideError:
    """DuckDB's error about a query in one line of our own; it is the query that is wrong."""
    text = str(error)
    for pattern, what in _NOT_FOUND:
        if found := pattern.search(text):
            near = get_close_matches(found[1].lower(), _candidates(text), n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            return InputError(f"no {what.format(found[1])}{hint}")
    return InputError(_first_line(error))


def _candidates(text: str) -> list[str]:
    """What DuckDB proposes: quoted names after its error's first sentence."""
    found = re.search(r"(?:Candidate[^:]*:|Did you mean)(.*)", text, re.DOTALL)
    tail = found[1].split("LINE ")[0] if found else ""
    return list(dict.fromkeys(name.split(".")[-1] for name in re.findall(r'"([^"]+)"', tail)))


def _first_line(error: Exception) -> str:
    line = str(error).strip().splitlines()[0]
    return re.sub(r"^(Binder|Catalog|Parser|Conversion|Invalid Input|Out of Range|IO) Error: ", "", line)


def _widened(table: pa.Table) -> pa.Table:
    """INT64 and FLOAT64 are BigQuery's only such types; DuckDB has narrower ones, and sums in 128 bits."""
    for i, field in enumerate(table.schema):
        whole = pa.types.is_integer(field.type) or field.type == pa.decimal128(38, 0)
        kind = pa.int64() if whole else pa.float64() if pa.types.is_floating(field.type) else field.type
        if kind != field.type:
            table = table.set_column(i, field.with_type(kind), pc.cast(table.column(i), kind))
    return table
