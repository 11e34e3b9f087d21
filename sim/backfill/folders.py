"""Folders that files are delivered to, and what each already has.

The run folder keeps that in its manifest; any other folder in ``delivery.json``, which is saved after every
unit, so that a delivery that was killed goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Protocol

import duckdb
from pydantic import BaseModel, ConfigDict, ValidationError

from context.errors import DamagedError, InputError, RunError, number_of
from context.files import PARTIAL, Written, copy_checked, disk_error, linked_folder, replacing
from context.sealed import check_format, check_sealed, read_sealed, write_sealed
from sim.folder.duckdb_paths import duckdb_file
from sim.folder.manifest import FileEntry, Manifest, UnitEntry, run_id, termtide_version
from sim.folder.names import MANIFEST, SUSPECTS
from sim.folder.whole import Care, broken, note_suspects
from sim.sinks.ndjson import SUFFIXES
from sim.sinks.tables import Item
from sim.sinks.units import Needs, Sink
from sim.sql.warehouse import literal

DELIVERY = "delivery.json"
NOTE_FORMAT: Literal[2] = 2


class Folder(Protocol):
    """A folder of files."""

    url: str  # of the sink that workers write its units with
    needs: Needs  # of that sink
    units_before: int

    def has_unit(self, day: str) -> bool:
        """Whether the unit of a campus day is there, whole."""
        ...

    def add_unit(
        self, day: str, files: Iterable[Written], rows: int, digest: str | None, counts: Written | None
    ) -> None:
        """Note that a unit is in place; ``counts`` is its record, where it was drawn for the run folder."""
        ...

    def put_table(self, item: Item) -> bool:
        """Deliver a whole table unless it is there; whether there was something to do. Raises RunError."""
        ...


class RunFolder:
    """The run folder itself: its tables are there already."""

    scheme = "parquet"
    needs: Needs = "columns"

    def __init__(self, run_dir: Path, manifest: Manifest) -> None:
        self.url = f"{self.scheme}:{run_dir}"
        self.units_before = len(manifest.units)
        self._run_dir, self._manifest = run_dir, manifest

    def has_unit(self, day: str) -> bool:
        """By the manifest, which was verified when the folder was claimed."""
        return day in self._manifest.units

    def add_unit(
        self, day: str, files: Iterable[Written], rows: int, digest: str | None, counts: Written | None
    ) -> None:
        """Note it in the manifest."""
        self._manifest.add_unit(day, files, rows, digest, counts)
        self._manifest.save(self._run_dir)

    def put_table(self, _item: Item) -> bool:
        """Nothing to do."""
        return False


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TableFile(_Part):
    """A table delivered: its content's digest and its file."""

    digest: str
    file: FileEntry


class FolderNote(_Part):
    """``delivery.json``: what of a run a folder has."""

    label: Literal["synthetic"] = "synthetic"
    format: Literal[2] = NOTE_FORMAT
    termtide: str
    run: str
    scenario_digest: str
    sink: str  # parquet or ndjson
    compression: str = "none"
    tables: dict[str, TableFile] = {}
    units: dict[str, UnitEntry] = {}
    seal: str = ""

    @property
    def files(self) -> list[FileEntry]:
        """Every file that it names."""
        tables = [table.file for table in self.tables.values()]
        return [*tables, *(file for unit in self.units.values() for file in unit.files)]


class OtherFolder:
    """A folder other than the run's, of which what is whole counts, looked at cheaply or byte by byte.

    Raises InputError when it holds something else.
    """

    def __init__(self, url: str, sink: Sink, manifest: Manifest, care: Care = "cheap") -> None:
        if sink.root is None:
            raise InputError(f"--to {url}: no folder")
        self.url, self.needs, self._root = url, sink.needs, sink.root
        self._compression, self._care = sink.compression, care
        fresh = FolderNote(
            termtide=termtide_version(),
            run=run_id(manifest),
            scenario_digest=manifest.scenario_digest,
            sink=url.partition(":")[0],
            compression=self._compression,
        )
        self._note = self._claimed(fresh)
        self.units_before = len(self._note.units)

    def has_unit(self, day: str) -> bool:
        """By the note, of which only what is whole counts."""
        return day in self._note.units

    def add_unit(
        self, day: str, files: Iterable[Written], rows: int, digest: str | None, _counts: Written | None
    ) -> None:
        """Note it in the note. Raises RunError when the files have not the unit's rows."""
        entries = [FileEntry.of(file) for file in files]
        if sum(entry.rows for entry in entries) != rows:
            raise RunError(f"{self.url}: unit {day}: {rows} events, but {sum(e.rows for e in entries)} there")
        # Lines may be made without columns, or copied from a run's: the note is the same either way.
        known = None if self.needs == "lines" else digest
        self._note.units[day] = UnitEntry(rows=rows, digest=known, files=entries)
        self._save()

    def put_table(self, item: Item) -> bool:
        """Copy a table's Parquet file, or write its rows as JSON."""
        name = f"{item.dataset}.{item.table}"
        known = self._note.tables.get(name)
        if known is not None and known.digest == item.digest:
            return False
        suffix = f".ndjson{SUFFIXES[self._compression]}" if self.needs == "lines" else ".parquet"
        path = self._root / item.dataset / f"{item.table}{suffix}"
        with replacing([path]) as (beside,):
            if self.needs != "lines":
                copy_checked(item.files[0], beside, item.xxh3_128[0])
                rows = item.rows
            else:
                item.check()
                rows = _as_json(item.files[0], beside, self._compression)
            if rows != item.rows:
                raise RunError(f"{path}: {number_of(item.rows, 'row')} wanted, {rows} written")
            file = Written.of(path.relative_to(self._root).as_posix(), beside, rows)
        self._note.tables[name] = TableFile(digest=item.digest, file=FileEntry.of(file))
        self._save()
        return True

    def _claimed(self, fresh: FolderNote) -> FolderNote:
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            present = sorted(path.name for path in self._root.iterdir() if path.name != DELIVERY + PARTIAL)
        except OSError as error:
            raise disk_error(self._root, error) from error
        if DELIVERY not in present:
            present = [name for name in present if name != SUSPECTS]
            if MANIFEST in present:
                raise InputError(f"--to {self.url}: the folder of another run, allowed: a new or empty one")
            if present:
                raise InputError(
                    f"--to {self.url}: has {present[0]} and no {DELIVERY}, allowed: a new or empty folder"
                )
            return fresh
        if link := linked_folder(self._root):
            raise InputError(f"--to {self.url}: {link} is a symbolic link, which would lead elsewhere")
        try:
            found = read_note(self._root)
        except DamagedError:
            text = (self._root / DELIVERY).read_bytes()
            if fresh.run.encode() in text and fresh.scenario_digest.encode() in text:
                return fresh  # of this delivery: everything is delivered again
            raise
        for what, there, given in (
            ("run", found.run, fresh.run),
            ("scenario and pack", found.scenario_digest, fresh.scenario_digest),
            ("sink", found.sink, fresh.sink),
            ("compression", found.compression, fresh.compression),
            ("version of Termtide", found.termtide, fresh.termtide),
        ):
            if there != given:
                raise InputError(
                    f"--to {self.url}: holds another delivery ({what}: {there} there, {given} given); "
                    "choose another folder"
                )
        lost = broken(self._root, found.files, found.files if self._care == "all" else ())
        found.units = {
            day: unit
            for day, unit in found.units.items()
            if lost.isdisjoint(file.path for file in unit.files)
        }
        found.tables = {name: table for name, table in found.tables.items() if table.file.path not in lost}
        return found

    def _save(self) -> None:
        self._note.units = dict(sorted(self._note.units.items()))
        self._note.tables = dict(sorted(self._note.tables.items()))
        write_sealed(self._root / DELIVERY, self._note)
        # What was found to differ is not in it any more, or was delivered anew.
        note_suspects(self._root, [])


def read_note(root: Path) -> FolderNote:
    """What a folder has by its note. Raises InputError for another file, DamagedError for a changed one."""
    path = root / DELIVERY
    try:
        data = read_sealed(path)
        check_format(path, data, (NOTE_FORMAT,), "use that one, or choose another folder")
        note = FolderNote.model_validate_json(json.dumps(data))
    except ValidationError:
        raise InputError(f"{path}: no note of a delivery; choose another folder") from None
    check_sealed(path, note)
    return note


class Stdout:
    """Lines on stdout: nothing is there before, nothing is remembered, and there are no tables."""

    units_before = 0

    def __init__(self, url: str, sink: Sink) -> None:
        self.url, self.needs = url, sink.needs

    def has_unit(self, _day: str) -> bool:
        """Never."""
        return False

    def add_unit(
        self, _day: str, _files: Iterable[Written], _rows: int, _digest: str | None, _counts: Written | None
    ) -> None:
        """It is out."""

    def put_table(self, _item: Item) -> bool:
        """Lines of events and lines of tables would be a mixture."""
        return False


def _as_json(source: Path, path: Path, compression: str) -> int:
    """Write the rows of a Parquet file as JSON, one a line; returns their number. Raises OSError."""
    codec = {"none": "uncompressed"}.get(compression, compression)
    target = literal(duckdb_file(path))
    try:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            done = connection.execute(
                f"COPY (SELECT * FROM read_parquet(?, hive_partitioning = false)) TO {target} "
                f"(FORMAT json, COMPRESSION {codec}, USE_TMP_FILE false)",
                [duckdb_file(source)],
            ).fetchone()
    except duckdb.IOException as error:
        raise OSError(*error.args) from error
    return int(done[0]) if done else 0
