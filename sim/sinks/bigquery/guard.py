"""What is looked at before anything is written: project, labels, locations, permissions, expirations."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from google.api_core import exceptions as api
from google.auth.transport.requests import AuthorizedSession
from google.cloud import bigquery

import schemas
from context.arrays import DAY_MS
from context.errors import InputError, RunError
from sim.sinks.bigquery.connection import CALL_S, Connection, words
from sim.sinks.bigquery.target import Address
from sim.sinks.cloud import LABEL
from sim.sinks.tables import Shipment, TableOptions

DEFAULT_LOCATION = "US"  # BigQuery's own
_RESOURCE_MANAGER = "https://cloudresourcemanager.googleapis.com/v1/projects"
_TABLE_PERMISSIONS = ("bigquery.tables.getData", "bigquery.tables.updateData", "bigquery.tables.update")
_Session: Any = AuthorizedSession


@dataclass(frozen=True)
class Findings:
    """How the destination was found."""

    location: str
    present: frozenset[str]  # UDP names of datasets that exist
    foreign: frozenset[str]  # of those, the ones that aren't labelled ours and were named
    lines: tuple[str, ...]  # for the user


def labels_of(shipment: Shipment) -> dict[str, str]:
    """What everything we make is labelled with."""
    return {
        LABEL: "true",
        "run": _label(shipment.run),
        "seed": _label(str(shipment.seed)),
        "pack": _label(shipment.pack),
    }


def datasets_of(shipment: Shipment) -> list[str]:
    """UDP names of the datasets of a shipment, and our own."""
    return [*sorted({dataset for dataset, _ in shipment.tables}), schemas.META]


def check(connection: Connection, target: Address, shipment: Shipment, options: TableOptions) -> Findings:
    """Look at everything that is there. Raises InputError for what the user can mend, RunError."""
    names = {name: target.dataset(name) for name in datasets_of(shipment)}
    for given in options.allow_unlabelled:
        if given not in names.values():
            raise InputError(
                f"--allow-unlabelled {given}: names another dataset, allowed: {', '.join(names.values())}"
            )
    _check_jobs(connection)
    found = {name: _get(connection, called) for name, called in names.items()}
    present = {name: dataset for name, dataset in found.items() if dataset is not None}
    foreign = {
        name
        for name, dataset in present.items()
        if not _is_ours(connection, dataset, shipment, options.allow_unlabelled)
    }
    location = _location(connection, target, present.values())
    connection.location = location
    lines = [line for dataset in present.values() for line in _expirations(dataset)]
    missing = [names[name] for name in names if name not in present]
    _check_tables(connection, target, present)
    if missing:
        lines.append(f"datasets to be made in {location}: {', '.join(missing)}")
        if not connection.host:
            lines += _check_project(connection)
    return Findings(location, frozenset(present), frozenset(foreign), tuple(lines))


def _check_jobs(connection: Connection) -> None:
    """A query that is only planned tells whether the project is there and jobs may be run in it."""
    config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
    try:
        connection.call(
            f"project {connection.project}",
            lambda: connection.client.query("SELECT 1", config, retry=None, job_retry=None, timeout=CALL_S),
        )
    except api.NotFound as error:
        raise InputError(
            f"project {connection.project}: not found, or not to be seen by {connection.account}"
        ) from error


def _get(connection: Connection, called: str) -> Any:
    try:
        return connection.call(
            f"dataset {called}",
            lambda: connection.client.get_dataset(
                f"{connection.project}.{called}", retry=None, timeout=CALL_S
            ),
        )
    except api.NotFound as error:
        if words(error).startswith("Not found: Project"):
            raise InputError(
                f"project {connection.project}: not found, or not to be seen by {connection.account}"
            ) from error
        return None


def _is_ours(connection: Connection, dataset: Any, shipment: Shipment, allowed: Collection[str]) -> bool:
    called = dataset.dataset_id
    if dataset.labels.get(LABEL) != "true":
        if called in allowed:
            return False
        raise InputError(
            f"dataset {connection.project}.{called}: exists without the label {LABEL}=true, so others may "
            f"rely on it; choose another &prefix=, or say --allow-unlabelled {called}"
        )
    run, wanted = dataset.labels.get("run"), labels_of(shipment)["run"]
    if run is None:  # made for us by others, Terraform say: it is that run's whose tables are in it
        run = _run_of_tables(connection, called, wanted)
    if run != wanted:
        raise InputError(
            f"dataset {connection.project}.{called}: holds the run {run}, given: {wanted}; choose another "
            f"&prefix=, or remove that one: termtide drop bigquery://{connection.project} --run {run}"
        )
    return True


def _run_of_tables(connection: Connection, called: str, wanted: str) -> str:
    """Another run than the wanted one that has tables in a dataset, or else the wanted one."""
    listed = connection.call(
        f"dataset {called}",
        lambda: list(
            connection.client.list_tables(f"{connection.project}.{called}", retry=None, timeout=CALL_S)
        ),
    )
    runs = {str(table.labels["run"]) for table in listed if "run" in table.labels}
    return min(runs - {wanted}, default=wanted)


def _location(connection: Connection, target: Address, present: Collection[Any]) -> str:
    wanted = target.location
    given = f"location={wanted} was given" if wanted else "others are in {}"
    for dataset in present:
        where = dataset.location or DEFAULT_LOCATION
        wanted = wanted or where
        if where.lower() != wanted.lower():
            raise InputError(
                f"dataset {connection.project}.{dataset.dataset_id}: is in {where}, "
                f"but {given.format(wanted)}; a dataset can't be moved, and all must be in one place"
            )
    return wanted or DEFAULT_LOCATION


def _expirations(dataset: Any) -> list[str]:
    """Defaults of a dataset that would delete what is delivered."""
    lines = []
    for what, milliseconds in (
        ("partitions older than", dataset.default_partition_expiration_ms),
        ("tables after", dataset.default_table_expiration_ms),
    ):
        if milliseconds:
            lines.append(
                f"warning: dataset {dataset.dataset_id} deletes {what} {int(milliseconds) / DAY_MS:g} days "
                "by default: past days of a term may vanish as soon as they are loaded; clear that expiration"
            )
    return lines


def _check_tables(connection: Connection, target: Address, present: Collection[str]) -> None:
    """Where tables are there already, rows may be read and replaced in them."""
    for dataset, table in (("event_store", "expanded"), (schemas.META, "loads")):
        if dataset not in present:
            continue
        called = f"{connection.project}.{target.dataset(dataset)}.{table}"

        def test(called: str = called) -> Any:
            return connection.client.test_iam_permissions(
                called, _TABLE_PERMISSIONS, retry=None, timeout=CALL_S
            )

        try:
            granted = connection.call(f"table {called}", test)
        except (api.NotFound, RunError):
            continue  # not made yet, or a server without permissions
        missing = [one for one in _TABLE_PERMISSIONS if one not in granted.get("permissions", ())]
        if missing:
            raise InputError(
                f"table {called}: {connection.account} lacks {', '.join(missing)} "
                "(role roles/bigquery.dataEditor has them)"
            )


def _check_project(connection: Connection) -> list[str]:
    """Whether datasets may be made, as far as Resource Manager tells."""
    wanted = ["bigquery.datasets.create", "bigquery.jobs.create"]
    session: Any = _Session(connection.credentials)
    unknown = "whether datasets may be made can't be told beforehand"
    with session:
        try:
            answer = session.post(
                f"{_RESOURCE_MANAGER}/{connection.project}:testIamPermissions",
                json={"permissions": wanted},
                timeout=CALL_S,
            )
        except OSError as error:
            return [f"{unknown}: {type(error).__name__}"]
    if answer.status_code != 200:
        return [f"{unknown}: Resource Manager says {answer.status_code}"]
    missing = [one for one in wanted if one not in answer.json().get("permissions", ())]
    if missing:
        raise InputError(
            f"project {connection.project}: {connection.account} lacks {', '.join(missing)} "
            "(role roles/bigquery.user has them)"
        )
    return []


def _label(text: str) -> str:
    """A label's value: at most 63 lower-case letters, digits, - and _."""
    return re.sub(r"[^a-z0-9_-]+", "-", text.lower())[:63]
