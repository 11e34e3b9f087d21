"""The context store as tables in memory and as Parquet files in a run directory."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from context.errors import RunError

ENTITY = "context_store_entity"
KEYMAP = "context_store_keymap"
PLAYED = b"termtide_played_rows"  # metadata of a table of several terms: its first rows, the played term's


TablePart = tuple[str, str, pa.Table]  # dataset, table name, rows


@dataclass(frozen=True)
class Store:
    """Entities and their keymaps by table name, columns as in ``schemas``."""

    entity: dict[str, pa.Table] = field(default_factory=dict)
    keymap: dict[str, pa.Table] = field(default_factory=dict)

    def datasets(self) -> list[TablePart]:
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


def plain(table: pa.Table) -> pa.Table:
    """The table without dictionaries."""
    for place, field_ in enumerate(table.schema):
        if pa.types.is_dictionary(field_.type):
            decoded = table.column(place).cast(field_.type.value_type)
            table = table.set_column(place, field_.name, decoded)
    return table


def read_table(
    root: Path, dataset: str, name: str, columns: list[str] | None = None, *, played: bool = False
) -> pa.Table:
    """One table of a run directory, or its rows of the ``played`` term.

    Raises RunError when it is missing or unreadable.
    """
    path = table_path(root, dataset, name)
    try:
        rows = (pq.read_metadata(path).metadata or {}).get(PLAYED) if played else None
        if rows is None:
            return pq.read_table(path, columns=columns, partitioning=None)
        with pq.ParquetFile(path) as file:
            return _first(file, int(rows), columns)
    except (OSError, pa.ArrowInvalid) as error:
        raise RunError(f"{path}: cannot be read: {error}") from error


def _first(file: pq.ParquetFile, rows: int, columns: list[str] | None) -> pa.Table:
    """The first rows of a file, of which only their row groups are read."""
    groups, there = 0, 0
    while there < rows:
        there += file.metadata.row_group(groups).num_rows
        groups += 1
    return file.read_row_groups(list(range(groups)), columns=columns).slice(0, rows)
