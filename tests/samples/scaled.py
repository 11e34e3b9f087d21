"""The small campus prepared for many machines: once per session of tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from context.files import file_digest
from context.terms.premises import premises
from sim.folder.manifest import load_manifest
from sim.folder.progress import Progress
from sim.scale.job import load_job
from sim.scale.places.storage import FolderStorage, Storage
from sim.scale.prepare import prepare_work
from sim.scale.records import UnitRecord, claim_output, record_name
from tests.samples.session_folder import made_once
from tests.samples.tiny import SMALL, default_pack, finished_run

GENERATED = ("event_store/", "counts/", "context_store_entity/", "context_store_keymap/")


@cache
def prepared_work() -> Path:
    """The work folder of the small campus; nobody changes it."""
    return made_once("prepared-work", _prepare)


def _prepare(folder: Path) -> None:
    prepare_work(premises(SMALL, default_pack()), FolderStorage(folder), Progress.silent())


def made_units(out: Storage) -> None:
    """Put what tasks leave of the small campus into ``out``: its units, as one machine made them."""
    job = load_job(FolderStorage(prepared_work()))
    claim_output(out, job)
    root = finished_run()
    for day, unit in load_manifest(root).units.items():
        for file in unit.all_files:
            out.put(root / file.path, file.path, file.xxh3_128)
        out.put_bytes(UnitRecord(job=job.seal, day=day, unit=unit).sealed(), record_name(day))


def put_work(work: Storage) -> None:
    """Put the prepared work into ``work``."""
    for path in sorted(prepared_work().rglob("*")):
        if path.is_file():
            work.put(path, path.relative_to(prepared_work()).as_posix(), file_digest(path))


def generated(root: Path) -> dict[str, bytes]:
    """What must be the same however a run was made: events, store, plan and manifest."""
    found = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    return {
        name: path.read_bytes()
        for name, path in sorted(found.items())
        if name.startswith(GENERATED) or name in ("manifest.json", "plan.parquet")
    }
