"""The manifest: what a run folder holds, and how far it has come.

It is saved, whole, after every step, so a run that is killed continues where the manifest says. It holds no
wall-clock time: the same seed makes the same manifest.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    ValidationError,
    model_serializer,
)

from context.documents import UnreadableError
from context.errors import DamagedError, InputError, RunError
from context.files import DIGEST, Written
from context.scenario.scenario import Scenario
from context.sealed import check_format, check_sealed, read_sealed, write_sealed
from sim.folder.names import MANIFEST


def run_id(manifest: Manifest) -> str:
    """The run's id: scenario, seed, and the first digits of the digest of all that decides the rows."""
    name = re.sub(r"[^a-z0-9_]+", "-", manifest.scenario.name.lower()).strip("-")[:40]
    return f"{name}-{manifest.seed}-{manifest.scenario_digest[:8]}"


FORMAT: Literal[3] = 3
READ_FORMATS = (2, FORMAT)  # that are read: until 2, digests were SHA-256
RunState = Literal["context", "plan", "events", "done"]  # what is being made; "events" goes on to the report
_LIBRARIES = ("numpy", "pyarrow", "duckdb", "simpy", "orjson", "tzdata")


def _inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or not parts.parts or "\0" in path:
        raise ValueError("a path inside the run folder")
    return path


TableName = Annotated[str, StringConstraints(pattern=r"^[a-z_]+\.[a-z_0-9]+$")]
DayName = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Sparse(_Part):
    """What it has not is left out."""

    @model_serializer(mode="wrap")
    def _known(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in dump(self).items() if value is not None}


class StoredFile(_Sparse):
    """A file as it was written."""

    path: Annotated[str, AfterValidator(_inside)]  # relative to the run folder
    bytes: int = Field(ge=0)
    xxh3_128: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]  # of all its bytes


class FileEntry(StoredFile):
    """A file of rows."""

    rows: int = Field(ge=0)
    lines_crc32: int | None = None  # of files of lines: of their bytes before any compression

    @classmethod
    def of(cls, written: Written) -> FileEntry:
        """What a sink says it has written."""
        return cls(**vars(written))

    @property
    def written(self) -> Written:
        """The same as sinks take it."""
        return Written(self.path, self.rows, self.bytes, self.xxh3_128, self.lines_crc32)


class UnitEntry(_Sparse):
    """A campus day: its files are whole once it stands here."""

    state: Literal["done"] = "done"
    rows: int = Field(ge=0)
    digest: str | None = None  # of the columns; files of lines have none
    files: list[FileEntry]
    counts: FileEntry | None = None  # the record of what it has, counted; runs made before have none

    @property
    def all_files(self) -> list[FileEntry]:
        """Its files of events, and its record."""
        return self.files if self.counts is None else [*self.files, self.counts]


class TableEntry(FileEntry):
    """A table of the context store, or the plan."""

    digest: str  # of the columns


class PackEntry(_Part):
    """The pack that the numbers came from."""

    name: str
    version: str
    digest: str


class Totals(_Part):
    """Sums over what is done."""

    store_rows: int = 0
    events: int = 0
    event_bytes: int = 0  # of the Parquet files


class Manifest(_Part):
    """``manifest.json``. ``state`` is the stage that is being made, or "done"."""

    label: Literal["synthetic"] = "synthetic"
    format: Literal[2, 3] = FORMAT
    digests: Literal["sha256", "xxh3_128"] = "sha256"  # what the digests below are; format 2 does not say it
    termtide: str
    state: RunState = "context"
    scenario_digest: str
    scenario: Scenario
    seed: int
    pack: PackEntry
    versions: dict[str, str]
    store: dict[TableName, TableEntry] = {}  # "context_store_entity.person"
    plan: TableEntry | None = None
    units: dict[DayName, UnitEntry] = {}  # by campus day, "2026-09-01"
    totals: Totals = Totals()
    seal: str = ""  # XXH3-128 of all that stands above, as ``context.files.seal_of`` has it

    @property
    def files(self) -> list[FileEntry]:
        """Every file that it names."""
        plan = [] if self.plan is None else [self.plan]
        counts = [unit.counts for unit in self.units.values() if unit.counts is not None]
        events = (file for unit in self.units.values() for file in unit.files)
        return [*self.store.values(), *plan, *events, *counts]

    @property
    def has_store(self) -> bool:
        """Whether the context store is complete."""
        return self.state != "context"

    @property
    def has_plan(self) -> bool:
        """Whether the plan is complete, and with it the store."""
        return self.state in ("events", "done")

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to make."""
        return self.state == "done"

    @model_serializer(mode="wrap")
    def _as_its_format(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        facts: dict[str, Any] = dump(self)
        if self.format < FORMAT:
            del facts["digests"]
        return facts

    def add_unit(
        self,
        day: str,
        files: Iterable[Written],
        rows: int,
        digest: str | None,
        counts: Written | None = None,
    ) -> None:
        """Note that a unit's files are in place. Raises RunError when their rows are not the unit's."""
        entries = [FileEntry.of(file) for file in files]
        if sum(entry.rows for entry in entries) != rows:
            raise RunError(f"unit {day}: {rows} events, but {sum(e.rows for e in entries)} in its files")
        record = None if counts is None else FileEntry.of(counts)
        self.units[day] = UnitEntry(rows=rows, digest=digest, files=entries, counts=record)

    def save(self, run_dir: Path) -> None:
        """Write the file durably and rename it into place; the totals are summed anew. Raises RunError."""
        self.store = dict(sorted(self.store.items()))
        self.units = dict(sorted(self.units.items()))
        self.totals = Totals(
            store_rows=sum(table.rows for table in self.store.values()),
            events=sum(unit.rows for unit in self.units.values()),
            event_bytes=sum(file.bytes for unit in self.units.values() for file in unit.files),
        )
        write_sealed(run_dir / MANIFEST, self)


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that bytes could depend on."""
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in _LIBRARIES}}


# Of these the bytes of store, plan and units depend; Python and DuckDB are there for who reads the manifest.
MOVING_BYTES = ("numpy", "pyarrow", "simpy", "orjson", "tzdata")


@dataclass(frozen=True)
class DifferingLibrary:
    """A library of which two versions would be at work on one run."""

    name: str
    there: str
    here: str


def differing_library(there: Mapping[str, str], here: Mapping[str, str]) -> DifferingLibrary | None:
    """The first library that moves bytes and has another version here than there."""
    for name in MOVING_BYTES:
        if there.get(name) != here.get(name):
            return DifferingLibrary(name, there.get(name, "none"), here.get(name, "none"))
    return None


def termtide_version() -> str:
    """The installed version, "0+source" when running from files that were never installed."""
    try:
        return metadata.version("termtide")
    except metadata.PackageNotFoundError:
        return "0+source"


def new_manifest(scenario: Scenario, pack: PackEntry) -> Manifest:
    """The manifest of a run that has nothing yet."""
    return Manifest(
        termtide=termtide_version(),
        scenario_digest=scenario.digest(pack.digest),
        scenario=scenario,
        seed=scenario.seed,
        pack=pack,
        digests=DIGEST,
        versions=versions(),
    )


def load_manifest(run_dir: Path) -> Manifest:
    """Read a run's manifest.

    Raises InputError when there is none, or it is no manifest of ours, DamagedError for one that was changed.
    """
    path = run_dir / MANIFEST
    try:
        data = read_sealed(path)
    except DamagedError as error:
        raise DamagedError(f"{error}; `termtide run` with its scenario begins it anew", str(path)) from None
    except UnreadableError as error:
        if error.is_missing:
            raise InputError(
                f"{run_dir}: no {MANIFEST}, so there is no run; `termtide run` makes one"
            ) from None
        raise
    check_format(path, data, READ_FORMATS, "use that one, or give another --out")
    try:
        manifest = Manifest.model_validate_json(json.dumps(data))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(f"{path}: {key}: {first['msg']}; this is no manifest of a Termtide run") from None
    check_sealed(path, manifest)
    return manifest
