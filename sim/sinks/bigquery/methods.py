"""How a day is replaced: by the partition decorator of a load job, or by a transaction from a staging table.

BigQuery does the first: one free, atomic job per day, any number of them at once. Some servers that speak its
protocol take such a job and put the rows elsewhere, or refuse it; they are asked by trying.
"""

from __future__ import annotations

import io
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from google.api_core import exceptions as api
from google.cloud import bigquery

import schemas
from context.errors import TermtideError
from schemas._model import Table
from sim.sinks.bigquery.connection import CALL_S, Connection
from sim.sinks.bigquery.make import delete_table, table_name
from sim.sinks.bigquery.target import Address

_PROBE = "probe"
_PROBE_DAY = date(2000, 1, 1)


def choose_method(connection: Connection, target: Address, method: str) -> str:
    """``decorator`` or ``transaction``; ``auto`` tries the first one out unless this is Google's service."""
    if method != "auto":
        return method
    if not connection.host:
        return "decorator"
    return "decorator" if _has_decorator(connection, target) else "transaction"


def replace_day(
    connection: Connection, name: str, contract: Table, called: str, staging: str, day: date
) -> None:
    """Put the rows of a staging table in a day's place, all or nothing. Raises NotFound without staging."""
    column = contract.partition_by
    names = ", ".join(f"`{one}`" for one in contract.names)
    connection.query(
        name,
        "BEGIN TRANSACTION; "
        f"DELETE FROM `{called}` WHERE `{column}` >= DATETIME '{day}' "
        f"AND `{column}` < DATETIME '{day + timedelta(1)}'; "
        f"INSERT INTO `{called}` ({names}) SELECT {names} FROM `{staging}`; "
        "COMMIT TRANSACTION;",
    )


def _has_decorator(connection: Connection, target: Address) -> bool:
    """Whether a row loaded into a partition of a table twice is in the table once."""
    probe = table_name(connection, target, schemas.META, _PROBE)
    day = f"{probe}${_PROBE_DAY:%Y%m%d}"
    field = bigquery.SchemaField("at", "DATETIME")
    table = bigquery.Table(probe, [field])
    table.time_partitioning = bigquery.TimePartitioning(field="at")
    table.labels = connection.labels
    config = bigquery.LoadJobConfig(
        source_format="PARQUET", write_disposition="WRITE_TRUNCATE", schema=[field], labels=connection.labels
    )
    try:
        connection.call(probe, lambda: connection.client.create_table(table, exists_ok=True, timeout=CALL_S))
        for _ in range(2):
            connection.call(probe, lambda: _load_row(connection, day, config))
        rows = connection.query(probe, f"SELECT COUNT(*) AS number FROM `{probe}`")
        return int(rows[0][0]) == 1
    except (TermtideError, api.GoogleAPICallError):
        return False
    finally:
        for called in (day, probe):
            try:
                delete_table(connection, called)
            except TermtideError:
                continue


def _load_row(connection: Connection, destination: str, config: Any) -> None:
    file = io.BytesIO()
    moment = datetime(_PROBE_DAY.year, _PROBE_DAY.month, _PROBE_DAY.day, 12)  # noqa: DTZ001 - a DATETIME
    pq.write_table(pa.table({"at": pa.array([moment], pa.timestamp("us"))}), file)
    job = connection.client.load_table_from_file(
        file, destination, rewind=True, size=file.tell(), job_config=config, timeout=CALL_S
    )
    job.result(timeout=CALL_S)
