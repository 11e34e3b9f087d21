"""What BigQuery would bill for a query: the logical bytes of the columns and partitions that it touches.

Sizes of values are those of BigQuery's page "Data type sizes": a STRING 2 bytes and its UTF-8, INT64,
FLOAT64, dates and times 8, NUMERIC 16, BIGNUMERIC 32, BOOL 1, NULL 0. The page on prices rounds up to a MiB
and bills at least 10 for a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from sim.folder.duckdb_paths import duckdb_file
from sim.sql.session.shadow import Touched, partitions_within
from sim.sql.tables.faults import explaining
from sim.sql.tables.places import MADE
from sim.sql.warehouse import contract_of, data_files, literal, quoted

MIB = 2**20
LEAST_BILLED_MIB = 10
_ROWS_READ_MAX = 3_000_000  # above, widths come from some of the partitions
_WIDTHS = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "hugeint", "double", "float"), 8),
    **dict.fromkeys(("date", "time", "timestamp", "timestamp with time zone"), 8),
    "boolean": 1,
}


@dataclass(frozen=True)
class TableCost:
    """One table: its name, the columns read, (partitions read, partitions there) or None, and the bytes."""

    table: str
    columns: tuple[str, ...]
    partitions: tuple[int, int] | None
    bytes: int

    @property
    def billed_bytes(self) -> int:
        """Rounded up to a MiB, at least ten of them, if anything is read."""
        return max(LEAST_BILLED_MIB, -(-self.bytes // MIB)) * MIB if self.bytes else 0


@dataclass(frozen=True)
class Cost:
    """What a query reads of each table; ``exact`` is False where widths come from some of the partitions."""

    tables: tuple[TableCost, ...]
    exact: bool = True

    @property
    def bytes(self) -> int:
        """What a dry run of BigQuery tells."""
        return sum(table.bytes for table in self.tables)

    @property
    def billed_bytes(self) -> int:
        """What is paid for."""
        return sum(table.billed_bytes for table in self.tables)


def cost_of(connection: duckdb.DuckDBPyConnection, run_dir: Path, scans: Sequence[Touched]) -> Cost:
    """The cost of a query with these scans; a table that is scanned twice is paid once, for all columns."""
    found, exact = [], True
    scans = [scan for scan in scans if not scan.name.startswith(MADE)]  # the catalogue and other databases
    for catalog, dataset, name in dict.fromkeys((s.catalog, s.dataset, s.name) for s in scans):
        mine = [s for s in scans if (s.catalog, s.dataset, s.name) == (catalog, dataset, name)]
        paths = sorted({path for scan in mine for path in scan.paths})
        days = _days(connection, run_dir, mine)
        size, whole = _bytes(connection, run_dir, mine[0], paths, days)
        exact = exact and whole
        shown = name if dataset == "main" else f"{dataset}.{name}"
        partitions = (len(days[0]), days[1]) if days is not None else None
        found.append(TableCost(shown, tuple(".".join(path) for path in paths), partitions, size))
    return Cost(tuple(found), exact)


def _days(
    connection: duckdb.DuckDBPyConnection, run_dir: Path, scans: Sequence[Touched]
) -> tuple[list[date], int] | None:
    """(partitions that the scans read, number of those there); None for a table without partitions."""
    contract = scans[0].contract
    if contract is None or contract.partition_by is None:
        return None
    there = [date.fromisoformat(day) for day in data_files(run_dir, contract) if day]
    if any(scan.bounds is None for scan in scans):
        return there, len(there)
    read = {day for scan in scans for day in partitions_within(connection, there, scan.bounds or "TRUE")}
    return sorted(read), len(there)


def _bytes(
    connection: duckdb.DuckDBPyConnection,
    run_dir: Path,
    scan: Touched,
    paths: Sequence[tuple[str, ...]],
    days: tuple[list[date], int] | None,
) -> tuple[int, bool]:
    """(logical bytes of the columns, whether every row was looked at)."""
    if not paths or (days is not None and not days[0]):
        return 0, True
    if days is None:
        return column_bytes(
            connection, f"{scan.catalog}.{quoted(scan.dataset)}.{quoted(scan.name)}", paths
        ), True
    contract = contract_of(scan.dataset, scan.name)
    assert contract is not None  # noqa: S101 - only a contract has partitions
    by_day = data_files(run_dir, contract)
    files = {day: [duckdb_file(file) for file in by_day[day.isoformat()]] for day in days[0]}
    rows = {day: _rows(connection, files[day]) for day in days[0]}
    step = -(-sum(rows.values()) // _ROWS_READ_MAX) or 1
    looked = days[0][::step]
    size = column_bytes(connection, _reader([file for day in looked for file in files[day]]), paths)
    seen = sum(rows[day] for day in looked)
    return (size, True) if step == 1 else (size * sum(rows.values()) // max(seen, 1), False)


def _reader(files: Sequence[str]) -> str:
    names = ", ".join(literal(file) for file in files)
    return f"read_parquet([{names}], hive_partitioning = false)"


def _rows(connection: duckdb.DuckDBPyConnection, files: Sequence[str]) -> int:
    names = ", ".join(literal(file) for file in files)
    row = connection.execute(f"SELECT sum(num_rows) FROM parquet_file_metadata([{names}])").fetchall()
    return int(row[0][0]) if row else 0


def column_bytes(connection: duckdb.DuckDBPyConnection, source: str, paths: Sequence[tuple[str, ...]]) -> int:
    """Logical bytes of columns, or fields of them, of a table in DuckDB."""
    names = [".".join(quoted(part) for part in path) for path in paths]
    with explaining():
        types = connection.sql(f"SELECT {', '.join(f't.{name}' for name in names)} FROM {source} AS t").types
        parts = (f"sum({_size(kind, f't.{name}', 0)})" for name, kind in zip(names, types, strict=True))
        row = connection.execute(f"SELECT {', '.join(parts)} FROM {source} AS t").fetchall()
    return sum(int(value or 0) for value in row[0])


def _size(kind: Any, value: str, depth: int) -> str:
    """DuckDB SQL of the logical bytes of a value."""
    name = str(kind.id)
    if name in ("list", "array"):
        item = f"_{depth}"
        inner = _size(kind.children[0][1], item, depth + 1)
        return f"coalesce(list_sum(list_transform({value}, lambda {item}: {inner})), 0)"
    if name == "struct":
        return " + ".join(_size(inner, f"{value}.{quoted(key)}", depth) for key, inner in kind.children)
    if name in ("varchar", "blob"):
        return f"coalesce({'octet_length' if name == 'blob' else 'strlen'}({value}) + 2, 0)"
    width = _WIDTHS.get(name, 8)
    if name == "decimal":
        width = 16 if dict(kind.children)["scale"] <= 9 else 32
    return f"CASE WHEN {value} IS NULL THEN 0 ELSE {width} END"
