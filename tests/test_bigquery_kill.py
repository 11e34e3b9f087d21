"""Killed again and again, at every kind of moment, a delivery to BigQuery ends like one that never was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np

from context import rng
from tests.bigquery_server import PROJECT, Emulator
from tests.bigquery_tiny import deliver, equal, items, small_run

KILLS = 30
DAYS, WHOLE = 3, 2  # three days, and the last of the whole tables
FIRST_CALL, LAST_CALL = 10, 30  # looking and opening take some fifteen calls, an item four or eight
# Where a kill happens: before a call is made, when the server has answered it and nobody knows yet, or at no
# moment in particular, in the midst of a request.
MOMENTS = ("before", "answered", "any")
# A process that has imported everything, and forks a child for each delivery: that saves a second a kill.
CODE = """
import json, os, signal, sys, threading, time
from pathlib import Path
from sim.sinks.bigquery.connection import Connection
from tests import bigquery_tiny

bigquery_tiny.small_run = lambda: Path(sys.argv[1])

def deliver(moment, turn):
    count, lock, call = 0, threading.Lock(), Connection.call
    def die():
        nonlocal count
        with lock:
            count += 1
            if count == turn:
                os.kill(os.getpid(), signal.SIGKILL)
    def patched(self, what, one):
        if moment == "before":
            die()
        result = call(self, what, one)
        if moment == "answered":
            die()
        return result
    Connection.call = patched
    if moment == "any":
        kill = lambda: (time.sleep(turn / 15), os.kill(os.getpid(), signal.SIGKILL))
        threading.Thread(target=kill, daemon=True).start()
    items = bigquery_tiny.items(int(sys.argv[3]))[int(sys.argv[4]):]
    bigquery_tiny.deliver(sys.argv[2], items, "transaction")

for line in sys.stdin:
    child = os.fork()
    if not child:
        try:
            deliver(*json.loads(line))
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def test_kills_lose_and_double_nothing(bigquery: Emulator, monkeypatch: Any) -> None:
    """At least 30 kills: the end is the same rows, and the same records, as of a delivery never killed."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", bigquery.host)
    target = f"//{PROJECT}?prefix=killed_"
    with subprocess.Popen(
        [sys.executable, "-c", CODE, str(small_run()), target, str(DAYS), str(WHOLE)],
        env={**os.environ, "BIGQUERY_EMULATOR_HOST": bigquery.host},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        def child(moment: str, turn: int) -> int:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps([moment, turn]) + "\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        kills = 0
        turns = FIRST_CALL + rng.integer(rng.key(1, "kills", np.arange(3 * KILLS)), LAST_CALL - FIRST_CALL)
        for number, turn in enumerate(turns.tolist()):
            if kills == KILLS:
                break
            code = child(MOMENTS[number % len(MOMENTS)], int(turn))
            assert code in (0, -9)
            kills += code == -9
            if code == 0:  # all is in place: what it knows of it is taken away, and it begins anew
                bigquery.client().query_and_wait("DELETE FROM killed_termtide_meta.loads WHERE TRUE")
        assert kills >= 30
        assert child("never", 0) == 0
    wanted = items(DAYS)[WHOLE:]
    assert deliver(target, wanted, "transaction")[0] == 0
    for item in wanted:
        assert equal(bigquery, "killed", item), item.name
    total = "SELECT COUNT(*) FROM killed_event_store.expanded WHERE event_time >= DATETIME '1000-01-01'"
    client = bigquery.client()
    assert next(iter(client.query_and_wait(total)))[0] == sum(item.rows for item in wanted if item.day)
    loads = client.query_and_wait("SELECT item, row_count, digest FROM killed_termtide_meta.loads")
    assert sorted(map(tuple, loads)) == sorted((item.name, item.rows, item.digest) for item in wanted)
    tables = {table.table_id for table in client.list_tables(f"{PROJECT}.killed_termtide_meta")}
    assert tables == {"loads"}
