"""Processes that tests start to kill them: forked from one that has imported everything, which saves a second
a kill.
"""

from __future__ import annotations

from multiprocessing import get_context

SERVER = get_context("forkserver")
SERVER.set_forkserver_preload(
    ["sim.run", "sim.sinks.bigquery", "tests.samples.bigquery_tiny", "tests.backfill.test_run"]
)
