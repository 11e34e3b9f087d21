"""Marts that no query makes: what their rows follow from, and what writes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import schemas
from context.errors import InputError
from context.packs.pack import load_pack
from sim.fit.fitted import FitWish
from sim.fit.published import CONTEXT_TABLE, EVENT_TABLE, PACK_TABLE, made_distributions, tables_of
from sim.fit.warehouses.open import open_warehouse
from sim.folder.progress import Say
from sim.marts.graph import reads
from sim.marts.history import HISTORY, write_history
from sim.marts.record import digest_of
from sim.marts.source import MartSource

_DISTRIBUTIONS = tuple(".".join(name) for name in (CONTEXT_TABLE, EVENT_TABLE, PACK_TABLE))


def made_from(mart: schemas.Mart) -> tuple[str, ...]:
    """Every table that a mart's rows come from, sorted: those of its query, or of what makes it."""
    if mart.name in _DISTRIBUTIONS:
        return tables_of(mart.name)
    return reads(mart) if mart.sql is not None else tuple(sorted(HISTORY))


def follows_from(mart: schemas.Mart, source: MartSource) -> str:
    """What a mart's rows follow from beside its query, its contract and the tables that it reads."""
    if mart.name not in _DISTRIBUTIONS:
        return ""
    texts = [schemas.fit_query(name) for name in schemas.fit_queries()]
    scenario = source.manifest.scenario
    return digest_of(
        [*texts, repr(schemas.fit_fields()), source.manifest.pack.digest, str(scenario.time_zone)]
    )


def written(
    mart: schemas.Mart,
    source: MartSource,
    threads: int | None,
    memory: str,
    say: Say,
    made: dict[str, pa.Table],
) -> Callable[[Path], None]:
    """What writes the file of a mart that has no query.

    ``made``: rows of marts that others brought along, by name, which this one takes or adds to.
    Calling it raises InputError where the run's pack is not at hand, or so few people are there that nothing
    may be told; RunError when a step fails.
    """
    if mart.name not in _DISTRIBUTIONS:
        return write_history(source.run_dir, source.manifest, list(source.dates))

    def write(path: Path) -> None:
        scenario, pack = source.manifest.scenario, source.manifest.pack
        if load_pack(scenario.pack, Path.cwd()).digest != pack.digest:
            raise InputError(
                f"{source.run_dir}: made with pack {pack.name} {pack.version}, which reads otherwise here; "
                f"{mart.name} is made where its pack is"
            )
        wish = FitWish(pack=scenario.pack, time_zone=str(scenario.time_zone))
        if mart.name not in made:
            with open_warehouse(f"parquet:{source.run_dir}", threads=threads, memory=memory) as warehouse:
                made.update(made_distributions(mart.name, warehouse, wish, say))
        pq.write_table(made.pop(mart.name), path, compression="zstd")

    return write
