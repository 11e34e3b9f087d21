"""Datasets, tables and the view, as ``schemas`` has them."""

from __future__ import annotations

from typing import Any

from google.api_core import exceptions as api
from google.cloud import bigquery

import schemas
from context.errors import InputError
from schemas._model import Table
from sim.sinks.bigquery.connection import CALL_S, Connection
from sim.sinks.bigquery.guard import Findings, datasets_of, labels_of
from sim.sinks.bigquery.target import STAGING, Address
from sim.sinks.cloud import LABEL
from sim.sinks.tables import EXPANDED, Shipment

SYNTHETIC = "Synthetic data made by Termtide: no real person, course or event."
EVENTS_VIEW = ("event_store", "events")
# BigQuery skips partitions by the column itself and may not look through TIMESTAMP(): so it is there too. The
# view's own filter, true of every row, is what lets SQL that filters the TIMESTAMP run at all.
PARTITION_COLUMN = "event_datetime"
_PARTITION_TEXT = "event_time as it is partitioned by, DATETIME in UTC: a filter on it reads only those days."


def fields(table: Table) -> list[Any]:
    """Columns with their descriptions."""
    return [bigquery.SchemaField.from_api_repr(field) for field in schemas.bigquery_schema(table)]


def table_name(connection: Connection, target: Address, dataset: str, table: str) -> str:
    """``project.dataset.table`` as it is called here."""
    return f"{connection.project}.{target.dataset(dataset)}.{table}"


def make_all(connection: Connection, target: Address, shipment: Shipment, findings: Findings) -> None:
    """Make what is missing. Raises InputError for a table that is there and isn't ours."""
    labels = labels_of(shipment)
    for dataset in datasets_of(shipment):
        if dataset not in findings.present:
            _make_dataset(connection, target, dataset, findings.location, labels)
        there = _tables(connection, target, dataset)
        wanted = sorted(name for owner, name in shipment.tables if owner == dataset)
        for name in ["loads"] if dataset == schemas.META else wanted:
            called = table_name(connection, target, dataset, name)
            if name not in there:
                make_table(connection, called, schemas.table(dataset, name), labels)
            elif there[name].get(LABEL) != "true":
                raise InputError(
                    f"table {called}: exists without the label {LABEL}=true, so others may rely on it; "
                    f"give the dataset another name: &{dataset}=NAME"
                )
            elif (dataset, name) == EXPANDED:
                _check_partitions(connection, called, schemas.table(dataset, name))
    if EXPANDED in shipment.tables:
        _make_view(connection, target, labels)


def staging_days(connection: Connection, target: Address) -> list[str]:
    """Staging tables that are there."""
    return [name for name in _tables(connection, target, schemas.META) if name.startswith(f"{STAGING}_")]


def delete_table(connection: Connection, called: str) -> None:
    """Delete a table unless it is gone."""
    connection.call(
        f"table {called}",
        lambda: connection.client.delete_table(called, retry=None, timeout=CALL_S, not_found_ok=True),
    )


def _make_dataset(
    connection: Connection, target: Address, name: str, location: str, labels: dict[str, str]
) -> None:
    dataset = bigquery.Dataset(f"{connection.project}.{target.dataset(name)}")
    dataset.location, dataset.labels = location, labels
    dataset.description = f"{name} of the Unizin Data Platform. {SYNTHETIC}"
    if name == schemas.META:
        dataset.description = f"What Termtide has delivered to this project. {SYNTHETIC}"
    connection.call(
        f"dataset {target.dataset(name)}",
        lambda: connection.client.create_dataset(dataset, exists_ok=True, retry=None, timeout=CALL_S),
    )


def _tables(connection: Connection, target: Address, dataset: str) -> dict[str, dict[str, str]]:
    """Labels of every table of a dataset, by name."""
    called = f"{connection.project}.{target.dataset(dataset)}"
    listed = connection.call(
        f"dataset {called}",
        lambda: list(connection.client.list_tables(called, retry=None, timeout=CALL_S)),
    )
    return {table.table_id: dict(table.labels) for table in listed}


def make_table(
    connection: Connection, called: str, contract: Table, labels: dict[str, str], *, plain: bool = False
) -> None:
    """Make a table unless it is there; ``plain`` leaves partitions and clusters out."""
    if (contract.dataset, contract.name) == EVENTS_VIEW:
        return
    table = bigquery.Table(called, fields(contract))
    table.labels, table.description = labels, f"{contract.description} {SYNTHETIC}"
    if contract.partition_by and not plain:
        table.time_partitioning = bigquery.TimePartitioning(field=contract.partition_by)
        table.require_partition_filter = contract.require_partition_filter
    if contract.cluster_by and not plain:
        table.clustering_fields = list(contract.cluster_by)
    connection.call(
        f"table {called}",
        lambda: connection.client.create_table(table, exists_ok=True, retry=None, timeout=CALL_S),
    )


def _check_partitions(connection: Connection, called: str, contract: Table) -> None:
    """A table made by other hands, or by an older version, may not be what days can be loaded into."""
    table = connection.call(
        f"table {called}", lambda: connection.client.get_table(called, retry=None, timeout=CALL_S)
    )
    partitioning = table.time_partitioning
    if partitioning is None or partitioning.field != contract.partition_by:
        raise InputError(f"table {called}: not partitioned by {contract.partition_by}; drop it")
    found, wanted = [field.name for field in table.schema], list(contract.names)
    if found != wanted:
        odd = sorted(set(found) ^ set(wanted)) or ["their order"]
        raise InputError(f"table {called}: has other columns than its contract ({odd[0]}); drop it")


def _make_view(connection: Connection, target: Address, labels: dict[str, str]) -> None:
    """Make the view or bring it up to date; its columns can only be described once it is there."""
    contract, called = schemas.table(*EVENTS_VIEW), table_name(connection, target, *EVENTS_VIEW)
    terms = ", ".join(f"{term} AS {name}" for name, term in schemas.events_columns("bigquery").items())
    source = table_name(connection, target, *EXPANDED)
    view = bigquery.Table(called)
    view.view_query = (
        f"SELECT {terms}, event_time AS {PARTITION_COLUMN} FROM `{source}` "
        "WHERE event_time >= DATETIME '1000-01-01'"
    )
    view.labels, view.description = labels, f"{contract.description} {SYNTHETIC}"
    if _is_there(connection, view):
        return
    connection.call(
        f"view {called}",
        lambda: connection.client.create_table(view, exists_ok=True, retry=None, timeout=CALL_S),
    )
    view.schema = [
        bigquery.SchemaField(column.name, column.type, description=column.description)
        for column in contract.columns
    ] + [bigquery.SchemaField(PARTITION_COLUMN, "DATETIME", description=_PARTITION_TEXT)]
    connection.call(
        f"view {called}",
        lambda: connection.client.update_table(
            view, ["schema", "view_query", "description", "labels"], retry=None, timeout=CALL_S
        ),
    )


def _is_there(connection: Connection, view: Any) -> bool:
    """Whether the view is there as it should be."""
    try:
        found = connection.call(
            f"view {view.table_id}",
            lambda: connection.client.get_table(view.reference, retry=None, timeout=CALL_S),
        )
    except api.NotFound:
        return False
    facts = (found.view_query, found.labels, found.description)
    return facts == (view.view_query, view.labels, view.description) and bool(found.schema[-1].description)


def bigquery_literal(text: str) -> str:
    """A text as a literal of GoogleSQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
