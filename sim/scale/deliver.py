"""A finished run into BigQuery: from a bucket by URI, so that no byte of it comes through this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import schemas
from context.errors import InputError
from sim.backfill.finished_tables import day_items, store_items
from sim.backfill.warehouse_thread import WarehouseThread
from sim.folder.manifest import Manifest
from sim.folder.progress import Progress
from sim.scale.places.storage import Storage
from sim.sinks.tables import Item, TableOptions

BIGQUERY = "bigquery:"


@dataclass(frozen=True)
class Loaded:
    """What a delivery did, in items: whole tables and UTC dates."""

    loaded: int
    found: int


def check_warehouse(url: str) -> None:
    """Raise InputError for a URL that is none of BigQuery."""
    from sim.sinks.bigquery.target import read_address

    if not url.startswith(BIGQUERY):
        raise InputError(f"--to {url}: allowed: bigquery://PROJECT?prefix=NAME_")
    read_address(url.removeprefix(BIGQUERY))


def warehouse_of(url: str, prefix: str) -> str:
    """The URL of a tenant's datasets: those of ``url`` with its prefix behind the one that is given."""
    place, _, query = url.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    joined = {**given, "prefix": given.get("prefix", "") + prefix} if prefix else given
    return f"{place}?{urlencode(joined)}" if joined else place


def deliver_run(out: Storage, manifest: Manifest, url: str, options: TableOptions, show: Progress) -> Loaded:
    """Load store and events, one job per table and date; what is there already is found.

    Raises InputError for what the user can mend, such as datasets that are not labelled synthetic, RunError.
    """
    warehouse = WarehouseThread(url, options)
    try:
        tables = [(dataset, table.name) for dataset in schemas.DATASETS for table in schemas.tables(dataset)]
        for line in warehouse.check(manifest, frozenset(tables)):
            show.say(line)
        warehouse.open()
        for item in items_of(out, manifest):
            warehouse.offer(item)
        with show.counted("loads", "items", warehouse.waiting, warehouse.waiting or 1) as bar:
            warehouse.finish(lambda: bar.advance(1))
        return Loaded(warehouse.loaded, warehouse.found)
    finally:
        warehouse.close()


def items_of(out: Storage, manifest: Manifest) -> Iterator[Item]:
    """The run's tables and dates: in a bucket by their URIs, in a folder by their files."""
    root = out.folder or Path("/")
    for item in (*store_items(root, manifest), *day_items(root, manifest)):
        if out.folder is not None:
            yield item
            continue
        uris = tuple(f"{out.url}/{path.relative_to(root).as_posix()}" for path in item.files)
        yield replace(item, files=(), xxh3_128=(), uris=uris)
