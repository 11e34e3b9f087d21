"""BigQuery SQL on a run: ``run_sql`` translates one query, runs it read-only in DuckDB and returns Arrow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from context.errors import InputError, RunError
from sim.sql.grammar.catalog import Surroundings
from sim.sql.grammar.parse import parse_query
from sim.sql.grammar.types import (
    BOOL,
    BYTES,
    DATE,
    DATETIME,
    FLOAT64,
    INT64,
    NUMERIC,
    STRING,
    TIME,
    TIMESTAMP,
    Type,
    array_of,
)
from sim.sql.run_tables import RunTables
from sim.sql.translate import Translated, explained, install, translate
from sim.sql.warehouse import literal, open_run

_CATALOG = "warehouse"
Parameters = Mapping[str, object] | Sequence[object]


def run_sql(run_dir: Path, project: str, text: str, params: Parameters | None = None) -> pa.Table:
    """The result of one query in BigQuery's dialect; ``project`` is that of the run's scenario.

    ``params`` are named (@name) or positional (?). INT64 comes as int64, STRING as string, NUMERIC as
    decimal128(38, 9), DATE as date32, DATETIME as timestamp[us], TIMESTAMP as timestamp[us, UTC]. Raises
    InputError for what is wrong with the query, with line and column, near matches or what is allowed.
    """
    tree = parse_query(text)
    _check_parameters(tree, params)
    with open_run(run_dir, _CATALOG) as connection:
        tables = RunTables(connection, run_dir, project, _CATALOG)
        translated = translate(tree, Surroundings(tables, _kinds(params)))
        install(connection, translated)
        _lock(connection, run_dir)
        return _widened(_execute(connection, translated, params))


_KINDS: tuple[tuple[type, Type], ...] = (
    (bool, BOOL),
    (int, INT64),
    (float, FLOAT64),
    (Decimal, NUMERIC),
    (bytes, BYTES),
    (datetime, DATETIME),
    (date, DATE),
    (time, TIME),
)


def _kinds(params: Parameters | None) -> Mapping[str, Type] | Sequence[Type]:
    """The types of parameters, as BigQuery has them."""
    if isinstance(params, Mapping):
        return {name: _kind(value) for name, value in params.items()}
    return [_kind(value) for value in params or ()]


def _kind(value: object) -> Type:
    if isinstance(value, list | tuple):
        return array_of(_kind(value[0]) if value else STRING)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return TIMESTAMP
    return next((kind for python, kind in _KINDS if isinstance(value, python)), STRING)


def _lock(connection: duckdb.DuckDBPyConnection, run_dir: Path) -> None:
    """From here on the session reads files of the run and no others, and no setting can change that."""
    folder = literal(str(run_dir.resolve()))
    for setting in (
        f"allowed_directories = [{folder}]",
        "enable_external_access = false",
        "autoload_known_extensions = false",
        "autoinstall_known_extensions = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")


def _execute(connection: duckdb.DuckDBPyConnection, query: Translated, params: Parameters | None) -> pa.Table:
    try:
        statements = connection.extract_statements(query.duckdb_sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise InputError("allowed: one query (SELECT or WITH); runs are read-only")
        return connection.sql(query.duckdb_sql, params=_bound(query, params)).to_arrow_table()
    except duckdb.IOException as error:
        raise RunError(f"the run's files can't be read: {_first_line(error)}") from error
    except duckdb.OutOfMemoryException as error:
        raise RunError(f"the query needs more memory than there is: {_first_line(error)}") from error
    except duckdb.Error as error:
        raise explained(error) from error


def _bound(query: Translated, params: Parameters | None) -> dict[str, object] | None:
    """The parameters that the query uses, as DuckDB calls them."""
    if params is None:
        return None
    pairs = params.items() if isinstance(params, Mapping) else enumerate(params, 1)
    given = {str(name).lower(): value for name, value in pairs}
    return {name: given[name] for name in query.parameters}


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
