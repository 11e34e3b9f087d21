"""Units of a job, wherever it runs: each made in scratch, put in place file by file, its record last."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from context.errors import RunError
from sim.backfill.job import Job, Task
from sim.backfill.pool import in_processes
from sim.backfill.worker import Worker
from sim.folder.manifest import FileEntry, UnitEntry
from sim.folder.progress import Progress
from sim.scale.job import Premade, check_libraries, load_job, premade
from sim.scale.places.open import open_storage
from sim.scale.records import UnitRecord, claim_output, is_in_place, record_name
from sim.scale.tasks import Share, dealt
from sim.scale.tenants import tenants_of


@dataclass(frozen=True)
class UnitMade:
    """What became of a unit."""

    day: date
    events: int
    was_there: bool
    planned: int = 0


@dataclass(frozen=True)
class Making:
    """Where a process reads from and writes to; small enough to send to it."""

    work: str
    out: str
    tenant: str = ""  # a folder of both; none where there is one tenant

    @property
    def at(self) -> str:
        """The tenant's folder as the end of a URL."""
        return f"/{self.tenant}" if self.tenant else ""


@dataclass(frozen=True)
class PlacedUnit:
    """A unit, and where it is made from and put."""

    making: Making
    day: date
    events: int  # planned


class UnitMaker:
    """Makes units of one tenant in this process, one at a time."""

    def __init__(self, making: Making) -> None:
        self._out = open_storage(making.out + making.at)
        work = open_storage(making.work + making.at)
        self.job = load_job(work)
        check_libraries(self.job, work.url)
        self._premade = premade(work, self.job)
        self._worker: Worker | None = None
        self._scratch = Path()

    def make(self, day: date) -> UnitMade:
        """Make a campus day unless it is in place. Raises RunError."""
        name = day.isoformat()
        if is_in_place(self._out, self.job, name):
            return UnitMade(day, 0, was_there=True, planned=self.job.days[day].events)
        with self._in_scratch() as (worker, scratch):
            done = worker.unit(Task(self.job.days[day].day, day))
            files = [FileEntry.of(file) for file in done.files[0]]
            if sum(file.rows for file in files) != done.rows:
                raise RunError(f"unit {name}: {done.rows} events, but other numbers in its files")
            counts = None if done.counts is None else FileEntry.of(done.counts)
            unit = UnitEntry(rows=done.rows, digest=done.digest, files=files, counts=counts)
            for file in unit.all_files:
                self._out.put(scratch / file.path, file.path, file.xxh3_128)
        record = UnitRecord(job=self.job.seal, day=name, unit=unit)
        self._out.put_bytes(record.sealed(), record_name(name))
        return UnitMade(day, done.rows, was_there=False, planned=self.job.days[day].events)

    @contextmanager
    def _in_scratch(self) -> Iterator[tuple[Worker, Path]]:
        """The worker, and the folder that it writes into: a new one, as others may clear the old."""
        scratch = self._out.scratch()
        try:
            self._worker = _moved(self._worker, self._premade, scratch)
            yield self._worker, scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _moved(worker: Worker | None, given: Premade, scratch: Path) -> Worker:
    """A worker that writes into ``scratch``, with the engine of the one before."""
    job = Job(
        given.job.scenario,
        given.pack,
        given.root,
        urls=(f"parquet:{scratch}",),
        shared=given.shared,
        made_dir=scratch,
    )
    new = Worker(job)
    if worker is not None:
        new.take_engine(worker)
    return new


class UnitMakers:
    """Makes units of any tenant in this process; it keeps what it has of the last one only."""

    def __init__(self) -> None:
        self._last: tuple[Making, UnitMaker] | None = None

    def make(self, unit: PlacedUnit) -> UnitMade:
        """Make a unit unless it is in place. Raises InputError, RunError."""
        if self._last is None or self._last[0] != unit.making:
            self._last = None  # before another world is mapped
            self._last = unit.making, UnitMaker(unit.making)
        return self._last[1].make(unit.day)


def unit_makers() -> Callable[[PlacedUnit], UnitMade]:
    """What makes units in a process."""
    return UnitMakers().make


def all_units(work: str, out: str) -> list[PlacedUnit]:
    """Every unit of all tenants, once work and output were looked at.

    Raises InputError for work or output that is not right.
    """
    units = []
    for tenant in tenants_of(open_storage(work)):
        making = Making(work, out, tenant.name)
        source = open_storage(work + making.at)
        job = load_job(source)
        check_libraries(job, source.url)
        claim_output(open_storage(out + making.at), job)
        units += [PlacedUnit(making, day, unit.events) for day, unit in job.days.items()]
    return units


def make_own_units(work: str, out: str, share: Share, workers: int, show: Progress) -> list[UnitMade]:
    """Make the units of a share. Raises InputError for work or output that is not right, RunError."""
    units = dealt([(unit, unit.events) for unit in all_units(work, out)], share)
    # Tenant by tenant, so that each world is mapped once; the heaviest days of each first.
    units.sort(key=lambda unit: unit.making.tenant)
    for making in dict.fromkeys(unit.making for unit in units):
        source = open_storage(work + making.at)
        premade(source, load_job(source))  # once, before several processes ask for it
    made = []
    with show.counted("events", "days", len(units), sum(unit.events for unit in units) or 1) as bar:
        for unit in in_processes(unit_makers, units, min(workers, len(units))):
            made.append(unit)
            bar.advance(unit.planned, unit.events)
    return made
