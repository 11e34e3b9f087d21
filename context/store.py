"""The context store as tables in memory and as Parquet files in a run directory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import schemas
from context.errors import RunError

ENTITY = "context_store_entity"
KEYMAP = "context_store_keymap"
PLAYED = b"termtide_played_rows"  # metadata of a table of several terms: its first rows, the played term's


@dataclass(frozen=True)
class Store:
    """Entities and their keymaps by table name, columns as in ``schemas``."""

    entity: dict[str, pa.Table] = field(default_factory=dict)
    keymap: dict[str, pa.Table] = field(default_factory=dict)

    def datasets(self) -> list[tuple[str, str, pa.Table]]:
        """(dataset, table name, table) of everything, in a fixed order."""
        pairs = ((ENTITY, self.entity), (KEYMAP, self.keymap))
        return [(dataset, name, tables[name]) for dataset, tables in pairs for name in sorted(tables)]

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(len(table) for _, _, table in self.datasets())


def table_path(root: Path, dataset: str, name: str) -> Path:
    """Where a table of the store stands in a run directory."""
    return root / dataset / f"{name}.parquet"


def write_table(root: Path, dataset: str, name: str, table: pa.Table) -> Path:
    """Write one table beside its place and rename it in; dictionary columns become plain strings."""
    path = table_path(root, dataset, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".parquet.tmp")
    try:
        write_parquet(beside, dataset, name, table)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise RunError(f"{path}: cannot be written: {error.strerror or error}") from error
    return path


def write_parquet(path: Path, dataset: str, name: str, table: pa.Table) -> None:
    """Write one table as a Parquet file, just there. Raises OSError."""
    wanted = _plain(table.schema, schemas.arrow_schema(schemas.table(dataset, name)))
    # store_schema=False: a reader sees the plain types, whatever the encoding in memory was.
    with pq.ParquetWriter(path, wanted, compression="zstd", store_schema=False) as writer:
        writer.write_table(table.cast(wanted), row_group_size=1 << 18)
        played = (table.schema.metadata or {}).get(PLAYED)
        if played is not None:
            writer.add_key_value_metadata({PLAYED: played})


def _plain(schema: pa.Schema, wanted: pa.Schema) -> pa.Schema:
    """The wanted schema, with dictionary encoding kept where the table has it."""
    return pa.schema(
        [
            field
            if not pa.types.is_dictionary(schema.field(i).type)
            else field.with_type(schema.field(i).type)
            for i, field in enumerate(wanted)
        ]
    )


def write_store(root: Path, store: Store) -> list[Path]:
    """Write every table; returns the files in order."""
    return [write_table(root, dataset, name, table) for dataset, name, table in store.datasets()]


def read_table(
    root: Path, dataset: str, name: str, columns: list[str] | None = None, *, played: bool = False
) -> pa.Table:
    """One table of a run directory, or its rows of the ``played`` term.

    Raises RunError when it is missing or unreadable.
    """
    path = table_path(root, dataset, name)
    try:
        table = pq.read_table(path, columns=columns, partitioning=None)
        rows = (pq.read_metadata(path).metadata or {}).get(PLAYED) if played else None
        return table if rows is None else table.slice(0, int(rows))
    except (OSError, pa.ArrowInvalid) as error:
        raise RunError(f"{path}: cannot be read: {error}") from error
