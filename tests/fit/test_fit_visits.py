"""How long visits are: counted by their clicks, and put into the pack."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pytest

import schemas
from context.packs.write import rows_of
from sim.fit.texts import filled
from sim.fit.warehouses.duckdb_source import DuckdbSource
from tests.samples.fitted_tiny import tiny_fit
from tests.samples.tiny import default_pack

NAVIGATED, SESSION = "NavigationEvent", "SessionEvent"


def test_a_visit_is_as_long_as_its_clicks() -> None:
    """Clicks up to half an hour apart are one visit's, also where a clock is put back; logins are none."""
    start = datetime.fromisoformat(
        "2026-11-01T05:50"
    )  # ten minutes before it is one o'clock again in Detroit
    clicks = [
        (1, start, SESSION),
        *((1, start + timedelta(minutes=2 * i), NAVIGATED) for i in range(1, 11)),
        (1, start + timedelta(minutes=60), NAVIGATED),
        (2, start, NAVIGATED),
        (2, start + timedelta(minutes=29), NAVIGATED),
        (2, start + timedelta(hours=3), SESSION),
        *((3, start + timedelta(minutes=i), NAVIGATED) for i in range(90)),
        (4, start, NAVIGATED),  # no student
    ]
    with duckdb.connect() as connection:
        for dataset in ("event_store", "fit"):
            connection.execute(f"CREATE SCHEMA {dataset}")
        connection.execute("CREATE TABLE fit.seat AS SELECT unnest([1, 2, 3]) AS person_id")
        connection.execute(
            "CREATE TABLE event_store.expanded (event_time TIMESTAMP, type VARCHAR, action VARCHAR, "
            "person STRUCT(udp_id BIGINT), membership STRUCT(id VARCHAR))"
        )
        for person, at, kind in clicks:
            connection.execute(
                "INSERT INTO event_store.expanded VALUES (?, ?, 'NavigatedTo', {'udp_id': ?}, NULL)",
                [at, kind, person],
            )
        source = DuckdbSource(connection, "a test")
        places = {"begin_date": "2026-10-01", "end_date": "2026-12-01"}
        given = {"one_in": 1, "time_zone": "America/Detroit", "most": 64}
        source.keep("visit", filled(schemas.fit_query("visit"), places, given))
        rows = source.rows(filled(schemas.fit_query("visit_slots"), places, given))
    assert [(row["slots"], row["num_records"], row["num_people"]) for row in rows] == [
        (1, 1, 1), (2, 1, 1), (10, 1, 1), (64, 1, 1),
    ]  # fmt: skip


def test_a_fitted_pack_has_the_visits_of_its_tenant() -> None:
    """Shares of visits by their clicks are the counted ones, and the table says that it was fitted."""
    found = tiny_fit()
    assert found.clicks is not None
    told = {row["slots"]: row for row in found.clicks.visit_slots}
    total = sum(row["num_records"] for row in told.values())
    table = found.draft.tables["visit_slots"]
    assert table.block.source == "fitted from a run"
    shares = {int(row["slots"]): float(row["share"]) for row in table.rows}
    assert shares.keys() == {row["slots"] for row in rows_of(default_pack(), "visit_slots")}
    large = [slots for slots, row in told.items() if row["num_people"] >= 10]
    assert len(large) > 10
    for slots in large:
        assert shares[slots] == pytest.approx(told[slots]["num_records"] / total, abs=1e-5)
    assert sum(shares.values()) == pytest.approx(1)
