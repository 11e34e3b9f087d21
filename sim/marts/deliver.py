"""Marts in a warehouse: made there, of the stores that are there, by the same queries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from context.errors import InputError, number_of
from schemas import Mart
from sim.folder.manifest import run_id
from sim.folder.progress import Say
from sim.marts.build import Wish, build_marts, chosen, span_of
from sim.marts.graph import parameters
from sim.marts.history import CONTRACT
from sim.marts.query import Dates, duckdb_query
from sim.marts.source import open_mart_source
from sim.sinks.open import open_table_sink
from sim.sinks.tables import Fill, Item, Shipment, TableOptions, TableSink


def deliver_marts(run_dir: Path, url: str, wish: Wish, options: TableOptions, say: Say) -> dict[str, int]:
    """Build marts in a warehouse that has the stores of the run; returns rows by mart.

    Raises InputError for an unknown mart, days without events, or a destination that is not the run's;
    RunError when a step fails: that mart and those after it stay as they were.
    """
    order = chosen(wish.names)
    source = open_mart_source(run_dir)
    begin, end = span_of(source.dates, wish)
    names = tuple((mart.table.dataset, mart.table.name) for mart in order)
    sink = open_table_sink(url, options)  # first: an odd address is told before anything is built
    # The run's date, and what no query can make, come from the run folder.
    made = {".".join(CONTRACT), *(mart.name for mart in order if mart.sql is None)}
    here = build_marts(run_dir, replace(wish, names=tuple(sorted(made)), begin=None, end=None)).record
    run_date = here.run_date
    if run_date is None:
        raise InputError(f"{run_dir}: has no term yet")
    whole = Dates(run_date, min(source.dates), max(source.dates))
    found: dict[str, int] = {}
    try:
        manifest = source.manifest
        for line in sink.check(Shipment(run_id(manifest), manifest.seed, manifest.pack.name, names)):
            say(line)
        sink.open()
        for number, mart in enumerate(order, 1):
            if mart.sql is None:
                entry = here.marts[mart.name]
                rows = _load(sink, run_dir, mart, entry.files[""].path, entry.files[""].rows, entry.digest)
            elif mart.table.stored == "days":
                rows = sink.fill(_fill(mart, Dates(run_date, begin, end), whole))
            else:
                rows = sink.fill(_fill(mart, whole, whole))
            found[mart.name] = rows
            say(f"marts: {number} of {len(order)}, {mart.name}, {number_of(rows, 'row')}")
        sink.flush()
    finally:
        sink.close()
    return found


def _load(sink: TableSink, run_dir: Path, mart: Mart, path: str, rows: int, digest: str) -> int:
    item = Item(mart.table.dataset, mart.table.name, None, (run_dir / path,), rows, digest)
    if not sink.has(item):
        sink.put(item)
        sink.flush()
    return rows


def _fill(mart: Mart, dates: Dates, whole: Dates) -> Fill:
    column = mart.table.partition_by
    part = (dates.begin, dates.end) != (whole.begin, whole.end) and mart.table.stored == "days"
    return Fill(
        dataset=mart.table.dataset,
        table=mart.table.name,
        columns=mart.table.names,
        bigquery=mart.sql or "",
        duckdb=duckdb_query(mart, dates),
        parameters={name: dates.of(name) for name in parameters(mart)},
        span=(column, dates.begin, dates.end) if part and column else None,
    )
