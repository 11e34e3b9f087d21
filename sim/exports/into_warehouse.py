"""The store into a warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from context.store.files import write_table
from sim.exports.scratch import passing_folder
from sim.exports.source import Name, Source
from sim.folder.manifest import Manifest, run_id
from sim.sinks.open import open_table_sink
from sim.sinks.tables import Item, Shipment, TableOptions


def look_into_warehouse(
    url: str, manifest: Manifest, names: list[Name], allowed: tuple[str, ...]
) -> list[str]:
    """What there is where a URL points, before anything is drawn for it. Raises InputError, RunError."""
    sink = open_table_sink(url, TableOptions(allow_unlabelled=allowed))
    try:
        return sink.check(_shipment(manifest, names))
    finally:
        sink.close()


def write_warehouse(
    url: str, source: Source, names: list[Name], allowed: tuple[str, ...], say: Callable[[str], None]
) -> dict[str, int]:
    """Put tables where a URL points; returns their rows by name. Raises InputError, RunError."""
    sink = open_table_sink(url, TableOptions(allow_unlabelled=allowed, say=say))
    try:
        for line in sink.check(_shipment(source.manifest, names)):
            say(line)
        with passing_folder() as folder:
            sink.open()
            rows = {}
            for item in _items(folder, source, names):
                if not sink.has(item):
                    item.check()
                    sink.put(item)
                rows[item.name] = item.rows
            sink.flush()
        return rows
    finally:
        sink.close()


def _shipment(manifest: Manifest, names: list[Name]) -> Shipment:
    return Shipment(run_id(manifest), manifest.seed, manifest.pack.name, tuple(names))


def _items(folder: Path, source: Source, names: list[Name]) -> Iterator[Any]:
    """The tables as Parquet files in a folder, for sinks that load files."""
    import pyarrow.parquet as pq

    from sim.folder.digest import parquet_digest, table_digest

    for dataset, name in names:
        file = source.file(dataset, name)
        if file is not None:
            rows = int(pq.read_metadata(file).num_rows)
            yield Item(dataset, name, None, (file,), rows, parquet_digest(file))
            continue
        table = source.get(dataset, name)
        path = write_table(folder, dataset, name, table)
        yield Item(dataset, name, None, (path,), len(table), table_digest(table))
