"""A worker's engine: world, plan and anchors of a run folder, and one unit from draw to files."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import date
from functools import cached_property, partial
from mmap import mmap

import pyarrow as pa

from context.errors import RunError
from sim.backfill.job import Job, Task, UnitDone
from sim.backfill.mapped_world import SharedCampus, mapped_with_pages
from sim.caliper.batch import Batch
from sim.counts.record import write_counts
from sim.counts.unit import Counter
from sim.draw.day import draw_day
from sim.draw.engine import Engine, load_engine
from sim.folder.digest import EventsDigest
from sim.render.expanded import Expander
from sim.render.renderer import Renderer
from sim.render.scopes import Scoped
from sim.sinks.open import open_sink
from sim.sinks.units import Sink, Unit, UnitOptions
from sim.world.layout import let_pages_go

PART_ROWS = 65_536  # events rendered, expanded and written at a time: some 120 MB of JSON


class Worker:
    """Draws, renders and writes units; nothing is shared between workers but the store and the plan."""

    def __init__(self, job: Job, sinks: Iterable[Sink] | None = None) -> None:
        self.job, self.scenario = job, job.scenario
        self.part_rows = min(PART_ROWS, job.scenario.output.row_group_rows)
        options = UnitOptions(job.scenario.output.row_group_rows)
        urls = job.urls or (job.run_url,)
        self._of_run = frozenset(i for i, url in enumerate(urls) if url == job.run_url)
        self.sinks = list(sinks) if sinks is not None else [open_sink(url, options) for url in urls]

    def take_engine(self, other: Worker) -> None:
        """Draw with what another worker of the same job has set up, if it has."""
        for name in ("engine", "_mapped", "_makers", "_counter"):
            if name in vars(other):
                vars(self)[name] = vars(other)[name]

    @cached_property
    def engine(self) -> Engine:
        """Made when first needed: units that are only copied need none."""
        job = self.job
        given = (self._mapped[0].world, self._mapped[0].anchors) if self._mapped is not None else None
        return load_engine(job.run_dir, job.scenario, job.pack_path, given)

    @cached_property
    def _mapped(self) -> tuple[SharedCampus, mmap] | None:
        """The campus and its pages, where they are shared."""
        return mapped_with_pages(self.job.shared) if self.job.shared is not None else None

    @cached_property
    def _makers(self) -> tuple[Renderer, Expander]:
        return Renderer(self.engine.world, self._let_pages_go), Expander(self.engine.world)

    @cached_property
    def _counter(self) -> Counter:
        return Counter(self.engine)

    def unit(self, task: Task) -> UnitDone:
        """Make one campus day. Raises RunError; what sinks have of it by then is whole and replaced later."""
        if task.files is not None:
            return self._copied(task)
        batch, tally = draw_day(self.engine, task.day)
        counts = None
        if self._of_run & set(task.sinks):
            counts = self._counter.record(task.day, batch, tally)
        self._let_pages_go()
        digest, campus_day, rows = EventsDigest(each_once=True), task.campus_day, 0
        sinks = {i: self.sinks[i] for i in task.sinks}
        # Files of lines need no columns, files without documents none of those: neither is made for nothing.
        needs = {sink.needs for sink in sinks.values()}
        only_lines = needs == {"lines"}
        documents = self.scenario.output.event_json or needs != {"columns"}
        with ExitStack() as stack:
            writers = {i: stack.enter_context(sink.unit(campus_day)) for i, sink in sinks.items()}
            for start in range(0, len(batch), self.part_rows):
                part = batch.take(slice(start, start + self.part_rows))
                unit = (
                    self._lines(campus_day, part)
                    if only_lines
                    else self._columns(campus_day, part, documents)
                )
                rows += unit.table.num_rows
                if not only_lines:
                    digest.update(unit.table)
                for writer in writers.values():
                    writer.add(unit)
                del unit  # before the next part's documents are made
                self._let_pages_go()
        if rows != len(batch):
            raise RunError(f"unit {campus_day}: {len(batch)} events drawn, but {rows} expanded")
        files = {i: writer.written for i, writer in writers.items()}
        record = None if counts is None else write_counts(self.job.unit_dir, campus_day, counts)
        return UnitDone(task.day, campus_day, rows, None if only_lines else digest.hexdigest(), files, record)

    def _let_pages_go(self) -> None:
        """Pages of the world that were read are the system's again: what comes next reads others."""
        if self._mapped is not None:
            let_pages_go(self._mapped[1])

    def _lines(self, campus_day: date, part: Batch) -> Unit:
        """Events as lines, and of their columns the time alone."""
        renderer, expander = self._makers
        times = pa.table({"event_time": expander.times(part)})
        return Unit(campus_day, times, lines=partial(renderer.lines, part))

    def _columns(self, campus_day: date, part: Batch, documents: bool) -> Unit:
        """Events as columns, with their documents if anybody wants them."""
        renderer, expander = self._makers
        rows = Scoped(self.engine.world, part)  # what both need is found once
        made = renderer.of(rows) if documents else None
        self._let_pages_go()
        table = expander.of(rows, made, event=self.scenario.output.event_json)
        return Unit(campus_day, table, None if made is None else made.texts)

    def _copied(self, task: Task) -> UnitDone:
        """The unit as it stands in the run folder: files as they are, or the documents in them."""
        day, files = task.campus_day, task.files or ()
        copies = {i: self.sinks[i].copy(day, self.job.run_dir, files) for i in task.sinks}
        return UnitDone(task.day, day, task.rows, task.digest, copies)
