"""Raw events: tables for what a stream sends, and the view that makes ``event_store.expanded`` of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot

import schemas
from sim.cli.main import main
from sim.sql.client import Client
from tests.samples.marts_tiny import copied_run

# Some days, and of the whole term a few events of every shape that tells people and courses elsewhere.
WANTED = """
    SELECT * FROM event_store.expanded
    WHERE TRUE
    QUALIFY event_time >= '2026-10-05' AND event_time < '2026-10-09' OR ROW_NUMBER() OVER (
      PARTITION BY type, action, object.type, `group` IS NULL, membership IS NULL ORDER BY id) <= 5"""


def own_table(folder: Path, name: str, columns: dict[str, Any], rows: int) -> str:
    """A file of a raw table, as `termtide sql --table` takes it; columns that aren't given are NULL."""
    schema = schemas.arrow_schema(schemas.table(schemas.RAW, name))
    arrays = [columns.get(field.name, pa.nulls(rows, field.type)) for field in schema]
    pq.write_table(pa.table(arrays, names=schema.names), folder / f"{name}.parquet")
    return f"{schemas.RAW}.{name}={folder / f'{name}.parquet'}"


@pytest.mark.parametrize("shape", ["documents", "messages"])
def test_raw_events_become_the_backfills_rows(tmp_path: Path, shape: str) -> None:
    """Lines of a stream or rows of a subscription, with repeats: the view has expanded's rows, each once."""
    run = copied_run()
    with Client(run) as client:
        wanted = client.query(WANTED)
    texts = pa.concat_arrays(wanted["event"].cast(pa.string()).chunks)
    texts = pa.concat_arrays([texts, texts.slice(0, 500)])
    column = {"documents": "event", "messages": "data"}[shape]
    tables = [
        own_table(tmp_path, name, *(({column: texts}, len(texts)) if name == shape else ({}, 0)))
        for name in ("documents", "messages")
    ]
    with Client(run, tables=tables) as client:
        found = client.query(schemas.raw_expanded())
    assert found.schema.names == wanted.schema.names
    assert [str(field.type) for field in found.schema] == [str(field.type) for field in wanted.schema]
    assert len(found) > 1_000
    assert found.sort_by("id").equals(wanted.sort_by("id"))


def test_the_view_has_the_contracts_columns() -> None:
    """The file reads in BigQuery's dialect and names every column of expanded, in order."""
    tree = sqlglot.parse_one(schemas.raw_expanded(), read="bigquery")
    assert tree.named_selects == list(schemas.table("event_store", "expanded").names)


def test_ddl_of_raw_tables(capsys: pytest.CaptureFixture[str]) -> None:
    """`schema ddl raw` prints both tables and the view; as JSON, each table's columns."""
    main(["schema", "ddl", "raw", "--project", "my-project"])
    text = capsys.readouterr().out
    for made in (
        "TABLE `my-project.raw.documents`",
        "TABLE `my-project.raw.messages`",
        "VIEW `my-project.raw.expanded`",
    ):
        assert made in text.replace("IF NOT EXISTS ", "").replace("OR REPLACE ", "")
    assert len(sqlglot.parse(text, read="bigquery")) >= 4
    main(["schema", "ddl", "raw", "--format", "json"])
    assert list(json.loads(capsys.readouterr().out)) == ["raw.documents", "raw.messages"]
