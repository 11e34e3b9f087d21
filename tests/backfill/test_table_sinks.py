"""Sinks of tables: one contract for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import duckdb
import pytest

import schemas
from context.errors import InputError, RunError
from sim.backfill.finished_tables import day_items, store_items
from sim.folder.manifest import run_id
from sim.marts.query import Dates, duckdb_query
from sim.sinks.bigquery import connection, jobs
from sim.sinks.memory import MemoryTables
from sim.sinks.open import open_table_sink, schemes
from sim.sinks.tables import EXPANDED, Fill, Item, Shipment, TableOptions, TableSink
from tests.samples.toy_run import write_run
from tests.servers.bigquery_server import PROJECT, Emulator

PERSON = ("context_store_entity", "person")
EVENTS = ("event_store", "events")


@dataclass
class Case:
    """A destination: a way to open it (again), and to count its rows of a table, or of a day of it."""

    open: Callable[[], TableSink]
    count: Callable[[str, str, date | None], int]


@cache
def run_dir() -> Path:
    """A tiny run, made by hand."""
    folder = Path(mkdtemp(prefix="termtide-toy-"))
    write_run(folder)
    return folder


@cache
def items() -> dict[str, Item]:
    """A whole table and two days of that run, by their names."""
    manifest = write_run(Path(mkdtemp(prefix="termtide-toy-")))
    whole = [item for item in store_items(run_dir(), manifest) if (item.dataset, item.table) == PERSON]
    return {item.name: item for item in (*whole, *list(day_items(run_dir(), manifest))[:2])}


@cache
def shipment() -> Shipment:
    """What is delivered."""
    manifest = write_run(Path(mkdtemp(prefix="termtide-toy-")))
    return Shipment(run_id(manifest), manifest.seed, manifest.pack.name, {PERSON, EXPANDED, EVENTS})


def _duckdb_count(file: Path, dataset: str, table: str, day: date | None) -> int:
    where = f" WHERE CAST(event_time AS DATE) = DATE '{day}'" if day else ""
    with duckdb.connect(str(file), read_only=True) as there:
        found = there.execute(f"SELECT count(*) FROM {dataset}.{table}{where}").fetchall()
    return int(found[0][0])


@pytest.fixture(params=[scheme.name for scheme in schemes("tables")])
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """Every sink of tables that the list of schemes has."""
    if request.param == "memory":
        memory = MemoryTables()
        return Case(lambda: memory, lambda dataset, table, day: len(memory.tables[dataset, table, day]))
    if request.param == "duckdb":
        file = tmp_path / "x.duckdb"
        return Case(
            lambda: open_table_sink(f"duckdb:{file}", TableOptions()),
            lambda *name: _duckdb_count(file, *name),
        )
    assert request.param == "bigquery"
    emulator: Emulator = request.getfixturevalue("bigquery")
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", emulator.host)
    monkeypatch.setattr(connection, "PAUSES_S", (0.1, 0.2))
    monkeypatch.setattr(jobs, "PAUSES_S", (0.1, 0.2))
    prefix = f"c{abs(int.from_bytes(request.node.name.encode()[-24:])) % 10**12}_"

    def count(dataset: str, table: str, day: date | None) -> int:
        where = f" WHERE DATE(event_time) = '{day}'" if day else ""
        sql = f"SELECT COUNT(*) AS n FROM `{PROJECT}.{prefix}{dataset}.{table}`{where}"
        return int(next(iter(emulator.client().query_and_wait(sql)))[0])

    url = f"bigquery://{PROJECT}?prefix={prefix}"
    return Case(lambda: open_table_sink(url, TableOptions(method="transaction")), count)


def deliver(case: Case, *wanted: Item) -> list[bool]:
    """Put what is missing; returns for each whether it was."""
    sink = case.open()
    try:
        assert sink.check(shipment())[0]
        sink.open()
        missing = [not sink.has(item) for item in wanted]
        for item, is_missing in zip(wanted, missing, strict=True):
            if is_missing:
                sink.put(item)
        sink.flush()
    finally:
        sink.close()
        sink.close()  # may be called again
    return missing


def test_what_is_put_is_there_once(case: Case) -> None:
    """Tables and days arrive with all their rows; delivered again, by a sink of its own, nothing moves."""
    wanted = list(items().values())
    assert deliver(case, *wanted) == [True, True, True]
    for _ in range(2):
        for item in wanted:
            assert case.count(item.dataset, item.table, item.day) == item.rows > 0, item.name
        assert deliver(case, *wanted) == [False, False, False]


def test_a_day_is_replaced_and_the_others_stay(case: Case) -> None:
    """What has another digest is put in the day's place; a day beside it, and the table, are as they were."""
    person, first, second = items().values()
    deliver(case, person, first, second)
    changed = replace(first, digest="another")
    assert deliver(case, changed) == [True]
    assert deliver(case, person, changed, second) == [False, False, False]
    assert deliver(case, first) == [True]
    for item in (person, first, second):
        assert case.count(item.dataset, item.table, item.day) == item.rows


def test_rows_that_are_not_there_are_told(case: Case) -> None:
    """An item whose files have fewer rows than it says is one error, and is not recorded."""
    person, *_ = items().values()
    wrong = replace(person, rows=person.rows + 1)
    with pytest.raises(RunError, match=rf"{person.rows}") as caught:
        deliver(case, wrong)
    assert "\n" not in str(caught.value)
    assert deliver(case, person) == [True]


def test_check_writes_nothing(case: Case) -> None:
    """Looking makes no table and records nothing; the same sink goes on from there."""
    person, *_ = items().values()
    for _ in range(2):
        sink = case.open()
        assert sink.check(shipment())
        sink.close()
    assert deliver(case, person) == [True]


def test_another_runs_place_is_refused(case: Case) -> None:
    """Where one run is, another isn't put: one line names both."""
    person, *_ = items().values()
    deliver(case, person)
    sink = case.open()
    try:
        with pytest.raises(InputError, match=f"holds the run {shipment().run}, given: other-1"):
            sink.check(replace(shipment(), run="other-1"))
    finally:
        sink.close()


def test_places_are_told_before_anything_is_looked_at(case: Case) -> None:
    """Two sinks of one URL write into the same places, and say so without a call to anywhere."""
    one, other = case.open(), case.open()
    assert one.places == other.places
    assert one.places
    one.close()
    other.close()


def test_rows_made_there_replace_those_of_their_days(case: Case) -> None:
    """A query's rows stand in place of a table's or of a span's, once, and those before it when it fails."""
    mart = schemas.mart("mart_helper.event__general__tool_usage_preagg")
    name = (mart.table.dataset, mart.table.name)
    days = [item.day for item in items().values() if item.day is not None]
    first, last = min(days), max(days)

    def filling(begin: date, *, part: bool) -> Fill:
        dates = Dates(last, begin, last)
        span = (str(mart.table.partition_by), begin, last) if part else None
        given = {"begin_date": begin, "end_date": last}
        return Fill(*name, mart.table.names, mart.sql or "", duckdb_query(mart, dates), given, span)

    deliver(case, *items().values())
    sink = case.open()
    try:
        sink.check(replace(shipment(), tables={*shipment().tables, name}))
        sink.open()
        whole = sink.fill(filling(first, part=False))
        assert 0 < sink.fill(filling(last, part=True)) < whole
        wrong = replace(
            filling(last, part=True), bigquery="SELECT * FROM nowhere", duckdb="SELECT * FROM nowhere"
        )
        with pytest.raises(RunError, match=f"{name[0]}.{name[1]}"):
            sink.fill(wrong)
        sink.flush()
    finally:
        sink.close()
    assert case.count(*name, None) == whole
