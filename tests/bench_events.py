"""``make bench``: rows and events per CPU-second, stage by stage, on the midterm week's real mix of events.

CPU time of this process, best of several rounds; ratios are taken within one run, so a slow machine shows
in the figures but not in the ratios.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from context.files import Written
from context.generate import generate
from context.packs.pack import Pack, load_pack
from context.scenario.calendar import Calendar, build_calendar
from context.scenario.scenario import Scenario
from context.store.files import write_store
from sim.backfill.job import Job, Task
from sim.backfill.worker import PART_ROWS, Worker
from sim.caliper.batch import Batch
from sim.draw.day import draw_day
from sim.draw.engine import Engine
from sim.plan.anchors import make_anchors
from sim.plan.plan import make_plan
from sim.render.expanded import Expander
from sim.render.reference import Builder, plain_loop
from sim.render.renderer import Renderer
from sim.sinks.ndjson import NdjsonSink
from sim.sinks.parquet import ParquetSink
from sim.sinks.units import Sink, Unit
from sim.world.load import campus_facts, load_world, standard_scores

MIDTERM_DAYS = tuple(range(42, 49))
PLAIN_EVENTS = 20_000  # the plain loop is slow: a slice is enough
ROUNDS = 3
T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    count: int
    unit: str
    cpu_seconds: float
    note: str = ""
    goal: int = 0  # of the rate; 0 for none

    @property
    def rate(self) -> float:
        """Per CPU-second."""
        return self.count / self.cpu_seconds


def timed(make: Callable[[], T], rounds: int = ROUNDS) -> tuple[T, float]:
    """(result, least CPU seconds of the process) over several rounds."""
    before = time.process_time()
    result = make()
    seconds = [time.process_time() - before]
    for _ in range(rounds - 1):
        before = time.process_time()
        result = make()
        seconds.append(time.process_time() - before)
    return result, min(seconds)


def engine_of(scenario: Scenario, pack: Pack, calendar: Calendar, root: Path) -> tuple[Engine, list[Row]]:
    """World and plan in a temporary folder, with the figures of making them."""
    store, generated = timed(lambda: generate(scenario, pack, calendar), 2)
    _, written = timed(lambda: write_store(root, store), 1)
    world, loaded = timed(lambda: load_world(root, scenario, pack, calendar), 1)
    anchors = make_anchors(world, calendar, len(pack.table("level")["level"]))
    scores, facts = standard_scores(root, world), campus_facts(root)
    plan, planned = timed(lambda: make_plan(pack, calendar, world, anchors, scores, facts), 1)
    rows = [
        Row("context store: generate", store.rows, "rows", generated, goal=1_000_000),
        Row("context store: write Parquet", store.rows, "rows", written),
        Row(
            "plan: campus in simpy, cells",
            len(plan.days) * len(world.enrolments.person),
            "enrolment-days",
            planned,
        ),
        Row("load the world", store.rows, "rows", loaded),
    ]
    return Engine.build(pack, calendar, world, plan, anchors), rows


def event_rows(engine: Engine, scenario: Scenario, root: Path) -> tuple[list[Row], float, float]:
    """(figures of draw, render and write; ratio to the plain loop; bytes per event)."""
    batches, drawn = timed(lambda: [draw_day(engine, day)[0] for day in MIDTERM_DAYS])
    events = sum(map(len, batches))
    renderer, expander = Renderer(engine.world), Expander(engine.world)
    size, rendered = timed(lambda: sum(_rendered(renderer, batch) for batch in batches) / events)
    one = batches[2].take(slice(0, PLAIN_EVENTS))
    builder = Builder(engine.world)  # its lists of texts are made once, outside the race
    plain, looped = timed(lambda: plain_loop(builder, one))
    if plain != [text.encode() for text in renderer.render(one).to_pylist()]:
        sys.exit("bench: rendering and the plain loop disagree; the figures would mean nothing")
    _, expanded = timed(lambda: [expander.table(part).num_rows for b in batches for part in _parts(b)])
    rows = [
        Row("draw", events, "events", drawn, goal=1_250_000),
        Row("render, in memory", events, "events", rendered, f"{size:,.0f} bytes an event", 400_000),
        Row("plain loop: dicts and orjson.dumps", len(one), "events", looped, "the same bytes"),
        Row("nested columns, in memory", events, "events", expanded),
    ]
    for compression, goal in (("none", 300_000), ("zstd", 0), ("gzip", 0)):
        sink = NdjsonSink(f"{root / compression}?compression={compression}")
        make = partial(_lines, renderer, expander)
        rows.append(_end_to_end(f"draw to NDJSON, {compression}", engine, sink, make, goal))
    for name, texts, goal in (
        ("without texts", 0, 400_000),
        ("with extensions_json", 1, 250_000),
        ("with the whole JSON", 2, 150_000),
    ):
        columns = partial(_columns, renderer, expander, texts)
        rows.append(_end_to_end(f"draw to Parquet {name}", engine, ParquetSink(root / name), columns, goal))
    rows.append(_as_run(engine, scenario, root / "run", rows[-1].note))
    return rows, (rows[1].rate / rows[2].rate), size


def _parts(batch: Batch) -> Iterator[Batch]:
    for start in range(0, len(batch), PART_ROWS):
        yield batch.take(slice(start, start + PART_ROWS))


def _rendered(renderer: Renderer, batch: Batch) -> int:
    """Bytes of a batch's documents, which are let go a part at a time, as a worker does."""
    return sum(chunk.buffers()[2].size for _, chunk in renderer.chunks(batch))


def _lines(renderer: Renderer, expander: Expander, day: date, part: Batch) -> Unit:
    times = pa.table({"event_time": expander.times(part)})
    return Unit(day, times, lines=partial(renderer.lines, part))


def _columns(renderer: Renderer, expander: Expander, texts: int, day: date, part: Batch) -> Unit:
    documents = renderer.render(part) if texts == 2 else None
    return Unit(day, expander.table(part, documents, extensions=texts > 0), documents)


def _end_to_end(what: str, engine: Engine, sink: Sink, make: Callable[[date, Batch], Unit], goal: int) -> Row:
    """Draw and write the week, part by part; every round into new files."""

    def write() -> list[Written]:
        files: list[Written] = []
        for number in MIDTERM_DAYS:
            day = engine.calendar.date_of(number)
            with sink.unit(day) as writer:
                for part in _parts(draw_day(engine, number)[0]):
                    writer.add(make(day, part))
            files += writer.written
        return files

    files, seconds = timed(write, 2)
    events = sum(file.rows for file in files)
    return Row(what, events, "events", seconds, _size_note(files), goal)


def _as_run(engine: Engine, scenario: Scenario, folder: Path, note: str) -> Row:
    """Units as a run makes them: with the digests of the manifest."""
    worker = Worker(Job(scenario, Path(), folder), [ParquetSink(folder)])
    worker.__dict__["engine"] = engine  # the one at hand, instead of a run folder's
    tasks = [Task(day, engine.calendar.date_of(day)) for day in MIDTERM_DAYS]
    done, seconds = timed(lambda: [worker.unit(task).rows for task in tasks], 2)
    return Row("the same, digested, as a run's units", sum(done), "events", seconds, note)


def _size_note(files: list[Written]) -> str:
    return f"{sum(f.bytes for f in files) / sum(f.rows for f in files):,.0f} bytes an event"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_events", description=__doc__)
    parser.add_argument("--fte", type=int, default=5_000, help="size in student FTE (default 5,000)")
    scenario = Scenario(name="bench", fte=parser.parse_args().fte, seed=1)
    pack = load_pack(scenario.pack, None)
    calendar = build_calendar(scenario, pack.table("calendar"))
    with TemporaryDirectory(prefix="termtide-bench-") as folder:
        engine, rows = engine_of(scenario, pack, calendar, Path(folder))
        events, ratio, size = event_rows(engine, scenario, Path(folder))
    table = Table("stage", "count", "CPU s", "per CPU-second", "goal", "note", box=None, pad_edge=False)
    for column in (1, 2, 3, 4):
        table.columns[column].justify = "right"
    for row in [*rows, *events]:
        table.add_row(
            row.what,
            f"{row.count:,} {row.unit}",
            f"{row.cpu_seconds:.2f}",
            f"{row.rate:,.0f}",
            f"{row.goal:,}" if row.goal else "",
            row.note,
        )
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    console = Console(width=max(Console().width, 130))
    console.print(
        f"{scenario.fte:,} FTE, midterm week (days {MIDTERM_DAYS[0]} to {MIDTERM_DAYS[-1]}), one process"
    )
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    console.print(
        f"rendering against the plain loop: {ratio:.1f}x (goal 8x); {size:,.0f} bytes an event; "
        f"peak memory {peak / 1e6:,.0f} MB"
    )


if __name__ == "__main__":
    main()
