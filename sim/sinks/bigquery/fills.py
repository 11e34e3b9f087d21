"""Rows that BigQuery makes of what it has: a query's rows in place of a table's, in one transaction."""

from __future__ import annotations

import re

import schemas
from sim.sinks.bigquery.connection import Connection
from sim.sinks.bigquery.make import table_name
from sim.sinks.bigquery.target import Address
from sim.sinks.tables import Fill

_TABLE = re.compile(rf"(?<![\w.`])({'|'.join((*schemas.DATASETS, *schemas.MART_DATASETS))})\.(\w+)")


def fill_table(connection: Connection, target: Address, what: Fill) -> int:
    """Replace a table's rows, or those of a span of days; returns their number. Raises RunError."""
    called = f"`{table_name(connection, target, what.dataset, what.table)}`"
    columns = ", ".join(f"`{column}`" for column in what.columns)
    where, dates = "TRUE", dict(what.parameters)
    if what.span is not None:
        column, first, last = what.span
        where = f"DATE(`{column}`) BETWEEN '{first}' AND '{last}'"
    connection.query(
        what.name,
        "BEGIN TRANSACTION;\n"
        f"DELETE FROM {called} WHERE {where};\n"
        f"INSERT INTO {called} ({columns})\n{named(connection, target, what.bigquery)};\n"
        "COMMIT TRANSACTION;",
        dates,
    )
    rows = connection.query(what.name, f"SELECT COUNT(*) AS number FROM {called} WHERE {where}")
    return int(rows[0][0])


def named(connection: Connection, target: Address, sql: str) -> str:
    """A query whose tables have the names that they have here."""
    return _TABLE.sub(lambda found: f"`{table_name(connection, target, found[1], found[2])}`", sql)
