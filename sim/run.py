"""A run: context store, plan, events, warehouse, report. This page is the data flow."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from context.errors import InputError
from context.packs.pack import Pack
from context.scenario.scenario import Scenario
from sim.backfill.backfill import Backfill, Delivered, Wanted
from sim.backfill.job import Job
from sim.backfill.mapped_world import share
from sim.backfill.partitions import Dates
from sim.backfill.stages import _claimed, _fill, _make_store, plan_term
from sim.folder.claim import only_one, verified
from sim.folder.manifest import Manifest, load_manifest
from sim.folder.progress import Progress
from sim.report.run_page import write_report
from sim.sinks.tables import TableOptions
from sim.sql.warehouse import build_warehouse


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
                show.say(line)
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
                show.say(line)
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
                work.fill(Job(scenario, Path(), run_dir), tasks, dates, days=days.values(), workers=workers)
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
