"""A few days of a very small campus, delivered to BigQuery servers of tests."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import mkdtemp
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from context.scenario.parts import CalendarOverrides
from context.scenario.scenario import Scenario
from context.terms.premises import premises
from sim.backfill.backfill import Wanted
from sim.backfill.finished_tables import day_items, store_items
from sim.folder.manifest import Manifest, load_manifest, run_id
from sim.run import Order, backfill
from sim.sinks.bigquery.sink import BigquerySink
from sim.sinks.tables import Item, Shipment, TableOptions
from tests.samples.session_folder import made_once
from tests.samples.tiny import default_pack
from tests.servers.bigquery_server import PROJECT, Emulator

# Three weeks: what an emulator is asked for a row costs more than to make it.
SMALL_TERM = """
[calendar]
start = 2026-09-07
instruction_end = 2026-09-25
finals_start = 2026-09-28
end = 2026-09-29
no_class = []
"""
SMALL = Scenario(
    name="small",
    fte=20,
    seed=5,
    calendar=CalendarOverrides.model_validate(tomllib.loads(SMALL_TERM)["calendar"], strict=False),
)
FIRST, LAST = date(2026, 9, 14), date(2026, 9, 19)
TABLES = (
    ("context_store_entity", "person"),
    ("context_store_entity", "learner_activity_result"),
    ("context_store_keymap", "person"),
)  # texts, numbers, dates, truth values, moments


@cache
def small_run() -> Path:
    """A run folder with the store and seven UTC dates of events, this process's own: it may be claimed."""
    made = made_once("bigquery-small", _small_run)
    return Path(copytree(made, Path(mkdtemp(prefix="termtide-small-")) / "small"))


def _small_run(folder: Path) -> None:
    backfill(premises(SMALL, default_pack()), folder, Order((f"parquet:{folder}",), Wanted(FIRST, LAST)))


def manifest() -> Manifest:
    """Its manifest."""
    return load_manifest(small_run())


def items(days: int = 7, *, whole: bool = True) -> list[Item]:
    """Items of it: the three tables, and so many days."""
    tables = [item for item in store_items(small_run(), manifest()) if (item.dataset, item.table) in TABLES]
    return [*(tables if whole else ()), *list(day_items(small_run(), manifest()))[:days]]


def delivery(more: Iterable[tuple[str, str]] = ()) -> Shipment:
    """What is delivered."""
    tables = {*TABLES, ("event_store", "expanded"), ("event_store", "events"), *more}
    return Shipment(run_id(manifest()), SMALL.seed, SMALL.pack, tables)


def deliver(
    target: str, wanted: Iterable[Item], method: str = "auto", **options: Any
) -> tuple[int, list[str]]:
    """Deliver what is missing; returns how many items that were, and what was said."""
    said: list[str] = []
    shipment = options.pop("shipment", delivery())
    sink = BigquerySink(target, TableOptions(method, say=said.append, **options))
    put = 0
    try:
        said += sink.check(shipment)
        sink.open()
        for item in wanted:
            if not sink.has(item):
                sink.put(item)
                put += 1
        sink.flush()
    finally:
        sink.close()
    return put, said


def rows_of(item: Item) -> list[dict[str, Any]]:
    """The rows of an item's files, by their first column; an absent list is an empty one, as it is there."""
    tables = [pq.read_table(path, partitioning=None) for path in item.files]
    found = [
        {field.name: _listed(row[field.name], field.type) for field in table.schema}
        for table in tables
        for row in table.to_pylist()
    ]
    return sorted(found, key=lambda row: str(next(iter(row.values()))))


def there(bigquery: Emulator, prefix: str, item: Item) -> list[dict[str, Any]]:
    """The rows of an item in the emulator, by their first column."""
    where = f" WHERE DATE(event_time) = '{item.day}'" if item.day else ""
    sql = f"SELECT * FROM `{PROJECT}.{prefix}_{item.dataset}.{item.table}`{where}"
    rows = [dict(row) for row in bigquery.client().query_and_wait(sql)]
    return sorted(rows, key=lambda row: str(next(iter(row.values()))))


def equal(bigquery: Emulator, prefix: str, item: Item) -> bool:
    """Whether the emulator has the item's rows, all of them, once."""
    found, wanted = there(bigquery, prefix, item), rows_of(item)
    return json.dumps(found, default=plain) == json.dumps(wanted, default=plain)


def _listed(value: Any, kind: pa.DataType) -> Any:
    """A value without absent lists."""
    if pa.types.is_list(kind):
        return value or []
    if pa.types.is_struct(kind) and value is not None:
        return {field.name: _listed(value[field.name], field.type) for field in kind}
    return value


def plain(value: Any) -> str:
    """A decimal without its trailing zeros, anything else as it prints."""
    return str(value.normalize()) if isinstance(value, Decimal) else str(value)
