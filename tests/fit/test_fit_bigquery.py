"""A fit in the BigQuery emulator: the same texts count the same as in DuckDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.backfill.finished_tables import day_items, store_items
from sim.fit import events
from sim.fit.fitted import FitWish
from sim.fit.published import EVENT_TABLE, tables_of
from sim.folder.manifest import load_manifest, run_id
from sim.sinks.bigquery import connection, jobs
from sim.sinks.bigquery.sink import BigquerySink
from sim.sinks.tables import Shipment, TableOptions
from tests.samples.bigquery_tiny import SMALL, small_run
from tests.samples.fitted_tiny import fitted_from
from tests.servers.bigquery_server import PROJECT, Emulator

pytestmark = pytest.mark.gates


@pytest.fixture(autouse=True)
def _here(bigquery: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator, and pauses that are short."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", bigquery.host)
    monkeypatch.setattr(connection, "PAUSES_S", (0.1, 0.2))
    monkeypatch.setattr(jobs, "PAUSES_S", (0.1, 0.2))


def _deliver(folder: Path) -> None:
    manifest = load_manifest(folder)
    # Of 130 tables those that a fit reads: the emulator takes a second or two to load each.
    read = tables_of(".".join(EVENT_TABLE))
    whole = (*store_items(folder, manifest), *day_items(folder, manifest))
    every = [item for item in whole if f"{item.dataset}.{item.table}" in read]
    sink = BigquerySink(f"//{PROJECT}?prefix=fit_", TableOptions())
    tables = {(item.dataset, item.table) for item in every}
    try:
        sink.check(Shipment(run_id(manifest), SMALL.seed, SMALL.pack, tables))
        sink.open()
        for item in every:
            sink.put(item)
        sink.flush()
    finally:
        sink.close()


def test_the_same_texts_count_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fitted in BigQuery, fields, tables and clicks are those of a fit of the same rows in DuckDB."""
    monkeypatch.setattr(events, "_DEVICES_FROM", 7)  # the days that there are
    _deliver(small_run())
    here = fitted_from(str(small_run()), FitWish(time_zone="America/Detroit"))
    there = fitted_from(f"bigquery://{PROJECT}?prefix=fit_", FitWish(time_zone="America/Detroit"))
    assert there.missing == here.missing
    assert {name: law.shares for name, law in there.shares.items()} == {
        name: law.shares for name, law in here.shares.items()
    }
    assert there.moments.keys() == here.moments.keys()
    for name, found in here.moments.items():
        assert there.moments[name] == pytest.approx(found, rel=1e-6), name
    assert there.laws == here.laws
    assert here.clicks is not None
    assert there.clicks is not None
    assert there.clicks.margins == here.clicks.margins
    assert there.clicks.visit_slots == here.clicks.visit_slots != []
    assert there.clicks.dates == here.clicks.dates
    assert there.clicks.devices == here.clicks.devices != []
