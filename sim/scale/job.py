"""``job.json``: what was prepared, which is all that a machine is told before it makes units."""

from __future__ import annotations

import json
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from context.errors import DamagedError, InputError
from context.files import seal_of
from context.scenario.scenario import Scenario
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
from sim.scale.storage import Storage, missing

JOB = "job.json"
WORLD = "world.bin"
PACK = "pack"


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
