"""Stages of a run folder, up to its events: each makes what of it is missing, from what was made before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from context.errors import InputError, RunError
from context.files import Written, disk_error
from context.generate import store_parts
from context.store.files import StoreFiles
from context.store.memory import give_back
from context.store.store import table_path
from context.terms.premises import Premises
from sim.backfill.backfill import Backfill
from sim.backfill.job import Job
from sim.backfill.mapped_world import Shared, mapped, share
from sim.backfill.partitions import Partitions
from sim.backfill.pool import Processes
from sim.folder.claim import Claimed, claim, only_one
from sim.folder.digest import parquet_digest, table_digest
from sim.folder.manifest import TableEntry
from sim.folder.names import PLAN
from sim.folder.progress import Progress
from sim.folder.whole import Care
from sim.plan.plan import make_plan
from sim.plan.plan_file import write_plan
from sim.world.load import campus_facts, standard_scores

_SPARE_BYTES = 128_000_000  # of tables let go: what they were is given back before the next one is laid out


@contextmanager
def claimed(
    given: Premises, run_dir: Path, show: Progress, care: Care, *, force: bool = False
) -> Iterator[Claimed]:
    """The folder, held for this process, and what of the run is there and whole, looked at with ``care``.

    Raises InputError for a folder that is not this run's, or another process's at the moment.
    """
    with only_one(run_dir):
        yield Claimed(run_dir, claim(run_dir, given.scenario, given.pack, force=force, care=care), show)


def make_store(given: Premises, at: Claimed) -> None:
    """Generate the context store, term by term, and write what of it is missing. Raises RunError."""
    run_dir, manifest = at.run_dir, at.manifest
    if manifest.has_store:
        return
    at.show.stage("context store")
    rows: dict[str, int] = {}
    digests: dict[str, str] = {}
    terms, spare = given.scenario.terms, 0
    with StoreFiles(run_dir, terms) as files:
        for dataset, name, table in store_parts(given.scenario, given.pack, given.calendars):
            entry = f"{dataset}.{name}"
            rows[entry] = rows.get(entry, 0) + len(table)
            if entry not in manifest.store:
                files.add((dataset, name, table))
                if terms == 1:  # the table is whole; of several terms it is read back for that
                    digests[entry] = table_digest(table)
            spare += table.nbytes
            del table  # before the next one is laid out
            if spare > _SPARE_BYTES:
                give_back(threads=False)
                spare = 0
    for entry in rows.keys() - manifest.store.keys():
        digest = digests.get(entry) or parquet_digest(_path(run_dir, entry))
        dataset, _, name = entry.partition(".")
        manifest.store[entry] = TableEntry(**vars(files.written[dataset, name]), digest=digest)
    for entry, count in rows.items():
        if manifest.store[entry].rows != count or not _path(run_dir, entry).is_file():
            raise RunError(
                f"{_path(run_dir, entry)}: not the table that was generated; delete it and run again"
            )
    at.begin("plan")
    give_back()


def _path(run_dir: Path, entry: str) -> Path:
    """The file of a table as the manifest names it."""
    dataset, _, name = entry.partition(".")
    return table_path(run_dir, dataset, name)


@contextmanager
def drawable(given: Premises, at: Claimed, work: Backfill | None = None) -> Iterator[Shared | None]:
    """The world as plan and workers read it, in one file for all processes; it is gone afterwards.

    None where nothing is drawn from it: the plan is there, and so is every unit that ``work`` misses.
    """
    if at.manifest.has_plan and (work is None or not _draws(given, work)):
        yield None
        return
    at.show.stage("world")
    with share(at.run_dir, given.scenario, given.pack, given.calendar) as world:
        yield world


def _draws(given: Premises, work: Backfill) -> bool:
    """Whether the world is needed: for units to draw, or for the dates of what the run folder lacks."""
    there = all(day.isoformat() in work.at.manifest.units for day in campus_days(given).values())
    return not there or to_draw(given, work) > 0


def to_draw(given: Premises, work: Backfill) -> int:
    """How many units have to be drawn: what ``work`` misses somewhere and cannot copy."""
    dates = Partitions(work.at.manifest.units, {})
    tasks = work.tasks(campus_days(given), dates, has_json=_has_json(given))
    return sum(task.files is None for task in tasks)


def campus_days(given: Premises) -> dict[int, date]:
    """The dates of the campus days, by their numbers."""
    return {int(day): given.calendar.date_of(int(day)) for day in given.calendar.days}


def _has_json(given: Premises) -> bool:
    return given.scenario.output.event_json


def plan_term(given: Premises, at: Claimed, world: Shared | None) -> None:
    """Compute the plan from the store as it stands in the folder, unless it is there."""
    if at.manifest.has_plan or world is None:
        return
    at.show.stage("plan")
    pack, calendar = given.pack, given.calendar
    campus = mapped(world)
    scores = standard_scores(at.run_dir, campus.world)
    plan = make_plan(pack, calendar, campus.world, campus.anchors, scores, campus_facts(at.run_dir))
    path = at.run_dir / PLAN
    digest = write_plan(path, plan, calendar.term.start)
    try:
        file = Written.of(PLAN, path, 1 + len(plan.days))
    except OSError as error:
        raise disk_error(path, error) from error
    at.manifest.plan = TableEntry(**vars(file), digest=digest)
    at.begin("events")
    del campus, plan
    # What store and plan took is not needed any more, and the workers want the room.
    give_back()


def make_units(given: Premises, work: Backfill, world: Shared | None, processes: Processes) -> None:
    """Draw or copy the units that ``work`` misses somewhere, and load what they complete. Raises RunError."""
    days = campus_days(given)
    rows = [] if world is None else mapped(world).reach.tolist()
    reach = {days[day].isoformat(): (low, high) for day, low, high in rows}
    dates = Partitions(work.at.manifest.units, reach)
    tasks = work.tasks(days, dates, has_json=_has_json(given))
    job = Job(given.scenario, given.pack.path, work.at.run_dir, shared=world)
    work.fill(job, tasks, dates, days=days.values(), processes=processes)


def copy_units(work: Backfill, processes: Processes) -> None:
    """Deliver the units that the run folder has. Raises InputError where they would have to be drawn."""
    run_dir, manifest = work.at.run_dir, work.at.manifest
    dates = Partitions(manifest.units, {})
    days = {i: date.fromisoformat(name) for i, name in enumerate(manifest.units)}
    tasks = work.tasks(days, dates, has_json=manifest.scenario.output.event_json)
    if any(task.files is None for task in tasks):
        raise InputError(
            f"--run {run_dir}: made with event_json = false, so it has no documents for ndjson:; "
            "give its scenario instead of --run, and they are drawn again"
        )
    work.fill(Job(manifest.scenario, Path(), run_dir), tasks, dates, days=days.values(), processes=processes)
