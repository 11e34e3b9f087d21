"""Grades day by day, from the store as of each morning: what a warehouse that is a term old has gathered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import schemas
from context.store.grade_history import NEEDED, score_history
from context.store.memory import give_back
from context.store.store import ENTITY, read_table
from sim.folder.manifest import Manifest

HISTORY = tuple(f"{ENTITY}.{name}" for name in NEEDED)  # tables that the history follows from
CONTRACT = ("mart_helper", "context__course_grade__history")


def write_history(run_dir: Path, manifest: Manifest, days: Sequence[date]) -> Callable[[Path], None]:
    """What writes the history of a run's grades, on the mornings of ``days``, as a Parquet file."""

    def write(path: Path) -> None:
        pq.write_table(history(run_dir, manifest, days), path, compression="zstd")
        give_back()  # DuckDB wants the room for the marts that follow

    return write


def history(run_dir: Path, manifest: Manifest, days: Sequence[date]) -> pa.Table:
    """Spans of days with the same scores, columns as in the contract of the mart. Raises RunError."""
    entity = {name: read_table(run_dir, ENTITY, name, list(columns)) for name, columns in NEEDED.items()}
    spans = score_history(entity, str(manifest.scenario.time_zone), days)
    return spans.cast(schemas.arrow_schema(schemas.table(*CONTRACT)))
