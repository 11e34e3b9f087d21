"""A worker's engine: world, plan and anchors of a run folder, and one unit from draw to files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import date
from functools import cached_property, partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from context.errors import RunError
from context.files import Written, disk_error
from sim.backfill.job import Job, Task, UnitDone
from sim.backfill.mapped_world import mapped
from sim.caliper.batch import Batch
from sim.draw.day import draw_day
from sim.draw.engine import Engine, load_engine
from sim.folder.digest import EventsDigest
from sim.render.expanded import Expander
from sim.render.renderer import Renderer
from sim.sinks.ndjson import NdjsonSink
from sim.sinks.open import open_sink
from sim.sinks.parquet import ParquetSink
from sim.sinks.units import Sink, Unit

PART_ROWS = 32_768  # events rendered, expanded and written at a time: some 60 MB of JSON


class Worker:
    """Draws, renders and writes units; nothing is shared between workers but the store and the plan."""

    def __init__(self, job: Job, sinks: Iterable[Sink] | None = None) -> None:
        self.job, self.scenario = job, job.scenario
        self.part_rows = min(PART_ROWS, job.scenario.output.row_group_rows)
        self.sinks = list(sinks) if sinks is not None else [self._sink(url) for url in job.urls or ("",)]

    def _sink(self, url: str) -> Sink:
        scheme, _, target = url.partition(":")
        if scheme in ("", "parquet"):
            return ParquetSink(target or self.job.run_dir, row_group_rows=self.scenario.output.row_group_rows)
        return open_sink(url)

    @cached_property
    def engine(self) -> Engine:
        """Made when first needed: units that are only copied need none."""
        job = self.job
        given = mapped(job.shared) if job.shared is not None else None
        return load_engine(job.run_dir, job.scenario, job.pack_path, given)

    @cached_property
    def _makers(self) -> tuple[Renderer, Expander]:
        return Renderer(self.engine.world), Expander(self.engine.world)

    def unit(self, task: Task) -> UnitDone:
        """Make one campus day. Raises RunError; what sinks have of it by then is whole and replaced later."""
        if task.files is not None:
            return self._copied(task)
        batch, _ = draw_day(self.engine, task.day)
        digest, campus_day, rows = EventsDigest(), task.campus_day, 0
        sinks = {i: self.sinks[i] for i in task.sinks}
        # Files of lines need no columns, files without documents none of those: neither is made for nothing.
        only_lines = all(isinstance(sink, NdjsonSink) for sink in sinks.values())
        documents = self.scenario.output.event_json or not all(
            isinstance(sink, ParquetSink) for sink in sinks.values()
        )
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
        if rows != len(batch):
            raise RunError(f"unit {campus_day}: {len(batch)} events drawn, but {rows} expanded")
        files = {i: writer.written for i, writer in writers.items()}
        return UnitDone(task.day, campus_day, rows, None if only_lines else digest.hexdigest(), files)

    def _lines(self, campus_day: date, part: Batch) -> Unit:
        """Events as lines, and of their columns the time alone."""
        renderer, expander = self._makers
        times = pa.table({"event_time": expander.times(part)})
        return Unit(campus_day, times, lines=partial(renderer.lines, part))

    def _columns(self, campus_day: date, part: Batch, documents: bool) -> Unit:
        """Events as columns, with their documents if anybody wants them."""
        renderer, expander = self._makers
        texts = renderer.render(part) if documents else None
        return Unit(
            campus_day, expander.table(part, texts if self.scenario.output.event_json else None), texts
        )

    def _copied(self, task: Task) -> UnitDone:
        """The unit as it stands in the run folder: files as they are, or the documents in them."""
        campus_day, root = task.campus_day, self.job.run_dir
        files: dict[int, list[Written]] = {}
        for i in task.sinks:
            sink = self.sinks[i]
            if isinstance(sink, ParquetSink):
                files[i] = sink.copy(campus_day, root, task.files or ())
                continue
            with sink.unit(campus_day) as writer:
                for table in _documents(root, task.files or ()):
                    writer.add(Unit(campus_day, table))
            files[i] = writer.written
        return UnitDone(task.day, campus_day, task.rows, task.digest, files)


def _documents(root: Path, files: Iterable[str]) -> Iterator[pa.Table]:
    """Times and documents of a unit's files, a row group at a time."""
    for name in files:
        try:
            with pq.ParquetFile(root / name) as file:
                for group in range(file.num_row_groups):
                    yield file.read_row_group(group, ["event_time", "event"])
        except OSError as error:
            raise disk_error(root / name, error) from error
