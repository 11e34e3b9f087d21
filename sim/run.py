"""A run: context store, plan, events, warehouse, report. This page is the data flow."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from context.calendar import Calendar, build_calendar
from context.errors import InputError, RunError
from context.generate import store_parts
from context.history import calendars
from context.incidents import check_tools
from context.pack import Pack
from context.scenario import Scenario
from context.store import table_path
from context.store_write import StoreFiles
from sim.backfill import Backfill, Delivered, Wanted
from sim.claim import PLAN, claim, only_one, verified
from sim.dates import Dates
from sim.digest import parquet_digest, table_digest
from sim.manifest import Manifest, TableEntry, load_manifest
from sim.memory import give_back
from sim.plan import make_plan
from sim.plan_file import plan_digest, write_plan
from sim.progress import Progress
from sim.report import write_report
from sim.shared import Shared, mapped, share
from sim.sinks.tables import TableOptions
from sim.warehouse import build_warehouse
from sim.worker import Job, Task
from sim.world_load import campus_facts, standard_scores
from sim.world_objects import lti_tools


@dataclass(frozen=True)
class Outcome:
    """What a run or a backfill did."""

    run_dir: Path
    manifest: Manifest
    was_done: bool  # nothing was left to do
    delivered: Delivered | None = None


@dataclass(frozen=True)
class Order:
    """What a backfill delivers, and where to."""

    to: tuple[str, ...]  # URLs of sinks
    wanted: Wanted = field(default_factory=Wanted)
    options: TableOptions = field(default_factory=TableOptions)
    dry_run: bool = False  # look at the warehouses, write nothing


def run(
    scenario: Scenario,
    pack: Pack,
    run_dir: Path,
    *,
    workers: int = 1,
    force: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Make or finish the run of a scenario in ``run_dir``. Killed anywhere and called again, it goes on."""
    with _claimed(scenario, pack, run_dir, force=force) as (calendar, manifest):
        if manifest.state == "done":
            return Outcome(run_dir, manifest, was_done=True)
        work = Backfill(run_dir, manifest, Wanted(), progress or Progress.silent())
        work.add_run()
        _fill(Job(scenario, pack.path, run_dir), pack, calendar, work, workers)
        work.show.stage("warehouse and report")
        build_warehouse(run_dir)
        write_report(run_dir, pack)
        manifest.state = "done"
        manifest.save(run_dir)
    return Outcome(run_dir, manifest, was_done=False, delivered=work.delivered)


def backfill(
    scenario: Scenario,
    pack: Pack,
    run_dir: Path,
    order: Order,
    *,
    workers: int = 1,
    force: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Deliver a scenario's store and events; what of them the run folder lacks is made first.

    Raises InputError before anything is drawn when a destination can't be written to.
    """
    show = progress or Progress.silent()
    with _claimed(scenario, pack, run_dir, force=force) as (calendar, manifest):
        days = [calendar.date_of(int(day)) for day in (calendar.first_day, calendar.last_day)]
        if (order.wanted.begin or days[0]) > days[1] or (order.wanted.until or days[1]) < days[0]:
            raise InputError(f"--from, --until: no day of the term, allowed: {days[0]} to {days[1]}")
        work = Backfill(run_dir, manifest, order.wanted, show)
        with work.opened(order.to, order.options):
            for line in work.check():
                show.stage_line(line)
            if not order.dry_run:
                _fill(Job(scenario, pack.path, run_dir), pack, calendar, work, workers)
                work.finish()
    return Outcome(run_dir, manifest, was_done=False, delivered=work.delivered)


def deliver(run_dir: Path, order: Order, *, workers: int = 1, progress: Progress | None = None) -> Outcome:
    """Deliver a finished run, without drawing. Raises InputError for one that is not whole."""
    show = progress or Progress.silent()
    with only_one(run_dir):
        manifest = load_manifest(run_dir)
        whole = verified(run_dir, manifest)
        if manifest.state != "done" or whole.units != manifest.units or whole.store != manifest.store:
            raise InputError(f"--run {run_dir}: not complete; `termtide run` with its scenario completes it")
        work = Backfill(run_dir, manifest, order.wanted, show)
        scenario = Scenario.model_validate_json(json.dumps(manifest.scenario))
        with work.opened(order.to, order.options):
            for line in work.check():
                show.stage_line(line)
            if not order.dry_run:
                work.put_tables()
                dates = Dates(manifest.units, {})
                days = {i: date.fromisoformat(name) for i, name in enumerate(manifest.units)}
                tasks = work.tasks(days, dates, has_json=scenario.output.event_json)
                if any(task.files is None for task in tasks):
                    raise InputError(
                        f"--run {run_dir}: made with event_json = false, so it has no documents for ndjson:; "
                        "give its scenario instead of --run, and they are drawn again"
                    )
                work.fill(Job(scenario, Path(), run_dir), tasks, dates, days=len(days), workers=workers)
                work.finish()
    return Outcome(run_dir, manifest, was_done=False, delivered=work.delivered)


def prepare(scenario: Scenario, pack: Pack, run_dir: Path, *, progress: Progress | None = None) -> None:
    """Make what a stream needs of a run, store and plan, unless the folder has them whole.

    ``run`` continues from there; events that the folder has stay as they are.
    """
    show = progress or Progress.silent()
    with _claimed(scenario, pack, run_dir) as (calendar, manifest):
        if manifest.state == "done":
            return
        _make_store(scenario, pack, calendar, run_dir, manifest, show)
        if manifest.state == "plan":
            with share(run_dir, scenario, pack, calendar) as shared:
                plan_term(pack, calendar, run_dir, shared, manifest, show)


@contextmanager
def _claimed(
    scenario: Scenario, pack: Pack, run_dir: Path, *, force: bool = False
) -> Iterator[tuple[Calendar, Manifest]]:
    """The folder, held for this process, with the calendar and what of the run is there."""
    calendar = build_calendar(scenario, pack.table("calendar"))
    calendars(scenario, pack, calendar)  # refuses terms that overlap before anything is made
    check_tools(scenario.incident, [tool for tool, _, _ in lti_tools(pack)])
    with only_one(run_dir):
        yield calendar, claim(run_dir, scenario, pack, force=force)


def _make_store(
    scenario: Scenario, pack: Pack, calendar: Calendar, run_dir: Path, manifest: Manifest, show: Progress
) -> None:
    """The store unless it is complete; a plan that somebody changed is to be made again."""
    if manifest.state == "events" and plan_digest(run_dir / PLAN) != manifest.plan_digest:
        manifest.state = "plan"
    if manifest.state == "context":
        make_context(scenario, pack, calendar, run_dir, manifest, show)


def _fill(job: Job, pack: Pack, calendar: Calendar, work: Backfill, workers: int) -> None:
    """Store, plan and events, what of them is not complete yet, in order."""
    run_dir, manifest, show = job.run_dir, work.manifest, work.show
    _make_store(job.scenario, pack, calendar, run_dir, manifest, show)
    work.put_tables()
    days = {int(day): calendar.date_of(int(day)) for day in calendar.days}

    def tasks_of(reach: dict[str, tuple[int, int]]) -> tuple[list[Task], Dates]:
        dates = Dates(manifest.units, reach)
        return work.tasks(days, dates, has_json=job.scenario.output.event_json), dates

    if manifest.state in ("events", "done") and all(
        day.isoformat() in manifest.units for day in days.values()
    ):
        tasks, dates = tasks_of({})
        if all(task.files is not None for task in tasks):
            work.fill(job, tasks, dates, days=len(days), workers=workers)
            return
    with share(run_dir, job.scenario, pack, calendar) as shared:
        if manifest.state == "plan":
            plan_term(pack, calendar, run_dir, shared, manifest, show)
        reach = {days[day].isoformat(): (first, last) for day, first, last in shared.reach}
        tasks, dates = tasks_of(reach)
        work.fill(replace(job, shared=shared), tasks, dates, days=len(days), workers=workers)


def make_context(
    scenario: Scenario, pack: Pack, calendar: Calendar, run_dir: Path, manifest: Manifest, show: Progress
) -> None:
    """Generate the store, term by term, and write what of it is missing."""
    show.stage("context store")
    rows: dict[str, int] = {}
    digests: dict[str, str] = {}
    with StoreFiles(run_dir, scenario.terms) as files:
        for dataset, name, table in store_parts(scenario, pack, calendar):
            entry = f"{dataset}.{name}"
            rows[entry] = rows.get(entry, 0) + len(table)
            if entry not in manifest.store:
                files.add((dataset, name, table))
                if scenario.terms == 1:  # the table is whole; of several terms it is read back for that
                    digests[entry] = table_digest(table)
            del table  # before the next one is laid out
    for entry in rows.keys() - manifest.store.keys():
        digest = digests.get(entry) or parquet_digest(_path(run_dir, entry))
        manifest.store[entry] = TableEntry(rows=rows[entry], digest=digest)
    for entry, count in rows.items():
        if manifest.store[entry].rows != count or not _path(run_dir, entry).is_file():
            raise RunError(
                f"{_path(run_dir, entry)}: not the table that was generated; delete it and run again"
            )
    manifest.state = "plan"
    manifest.save(run_dir)
    give_back()


def _path(run_dir: Path, entry: str) -> Path:
    """The file of a table as the manifest names it."""
    dataset, _, name = entry.partition(".")
    return table_path(run_dir, dataset, name)


def plan_term(
    pack: Pack, calendar: Calendar, run_dir: Path, shared: Shared, manifest: Manifest, show: Progress
) -> None:
    """Compute the plan from the store as it stands in the folder."""
    show.stage("plan")
    world, anchors = mapped(shared)
    scores = standard_scores(run_dir, world)
    plan = make_plan(pack, calendar, world, anchors, scores, *campus_facts(run_dir))
    manifest.plan_digest = write_plan(run_dir / PLAN, plan, calendar.term.start)
    manifest.state = "events"
    manifest.save(run_dir)
    del world, anchors, plan
    # What store and plan took is not needed any more, and the workers want the room.
    give_back()


def default_workers() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
