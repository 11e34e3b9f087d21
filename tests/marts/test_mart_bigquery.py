"""Marts in the BigQuery emulator: of the stores delivered there, by the same texts, the same rows."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest

import schemas
from sim.backfill.finished_tables import day_items, store_items
from sim.folder.manifest import load_manifest, run_id
from sim.marts.build import Wish, build_marts
from sim.marts.deliver import deliver_marts
from sim.marts.graph import reads
from sim.marts.record import load_record
from sim.sinks.bigquery import connection, jobs
from sim.sinks.bigquery.sink import BigquerySink
from sim.sinks.tables import Shipment, TableOptions
from sim.sql.warehouse import build_warehouse, open_run
from tests.samples.bigquery_tiny import SMALL, small_run
from tests.samples.mart_cases import text_of
from tests.servers.bigquery_server import PROJECT, Emulator

CELLS = 60_000  # that are compared of a mart


@pytest.fixture(autouse=True)
def _here(bigquery: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator, and pauses that are short."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", bigquery.host)
    monkeypatch.setattr(connection, "PAUSES_S", (0.1, 0.2))
    monkeypatch.setattr(jobs, "PAUSES_S", (0.1, 0.2))


def deliver_stores(folder: Path) -> None:
    """What the marts read of a run."""
    manifest = load_manifest(folder)
    every = [*store_items(folder, manifest), *day_items(folder, manifest)]
    needed = {name for mart in schemas.marts() for name in reads(mart)}
    wanted = [item for item in every if f"{item.dataset}.{item.table}" in needed]
    tables = {(item.dataset, item.table) for item in wanted}
    sink = BigquerySink(f"//{PROJECT}?prefix=marts_", TableOptions())
    try:
        sink.check(Shipment(run_id(manifest), SMALL.seed, SMALL.pack, tables))
        sink.open()
        for item in wanted:
            sink.put(item)
        sink.flush()
    finally:
        sink.close()


def test_same_rows_in_both(bigquery: Emulator, tmp_path: Path) -> None:
    """Every mart has as many rows in the emulator as here, after a second time too; the first are the same.

    The first by the key: some marts have millions of cells, which the emulator gives out as JSON.
    """
    folder = tmp_path / "run"
    copytree(small_run(), folder)
    build_warehouse(folder)
    build_marts(folder)
    deliver_stores(folder)
    url = f"bigquery://{PROJECT}?prefix=marts_"
    made = deliver_marts(folder, url, Wish(), TableOptions(), lambda _line: None)
    again = deliver_marts(folder, url, Wish(("lti_tool",)), TableOptions(), lambda _line: None)
    assert made.items() >= again.items()
    odd = []
    with open_run(folder) as connected:
        for mart in schemas.marts():
            names = mart.table.names
            first = f"ORDER BY {', '.join(mart.table.key or names)} LIMIT {max(40, CELLS // len(names))}"
            here = connected.sql(f"SELECT * FROM {mart.name} {first}").to_arrow_table().to_pylist()
            sql = f"SELECT * FROM `{PROJECT}.marts_{mart.table.dataset}.{mart.table.name}` {first}"
            there = [dict(row) for row in bigquery.client().query_and_wait(sql)]
            texts = [sorted(str([text_of(row[c]) for c in names]) for row in r) for r in (here, there)]
            count = connected.sql(f"SELECT count(*) FROM {mart.name}").fetchall()[0][0]
            if texts[0] != texts[1] or made[mart.name] != count:
                odd.append((mart.name, count, made[mart.name], *[t[:1] for t in texts]))
    assert not odd
    assert sum(load_record(folder).rows.values()) > 5_000
