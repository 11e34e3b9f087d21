"""The tiny store in DuckDB, for tests that ask it with SQL."""

from __future__ import annotations

from functools import cache

import duckdb

from tests.tiny import TINY, store_of


@cache
def store_db() -> duckdb.DuckDBPyConnection:
    """One schema per dataset, the entities' first on the search path; made once per test process."""
    connection = duckdb.connect()
    for dataset, name, table in store_of(TINY).datasets():
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {dataset}")
        connection.register("incoming", table)
        connection.execute(f'CREATE TABLE {dataset}."{name}" AS SELECT * FROM incoming')
        connection.unregister("incoming")
    connection.execute("SET search_path = 'context_store_entity'")
    return connection


def count(sql: str) -> int:
    """The one number that a query gives."""
    row = store_db().execute(sql).fetchone()
    assert row is not None
    return int(row[0])
