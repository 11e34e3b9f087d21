"""Deliveries into a BigQuery emulator: all there, once, and mended after whatever happens to them."""

from __future__ import annotations

import io
import json
import signal
from pathlib import Path
from typing import Any

import pytest

import schemas
from context.errors import InputError, RunError
from sim.cli.main import main
from sim.folder.manifest import run_id
from sim.sinks.bigquery import connection, jobs, sink
from sim.sinks.bigquery.drop import Dropper
from tests.samples.bigquery_tiny import (
    SMALL,
    SMALL_TERM,
    deliver,
    equal,
    items,
    manifest,
    small_run,
    there,
)
from tests.servers.bigquery_server import PROJECT, Emulator


@pytest.fixture(autouse=True)
def _here(bigquery: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator, and pauses that are short."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", bigquery.host)
    monkeypatch.setattr(connection, "PAUSES_S", (0.1, 0.2))
    monkeypatch.setattr(jobs, "PAUSES_S", (0.1, 0.2))
    monkeypatch.setattr(jobs, "EMULATOR_WAIT_S", 5.0)


def to(prefix: str) -> str:
    """A place for one test."""
    return f"//{PROJECT}?prefix={prefix}_"


def do(bigquery: Emulator, sql: str) -> None:
    """Something done by other hands."""
    bigquery.client().query_and_wait(sql)


def test_everything_arrives(bigquery: Emulator) -> None:
    """Every value of the Parquet files is there, nested ones too; a second time, nothing moves."""
    wanted = items(2)
    put, said = deliver(to("all"), wanted)
    assert put == 5
    assert said[0] == f"bigquery://{PROJECT} (emulator at {bigquery.host}, no credentials needed)"
    assert "days are replaced by transaction" in said  # this emulator would put the day beside the table
    for item in wanted:
        assert equal(bigquery, "all", item), item.name
    client = bigquery.client()
    table = client.get_table(f"{PROJECT}.all_event_store.expanded")
    assert table.labels == {"synthetic": "true", "run": run_id(manifest()), "seed": "5", "pack": SMALL.pack}
    assert (table.time_partitioning.field, table.clustering_fields) == ("event_time", ["type", "action"])
    assert table.require_partition_filter is True
    contract = schemas.table("event_store", "expanded")
    assert [field.description for field in table.schema] == [
        schemas.describe_column(column) for column in contract.columns
    ]
    names = {table.table_id for table in client.list_tables(f"{PROJECT}.all_termtide_meta")}
    assert names == {"loads"}  # neither staging nor probe is left
    view = "SELECT COUNT(*), COUNTIF(id LIKE 'urn:%'), COUNT(DISTINCT ed_app) FROM all_event_store.events"
    moments = "event_time >= TIMESTAMP '2026-09-15' AND event_datetime >= DATETIME '2026-09-15'"
    assert tuple(next(iter(client.query_and_wait(f"{view} WHERE {moments}"))))[:2] == (
        sum(item.rows for item in wanted if item.day and item.day.isoformat() >= "2026-09-15"),
        0,
    )
    assert deliver(to("all"), wanted, "transaction")[0] == 0
    # A fresh machine has the scenario alone: what is in place is told by the warehouse.
    loads = "SELECT item, row_count, digest, LENGTH(checksum) FROM all_termtide_meta.loads"
    assert {tuple(row) for row in client.query_and_wait(loads)} == {
        (item.name, item.rows, item.digest, 32) for item in wanted
    }


def test_damage_is_found_and_mended(bigquery: Emulator) -> None:
    """A day loaded twice by hand, rows deleted, a table emptied: found, said, mended by running again."""
    wanted = [item for item in items(2) if item.table in ("person", "expanded")]
    deliver(to("damage"), wanted, "transaction")
    table = f"`{PROJECT}.damage_event_store.expanded`"
    do(bigquery, f"INSERT INTO {table} SELECT * FROM {table} WHERE DATE(event_time) = '2026-09-14'")
    do(bigquery, f"DELETE FROM {table} WHERE DATE(event_time) = '2026-09-15' AND type = 'NavigationEvent'")
    do(bigquery, "DELETE FROM damage_context_store_entity.person WHERE person_id > 3")
    put, said = deliver(to("damage"), wanted, "transaction")
    assert put == 3
    rows = next(item.rows for item in wanted if item.day)
    again = f"2026-09-14: {rows:,} rows delivered, {2 * rows:,} there now: loading it again"
    assert any(again in line for line in said)
    assert any("person: " in line and ", 3 there now" in line for line in said)
    for item in wanted:
        assert equal(bigquery, "damage", item), item.name


def test_staging_that_vanishes(bigquery: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A staging table dropped by hand, in the midst or between two runs, is loaded again."""
    [item] = items(1, whole=False)
    replace, dropped = sink.replace_day, []

    def vanish(*arguments: Any) -> None:
        if len(dropped) < drops:
            dropped.append(arguments[4])
            bigquery.client().delete_table(arguments[4])
        replace(*arguments)

    monkeypatch.setattr(sink, "replace_day", vanish)
    monkeypatch.setattr(sink, "_STAGINGS", 2)
    drops = 1
    put, said = deliver(to("staging"), [item], "transaction")
    assert put == 1
    assert any("stage_expanded_20260914 has vanished: loading it again" in line for line in said)
    assert equal(bigquery, "staging", item)
    do(bigquery, "DELETE FROM staging_termtide_meta.loads WHERE TRUE")
    drops = 99
    with pytest.raises(RunError, match="vanishes again and again"):
        deliver(to("staging"), [item], "transaction")
    drops = 0
    assert deliver(to("staging"), [item], "transaction")[0] == 1
    assert equal(bigquery, "staging", item)


def test_a_job_id_that_failed(bigquery: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job id that a failed job has used is told apart; the next attempt loads."""
    [item] = items(1, whole=False)
    submitted: list[str] = []
    find = jobs._find_or_submit

    def first_spoilt(where: Any, what: Any, body: Any, job_id: str) -> Any:
        if not submitted:
            config = jobs._config(where, what)
            where.client.load_table_from_file(
                io.BytesIO(b"no Parquet"), what.destination, size=10, job_id=job_id, location="US",
                job_config=config,
            )  # fmt: skip
        submitted.append(job_id)
        return find(where, what, body, job_id)

    monkeypatch.setattr(jobs, "_find_or_submit", first_spoilt)
    put, said = deliver(to("failed"), [item], "transaction")
    assert put == 1
    assert any("_1 has been run, but it failed: Error while reading data" in line for line in said)
    assert [name[-8:] for name in submitted] == ["_stage_1", "_stage_2"]
    assert equal(bigquery, "failed", item)


def test_an_emulator_that_goes_away(bigquery: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the midst of a load, the server is missed in one line; once it is back, all goes on."""
    wanted = items(2, whole=False)
    replace = sink.replace_day

    def killed(*arguments: Any) -> None:
        if bigquery._process is not None and arguments[5].day == 15:
            bigquery.stop(signal.SIGKILL)
        replace(*arguments)

    monkeypatch.setattr(sink, "replace_day", killed)
    with pytest.raises(RunError, match=r"127\.0\.0\.1:\d+ is out of reach.*the same command goes on"):
        deliver(to("away"), wanted, "transaction")
    bigquery.start()
    monkeypatch.setattr(sink, "replace_day", replace)
    deliver(to("away"), wanted, "transaction")
    for item in wanted:
        assert equal(bigquery, "away", item), item.name


def test_drop_takes_only_ours(bigquery: Emulator) -> None:
    """Removed is what carries the labels of the run; what others put beside it stays, with its dataset."""
    deliver(to("drop"), [item for item in items(1) if item.table != "learner_activity_result"], "transaction")
    client = bigquery.client()
    client.create_dataset(f"{PROJECT}.drop_other")
    do(bigquery, "CREATE TABLE drop_context_store_keymap.mine (a INT64)")
    with pytest.raises(InputError, match="names there is labelled synthetic=true and run=nobody-1"):
        Dropper(to("drop"), "nobody-1").find()
    dropper = Dropper(to("drop"), run_id(manifest()))
    found = dropper.find()
    assert found.lines == [
        "drop_context_store_entity: 2 tables",
        "drop_context_store_keymap: 1 table; stays, 1 other table in it",
        "drop_event_store: 2 tables",
        "drop_termtide_meta: 1 table",
    ]
    dropper.remove(found)
    left = {one.dataset_id for one in client.list_datasets() if one.dataset_id.startswith("drop_")}
    assert left == {"drop_context_store_keymap", "drop_other"}
    assert [one.table_id for one in client.list_tables("drop_context_store_keymap")] == ["mine"]


def test_at_the_command_line(bigquery: Emulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Backfill looks, delivers and resumes; drop lists, asks and removes; errors end with 2 or 3."""

    def run_command(*arguments: str) -> tuple[int, str, str]:
        try:
            main(list(arguments))
            code = 0
        except SystemExit as leave:
            code = int(leave.code or 0)
        return code, *capsys.readouterr()

    scenario = tmp_path / "termtide.toml"
    scenario.write_text(f'name = "small"\nfte = 20\nseed = 5\n{SMALL_TERM}')
    url = f"bigquery:{to('cli')}"
    common = [
        "backfill", "--scenario", str(scenario), "--to", url, "--from", "2026-09-15", "--until", "2026-09-16",
        "--table", "context_store_entity.person", "--table", "event_store.expanded",
        "--out", str(small_run()), "--method", "transaction", "--json",
    ]  # fmt: skip
    code, _, errors = run_command(*common, "--dry-run")
    assert code == 0, errors
    assert f"bigquery://{PROJECT} (emulator at {bigquery.host}, no credentials needed)" in errors
    assert not [one for one in bigquery.client().list_datasets() if one.dataset_id.startswith("cli_")]
    for loaded in (3, 0):
        code, output, errors = run_command(*common)
        assert code == 0, errors
        assert json.loads(output)["loaded"] == loaded
    day = items(2, whole=False)[1]
    assert len(there(bigquery, "cli", day)) == day.rows
    name = run_id(manifest())
    code, _, errors = run_command("drop", url, "--run", name)
    assert code == 2
    assert "cli_event_store: 2 tables" in errors
    assert "give --yes" in errors
    code, output, _ = run_command("drop", url, "--run", name, "--yes", "--json")
    assert code == 0
    assert sorted(json.loads(output)["datasets"]) == [
        "cli_context_store_entity", "cli_event_store", "cli_termtide_meta"
    ]  # fmt: skip
    code, _, errors = run_command("drop", url, "--run", name, "--yes")
    assert (code, len(errors.strip().splitlines())) == (2, 2)
