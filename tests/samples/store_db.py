"""Stores in DuckDB, for tests that ask them with SQL."""

from __future__ import annotations

from functools import cache

import duckdb

from context.store.store import Store
from tests.samples.tiny import TINY, store_of


def loaded(store: Store) -> duckdb.DuckDBPyConnection:
    """One schema per dataset, the entities' first on the search path."""
    connection = duckdb.connect()
    for dataset, name, table in store.datasets():
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {dataset}")
        connection.register("incoming", table)
        connection.execute(f'CREATE TABLE {dataset}."{name}" AS SELECT * FROM incoming')
        connection.unregister("incoming")
    connection.execute("SET search_path = 'context_store_entity'")
    return connection


@cache
def store_db() -> duckdb.DuckDBPyConnection:
    """The tiny store, made once per test process."""
    return loaded(store_of(TINY))


def count(sql: str) -> int:
    """The one number that a query on the tiny store gives."""
    row = store_db().execute(sql).fetchone()
    assert row is not None
    return int(row[0])
