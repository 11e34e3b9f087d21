"""The one place where sessions hand queries to the rules that turn BigQuery's dialect into DuckDB's."""

from __future__ import annotations

import duckdb
from sqlglot import exp

from sim.sql.translate import to_duckdb
from sim.sql.values import MACROS


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make what translated queries call, before the connection is locked."""
    connection.execute(MACROS)


def translated(tree: exp.Query) -> str:
    """A query, its tables under their full names, in DuckDB's dialect. Raises InputError."""
    return to_duckdb(tree)
