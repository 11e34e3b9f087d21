"""BigQuery's views of its own catalogue, of a run: TABLES, COLUMNS, COLUMN_FIELD_PATHS and others.

A query asks for them below a dataset or below a region, which stands for the whole project, as BigQuery has
it; a run is in whatever region one asks for. Columns are those of ``schemas/information_schema``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pyarrow as pa

import schemas
from context.errors import InputError
from schemas._model import Table
from sim.folder.names import WAREHOUSE
from sim.sql.warehouse import data_files, is_view

NAME = "INFORMATION_SCHEMA"
OLDER_CATALOGUE = "__TABLES__"  # what BigQuery had before, below a dataset only
_REGION = "region-"
_DATASETS = (*schemas.DATASETS, *schemas.MART_DATASETS)
_DATASET_ONLY = ("PARTITIONS", OLDER_CATALOGUE)
_REGION_ONLY = ("SCHEMATA", "TABLE_STORAGE")
Row = dict[str, Any]


@dataclass(frozen=True)
class View:
    """A view that a query asks for: its name in capitals, of one dataset or of all, in a region."""

    name: str
    dataset: str | None
    region: str

    @property
    def table(self) -> str:
        """A name for its rows in DuckDB."""
        return f"{NAME}.{self.dataset or _REGION + self.region}.{self.name}"


@dataclass(frozen=True)
class OwnData:
    """A table or view that is not the run's: its columns, rows and logical bytes; ``text`` of a view."""

    table: Table
    rows: int = 0
    logical_bytes: int = 0
    text: str | None = None


@dataclass(frozen=True)
class _Catalogue:
    run_dir: Path
    project: str
    region: str
    tables: Sequence[Table]
    own: Mapping[tuple[str, str], OwnData]

    def own_data(self, table: Table) -> OwnData | None:
        """What is known of a table that is not the run's; None for one of the run."""
        return self.own.get((table.dataset, table.name))

    def is_view(self, table: Table) -> bool:
        """Whether a table has no rows of its own."""
        mine = self.own_data(table)
        return mine.text is not None if mine is not None else is_view(table)

    def parts(self, table: Table) -> list[tuple[str | None, int, int, int, datetime]]:
        """(partition or None, rows, logical bytes, bytes on the disk, when changed) of a table, in order."""
        mine = self.own_data(table)
        if mine is not None:
            return [] if mine.text else [(None, mine.rows, mine.logical_bytes, mine.logical_bytes, self.made)]
        return [
            (partition, *_sizes(files), max(map(_changed, files)))
            for partition, files in data_files(self.run_dir, table).items()
        ]

    @property
    def made(self) -> datetime:
        """When the warehouse was made."""
        return _changed(self.run_dir / WAREHOUSE)


def asked_for(parts: Sequence[str], project: str, datasets: Sequence[str]) -> View | None:
    """The view that a table's name means; None for a table that is no such view.

    Raises InputError for a view that there is not, or not where it is asked for, as in BigQuery.
    """
    upper = [part.upper() for part in parts]
    if NAME not in upper and OLDER_CATALOGUE not in upper:
        return None
    given, position = ".".join(parts), upper.index(NAME if NAME in upper else OLDER_CATALOGUE)
    above, name = list(parts[:position]), ".".join(upper[position + (NAME in upper) :])
    if name not in schemas.information_schema() or (name == OLDER_CATALOGUE) == (NAME in upper):
        views = [view for view in schemas.information_schema() if view != OLDER_CATALOGUE]
        near = get_close_matches(name, views, n=1)
        hint = f"did you mean {near[0]}?" if near else f"allowed: {', '.join(views)}"
        raise InputError(f"no view named {given}; {hint}")
    if above and above[0] == project:
        del above[0]
    elif len(above) == 2:
        raise InputError(f"project {above[0]} given, allowed: {project}, which is this run's")
    if not above and name == "SCHEMATA":
        return View(name, None, "us")
    if len(above) == 1 and above[0].lower().startswith(_REGION) and name not in _DATASET_ONLY:
        return View(name, None, above[0].lower().removeprefix(_REGION))
    if len(above) == 1 and above[0] in datasets and name not in _REGION_ONLY:
        return View(name, above[0], "us")
    if len(above) == 1 and name not in _REGION_ONLY and not above[0].lower().startswith(_REGION):
        raise InputError(f"no dataset named {above[0]}; datasets: {', '.join(datasets)}")
    places = {name in _REGION_ONLY: f"`{project}.{_REGION}us`", name in _DATASET_ONLY: f"`{project}.DATASET`"}
    where = places.get(True, f"`{project}.DATASET` or `{project}.{_REGION}us`")
    asked = name if name == OLDER_CATALOGUE else f"{NAME}.{name}"
    raise InputError(f"table {given} given, allowed before {asked}: {where}")


def rows_of(
    view: View, run_dir: Path, project: str, known: set[tuple[str, str]], own: Sequence[OwnData] = ()
) -> pa.Table:
    """The rows of a view for the tables that the warehouse has, as (dataset, table), and the user's own."""
    tables = [
        table
        for dataset in ((view.dataset,) if view.dataset in _DATASETS else _DATASETS)
        for table in schemas.tables(dataset)
        if (dataset, table.name) in known and view.dataset in (None, dataset)
    ]
    mine = {(item.table.dataset, item.table.name): item for item in own}
    tables += [item.table for item in own if view.dataset in (None, item.table.dataset)]
    rows = _ROWS[view.name](_Catalogue(run_dir, project, view.region, tables, mine))
    contract = schemas.information_schema()[view.name]
    return pa.Table.from_pylist(list(rows), schema=schemas.arrow_schema(contract))


def _tables(catalogue: _Catalogue) -> Iterator[Row]:
    no = ("is_insertable_into", "is_fine_grained_mutations_enabled", "is_typed", "is_change_history_enabled")
    for table in catalogue.tables:
        stored = not catalogue.is_view(table)
        yield {
            **_name(catalogue, table),
            **dict.fromkeys(no, "NO"),
            "table_type": "BASE TABLE" if stored else "VIEW",
            "managed_table_type": "NATIVE" if stored else None,
            "creation_time": catalogue.made,
            "ddl": f"{schemas.bigquery_ddl(table, catalogue.project)};" if stored else None,
        }


def _columns(catalogue: _Catalogue) -> Iterator[Row]:
    for table in catalogue.tables:
        for position, column in enumerate(table.columns, 1):
            clustered = column.name in table.cluster_by
            yield {
                **_name(catalogue, table),
                "column_name": column.name,
                "ordinal_position": position,
                "is_nullable": "NO" if column.mode == "REQUIRED" else "YES",
                "data_type": schemas.bigquery_type(column),
                "is_generated": "NEVER",
                "is_hidden": "NO",
                "is_system_defined": "NO",
                "is_partitioning_column": "YES" if column.name == table.partition_by else "NO",
                "clustering_ordinal_position": table.cluster_by.index(column.name) + 1 if clustered else None,
            }


def _field_paths(catalogue: _Catalogue) -> Iterator[Row]:
    for table in catalogue.tables:
        for top, path, column in schemas.field_paths(table):
            yield {
                **_name(catalogue, table),
                "column_name": top,
                "field_path": path,
                "data_type": schemas.bigquery_type(column),
                "description": schemas.describe_column(column),
                "policy_tags": [],
            }


def _schemata(catalogue: _Catalogue) -> Iterator[Row]:
    for dataset in dict.fromkeys(table.dataset for table in catalogue.tables):
        name, place = f"`{catalogue.project}.{dataset}`", json.dumps(catalogue.region)
        yield {
            "catalog_name": catalogue.project,
            "schema_name": dataset,
            "creation_time": catalogue.made,
            "last_modified_time": catalogue.made,
            "location": catalogue.region.upper() if "-" not in catalogue.region else catalogue.region,
            "ddl": f"CREATE SCHEMA {name}\nOPTIONS(\n  location={place}\n);",
        }


def _options(catalogue: _Catalogue) -> Iterator[Row]:
    for table in catalogue.tables:
        told = json.dumps(schemas.describe_table(table), ensure_ascii=False)
        options = [("description", "STRING", told)]
        if table.require_partition_filter:
            options.append(("require_partition_filter", "BOOL", "true"))
        for name, kind, value in options:
            row = {"option_name": name, "option_type": kind, "option_value": value}
            yield {**_name(catalogue, table), **row}


def _partitions(catalogue: _Catalogue) -> Iterator[Row]:
    for table in catalogue.tables:
        for partition, rows, logical, _, changed in catalogue.parts(table):
            yield {
                **_name(catalogue, table),
                "partition_id": partition and partition.replace("-", ""),
                "total_rows": rows,
                "total_logical_bytes": logical,
                "last_modified_time": changed,
                "storage_tier": "ACTIVE",
            }


def _storage(catalogue: _Catalogue) -> Iterator[Row]:
    same = ("total_logical_bytes", "active_logical_bytes")
    physical = ("current_physical_bytes", "total_physical_bytes", "active_physical_bytes")
    kept = ("long_term_logical", "long_term_physical", "time_travel_physical", "fail_safe_physical")
    for table in catalogue.tables:
        if catalogue.is_view(table):
            continue
        parts = catalogue.parts(table)
        yield {
            **_name(catalogue, table),
            **dict.fromkeys(same, sum(part[2] for part in parts)),
            **dict.fromkeys(physical, sum(part[3] for part in parts)),
            **dict.fromkeys([f"{name}_bytes" for name in kept], 0),
            "project_id": catalogue.project,
            "creation_time": catalogue.made,
            "total_rows": sum(part[1] for part in parts),
            "total_partitions": sum(part[0] is not None for part in parts),
            "storage_last_modified_time": max((part[4] for part in parts), default=catalogue.made),
            "deleted": False,
            "table_type": "BASE TABLE",
        }


def _older(catalogue: _Catalogue) -> Iterator[Row]:
    for table in catalogue.tables:
        parts = catalogue.parts(table)
        changed = max((part[4] for part in parts), default=catalogue.made)
        yield {
            "project_id": catalogue.project,
            "dataset_id": table.dataset,
            "table_id": table.name,
            "creation_time": _millis(catalogue.made),
            "last_modified_time": _millis(changed),
            "row_count": sum(part[1] for part in parts),
            "size_bytes": sum(part[2] for part in parts),
            "type": 2 if catalogue.is_view(table) else 1,
        }


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


_ROWS: dict[str, Callable[[_Catalogue], Iterator[Row]]] = {
    "TABLES": _tables,
    "COLUMNS": _columns,
    "COLUMN_FIELD_PATHS": _field_paths,
    "SCHEMATA": _schemata,
    "TABLE_OPTIONS": _options,
    "PARTITIONS": _partitions,
    "TABLE_STORAGE": _storage,
    OLDER_CATALOGUE: _older,
}


def _name(catalogue: _Catalogue, table: Table) -> Row:
    return {
        "table_catalog": catalogue.project,
        "table_schema": table.dataset,
        "table_name": table.name,
    }


def _sizes(files: Sequence[Path]) -> tuple[int, int, int]:
    """(rows, bytes before compression, bytes on the disk) of Parquet files."""
    import pyarrow.parquet as pq

    rows = logical = size = 0
    for file in files:
        found = pq.read_metadata(file)
        rows += found.num_rows
        logical += sum(found.row_group(i).total_byte_size for i in range(found.num_row_groups))
        size += file.stat().st_size
    return rows, logical, size


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
