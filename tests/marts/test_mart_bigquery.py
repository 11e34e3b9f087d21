"""Marts in the BigQuery emulator: of the stores delivered there, by the same texts, the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

import schemas
from sim.backfill.finished_tables import day_items, store_items
from sim.folder.manifest import load_manifest, run_id
from sim.marts.build import Wish, build_marts, chosen
from sim.marts.deliver import deliver_marts
from sim.marts.made import made_from
from sim.marts.record import load_record
from sim.sinks.bigquery import connection, jobs
from sim.sinks.bigquery.sink import BigquerySink
from sim.sinks.tables import Shipment, TableOptions
from sim.sql.warehouse import build_warehouse, open_run
from tests.samples.bigquery_tiny import SMALL, small_run
from tests.samples.mart_cases import text_of
from tests.servers.bigquery_server import PROJECT, Emulator


@pytest.fixture(autouse=True)
def _here(bigquery: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator, and pauses that are short."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", bigquery.host)
    monkeypatch.setattr(connection, "PAUSES_S", (0.1, 0.2))
    monkeypatch.setattr(jobs, "PAUSES_S", (0.1, 0.2))


def deliver_stores(folder: Path, marts: Iterable[schemas.Mart]) -> None:
    """What some marts read of a run."""
    manifest = load_manifest(folder)
    every = [*store_items(folder, manifest), *day_items(folder, manifest)]
    needed = {name for mart in marts for name in made_from(mart)}
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


def digest(mart: schemas.Mart, rows: Iterable[Mapping[str, Any]]) -> tuple[int, str]:
    """How many rows, and the SHA-256 of all of them as texts, in the order of the texts."""
    texts = sorted(str([text_of(row[name]) for name in mart.table.names]) for row in rows)
    return len(texts), sha256("\n".join(texts).encode()).hexdigest()


def compare(bigquery: Emulator, folder: Path, names: tuple[str, ...]) -> int:
    """Deliver marts twice, of the stores delivered before: every row is the same; returns how many marts."""
    copytree(small_run(), folder)
    build_warehouse(folder)
    build_marts(folder, Wish(names))
    marts = chosen(names)
    deliver_stores(folder, marts)
    url = f"bigquery://{PROJECT}?prefix=marts_"
    made = deliver_marts(folder, url, Wish(names), TableOptions(), lambda _line: None)
    again = deliver_marts(folder, url, Wish(("lti_tool",)), TableOptions(), lambda _line: None)
    assert made.items() >= again.items()
    with open_run(folder) as connected:
        for mart in marts:
            batches = connected.sql(f"SELECT * FROM {mart.name}").to_arrow_reader(10_000)
            here = digest(mart, (row for batch in batches for row in batch.to_pylist()))
            sql = f"SELECT * FROM `{PROJECT}.marts_{mart.table.dataset}.{mart.table.name}`"
            assert digest(mart, bigquery.client().query_and_wait(sql)) == here, mart.name
            assert made[mart.name] == here[0], mart.name
    return len(marts)


def test_some_marts_have_the_same_rows_in_both(bigquery: Emulator, tmp_path: Path) -> None:
    """Marts of each kind have the same rows in the emulator as here, all of them, after a second time too.

    By day, with arrays, of the history of grades; all marts, those with windows too: in gates.
    """
    names = (
        "lti_tool",
        "mart_course_section.file_interaction",
        "mart_course_offering.daily_course_grade_record",
    )
    assert compare(bigquery, tmp_path / "run", names) == 10


@pytest.mark.gates
def test_all_marts_have_the_same_rows_in_both(bigquery: Emulator, tmp_path: Path) -> None:
    """Every mart has the same rows in the emulator as here, all of them, after a second time too."""
    assert compare(bigquery, tmp_path / "run", ()) == len(chosen(()))
    assert sum(load_record(tmp_path / "run").rows.values()) > 5_000
