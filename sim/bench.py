"""``make bench``: rows and events per CPU-second, stage by stage, on the midterm week's real mix of events.

CPU time of this process, best of several rounds; ratios are taken within one run, so a slow machine shows
in the figures but not in the ratios.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pyarrow as pa
from rich.console import Console
from rich.table import Table

from context.calendar import Calendar, build_calendar
from context.generate import generate
from context.pack import Pack, load_pack
from context.scenario import Scenario
from context.store_write import write_store
from sim.anchors import make_anchors
from sim.batch import Batch
from sim.draw import draw_day
from sim.engine import Engine
from sim.expanded import Expander
from sim.plan import make_plan
from sim.reference import Builder, plain_loop
from sim.render import Renderer
from sim.sinks import Unit, Written, write_unit
from sim.sinks.ndjson import NdjsonSink
from sim.sinks.parquet import ParquetSink
from sim.world_load import campus_facts, load_world, standard_scores

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
    plan, planned = timed(lambda: make_plan(pack, calendar, world, anchors, scores, *facts), 1)
    rows = [
        Row("context store: generate", store.rows, "rows", generated),
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


def event_rows(engine: Engine, root: Path) -> tuple[list[Row], float, float]:
    """(figures of draw, render and write; ratio to the plain loop; bytes per event)."""
    world, calendar = engine.world, engine.calendar
    batches, drawn = timed(lambda: [draw_day(engine, day)[0] for day in MIDTERM_DAYS])
    events = sum(map(len, batches))
    renderer, expander = Renderer(world), Expander(world)
    documents, rendered = timed(lambda: [renderer.render(batch) for batch in batches])
    size = sum(_text_bytes(document) for document in documents) / events
    one = batches[2].take(slice(0, PLAIN_EVENTS))
    builder = Builder(world)  # its lists of texts are made once, outside the race
    plain, looped = timed(lambda: plain_loop(builder, one))
    if plain != [text.encode() for text in renderer.render(one).to_pylist()]:
        sys.exit("bench: rendering and the plain loop disagree; the figures would mean nothing")
    tables, expanded = timed(lambda: [expander.table(batch) for batch in batches])
    rows = [
        Row("draw", events, "events", drawn),
        Row("render, in memory", events, "events", rendered, f"{size:,.0f} bytes an event"),
        Row("plain loop: dicts and orjson.dumps", len(one), "events", looped, "the same bytes"),
        Row("nested columns, in memory", events, "events", expanded),
    ]
    for name, with_json in (("without the JSON", False), ("with the JSON", True)):
        sink = ParquetSink(root / f"out-{with_json}")
        units = [
            Unit(calendar.date_of(day), expander.table(batch, text if with_json else None))
            for day, batch, text in zip(MIDTERM_DAYS, batches, documents, strict=True)
        ]
        files, wrote = timed(partial(_write_all, sink, units), 2)
        note = f"{sum(file.bytes for file in files) / events:,.0f} bytes an event"
        rows.append(Row(f"write Parquet {name}", events, "events", wrote, note))
    _, end_to_end = timed(lambda: _to_ndjson(engine, renderer, root / "ndjson"), 2)
    rows.append(Row("draw, render and write NDJSON", events, "events", end_to_end, "end to end"))
    _, whole = timed(lambda: _to_parquet(engine, renderer, expander, root / "whole"), 2)
    rows.append(Row("draw, render and write Parquet", events, "events", whole, "end to end, with the JSON"))
    del tables
    return rows, (rows[1].rate / rows[2].rate), size


def _write_all(sink: ParquetSink, units: list[Unit]) -> list[Written]:
    return [file for unit in units for file in write_unit(sink, unit)]


def _text_bytes(documents: pa.ChunkedArray) -> int:
    return sum(chunk.buffers()[2].size for chunk in documents.chunks)


def _to_ndjson(engine: Engine, renderer: Renderer, folder: Path) -> bool:
    sink, expander = NdjsonSink(str(folder)), Expander(engine.world)
    for day in MIDTERM_DAYS:
        batch: Batch = draw_day(engine, day)[0]
        columns = pa.table({"event_time": expander.times(batch)})
        write_unit(sink, Unit(engine.calendar.date_of(day), columns, lines=partial(renderer.lines, batch)))
    return True


def _to_parquet(engine: Engine, renderer: Renderer, expander: Expander, folder: Path) -> bool:
    sink = ParquetSink(folder)
    for day in MIDTERM_DAYS:
        batch = draw_day(engine, day)[0]
        write_unit(sink, Unit(engine.calendar.date_of(day), expander.table(batch, renderer.render(batch))))
    return True


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m sim.bench", description=__doc__)
    parser.add_argument("--fte", type=int, default=5_000, help="size in student FTE (default 5,000)")
    scenario = Scenario(name="bench", fte=parser.parse_args().fte, seed=1)
    pack = load_pack(scenario.pack, None)
    calendar = build_calendar(scenario, pack.table("calendar"))
    with TemporaryDirectory(prefix="termtide-bench-") as folder:
        engine, rows = engine_of(scenario, pack, calendar, Path(folder))
        events, ratio, size = event_rows(engine, Path(folder))
    table = Table("stage", "count", "CPU s", "per CPU-second", "note", box=None, pad_edge=False)
    for column in (1, 2, 3):
        table.columns[column].justify = "right"
    for row in [*rows, *events]:
        table.add_row(
            row.what, f"{row.count:,} {row.unit}", f"{row.cpu_seconds:.2f}", f"{row.rate:,.0f}", row.note
        )
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    console = Console(width=max(Console().width, 120))
    console.print(
        f"{scenario.fte:,} FTE, midterm week (days {MIDTERM_DAYS[0]} to {MIDTERM_DAYS[-1]}), one process"
    )
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    console.print(
        f"rendering against the plain loop: {ratio:.1f}x; {size:,.0f} bytes an event; "
        f"peak memory {peak / 1e6:,.0f} MB"
    )


if __name__ == "__main__":
    main()
