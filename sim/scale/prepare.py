"""Once per tenant: store, plan, world and pack in the work folder, and last the job that names them."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from context.errors import InputError, RunError, TermtideError
from context.files import copy_checked, file_digest, replacing
from context.packs.pack import Pack, load_pack
from context.scenario.scenario import Scenario
from context.store.memory import give_back
from context.terms.premises import Premises
from sim.backfill.mapped_world import Shared, make_shared_campus
from sim.backfill.stages import campus_days, claimed, make_store, plan_term
from sim.folder.manifest import Manifest, StoredFile, differing_library, termtide_version, versions
from sim.folder.names import PLAN
from sim.folder.progress import Progress
from sim.folder.whole import changed
from sim.plan.plan_file import planned_events
from sim.scale.job import JOB, PACK, WORLD, ScaleJob, ScaleUnit, read_job
from sim.scale.places.storage import Storage, at_once
from sim.world.layout import write_layout


def prepare_work(given: Premises, work: Storage, show: Progress) -> ScaleJob:
    """Make the work of a scenario, unless it is there and whole. Killed and called again, it goes on.

    Raises InputError where other work is, RunError.
    """
    found = _found(given, work)
    if found is not None and _is_whole(work, found):
        show.say(f"{work.url}: prepared already; nothing to do")
        return found
    with ExitStack() as stack:
        here = work.folder or Path(stack.enter_context(TemporaryDirectory(prefix="termtide-prepare-")))
        with claimed(given, here, show, "sources") as at:
            make_store(given, at)
            world = _world(given, here, show)
            plan_term(given, at, Shared(here / WORLD, world.xxh3_128))
            job = _job(given, here, at.manifest, world, _put_pack(given.pack, here))
            if work.folder is None:
                show.stage(f"to {work.url}")
                files = (*job.worker_files, *job.store.values())
                at_once(lambda file: work.put(here / file.path, file.path, file.xxh3_128), files)
            work.put_bytes(job.sealed(), JOB)
            work.clear()
    return job


def _found(given: Premises, work: Storage) -> ScaleJob | None:
    """The job that is there, if it is this one. Raises InputError for another."""
    data = work.read(JOB)
    if data is None:
        return None
    try:
        job = read_job(data, f"{work.url}/{JOB}")
    except InputError:
        raise
    except TermtideError:
        return None  # damaged: made again
    if job.scenario_digest != given.scenario.digest(given.pack.digest):
        theirs, ours = job.scenario, given.scenario
        raise InputError(
            f"{work.url}: holds the work of another scenario ({_title(theirs)}), given: {_title(ours)}; "
            "choose another --work"
        )
    if job.termtide != termtide_version():
        raise InputError(
            f"{work.url}: prepared by Termtide {job.termtide}, here is {termtide_version()}; "
            "choose another --work"
        )
    differs = differing_library(job.versions, versions())
    if differs is not None:
        raise InputError(
            f"{work.url}: prepared with {differs.name} {differs.there}, here is {differs.here}; "
            "choose another --work"
        )
    return job


def _title(scenario: Scenario) -> str:
    return f"{scenario.name}: {scenario.fte} FTE, {scenario.term}, seed {scenario.seed}"


def _is_whole(work: Storage, job: ScaleJob) -> bool:
    """Whether every file is there: in a folder byte by byte, in a bucket by what its checksums were."""
    files = [*job.worker_files, *job.store.values()]
    if work.folder is not None:
        return not changed(work.folder, files)
    there = {found.name: (found.bytes, found.xxh3_128) for found in work.list("")}
    return all(there.get(file.path) == (file.bytes, file.xxh3_128) for file in files)


def _world(given: Premises, here: Path, show: Progress) -> StoredFile:
    """The world that the processes map, as a file that stays."""
    show.stage("world")
    with replacing([here / WORLD]) as (beside,):
        digest = write_layout(beside, make_shared_campus(here, given.scenario, given.pack, given.calendar))
    give_back()
    return StoredFile(path=WORLD, bytes=(here / WORLD).stat().st_size, xxh3_128=digest)


def _put_pack(pack: Pack, here: Path) -> list[StoredFile]:
    """The pack's files: its head and the tables that it names."""
    folder = here / PACK
    shutil.rmtree(folder, ignore_errors=True)
    files = []
    for path in sorted(pack.path.glob("*")):
        if path.suffix not in (".toml", ".csv") or not path.is_file():
            continue
        name, digest = f"{PACK}/{path.name}", file_digest(path)
        with replacing([here / name]) as (beside,):
            copy_checked(path, beside, digest)
        files.append(StoredFile(path=name, bytes=path.stat().st_size, xxh3_128=digest))
    if load_pack(str(folder), None).digest != pack.digest:
        raise InputError(f"pack {pack.path}: has changed meanwhile; run the same command again")
    return files


def _job(
    given: Premises, here: Path, manifest: Manifest, world: StoredFile, pack_files: list[StoredFile]
) -> ScaleJob:
    if manifest.plan is None:
        raise RunError(f"{here}: the plan was not made")
    planned = planned_events(here / PLAN)
    days = campus_days(given)
    return ScaleJob(
        termtide=manifest.termtide,
        scenario=manifest.scenario,
        scenario_digest=manifest.scenario_digest,
        pack=manifest.pack,
        versions=manifest.versions,
        pack_files=pack_files,
        world=world,
        plan=manifest.plan,
        store=dict(sorted(manifest.store.items())),
        units={day.isoformat(): ScaleUnit(day=number, events=planned[day]) for number, day in days.items()},
    )
