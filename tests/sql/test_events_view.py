"""``event_store.events``: one text, whose columns are the contract's in both dialects."""

from __future__ import annotations

import duckdb
import pytest
import sqlglot
from sqlglot import exp

import schemas

ROW = """
    SELECT 'urn:uuid:a' AS id, 'Event' AS type, 'Viewed' AS action,
        TIMESTAMP '2026-09-01 12:00:00' AS event_time,
        {'id': 'b', 'json': '{"id": "c"}'} AS ed_app,
        {'id': 'd'} AS "group", {'id': 'e'} AS actor,
        '{}' AS event, {'udp_id': 7} AS course_offering, {'udp_id': 8} AS person"""


@pytest.mark.parametrize("dialect", ["bigquery", "duckdb"])
def test_columns_are_those_of_the_contract(dialect: str) -> None:
    """The file names every column of the table, in order, once, and reads in the dialect."""
    columns = schemas.events_columns(dialect)  # type: ignore[arg-type]
    assert tuple(columns) == schemas.table("event_store", "events").names
    for expression in columns.values():
        assert sqlglot.parse_one(expression, read=dialect)


def test_dialects_read_the_same_parts() -> None:
    """What DuckDB spells otherwise is a function or a quote, never another column."""
    for name, text in schemas.events_columns("bigquery").items():
        trees = [
            sqlglot.parse_one(text, read="bigquery"),
            sqlglot.parse_one(schemas.events_columns("duckdb")[name], read="duckdb"),
        ]
        parts = [
            [node.sql("duckdb").replace('"', "") for node in tree.find_all(exp.Column)] for tree in trees
        ]
        assert parts[0] == parts[1]


@pytest.mark.parametrize("zone", ["UTC", "America/Detroit", "Pacific/Auckland"])
def test_an_instant_is_that_of_utc(zone: str) -> None:
    """DATETIMEs are UTC, whatever the session's time zone; ids are bare, the tool's own id goes first."""
    columns = ", ".join(f"{term} AS {name}" for name, term in schemas.events_columns("duckdb").items())
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{zone}'")
        connection.execute(f"CREATE VIEW expanded AS {ROW}")
        row = connection.execute(
            f"SELECT id, epoch_ms(event_time), epoch_ms(store_time), ed_app, course_offering_id, actor_id, "
            f"ucdm_course_offering_id, ucdm_actor_id FROM (SELECT {columns} FROM expanded)"
        ).fetchone()
    noon_ms = 1_788_264_000_000
    assert row == ("a", noon_ms, noon_ms, "c", "d", "e", 7, 8)
