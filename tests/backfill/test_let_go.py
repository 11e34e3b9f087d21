"""What is not needed any more is let go at once: parts of a day, tables, pages, what threads have read."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from context import generate
from context.store import memory
from context.store.memory import give_back
from context.terms.premises import premises
from sim.backfill import worker as of_worker
from sim.backfill.job import Job, Task
from sim.backfill.mapped_world import Shared, SharedCampus, mapped_with_pages, reach_of
from sim.backfill.worker import Worker
from sim.draw.day import draw_day
from sim.render.renderer import Renderer
from sim.sinks.parquet import ParquetSink
from sim.world.layout import let_pages_go, write_layout
from tests.samples.tiny import BRIEF, TINY, default_pack, tiny


def test_a_part_is_gone_when_the_next_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a unit's documents no more than one part's are held: at 20,000 FTE each is 140 MB."""
    worker = Worker(Job(TINY, default_pack().path, tmp_path), [ParquetSink(tmp_path)])
    worker.engine, worker.part_rows = tiny().engine, 100
    made: list[weakref.ref[Any]] = []
    columns = worker._columns

    def noted(*given: Any) -> Any:
        assert all(part() is None for part in made), "an earlier part is still held"
        unit = columns(*given)
        made.append(weakref.ref(unit.json))
        return unit

    monkeypatch.setattr(worker, "_columns", noted)
    day = 20
    worker.unit(Task(day, worker.engine.calendar.date_of(day), (0,)))
    assert len(made) > 2


def test_pages_of_the_world_go_between_the_steps_of_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What draw, documents and columns read of the world is let go after each: none holds it all at once."""
    job = Job(TINY, default_pack().path, tmp_path)
    worker = Worker(job, [ParquetSink(tmp_path)])
    worker.engine, worker.part_rows = tiny().engine, 100
    steps: list[str] = []
    worker._mapped = (SharedCampus(worker.engine.world, worker.engine.anchors, np.empty((0, 3))), object())
    monkeypatch.setattr(of_worker, "let_pages_go", lambda _: steps.append("let go"))
    renderer, expander = worker._makers

    def noted(name: str, made: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given, **more: (steps.append(name), made(*given, **more))[1]

    monkeypatch.setattr(of_worker, "draw_day", noted("drawn", of_worker.draw_day))
    monkeypatch.setattr(renderer, "of", noted("documents", renderer.of))
    monkeypatch.setattr(expander, "of", noted("columns", expander.of))
    worker.unit(Task(20, worker.engine.calendar.date_of(20), (0,)))
    assert steps[0::2] == ["drawn", *(["documents", "columns"] * (len(steps) // 4))]
    assert set(steps[1::2]) == {"let go"}
    assert len(steps) > 8


def test_pages_go_after_each_text_that_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """While documents are rendered, pages go after each text of many events, and documents stay the same."""
    batch = draw_day(tiny().engine, 20)[0]
    wanted = Renderer(tiny().world).render(batch)
    monkeypatch.setattr("sim.render.layout.MANY_EVENTS", 0)
    gone: list[int] = []
    assert Renderer(tiny().world, lambda: gone.append(1)).render(batch).equals(wanted)
    assert len(gone) > 10


def test_a_table_is_gone_when_the_next_is_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes a store's tables one by one holds none but those that one function makes."""
    yielded: list[weakref.ref[pa.Table]] = []

    def noted(function: Callable[..., Any], drawn: Any) -> Any:
        assert all(table() is None for table in yielded), function.__name__
        return function(drawn)

    functions = tuple(partial(noted, function) for function in generate.TABLE_FUNCTIONS)
    monkeypatch.setattr(generate, "TABLE_FUNCTIONS", functions)
    for _, _, table in generate.store_parts(BRIEF, default_pack(), premises(BRIEF, default_pack()).calendars):
        yielded.append(weakref.ref(table))
        del table
    assert len(yielded) > 100


@pytest.mark.skipif(sys.platform != "linux", reason="tells resident pages by /proc")
def test_pages_that_are_let_go_are_not_held_and_come_back(tmp_path: Path) -> None:
    """After a unit no page of the world is a process's own, and arrays read as before."""
    engine, path = tiny().engine, tmp_path / "world"
    campus = SharedCampus(engine.world, engine.anchors, reach_of(engine.calendar, engine.anchors))
    found, pages = mapped_with_pages(Shared(path, write_layout(path, campus)))
    np.testing.assert_array_equal(found.anchors.key, engine.anchors.key)
    assert _resident_kb(path) > 0
    let_pages_go(pages)
    assert _resident_kb(path) == 0
    np.testing.assert_array_equal(found.anchors.key, engine.anchors.key)


def _resident_kb(path: Path) -> int:
    """Of the pages that a file is mapped by."""
    lines = iter(Path("/proc/self/smaps").read_text().splitlines())
    found = 0
    for line in lines:
        if line.endswith(str(path)):
            found += next(int(each.split()[1]) for each in lines if each.startswith("Rss:"))
    return found


def test_giving_back_ends_threads_and_leaves_as_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where much was read, Arrow has a thread of each kind for a moment, and then as many as before."""
    monkeypatch.setattr(memory, "_MUCH", -1)
    before, meanwhile = (pa.cpu_count(), pa.io_thread_count()), []
    ends = iter([12, 12, 11, 9, 9, 9])  # on a busy machine threads are late
    monkeypatch.setattr(memory, "_threads", lambda: next(ends))
    monkeypatch.setattr("time.sleep", lambda _: meanwhile.append((pa.cpu_count(), pa.io_thread_count())))
    give_back()
    assert meanwhile == [(1, 1)] * 4
    assert list(ends) == [9]
    assert (pa.cpu_count(), pa.io_thread_count()) == before
    give_back(threads=False)
    assert len(meanwhile) == 4
