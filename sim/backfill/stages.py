"""Store, plan and events of a run folder: what of them is missing, in order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from context.errors import RunError
from context.generate import store_parts
from context.packs.pack import Pack
from context.scenario.calendar import Calendar, build_calendar
from context.scenario.incidents import check_tools
from context.scenario.scenario import Scenario
from context.store.files import StoreFiles
from context.store.store import table_path
from context.terms.history import calendars
from sim.backfill.backfill import Backfill
from sim.backfill.job import Job, Task
from sim.backfill.mapped_world import Shared, give_back, mapped, share
from sim.backfill.partitions import Dates
from sim.folder.claim import claim, only_one
from sim.folder.digest import parquet_digest, table_digest
from sim.folder.manifest import Manifest, TableEntry
from sim.folder.names import PLAN
from sim.folder.progress import Progress
from sim.plan.plan import make_plan
from sim.plan.plan_file import plan_digest, write_plan
from sim.world.load import campus_facts, standard_scores
from sim.world.objects import lti_tools


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
            work.fill(job, tasks, dates, days=days.values(), workers=workers)
            return
    with share(run_dir, job.scenario, pack, calendar) as shared:
        if manifest.state == "plan":
            plan_term(pack, calendar, run_dir, shared, manifest, show)
        reach = {days[day].isoformat(): (first, last) for day, first, last in shared.reach}
        tasks, dates = tasks_of(reach)
        work.fill(replace(job, shared=shared), tasks, dates, days=days.values(), workers=workers)


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
    plan = make_plan(pack, calendar, world, anchors, scores, campus_facts(run_dir))
    manifest.plan_digest = write_plan(run_dir / PLAN, plan, calendar.term.start)
    manifest.state = "events"
    manifest.save(run_dir)
    del world, anchors, plan
    # What store and plan took is not needed any more, and the workers want the room.
    give_back()
