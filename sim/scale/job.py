"""``job.json``: what was prepared; and what a machine has of it, fetched once for all its processes."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from context.errors import DamagedError, InputError, RunError
from context.files import check_digest, disk_error, replacing, seal_of
from context.packs.pack import Pack, load_pack
from context.scenario.scenario import Scenario
from sim.backfill.mapped_world import Shared
from sim.folder.lock import locked
from sim.folder.manifest import (
    DayName,
    PackEntry,
    StoredFile,
    TableEntry,
    TableName,
    differing_library,
    termtide_version,
    versions,
)
from sim.folder.whole import is_as_written
from sim.scale.places.storage import Storage, missing

JOB = "job.json"
WORLD = "world.bin"
PACK = "pack"
_FETCHING_S = 3_600.0  # that another process of this machine may take to fetch the same


class ScaleUnit(BaseModel):
    """A campus day that is to be made."""

    model_config = ConfigDict(extra="forbid")
    day: int
    events: int  # planned; more is made than that, about in proportion


class ScaleJob(BaseModel):
    """Everything that decides the bytes of the units of one tenant, by digest."""

    model_config = ConfigDict(extra="forbid")
    label: Literal["synthetic"] = "synthetic"
    format: Literal[1] = 1
    termtide: str
    scenario: Scenario
    scenario_digest: str
    pack: PackEntry
    versions: dict[str, str]
    pack_files: list[StoredFile]
    world: StoredFile
    plan: TableEntry
    store: dict[TableName, TableEntry]
    units: dict[DayName, ScaleUnit]
    seal: str = ""

    @property
    def worker_files(self) -> list[StoredFile]:
        """What a machine needs that makes units."""
        return [self.plan, self.world, *self.pack_files]

    @property
    def days(self) -> dict[date, ScaleUnit]:
        """The units, by their campus days."""
        return {date.fromisoformat(name): unit for name, unit in self.units.items()}

    def sealed(self) -> bytes:
        """As the bytes of its file, with its seal."""
        self.seal = seal_of(json.loads(self.model_dump_json()))
        return (self.model_dump_json(indent=1) + "\n").encode()


def load_job(work: Storage) -> ScaleJob:
    """The job of a work folder.

    Raises InputError where none is or one of another version, DamagedError for one that was changed.
    """
    data = work.read(JOB)
    if data is None:
        raise missing(work, JOB)
    job = read_job(data, f"{work.url}/{JOB}")
    if job.termtide != termtide_version():
        raise InputError(
            f"{work.url}: prepared by Termtide {job.termtide}, here is {termtide_version()}; "
            "use one version everywhere"
        )
    return job


def read_job(data: bytes, where: str) -> ScaleJob:
    """A job from its bytes. Raises InputError, DamagedError."""
    try:
        facts = json.loads(data)
        form = facts.get("format") if isinstance(facts, dict) else None
        if form != 1:
            raise InputError(f"{where}: format {form}, allowed: 1; another version of Termtide made it")
        job = ScaleJob.model_validate_json(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}; this is no job"
        ) from None
    except ValueError:
        raise DamagedError(
            f"{where}: is not the file that was written; `termtide scale prepare` makes it again"
        ) from None
    if job.seal != seal_of(facts):
        raise DamagedError(
            f"{where}: is not the file that was written: its seal is broken; "
            "`termtide scale prepare` makes it again"
        )
    return job


def check_libraries(job: ScaleJob, where: str) -> None:
    """Raise InputError when a library that moves bytes has another version here."""
    differs = differing_library(job.versions, versions())
    if differs is not None:
        raise InputError(
            f"{where}: prepared with {differs.name} {differs.there}, here is {differs.here}; "
            "use one version everywhere: others could make other bytes"
        )


@dataclass(frozen=True)
class Premade:
    """A job and where its plan, world and pack stand on this machine; small enough to send to a process."""

    job: ScaleJob
    root: Path

    @property
    def shared(self) -> Shared:
        """The world; whoever maps it checks it."""
        return Shared(self.root / WORLD, self.job.world.xxh3_128)

    @property
    def pack(self) -> Path:
        """The folder of the pack."""
        return self.root / PACK


def premade(work: Storage, job: ScaleJob) -> Premade:
    """Fetch what is not here yet; a folder is read where it stands.

    Raises InputError for work that is not complete, DamagedError for files that are not what was written.
    """
    if work.folder is not None:
        for file in job.worker_files:
            path = work.folder / file.path
            if not path.is_file():
                raise InputError(f"{work.url}: no {file.path}; `termtide scale prepare` completes it")
            if file.path != WORLD:
                check_digest(path, file.xxh3_128)
        return Premade(job, work.folder)
    root = _cache(job)
    try:
        with locked(root, RunError(f"{root}: another process fetches for too long"), wait_s=_FETCHING_S):
            for file in job.worker_files:
                if not is_as_written(root, file):
                    with replacing([root / file.path]) as (beside,):
                        work.fetch(file.path, beside, file.xxh3_128)
    except OSError as error:
        raise disk_error(root, error) from error
    return Premade(job, root)


def prepared_pack(work: Storage, job: ScaleJob) -> Pack:
    """The pack that was prepared, wherever the scenario had it from. Raises DamagedError, InputError."""
    with TemporaryDirectory(prefix="termtide-pack-") as folder:
        (Path(folder) / PACK).mkdir()
        for file in job.pack_files:
            work.fetch(file.path, Path(folder) / file.path, file.xxh3_128)
        return load_pack(str(Path(folder) / PACK), None)


def _cache(job: ScaleJob) -> Path:
    """A folder of this user's for a job; TMPDIR says on which disk."""
    root = Path(gettempdir()) / f"termtide-scale-{os.getuid()}" / job.seal
    try:
        root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if root.parent.stat().st_uid != os.getuid():
            raise RunError(f"{root.parent}: somebody else's; set TMPDIR to a folder of your own")
        root.mkdir(exist_ok=True)
    except OSError as error:
        raise disk_error(root, error) from error
    return root
