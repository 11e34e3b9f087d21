"""The tables of a DuckDB session under their names there, with the types that BigQuery would give them."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import duckdb
from sqlglot import exp

from context.errors import InputError
from sim.sql.grammar.catalog import Relation, Surroundings
from sim.sql.grammar.types import (
    BOOL,
    BYTES,
    DATE,
    DATETIME,
    FLOAT64,
    INT64,
    INTERVAL,
    JSON,
    NUMERIC,
    STRING,
    TIME,
    TIMESTAMP,
    Type,
    array_of,
    struct_of,
)
from sim.sql.grammar.values import name_sql
from sim.sql.translate import install, translate

_SCALARS = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), INT64),
    **dict.fromkeys(("INT", "UINT", "HUGEINT", "INT128", "UBIGINT"), INT64),
    **dict.fromkeys(("FLOAT", "DOUBLE"), FLOAT64),
    **dict.fromkeys(("VARCHAR", "TEXT", "UUID", "ENUM"), STRING),
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMPNTZ", "DATETIME"), DATETIME),
    "TIMESTAMPTZ": TIMESTAMP,
    "BOOLEAN": BOOL,
    "BLOB": BYTES,
    "VARBINARY": BYTES,
    "DECIMAL": NUMERIC,
    "DATE": DATE,
    "TIME": TIME,
    "JSON": JSON,
    "INTERVAL": INTERVAL,
}


class SessionTables:
    """Tables and views of a session, by name, or by schema and name."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def relation(self, path: Sequence[str]) -> Relation:
        """The table of a name. Raises InputError for one that is not there."""
        sql = ".".join(map(name_sql, path))
        try:
            rows = self.connection.execute(f"DESCRIBE {sql}").fetchall()
        except duckdb.CatalogException as error:
            names = [
                row[0] for row in self.connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
            ]
            near = get_close_matches(path[-1], names, n=1, cutoff=0.6)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise InputError(f"no table named {'.'.join(path)}{hint}") from error
        columns = tuple((str(row[0]), type_of_duckdb(str(row[1]))) for row in rows)
        # Narrow numbers are INT64 and FLOAT64 to BigQuery, so they are made so first of all.
        casts = ", ".join(
            f"CAST({name_sql(name)} AS {kind.duckdb}) AS {name_sql(name)}" for name, kind in columns
        )
        return Relation(path[-1], f"(SELECT {casts} FROM {sql})", columns, ".".join(path))


def session_sql(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """BigQuery SQL over a session's tables, rewritten; the session gets what it calls."""
    translated = translate(query, Surroundings(SessionTables(connection)))
    install(connection, translated)
    return translated.duckdb_sql


def type_of_duckdb(text: str) -> Type:
    """The type in BigQuery that holds a DuckDB type. Raises InputError for one that none holds."""
    return _type(exp.DataType.build(text, dialect="duckdb"), text)


def _type(node: exp.DataType, text: str) -> Type:
    kind = node.this if isinstance(node.this, str) else str(node.this.value)
    if kind in ("ARRAY", "LIST"):
        return array_of(_type(node.expressions[0], text))
    if kind == "STRUCT":
        return struct_of((field.name, _type(field.args["kind"], text)) for field in node.expressions)
    if kind not in _SCALARS:
        raise InputError(f"a column of type {text} has no type in BigQuery")
    return _SCALARS[kind]
