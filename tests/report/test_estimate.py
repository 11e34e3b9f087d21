"""``termtide estimate`` against a run that was made, and lines on stdout as a destination."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from sim.caliper.kinds import KINDS
from sim.cli.main import main
from sim.folder.manifest import load_manifest
from sim.plan.effects import MICRO
from sim.plan.estimate import (
    FREE_GIB,
    GIB,
    LEAST_PACE,
    MOST_PACE,
    PARQUET_BYTES_PER_EVENT,
    REFERENCE_SECONDS,
    SINK_BYTES,
    USD_PER_GIB_MONTH,
    estimate,
    machine_pace,
    mean_courses,
)
from tests.events.test_draw import term
from tests.samples.commands import termtide
from tests.samples.tiny import SMALL, TINY, calendar_of, default_pack, finished_run, tiny


def test_the_estimate_is_near_a_run() -> None:
    """Of a very small campus: rows and events within 15 %; a small one is more of a single case.

    Larger ones are looked at below. Bytes are within 40 %: many small files cost more per event.
    """
    wanted = estimate(SMALL, default_pack(), calendar_of(SMALL, default_pack()), 1)
    manifest = load_manifest(finished_run())
    rows = sum(table.rows for table in manifest.store.values())
    assert wanted.store_rows == pytest.approx(rows, rel=0.15)
    assert wanted.events == pytest.approx(manifest.totals.events, rel=0.15)
    files = [
        *finished_run().glob("event_store/**/*.parquet"),
        *finished_run().glob("context_store_*/*.parquet"),
    ]
    assert wanted.sink_bytes()["parquet"] == pytest.approx(
        sum(path.stat().st_size for path in files), rel=0.4
    )
    assert mean_courses(default_pack()) == pytest.approx(wanted.enrolments / wanted.students, rel=0.01)


def test_events_are_estimated_by_who_brings_them() -> None:
    """At 60 FTE: everything within 10 %, what the rates ask for too, each of the rest within 30 %."""
    wanted = estimate(TINY, default_pack(), calendar_of(TINY, default_pack()), 1).events_by
    roles: Counter[str] = Counter()
    for code, kind in enumerate(KINDS):
        roles[kind.role] += int((term().kind == code).sum())
    days = tiny().plan.days.values()
    made = {
        "rates": sum(int(day.asked_micro.sum()) for day in days) / MICRO,
        "deadlines beyond them": sum(int(day.overshoot_micro.sum()) for day in days) / MICRO,
        "logins and logouts": roles["session"],
        "API twins": roles["twin"],
        "staff": roles["staff"],
        "system": roles["system"],
    }
    assert list(made) == list(wanted)
    assert sum(wanted.values()) == pytest.approx(len(term()), rel=0.1)
    assert wanted["rates"] == pytest.approx(made["rates"], rel=0.1)
    for name, count in made.items():
        assert wanted[name] == pytest.approx(count, rel=0.3), name


def test_the_estimate_is_in_proportion() -> None:
    """Twice the campus or the workers: twice the rows, half the drawing; without documents less of all."""
    pack, calendar = default_pack(), calendar_of(TINY, default_pack())
    one, two = (estimate(TINY.model_copy(update={"fte": n}), pack, calendar, 1) for n in (50_000, 100_000))
    assert two.events == pytest.approx(2 * one.events, rel=0.001)
    assert two.store_rows == pytest.approx(2 * one.store_rows, rel=0.001)
    half = estimate(TINY.model_copy(update={"fte": 50_000}), pack, calendar, 2)
    assert half.events == one.events
    assert one.seconds / 2 < half.seconds < one.seconds
    bare = TINY.model_copy(
        update={"fte": 50_000, "output": TINY.output.model_copy(update={"event_json": False})}
    )
    less = estimate(bare, pack, calendar, 1)
    assert less.seconds < one.seconds
    for sink in ("parquet", "duckdb", "bigquery"):
        assert less.sink_bytes()[sink] < one.sink_bytes()[sink]
    gib = one.sink_bytes()["bigquery"] / GIB
    assert one.usd_per_month == round((gib - FREE_GIB) * USD_PER_GIB_MONTH, 2) > 0


@pytest.mark.parametrize(
    ("fte", "workers", "cpu_s"),
    [(12, 1, 14.75), (30, 2, 18.2), (100, 2, 24.6), (300, 2, 30.7), (500, 1, 31.1), (1_000, 2, 54.7)],
)
def test_times_are_near_what_was_measured(fte: int, workers: int, cpu_s: float) -> None:
    """Seconds are within a factor of two of the CPU seconds measured on two cores, shared by the workers.

    A busy machine of two cores, 2026-11-26 (500 FTE: a quiet one, a day later); what one process does alone
    keeps a worker idle, so the wall time lies between the CPU time and its half.
    """
    sized = TINY.model_copy(update={"fte": fte})
    given = (sized, default_pack(), calendar_of(sized, default_pack()), workers)
    assert cpu_s / workers / 1.3 < estimate(*given, marts=False).seconds < cpu_s


@pytest.mark.parametrize(
    ("fte", "rows", "events", "size"),
    [
        (150, 310_628, 359_156, 232),
        (1_000, 1_744_631, 2_327_544, 216),
        (5_000, 8_236_464, 11_750_549, 223),
        (20_000, 33_025_129, 47_747_193, 232),
    ],
)
def test_rows_and_bytes_are_near_what_was_measured(fte: int, rows: int, events: int, size: int) -> None:
    """From 150 FTE on within 11 % of the rows, events and bytes of Parquet that runs of 2026-11-27 had.

    Those of 20,000 FTE are of an earlier state of that day than the others.
    """
    sized = TINY.model_copy(update={"fte": fte})
    wanted = estimate(sized, default_pack(), calendar_of(sized, default_pack()), 2)
    assert wanted.store_rows == pytest.approx(rows, rel=0.11)
    assert wanted.events == pytest.approx(events, rel=0.11)
    assert wanted.events * PARQUET_BYTES_PER_EVENT[True] == pytest.approx(events * size, rel=0.11)


@pytest.mark.parametrize(
    ("fte", "cpu_s"), [(1_000, 53.0), (5_000, 141.0), (20_000, 522.0), (50_000, 1_468.0)]
)
def test_marts_and_pages_are_counted(fte: int, cpu_s: float) -> None:
    """With marts too, seconds are within a factor of two of what two workers take, at any size.

    Their CPU seconds are those of docs/speed.md, of 2026-11-27. Two cores take at least half of it by the
    clock, and as much where all goes one after the other: the estimate lies between.
    """
    sized = TINY.model_copy(update={"fte": fte})
    given = (sized, default_pack(), calendar_of(sized, default_pack()), 2)
    whole, bare = estimate(*given), estimate(*given, marts=False)
    assert cpu_s / 2 < whole.seconds < cpu_s
    assert bare.seconds < whole.seconds
    assert bare.bytes < whole.bytes


def test_the_estimate_goes_by_the_pace_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that takes twice as long is told twice the time, within bounds."""
    given = (SMALL, default_pack(), calendar_of(SMALL, default_pack()), 2)
    assert estimate(*given, pace=2.0).seconds == 2 * estimate(*given).seconds
    assert estimate(*given, pace=2.0).bytes == estimate(*given).bytes
    assert LEAST_PACE <= machine_pace() <= MOST_PACE
    for took, pace in ((2.0, 2.0), (0.5, 0.5), (0.0, LEAST_PACE), (1e6, MOST_PACE)):
        machine_pace.cache_clear()
        monkeypatch.setattr("sim.plan.estimate._timed", lambda _, took=took: took * REFERENCE_SECONDS)
        assert machine_pace() == pytest.approx(pace)
    machine_pace.cache_clear()
    minutes = [_minutes(monkeypatch, took) for took in (1.0, 3.0)]
    assert minutes[1] == pytest.approx(3 * minutes[0], rel=0.1)


def _minutes(monkeypatch: pytest.MonkeyPatch, took: float) -> float:
    """What the command tells on a machine that takes so long."""
    monkeypatch.setattr("sim.plan.estimate._timed", lambda _: took * REFERENCE_SECONDS)
    machine_pace.cache_clear()
    said = StringIO()
    with redirect_stdout(said):
        main(["estimate", "--fte", "5000", "--json"])
    machine_pace.cache_clear()
    return float(json.loads(said.getvalue())["minutes"])


def test_estimate_on_the_command_line(tmp_path: Path) -> None:
    """Plain data with --json and a few lines without; nothing is written."""
    (tmp_path / "termtide.toml").write_text("fte = 100\n", encoding="utf-8")
    done = termtide("estimate", "--fte", "200", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert set(facts["bytes"]) == set(SINK_BYTES)
    assert facts["events"] > 100_000
    assert facts["bigquery_usd_per_month"] == 0.0  # below what is free
    assert facts["price"]["free_gib"] == FREE_GIB
    done = termtide("estimate", "--fte", "200", cwd=tmp_path)
    lines = done.stdout.splitlines()
    assert f"about {facts['students']:,} students" in lines[0]
    assert max(map(len, lines[:2])) <= 80
    assert (facts["sound"], "too small" in done.stdout) == (True, False)
    small = termtide("estimate", "--fte", "60", cwd=tmp_path)
    assert "below 100 FTE courses are too small" in small.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["termtide.toml"]


def test_backfill_to_stdout(tmp_path: Path) -> None:
    """``--to ndjson:-`` prints the documents of the days, all of them and nothing else."""
    day = "2026-10-31"
    command = ["backfill", "--run", str(finished_run()), "--to", "ndjson:-", "--from", day, "--until", day]
    done = termtide(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    unit = load_manifest(finished_run()).units[day]
    assert len({document["id"] for document in documents}) == len(documents) == unit.rows
    refused = termtide(*command, "--json", cwd=tmp_path)
    assert refused.returncode == 2
    assert "--json: stdout is taken" in refused.stderr
    assert list(tmp_path.iterdir()) == []
