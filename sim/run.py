"""A run: context store, plan, events, warehouse, report. This page is the data flow."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from context.calendar import Calendar, build_calendar
from context.errors import RunError
from context.generate import generate
from context.history import calendars
from context.incidents import check_tools
from context.pack import Pack
from context.scenario import Scenario
from context.store import Store, table_path, write_table
from sim.anchors import make_anchors
from sim.claim import PLAN, claim, only_one
from sim.digest import table_digest
from sim.manifest import Manifest, TableEntry
from sim.plan import make_plan
from sim.plan_file import plan_digest, write_plan
from sim.pool import units
from sim.progress import Progress
from sim.report import write_report
from sim.warehouse import build_warehouse
from sim.worker import Job
from sim.world_load import campus_facts, load_world, standard_scores
from sim.world_objects import lti_tools


@dataclass(frozen=True)
class Outcome:
    """What a run did."""

    run_dir: Path
    manifest: Manifest
    was_done: bool  # nothing was left to do


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
    show = progress or Progress.silent()
    calendar = build_calendar(scenario, pack.table("calendar"))
    calendars(scenario, pack, calendar)  # refuses terms that overlap before anything is made
    check_tools(scenario.incident, [tool for tool, _, _ in lti_tools(pack)])
    with only_one(run_dir):
        manifest = claim(run_dir, scenario, pack, force=force)
        if manifest.state == "done":
            return Outcome(run_dir, manifest, was_done=True)
        _finish(Job(scenario, pack.path, run_dir), pack, calendar, manifest, workers, show)
    return Outcome(run_dir, manifest, was_done=False)


def prepare(scenario: Scenario, pack: Pack, run_dir: Path, *, progress: Progress | None = None) -> None:
    """Make what a stream needs of a run, store and plan, unless the folder has them whole.

    ``run`` continues from there; events that the folder has stay as they are.
    """
    show = progress or Progress.silent()
    calendar = build_calendar(scenario, pack.table("calendar"))
    calendars(scenario, pack, calendar)  # refuses terms that overlap before anything is made
    check_tools(scenario.incident, [tool for tool, _, _ in lti_tools(pack)])
    with only_one(run_dir):
        manifest = claim(run_dir, scenario, pack)
        if manifest.state != "done":
            _make_plan(Job(scenario, pack.path, run_dir), pack, calendar, manifest, show)


def _make_plan(job: Job, pack: Pack, calendar: Calendar, manifest: Manifest, show: Progress) -> None:
    """Store and plan, what of them is not complete yet."""
    scenario, run_dir = job.scenario, job.run_dir
    if manifest.state == "events" and plan_digest(run_dir / PLAN) != manifest.plan_digest:
        manifest.state = "plan"  # somebody changed it
    if manifest.state == "context":
        make_context(scenario, pack, calendar, run_dir, manifest, show)
    if manifest.state == "plan":
        plan_term(scenario, pack, calendar, run_dir, manifest, show)


def _finish(
    job: Job, pack: Pack, calendar: Calendar, manifest: Manifest, workers: int, show: Progress
) -> None:
    """Every stage that is not complete yet, in order."""
    run_dir = job.run_dir
    _make_plan(job, pack, calendar, manifest, show)
    if manifest.state == "events":
        make_events(job, calendar, manifest, workers, show)
        show.stage("warehouse and report")
        build_warehouse(run_dir)
        write_report(run_dir, pack)
        manifest.state = "done"
        manifest.save(run_dir)


def make_context(
    scenario: Scenario, pack: Pack, calendar: Calendar, run_dir: Path, manifest: Manifest, show: Progress
) -> None:
    """Generate the store and write what of it is missing."""
    show.stage("context store")
    store = generate(scenario, pack, calendar)
    for dataset, name, table in store.datasets():
        entry = f"{dataset}.{name}"
        if entry not in manifest.store:
            write_table(run_dir, dataset, name, table)
            manifest.store[entry] = TableEntry(rows=len(table), digest=table_digest(table))
    _check_store(run_dir, store, manifest)
    manifest.state = "plan"
    manifest.save(run_dir)


def _check_store(run_dir: Path, store: Store, manifest: Manifest) -> None:
    """Every table generated stands in the folder with its rows."""
    for dataset, name, table in store.datasets():
        if (
            manifest.store[f"{dataset}.{name}"].rows != len(table)
            or not table_path(run_dir, dataset, name).is_file()
        ):
            raise RunError(
                f"{table_path(run_dir, dataset, name)}: not the table that was generated; "
                "delete it and run again"
            )


def plan_term(
    scenario: Scenario, pack: Pack, calendar: Calendar, run_dir: Path, manifest: Manifest, show: Progress
) -> None:
    """Compute the plan from the store as it stands in the folder."""
    show.stage("plan")
    world = load_world(run_dir, scenario, pack, calendar)
    anchors = make_anchors(world, calendar, len(pack.table("level")["level"]))
    scores = standard_scores(run_dir, world)
    plan = make_plan(pack, calendar, world, anchors, scores, *campus_facts(run_dir))
    manifest.plan_digest = write_plan(run_dir / PLAN, plan, calendar.term.start)
    manifest.state = "events"
    manifest.save(run_dir)
    del world, anchors, plan
    # What store and plan took is not needed any more, and the workers want the room.
    pa.default_memory_pool().release_unused()


def make_events(job: Job, calendar: Calendar, manifest: Manifest, workers: int, show: Progress) -> None:
    """Draw, render and write every campus day that is not done, in any order, by any number of workers."""
    names = {int(day): calendar.date_of(int(day)).isoformat() for day in calendar.days}
    todo = [day for day, name in names.items() if name not in manifest.units]
    rows = sum(unit.rows for unit in manifest.units.values())
    with show.days(len(names), len(names) - len(todo), rows) as bar:
        for unit in units(job, todo, workers):
            manifest.add_unit(names[unit.day], unit.files, unit.rows, unit.digest)
            manifest.save(job.run_dir)
            bar.advance(unit.rows)


def default_workers() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
