"""Killed again and again, at every kind of moment, a backfill to BigQuery ends like one that never was."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from context import rng
from context.terms.premises import premises
from sim.backfill.backfill import Wanted
from sim.backfill.folders import RunFolder
from sim.folder.manifest import load_manifest
from sim.run import Order, backfill
from sim.sinks.bigquery.connection import Connection
from sim.sinks.tables import TableOptions
from tests.backfill.test_run import bytes_of
from tests.samples.bigquery_tiny import SMALL, TABLES, equal, items, small_run
from tests.samples.extent import ROUNDS, so_many
from tests.samples.tiny import default_pack
from tests.servers.bigquery_server import PROJECT, Emulator
from tests.servers.kills import SERVER

KILLS = so_many(30, 6)
OF_A_KIND = so_many(3, 1)
BEGIN, UNTIL = date(2026, 9, 15), date(2026, 9, 16)  # UTC dates, which three campus days touch
UNITS_MADE = ("2026-09-14", "2026-09-15", "2026-09-16")
KEPT = UNITS_MADE[: so_many(0, 2)]  # stay in the folder whenever events are taken out of it
TARGET = f"bigquery://{PROJECT}?prefix=killed_"
FIRST_CALL, LAST_CALL = 8, 27  # looking and opening take some fifteen calls, an item four or eight
# Where a kill happens: before a call is made, when the server has answered it and nobody knows yet; when a
# unit is drawn and not yet noted, or noted, while the other worker draws the next.
CALLS, UNITS = ("before", "answered"), ("drawn", "noted")
WANTED = Wanted(BEGIN, UNTIL, frozenset({TABLES[-1], ("event_store", "expanded")}))


def _backfill(folder: Path, host: str, moment: str, turn: int, whole_group: bool) -> None:
    """A process that leads its group; at a moment it is killed, or all of the group with its workers."""
    os.setsid()
    os.environ["BIGQUERY_EMULATOR_HOST"] = host
    count, lock = 0, threading.Lock()

    def die() -> None:
        (os.killpg if whole_group else os.kill)(os.getpid(), signal.SIGKILL)

    def step() -> None:
        nonlocal count
        with lock:
            count += 1
            if count == turn:
                die()

    def around(before: str, real: Callable[..., Any], after: str) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            if moment == before:
                step()
            result = real(*arguments)
            if moment == after:
                step()
            return result

        return counted

    Connection.call = around("before", Connection.call, "answered")  # type: ignore[method-assign]
    RunFolder.add_unit = around("drawn", RunFolder.add_unit, "noted")  # type: ignore[method-assign]
    options = TableOptions("transaction")
    backfill(premises(SMALL, default_pack()), folder, Order((TARGET,), WANTED, options), workers=2)


def _undrawn(folder: Path) -> None:
    """Take the events out of a run folder, and what is known of them, but for those of the days KEPT."""
    manifest = load_manifest(folder)
    manifest.units = {day: manifest.units[day] for day in KEPT}
    kept = {folder / file.path for unit in manifest.units.values() for file in unit.files}
    for path in (folder / "event_store").rglob("*.parquet"):
        if path not in kept:
            path.unlink()
    manifest.save(folder)


@pytest.mark.parametrize("turns", ROUNDS)
def test_kills_lose_and_double_nothing(bigquery: Emulator, tmp_path: Path, turns: int) -> None:
    """Many kills with two workers: the end has the rows, files and records of a run never killed."""
    folder, client = tmp_path / "killed", bigquery.client()
    shutil.copytree(small_run(), folder)
    _undrawn(folder)

    def child(moment: str, turn: int, *, whole_group: bool) -> int | None:
        process = SERVER.Process(target=_backfill, args=(folder, bigquery.host, moment, turn, whole_group))
        process.start()
        process.join()
        return process.exitcode

    key = rng.key(1 + 100 * turns, "kills", np.arange(3 * KILLS))
    calls = FIRST_CALL + rng.integer(key, LAST_CALL - FIRST_CALL, 0)
    groups = rng.integer(key, 2, 1)
    kills, seen = 0, dict.fromkeys((*CALLS, *UNITS), 0)
    for number in range(len(key)):
        if kills == KILLS:
            break
        undrawn = len(load_manifest(folder).units) < len(UNITS_MADE)
        moment = (UNITS if undrawn else CALLS)[number % 2]
        turn = 1 if undrawn else int(calls[number])
        code = child(moment, turn, whole_group=bool(groups[number]))
        assert code in (0, -signal.SIGKILL)
        kills += code != 0
        seen[moment] += code != 0
        if code == 0:  # all is in place: what is known of it is taken away, and it begins anew
            client.query_and_wait("DELETE FROM killed_termtide_meta.loads WHERE TRUE")
            _undrawn(folder)
    assert kills == KILLS
    assert min(seen.values()) >= OF_A_KIND, seen
    assert child("never", 0, whole_group=False) == 0
    wanted = [
        item
        for item in items()
        if WANTED.has_table(item.dataset, item.table) and (item.day is None or WANTED.has_date(item.day))
    ]
    for item in wanted:
        assert equal(bigquery, "killed", item), item.name
    total = "SELECT COUNT(*) FROM killed_event_store.expanded WHERE event_time >= DATETIME '1000-01-01'"
    assert next(iter(client.query_and_wait(total)))[0] == sum(item.rows for item in wanted if item.day)
    loads = client.query_and_wait("SELECT item, row_count, digest FROM killed_termtide_meta.loads")
    assert sorted(map(tuple, loads)) == sorted((item.name, item.rows, item.digest) for item in wanted)
    tables = {table.table_id for table in client.list_tables(f"{PROJECT}.killed_termtide_meta")}
    assert tables == {"loads"}
    whole, made = bytes_of(small_run()), bytes_of(folder)
    assert made == {path: whole[path] for path in made}
    assert not list(folder.rglob("*.tmp"))
    # Another round of kills begins anew.
    client.query_and_wait("DELETE FROM killed_termtide_meta.loads WHERE TRUE")
