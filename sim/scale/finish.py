"""From records to the run that one machine would have made, and what is built of it.

No event is read for it: what is counted of the units stands in their records.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from context.errors import DamagedError, InputError
from sim.folder.claim import Claimed, only_one
from sim.folder.manifest import Manifest, StoredFile, load_manifest, new_manifest
from sim.folder.names import COUNTS, FOLDER, MANIFEST, REPORT, WAREHOUSE
from sim.folder.progress import Progress
from sim.folder.whole import is_built
from sim.run import make_marts, make_report, make_warehouse
from sim.scale.bucket_run import complete_in_bucket
from sim.scale.job import ScaleJob, load_job, prepared_pack
from sim.scale.places.storage import Storage, at_once, copy_between
from sim.scale.records import CLAIM, UnitRecord, is_same, records_there


@dataclass(frozen=True)
class Merged:
    """A run that is whole."""

    where: str
    manifest: Manifest
    was_done: bool


def finish_run(work: Storage, out: Storage, show: Progress, *, marts: bool = True) -> Merged:
    """Merge the records of an output, and build what a run has beside its events.

    In a folder that is all that `termtide run` makes; in a bucket all but the marts, made of events as they
    are. Raises InputError when units are missing or are another job's, DamagedError for files that are not
    what was written, RunError.
    """
    job = load_job(work)
    manifest = merged_manifest(job, out)

    def put(file: StoredFile) -> None:
        if not is_same(out.find(file.path), file.bytes, file.xxh3_128):
            copy_between(work, out, file.path, file.xxh3_128)

    at_once(put, (job.plan, *job.store.values()))
    out.clear()
    if out.folder is None:
        manifest.state = "done"
        was_done = not complete_in_bucket(job, work, out, manifest, show)
        return Merged(out.url, manifest, was_done)
    with only_one(out.folder):
        return _in_folder(job, work, out.folder, manifest, show, marts=marts)


def merged_manifest(job: ScaleJob, out: Storage) -> Manifest:
    """The manifest by the records, all of whose files are there with their sizes, and no others."""
    claim = out.read(CLAIM)
    if claim is None or json.loads(claim).get("job") != job.seal:
        raise InputError(f"--out {out.url}: no units of this --work; `termtide scale units` makes them")
    records = _records(job, out)
    absent = [day for day in job.units if day not in records]
    if absent:
        raise InputError(
            f"--out {out.url}: {len(absent)} of {len(job.units)} units are missing, first {absent[0]}; "
            "`termtide scale units` makes them"
        )
    there = {found.name: found for folder in (FOLDER, COUNTS) for found in out.list(folder)}
    manifest = new_manifest(job.scenario, job.pack)
    manifest.state, manifest.versions = "events", job.versions
    manifest.store, manifest.plan = dict(job.store), job.plan
    for day in job.units:
        unit = records[day].unit
        for file in unit.all_files:
            if not is_same(there.pop(file.path, None), file.bytes, file.xxh3_128):
                raise DamagedError(
                    f"{out.url}/{file.path}: missing, or not the file that was written; "
                    "`termtide scale units` makes it again"
                )
        counts = None if unit.counts is None else unit.counts.written
        manifest.add_unit(day, [file.written for file in unit.files], unit.rows, unit.digest, counts)
    if there:
        raise InputError(f"{out.url}: has {min(there)}, which no record names; remove it")
    return manifest


def _records(job: ScaleJob, out: Storage) -> dict[str, UnitRecord]:
    """This job's records by day. Raises InputError for one of another job or of no day of it."""
    found = {}
    for name, record in records_there(out):
        if record.job != job.seal or record.day not in job.units:
            raise InputError(f"{out.url}/{name}: a unit of another job; choose another --out, or remove it")
        found[record.day] = record
    return found


def _in_folder(
    job: ScaleJob, work: Storage, run_dir: Path, manifest: Manifest, show: Progress, *, marts: bool
) -> Merged:
    found = load_manifest(run_dir) if (run_dir / MANIFEST).is_file() else None
    if (
        found is not None
        and found.is_done
        and (found.units, found.store, found.plan) == (manifest.units, manifest.store, manifest.plan)
        and is_built(run_dir, WAREHOUSE, REPORT)
    ):
        at = Claimed(run_dir, found, show)
        if marts:
            make_marts(at)
        return Merged(str(run_dir), found, was_done=True)
    manifest.save(run_dir)
    at = Claimed(run_dir, manifest, show)
    make_warehouse(at)
    if marts:
        make_marts(at)
    make_report(prepared_pack(work, job), at)
    at.begin("done")
    return Merged(str(run_dir), manifest, was_done=False)
