"""``make bench``: rows and events per CPU-second, part by part, on the midterm week's real mix of events.

CPU time of this process, best of several rounds; ratios are taken within one run, so a slow machine shows
in the figures but not in the ratios.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from context.files import Written
from context.generate import generate
from context.packs.pack import Pack, load_pack
from context.scenario.calendar import Calendar, build_calendar
from context.scenario.scenario import Scenario
from sim.backfill.job import Job, Task
from sim.backfill.worker import PART_ROWS, Worker
from sim.caliper.batch import Batch
from sim.draw.day import draw_day
from sim.draw.engine import Engine
from sim.folder.digest import EventsDigest
from sim.plan.anchors import make_anchors
from sim.plan.plan import make_plan
from sim.render.expanded import Expander
from sim.render.reference import Builder, plain_loop
from sim.render.renderer import Renderer
from sim.render.scopes import Scoped
from sim.sinks.ndjson import NdjsonSink, lines
from sim.sinks.parquet import ParquetSink
from sim.sinks.units import Sink, Unit
from sim.world.load import campus_facts, load_world, standard_scores
from tests.bench_page import PAGES, print_figures, write_page
from tests.bench_peers import limits, peers
from tests.samples.bench_row import Row, T, timed
from tests.samples.in_one_call import write_store

MIDTERM_DAYS = tuple(range(42, 49))
PLAIN_EVENTS = 20_000  # the plain loop is slow: a slice is enough


def engine_of(scenario: Scenario, pack: Pack, calendar: Calendar, root: Path) -> tuple[Engine, list[Row]]:
    """World and plan in a temporary folder, with the figures of making them."""
    store, generated = timed(lambda: generate(scenario, pack, calendar), 2)
    _, written = timed(lambda: write_store(root, store), 1)
    world, loaded = timed(lambda: load_world(root, scenario, pack, calendar), 1)
    anchors = make_anchors(world, calendar, len(pack.table("level")["level"]))
    scores, facts = standard_scores(root, world), campus_facts(root)
    plan, planned = timed(lambda: make_plan(pack, calendar, world, anchors, scores, facts), 1)
    rows = [
        Row("context store: generate", store.rows, "rows", generated),
        Row("context store: generated and written", store.rows, "rows", generated + written, goal=1_209_000),
        Row(
            "plan: campus in simpy, cells",
            len(plan.days) * len(world.enrolments.person),
            "enrolment-days",
            planned,
        ),
        Row("load the world", store.rows, "rows", loaded),
    ]
    return Engine.build(pack, calendar, world, plan, anchors), rows


def event_rows(engine: Engine, scenario: Scenario, root: Path) -> list[Row]:
    """Figures of draw, render and write, of each alone and of all together."""
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
    loop = Row("plain loop: dicts and orjson.dumps", len(one), "events", looped, "the same bytes")
    render = Row("render, in memory", events, "events", rendered, f"{size:,.0f} bytes an event", 430_000)
    rows = [
        Row("draw", events, "events", drawn, goal=1_250_000),
        replace(render, note=f"{render.note}; {render.rate / loop.rate:.1f}x the plain loop, goal 8x"),
        loop,
        Row("nested columns, in memory", events, "events", expanded, goal=580_000),
    ]
    for compression, goal in (("none", 290_000), ("zstd", 244_000), ("gzip", 112_000)):
        sink = NdjsonSink(f"{root / compression}?compression={compression}")
        make = partial(_lines, renderer, expander)
        rows.append(_end_to_end(f"draw to NDJSON, {compression}", engine, sink, make, goal))
    whole = rows[4]
    rows[4] = replace(whole, note=f"{whole.note}; {whole.rate / loop.rate:.1f}x the plain loop, goal 3x")
    for name, texts, goal in (
        ("without texts", 0, 330_000),
        ("with extensions_json", 1, 260_000),
        ("with the whole JSON", 2, 140_000),
    ):
        columns = partial(_columns, renderer, expander, texts)
        rows.append(_end_to_end(f"draw to Parquet {name}", engine, ParquetSink(root / name), columns, goal))
    return [*rows, *_as_run(engine, scenario, root / "run", whole.rate)]


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
    rows = Scoped(renderer.world, part)
    made = renderer.of(rows) if texts == 2 else None
    table = expander.of(rows, made, extensions=texts > 0)
    return Unit(day, table, None if made is None else made.texts)


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


def _as_run(engine: Engine, scenario: Scenario, folder: Path, lines: float) -> list[Row]:
    """Units as a run makes them, with the digests of the manifest: by parts, their sum, and as a worker does.

    ``lines``: the rate of NDJSON, none, in the same run.
    """
    worker = Worker(Job(scenario, Path(), folder), [ParquetSink(folder)])
    worker.__dict__["engine"] = engine  # the one at hand, instead of a run folder's
    tasks = [Task(day, engine.calendar.date_of(day)) for day in MIDTERM_DAYS]
    done, seconds = timed(lambda: [worker.unit(task).rows for task in tasks], 2)
    events = sum(done)
    parts = _parts_of_run(engine, folder)
    sum_of = sum(parts.values())
    whole = Row("a run's units, as a user gets them", events, "events", seconds, goal=126_000)
    note = f"{whole.rate / lines:.2f} of NDJSON, goal .6; {sum_of / seconds:.2f} of its parts' speed"
    return [
        *(Row(f"part of a run's units: {name}", events, "events", took) for name, took in parts.items()),
        Row("sum of these parts", events, "events", sum_of),
        replace(whole, note=note),
    ]


def _parts_of_run(engine: Engine, folder: Path) -> dict[str, float]:
    """CPU seconds of each part of making the week's units, one after the other."""
    renderer, expander = Renderer(engine.world), Expander(engine.world)
    spent: dict[str, float] = {}

    def clocked(name: str, make: Callable[[], T]) -> T:
        before = time.process_time()
        made = make()
        spent[name] = spent.get(name, 0.0) + time.process_time() - before
        return made

    sink = ParquetSink(folder)
    for _ in range(2):  # the first round makes what is made once
        spent.clear()
        for number in MIDTERM_DAYS:
            digest, day = EventsDigest(each_once=True), engine.calendar.date_of(number)
            batch = clocked("draw", partial(draw_day, engine, number))[0]
            with sink.unit(day) as writer:
                for part in _parts(batch):
                    rows = Scoped(engine.world, part)
                    made = clocked("documents", partial(renderer.of, rows))
                    table = clocked("columns beside documents", partial(expander.of, rows, made))
                    clocked("digest", partial(digest.update, table))
                    clocked("Parquet", partial(writer.add, Unit(day, table, made.texts)))
            clocked("digest", digest.hexdigest)
    return dict(spent)


def _size_note(files: list[Written]) -> str:
    return f"{sum(f.bytes for f in files) / sum(f.rows for f in files):,.0f} bytes an event"


def main() -> None:
    """Print the figures, and write them into the page where that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_events", description=__doc__)
    parser.add_argument("--fte", type=int, default=5_000, help="size in student FTE (default 5,000)")
    parser.add_argument("--page", action="store_true", help=f"write the figures into {PAGES}")
    given = parser.parse_args()
    scenario = Scenario(name="bench", fte=given.fte, seed=1)
    pack = load_pack(scenario.pack, None)
    calendar = build_calendar(scenario, pack.table("calendar"))
    with TemporaryDirectory(prefix="termtide-bench-") as folder:
        root = Path(folder)
        engine, rows = engine_of(scenario, pack, calendar, root)
        rows += event_rows(engine, scenario, root)
        documents = Renderer(engine.world).render(draw_day(engine, MIDTERM_DAYS[0])[0].take(slice(0, 16_384)))
        rows += limits(b"".join(lines(documents)), len(documents), root)
        rows += peers(root)
    what = f"{scenario.fte:,} FTE, midterm week (days {MIDTERM_DAYS[0]} to {MIDTERM_DAYS[-1]}), one process"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    what += f", peak memory {peak / 1e6:,.0f} MB"
    print_figures(what, rows)
    if given.page:
        write_page("figures", what, rows)


if __name__ == "__main__":
    main()
