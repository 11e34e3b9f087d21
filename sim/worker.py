"""A worker's engine: world, plan and anchors of a run folder, and one unit from draw to files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from context.calendar import Calendar, build_calendar
from context.errors import RunError
from context.pack import Pack, load_pack
from context.scenario import Scenario
from sim.anchors import make_anchors
from sim.atomic import disk_error
from sim.batch import Batch
from sim.claim import PLAN
from sim.digest import EventsDigest
from sim.draw import draw_day
from sim.engine import Engine
from sim.expanded import Expander
from sim.plan import DayPlan, Plan
from sim.plan_file import PlanFile
from sim.render import Renderer
from sim.shared import Shared, mapped
from sim.sinks import Sink, Unit, Written, open_sink
from sim.sinks.ndjson import NdjsonSink
from sim.sinks.parquet import ParquetSink
from sim.world_load import load_world

PART_ROWS = 32_768  # events rendered, expanded and written at a time: some 60 MB of JSON


class _Days(Mapping[int, DayPlan]):
    """Days of a plan on disk; only the last one read is kept."""

    def __init__(self, file: PlanFile) -> None:
        self._file = file
        self._last: DayPlan | None = None

    def __getitem__(self, day: int) -> DayPlan:
        last = self._last
        if last is None or last.day != day:
            last = self._last = self._file.day(day)
        return last

    def __iter__(self) -> Iterator[int]:
        return iter(self._file.days)

    def __len__(self) -> int:
        return len(self._file.days)


@dataclass(frozen=True)
class Task:
    """A unit to make: for which of the job's sinks, and the run folder's files of it if it has them whole."""

    day: int
    campus_day: date
    sinks: tuple[int, ...] = (0,)
    files: tuple[str, ...] | None = None
    rows: int = 0
    digest: str | None = None


@dataclass(frozen=True)
class UnitDone:
    """What a worker reports of a unit."""

    day: int
    campus_day: date
    rows: int
    digest: str | None  # of its columns; None where only lines were made
    files: dict[int, list[Written]]  # by sink


@dataclass(frozen=True)
class Job:
    """What a worker needs to set itself up: small enough to send to another process."""

    scenario: Scenario
    pack_path: Path
    run_dir: Path
    urls: tuple[str, ...] = ()  # of sinks; none: the run folder itself
    shared: Shared | None = None  # world and anchors, else each worker makes its own


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
        return load_engine(self.job)

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


def load_engine(job: Job) -> Engine:
    """The engine of a run folder whose store and plan are complete."""
    pack, calendar = load_parts(job)
    if job.shared is not None:
        world, anchors = mapped(job.shared)
    else:
        world = load_world(job.run_dir, job.scenario, pack, calendar)
        anchors = make_anchors(world, calendar, len(pack.table("level")["level"]))
    file = PlanFile(job.run_dir / PLAN)
    return Engine.build(pack, calendar, world, Plan(file.effects, _Days(file)), anchors)


def load_parts(job: Job) -> tuple[Pack, Calendar]:
    """Pack and calendar of a job."""
    pack = load_pack(str(job.pack_path), None)
    return pack, build_calendar(job.scenario, pack.table("calendar"))
