"""A run folder as items for table sinks: whole tables of the context store, and UTC dates of the events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from context.errors import InputError
from context.files import bytes_digest
from context.store.store import table_path
from sim.folder.manifest import FileEntry, Manifest
from sim.folder.names import FOLDER, date_of
from sim.sinks.tables import EXPANDED, Item


def store_items(run_dir: Path, manifest: Manifest) -> Iterator[Item]:
    """The tables of the context store that the manifest has."""
    for name, entry in manifest.store.items():
        dataset, table = name.split(".")
        path = table_path(run_dir, dataset, table)
        yield Item(dataset, table, None, (path,), entry.rows, entry.digest, (entry.xxh3_128,))


def day_items(run_dir: Path, manifest: Manifest) -> Iterator[Item]:
    """The UTC dates of the events, as far as the manifest has units of them.

    A date is whole once every unit that touches it is in the manifest; that is for the caller to know.
    Raises InputError for a file whose path has no date.
    """
    files: dict[date, list[tuple[str, FileEntry, str | None]]] = defaultdict(list)
    for unit_day, unit in manifest.units.items():
        for file in unit.files:
            day = date_of(file.path)
            if day is None:
                raise InputError(f"{run_dir}: {file.path} in its manifest, allowed: {FOLDER}/event_date=...")
            files[day].append((unit_day, file, unit.digest))
    for day, parts in sorted(files.items()):
        parts.sort(key=lambda part: (part[0], part[1].path))
        text = "".join(f"{unit_day} {file.rows} {digest}\n" for unit_day, file, digest in parts)
        yield Item(
            *EXPANDED,
            day,
            tuple(run_dir / file.path for _, file, _ in parts),
            sum(file.rows for _, file, _ in parts),
            bytes_digest(f"{day}\n{text}".encode()),
            tuple(file.xxh3_128 for _, file, _ in parts),
        )
