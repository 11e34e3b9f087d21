"""The view of raw events where BigQuery's own client asks: row for row what the backfill delivers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.cloud import bigquery as library

import schemas
from context.terms.premises import premises
from sim.backfill.backfill import Wanted
from sim.backfill.finished_tables import day_items, store_items
from sim.folder.manifest import load_manifest
from sim.run import Order, backfill
from sim.sinks.bigquery import connection
from tests.samples.bigquery_tiny import SMALL, deliver, delivery, plain, rows_of, small_run
from tests.samples.tiny import default_pack
from tests.servers.bigquery_server import PROJECT, Emulator

# What the view looks people and courses up in.
KEYS = (
    ("context_store_keymap", "person"),
    ("context_store_keymap", "course_offering"),
    ("context_store_entity", "person_email"),
)
TWICE = 20  # documents that stand in both raw tables


def as_text(value: Any) -> Any:
    """JSON that the emulator gives as values where BigQuery has texts of it, as those texts."""
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return value


def row_of(row: Any) -> dict[str, Any]:
    """A row of the view: objects within its structs, and those columns that are JSON, as texts."""
    structs = {column.name for column in schemas.table("event_store", "expanded").columns if column.fields}
    return {
        name: {key: as_text(one) for key, one in value.items()}
        if name in structs and value is not None
        else as_text(value)
        for name, value in dict(row).items()
    }


def raw_tables(client: Any, prefix: str, documents: list[str]) -> None:
    """Both raw tables: the first half as lines of a file, the rest as messages, some in both."""
    client.create_dataset(f"{PROJECT}.{prefix}_{schemas.RAW}")
    half = len(documents) // 2
    rows = {
        "documents": [{"event": text} for text in documents[: half + TWICE]],
        "messages": [
            {"message_id": str(place), "data": text, "attributes": "{}"}
            for place, text in enumerate(documents[half - TWICE :])
        ],
    }
    for name, lines in rows.items():
        columns = schemas.table(schemas.RAW, name).columns
        fields = [library.SchemaField(column.name, column.type, column.mode) for column in columns]
        table = client.create_table(library.Table(f"{PROJECT}.{prefix}_{schemas.RAW}.{name}", fields))
        client.load_table_from_json(lines, table).result()


def check(bigquery: Emulator, folder: Path, days: slice, prefix: str) -> int:
    """The view's rows are those of the run's dates; returns how many."""
    manifest = load_manifest(folder)
    keys = [item for item in store_items(folder, manifest) if (item.dataset, item.table) in KEYS]
    deliver(f"//{PROJECT}?prefix={prefix}_", keys, shipment=delivery(KEYS))
    wanted = [row for item in list(day_items(folder, manifest))[days] for row in rows_of(item)]
    client = bigquery.client()
    raw_tables(client, prefix, [row["event"] for row in wanted])
    sql = schemas.raw_expanded()
    for dataset in (schemas.RAW, "context_store_keymap", "context_store_entity"):
        sql = sql.replace(f"{dataset}.", f"{prefix}_{dataset}.")
    found = sorted(map(row_of, client.query_and_wait(sql)), key=lambda row: str(row["id"]))
    wanted.sort(key=lambda row: str(row["id"]))
    assert [json.dumps(row, default=plain) for row in found] == [
        json.dumps(row, default=plain) for row in wanted
    ]
    return len(wanted)


@pytest.fixture(autouse=True)
def _here(bigquery: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator, and pauses that are short."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", bigquery.host)
    monkeypatch.setattr(connection, "PAUSES_S", (0.1, 0.2))


def test_the_view_is_the_backfill_in_bigquery(bigquery: Emulator) -> None:
    """Lines and messages, some of them twice: the view's rows are a day of the backfill, each once."""
    assert check(bigquery, small_run(), slice(1, 2), "rawday") > 300


@pytest.mark.gates
def test_the_view_is_the_whole_terms_backfill(bigquery: Emulator, tmp_path: Path) -> None:
    """The same of every event of a term."""
    backfill(premises(SMALL, default_pack()), tmp_path, Order((f"parquet:{tmp_path}",), Wanted()))
    assert check(bigquery, tmp_path, slice(None), "rawterm") > 20_000
