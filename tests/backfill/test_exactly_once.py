"""Exactly once: killed by SIGKILL at many seeded points, with two workers, the end is that of no kill."""

from __future__ import annotations

import shutil
import time
from datetime import date
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import duckdb
import numpy as np
import pytest

from context import rng
from context.terms.premises import premises
from sim.backfill.backfill import Wanted
from sim.folder.manifest import load_manifest
from sim.run import Order, deliver, run
from tests.backfill.test_run import bytes_of
from tests.samples.extent import ROUNDS, so_many
from tests.samples.tiny import SMALL, default_pack, finished_run
from tests.servers.kills import SERVER

KILLS = so_many(30, 5)
DUCKDB_KILLS = so_many(6, 3)
# What is delivered: the store with all of the term, or in make test with its first days.
DELIVERED = Wanted(until=None if so_many(1, 0) else date(2026, 10, 2))


@pytest.fixture
def finished() -> Path:
    """A finished run of the small campus, by one worker and never killed."""
    return finished_run()


def _run(folder: Path) -> None:
    run(premises(SMALL, default_pack()), folder, workers=2)


def _deliver(folder: Path, file: Path) -> None:
    deliver(folder, Order((f"duckdb:{file}",), DELIVERED))


def _changed_ns(path: Path) -> int:
    """When a file was last changed, 0 when it isn't there; it may go at any moment."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def killed(child: ForkServerProcess, watched: Path, changes: int, millis: int) -> bool:
    """Start the child, let a file change some times, wait a little, kill; whether it was still at work."""
    child.start()
    seen, last = 0, _changed_ns(watched)
    until = time.monotonic() + 60
    while child.is_alive() and seen < changes and time.monotonic() < until:
        time.sleep(0.002)
        now = _changed_ns(watched)
        seen, last = seen + (now != last), now
    time.sleep(millis / 1000)
    alive = child.is_alive()
    child.kill()
    child.join()
    return alive


@pytest.mark.usefixtures("bare_report")
@pytest.mark.parametrize("turns", ROUNDS)
def test_many_kills_end_like_none(finished: Path, tmp_path: Path, turns: int) -> None:
    """Law 7: many kills of a run with two workers, and every file has the bytes of one never killed."""
    folder = tmp_path / "killed"
    shutil.copytree(finished, folder, ignore=shutil.ignore_patterns("event_store", "*.duckdb", "*.html"))
    manifest = load_manifest(folder)
    manifest.state, manifest.units = "events", {}
    manifest.save(folder)
    key = rng.key(11 + 100 * turns, "kills", np.arange(200))
    changes, millis = rng.integer(key, 6, 0), rng.integer(key, 60, 1)
    kills = 0
    for turn in range(len(key)):
        child = SERVER.Process(target=_run, args=(folder,))
        kills += killed(child, folder / "manifest.json", int(changes[turn]), int(millis[turn]))
        if kills == KILLS or load_manifest(folder).state == "done":
            break
    assert kills == KILLS
    run(premises(SMALL, default_pack()), folder, workers=2)
    assert bytes_of(folder) == bytes_of(finished)
    assert (folder / "manifest.json").read_bytes() == (finished / "manifest.json").read_bytes()
    assert not list(folder.rglob("*.tmp"))


def _content(file: Path) -> dict[str, object]:
    with duckdb.connect(str(file), read_only=True) as here:
        tables = here.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
        found: dict[str, object] = {}
        for schema, table in tables:
            columns = "t.* EXCLUDE (loaded_at)" if table == "loads" else "t.*"
            rows = f"(SELECT {columns} FROM {schema}.{table} t)"
            query = f"SELECT count(*), sum(hash(r)) FROM {rows} r"
            found[f"{schema}.{table}"] = here.execute(query).fetchone()
    return found


@pytest.mark.parametrize("turns", ROUNDS)
def test_a_killed_delivery_to_duckdb_ends_like_none(finished: Path, tmp_path: Path, turns: int) -> None:
    """Killed between and in transactions, the file ends with every row once."""
    _deliver(finished, tmp_path / "whole.duckdb")
    file = tmp_path / "killed.duckdb"
    key = rng.key(12 + 100 * turns, "kills", np.arange(40))
    changes, millis = rng.integer(key, 40, 0), rng.integer(key, 60, 1)
    kills = 0
    for turn in range(len(key)):
        child = SERVER.Process(target=_deliver, args=(finished, file))
        kills += killed(child, file.with_name(f"{file.name}.wal"), int(changes[turn]), int(millis[turn]))
        if kills == DUCKDB_KILLS:
            break
    assert kills == DUCKDB_KILLS
    _deliver(finished, file)
    assert _content(file) == _content(tmp_path / "whole.duckdb")
