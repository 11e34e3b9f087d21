"""Memory is flat in the number of days: what a day takes is given back before the next one."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path

import pyarrow as pa
import pytest

from sim.backfill.job import Job, Task
from sim.backfill.worker import Worker
from sim.folder.names import PLAN
from sim.plan.plan_file import write_plan
from tests.samples.tiny import TINY, campus_of, default_pack

MB = 1_000_000


@pytest.mark.gates
def test_memory_is_flat_in_days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten days and a hundred: the same peak but for the texts that are kept, and nothing else that stays.

    NumPy's and Python's memory is traced by the interpreter, Arrow's by its pool; a worker draws, renders
    and writes, with plan and store on disk.
    """
    # Texts of objects that come up again are kept, up to a bound: here one that ten days reach.
    monkeypatch.setattr("sim.render.layout.HEAP_BYTES", 2 * MB)
    campus = campus_of(TINY, default_pack(), tmp_path)
    write_plan(tmp_path / PLAN, campus.plan, campus.calendar.term.start)
    worker = Worker(Job(TINY, default_pack().path, tmp_path))
    pool = pa.default_memory_pool()

    def task(day: int) -> Task:
        return Task(day, campus.calendar.date_of(day))

    worker.unit(task(0))  # tables that are built once
    pool.release_unused()
    # What lies in cycles goes when the collector comes, and it comes the later the more a process holds: what
    # other tests left would be measured. So it comes after each day here, and for what days have made alone.
    gc.freeze()
    tracemalloc.start()
    try:
        peaks, kept = [], []
        for days in (range(0, 100, 10), range(100)):
            tracemalloc.reset_peak()
            arrow = 0
            for day in days:
                worker.unit(task(day))
                gc.collect()
                arrow = max(arrow, pool.bytes_allocated())
            current, peak = tracemalloc.get_traced_memory()
            peaks.append(peak)
            kept.append(current + arrow)
    finally:
        tracemalloc.stop()
        gc.unfreeze()
    assert peaks[0] > 0.3 * MB  # it does see the arrays of a day
    # A day that kept as much as a tenth of an MB would show.
    assert peaks[1] < peaks[0] + 5 * MB
    assert kept[1] < kept[0] + 5 * MB
