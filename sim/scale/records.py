"""Records: what a machine says of a unit once its files are in place; the last thing that appears of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from context.errors import InputError, RunError
from context.files import seal_of
from sim.folder.manifest import DayName, UnitEntry
from sim.folder.names import RECORDS
from sim.scale.job import ScaleJob
from sim.scale.places.storage import UPLOADS, Found, Storage, at_once

CLAIM = f"{RECORDS}/run.json"


class UnitRecord(BaseModel):
    """A unit that is in place: its files as they were written, its counts among them."""

    model_config = ConfigDict(extra="forbid")
    label: Literal["synthetic"] = "synthetic"
    format: Literal[1] = 1
    job: str  # the seal of the job
    day: DayName
    unit: UnitEntry
    seal: str = ""

    def sealed(self) -> bytes:
        """As the bytes of its file, with its seal."""
        self.seal = seal_of(json.loads(self.model_dump_json()))
        return (self.model_dump_json(indent=1) + "\n").encode()


def record_name(day: str) -> str:
    """Where the record of a unit stands."""
    return f"{RECORDS}/unit-{day}.json"


def read_record(data: bytes, where: str) -> UnitRecord:
    """A record from its bytes. Raises RunError for one that is not whole."""
    try:
        record = UnitRecord.model_validate_json(data)
        if record.seal == seal_of(json.loads(data)):
            return record
    except (ValidationError, ValueError):
        pass
    raise RunError(
        f"{where}: is not the record that was written; `termtide scale units` makes the unit again"
    )


def claim_output(out: Storage, job: ScaleJob) -> None:
    """Make the output this job's. Raises InputError when it holds another run."""
    mine = (
        json.dumps({"label": "synthetic", "job": job.seal, "scenario": job.scenario_digest}) + "\n"
    ).encode()
    there = out.read(CLAIM)
    if there is None:
        present = next((found.name for found in out.list("") if not found.name.startswith(UPLOADS)), None)
        there = out.read(CLAIM)  # which another task may have written meanwhile
        if there is None and present is not None:
            raise InputError(f"--out {out.url}: has {present} and no {CLAIM}, allowed: a new or empty place")
        there = there or out.put_new(mine, CLAIM)
    if there != mine:
        raise InputError(
            f"--out {out.url}: holds another run's units; choose another place, or the --work they belong to"
        )


def is_in_place(out: Storage, job: ScaleJob, day: str) -> bool:
    """Whether a unit's record is there, whole and this job's, and every file that it names, by its size."""
    data = out.read(record_name(day))
    if data is None:
        return False
    try:
        record = read_record(data, day)
    except RunError:
        return False
    if record.job != job.seal or record.day != day:
        return False
    return all(is_same(out.find(file.path), file.bytes, file.xxh3_128) for file in record.unit.all_files)


def is_same(found: Found | None, size: int, xxh3_128: str) -> bool:
    """Whether what is there is what was written, as far as a look from outside tells."""
    return found is not None and found.bytes == size and found.xxh3_128 in ("", xxh3_128)


def records_there(out: Storage) -> Iterator[tuple[str, UnitRecord]]:
    """The records of an output, by the names of their files. Raises RunError for one that is not whole."""
    names = [found.name for found in out.list(RECORDS) if found.name.startswith(f"{RECORDS}/unit-")]
    for name, data in zip(names, at_once(out.read, names), strict=True):
        yield name, read_record(data or b"", f"{out.url}/{name}")
