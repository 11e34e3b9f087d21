"""A worker's engine: world, plan and anchors of a run folder, and one unit from draw to files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from context.calendar import Calendar, build_calendar
from context.pack import Pack, load_pack
from context.scenario import Scenario
from sim.anchors import make_anchors
from sim.claim import PLAN
from sim.digest import events_digest
from sim.draw import Tally, draw_day
from sim.engine import Engine
from sim.expanded import Expander
from sim.plan import DayPlan, Plan
from sim.plan_file import PlanFile
from sim.render import Renderer
from sim.sinks import Sink, Unit, Written
from sim.sinks.parquet import ParquetSink
from sim.world_load import load_world


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
class UnitDone:
    """What a worker reports of a unit."""

    day: int
    rows: int
    files: list[Written]
    digest: str
    tally: Tally


@dataclass(frozen=True)
class Job:
    """What a worker needs to set itself up: small enough to send to another process."""

    scenario: Scenario
    pack_path: Path
    run_dir: Path


class Worker:
    """Draws, renders and writes units; nothing is shared between workers but the store and the plan."""

    def __init__(self, job: Job, sink: Sink | None = None) -> None:
        self.scenario = job.scenario
        self.engine = load_engine(job)
        self.renderer = Renderer(self.engine.world)
        self.expander = Expander(self.engine.world)
        self.sink = sink or ParquetSink(job.run_dir, row_group_rows=job.scenario.output.row_group_rows)

    def unit(self, day: int) -> UnitDone:
        """Make one campus day."""
        batch, tally = draw_day(self.engine, day)
        documents = self.renderer.render(batch)
        with_json = documents if self.scenario.output.event_json else None
        table = self.expander.table(batch, with_json)
        written = self.sink.write(Unit(self.engine.calendar.date_of(day), table, documents))
        return UnitDone(day, len(batch), written, events_digest(table), tally)


def load_engine(job: Job) -> Engine:
    """The engine of a run folder whose store and plan are complete."""
    pack, calendar = load_parts(job)
    world = load_world(job.run_dir, job.scenario, pack, calendar)
    file = PlanFile(job.run_dir / PLAN)
    plan = Plan(file.effects, _Days(file))
    return Engine.build(
        pack, calendar, world, plan, make_anchors(world, calendar, len(pack.table("level")["level"]))
    )


def load_parts(job: Job) -> tuple[Pack, Calendar]:
    """Pack and calendar of a job."""
    pack = load_pack(str(job.pack_path), None)
    return pack, build_calendar(job.scenario, pack.table("calendar"))
