"""BigQuery's INFORMATION_SCHEMA on a run: queries as production has them, rows as the contracts say."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
import sqlglot

import schemas
from context.errors import InputError
from sim.sql.query import run_sql
from tests.samples.toy_sessions import TOY_PROJECT


def rows(toy_run: Path, text: str) -> list[dict[str, object]]:
    """The rows of a query."""
    return run_sql(toy_run, TOY_PROJECT, text).to_pylist()


def present(toy_run: Path) -> set[tuple[str, str]]:
    """(dataset, table) of what the run has."""
    stored = {(path.parent.name, path.stem) for path in toy_run.glob("context_store_*/*.parquet")}
    return stored | {("event_store", "events"), ("event_store", "expanded")}


def test_tables_of_a_region(toy_run: Path) -> None:
    """The query that lists all tables of a project runs as it is written."""
    text = """
        SELECT table_catalog AS PROJECT_ID, table_schema AS DATASET_ID, table_name AS TABLE_ID
        FROM `unizin-shared.region-us`.INFORMATION_SCHEMA.TABLES"""
    found = rows(toy_run, text)
    assert list(found[0]) == ["PROJECT_ID", "DATASET_ID", "TABLE_ID"]
    assert {row["PROJECT_ID"] for row in found} == {TOY_PROJECT}
    assert {(row["DATASET_ID"], row["TABLE_ID"]) for row in found} == present(toy_run)
    assert len(found) == len(present(toy_run))


def test_field_paths_of_a_table(toy_run: Path) -> None:
    """The query that describes a table runs as it is written."""
    text = """
        SELECT * FROM `unizin-shared.context_store_entity`.INFORMATION_SCHEMA.COLUMN_FIELD_PATHS
        WHERE table_name = "course_section_enrollment" """
    table = schemas.table("context_store_entity", "course_section_enrollment")
    assert [(row["field_path"], row["data_type"], row["description"]) for row in rows(toy_run, text)] == [
        (column.name, column.type, schemas.describe_column(column)) for column in table.columns
    ]


def test_fields_inside_records(toy_run: Path) -> None:
    """Records of the event store come with each field by its path, and their types in GoogleSQL."""
    text = """
        SELECT column_name, field_path, data_type
        FROM `unizin-shared`.event_store.INFORMATION_SCHEMA.COLUMN_FIELD_PATHS
        WHERE table_name = 'expanded' AND column_name = 'membership'"""
    assert [tuple(row.values()) for row in rows(toy_run, text)] == [
        ("membership", "membership", "STRUCT<id STRING, type STRING, roles ARRAY<STRING>>"),
        ("membership", "membership.id", "STRING"),
        ("membership", "membership.type", "STRING"),
        ("membership", "membership.roles", "ARRAY<STRING>"),
    ]


@pytest.mark.parametrize("name", schemas.information_schema())
def test_columns_and_types_are_bigquerys(toy_run: Path, name: str) -> None:
    """Each view has the columns and types of its contract, also where it has no row."""
    where = "`unizin-shared.event_store`" if name in ("PARTITIONS", "__TABLES__") else "`region-us`"
    view = name if name == "__TABLES__" else f"INFORMATION_SCHEMA.{name}"
    wanted = schemas.arrow_schema(schemas.information_schema()[name])
    for condition in ("TRUE", "FALSE"):
        found = run_sql(toy_run, TOY_PROJECT, f"SELECT * FROM {where}.{view} WHERE {condition}")
        assert (found.schema.names, found.schema.types) == (wanted.names, wanted.types)
        assert (found.num_rows > 0) == (condition == "TRUE")


def test_columns(toy_run: Path) -> None:
    """Keys can't be null, the partitioning column is marked, positions count from 1 without gaps."""
    found = rows(toy_run, "SELECT * FROM `region-us`.INFORMATION_SCHEMA.COLUMNS")
    for dataset, name in present(toy_run):
        table = schemas.table(dataset, name)
        mine = [row for row in found if (row["table_schema"], row["table_name"]) == (dataset, name)]
        assert [row["column_name"] for row in mine] == list(table.names)
        assert [row["ordinal_position"] for row in mine] == list(range(1, len(mine) + 1))
        assert {row["column_name"] for row in mine if row["is_nullable"] == "NO"} == set(table.key)
        marked = [row["column_name"] for row in mine if row["is_partitioning_column"] == "YES"]
        assert marked == [name for name in table.names if name == table.partition_by]


def test_partitions_add_up(toy_run: Path) -> None:
    """The rows of partitions and of storage are those that a query counts."""
    where = "event_time >= '2000-01-01'"
    by_day = "SELECT FORMAT_DATE('%Y%m%d', event_time), COUNT(*) FROM event_store.expanded"
    counted = {tuple(row.values()) for row in rows(toy_run, f"{by_day} WHERE {where} GROUP BY 1")}
    parts = "SELECT partition_id, total_rows FROM `event_store`.INFORMATION_SCHEMA.PARTITIONS"
    assert {tuple(row.values()) for row in rows(toy_run, parts)} == counted
    storage = rows(toy_run, "SELECT * FROM `region-us`.INFORMATION_SCHEMA.TABLE_STORAGE")
    assert len(storage) == len(present(toy_run)) - 1  # a view takes nothing
    for row in storage:
        name = f"{row['table_schema']}.{row['table_name']}"
        limit = f" WHERE {where}" if name == "event_store.expanded" else ""
        assert rows(toy_run, f"SELECT COUNT(*) AS n FROM {name}{limit}") == [{"n": row["total_rows"]}]
    (expanded,) = (row for row in storage if row["table_name"] == "expanded")
    assert expanded["total_partitions"] == len(counted)


def test_statements_parse(toy_run: Path) -> None:
    """The DDL of tables and datasets is BigQuery's."""
    for text in (
        "SELECT ddl FROM `region-us`.INFORMATION_SCHEMA.TABLES WHERE table_type = 'BASE TABLE'",
        "SELECT ddl FROM `region-us`.INFORMATION_SCHEMA.SCHEMATA",
    ):
        for row in rows(toy_run, text):
            assert sqlglot.parse_one(str(row["ddl"]), read="bigquery").key == "create"


@pytest.mark.parametrize(
    "name",
    [
        "`unizin-shared.region-us`.INFORMATION_SCHEMA.TABLES",
        "`unizin-shared`.`region-us`.INFORMATION_SCHEMA.TABLES",
        "`unizin-shared`.`region-us`.`INFORMATION_SCHEMA`.`TABLES`",
        "`unizin-shared.region-us.INFORMATION_SCHEMA.TABLES`",
        "`region-us`.INFORMATION_SCHEMA.TABLES",
        "`region-europe-west3`.information_schema.tables",
        "`unizin-shared.event_store`.INFORMATION_SCHEMA.TABLES",
        "unizin-shared.event_store.INFORMATION_SCHEMA.TABLES",
        "event_store.INFORMATION_SCHEMA.TABLES",
        "`event_store.INFORMATION_SCHEMA.TABLES`",
    ],
)
def test_all_spellings(toy_run: Path, name: str) -> None:
    """Backticks round the whole name, each part or some; with project or without; usable in joins."""
    count = sum("region" in name or dataset == "event_store" for dataset, _ in present(toy_run))
    assert rows(toy_run, f"SELECT COUNT(*) AS n FROM {name}") == [{"n": count}]
    text = f"SELECT t.table_name FROM {name} AS t JOIN {name} AS u USING (table_schema, table_name)"
    assert len(rows(toy_run, text)) == count


def test_datasets(toy_run: Path) -> None:
    """Datasets are listed with and without a region, in the place that was asked for."""
    for name, place in (
        ("INFORMATION_SCHEMA.SCHEMATA", "US"),
        ("`unizin-shared`.INFORMATION_SCHEMA.SCHEMATA", "US"),
        ("`region-us-east1`.INFORMATION_SCHEMA.SCHEMATA", "us-east1"),
    ):
        found = rows(toy_run, f"SELECT schema_name, location FROM {name}")
        assert [row["schema_name"] for row in found] == [
            dataset for dataset in schemas.DATASETS if dataset in {known for known, _ in present(toy_run)}
        ]
        assert {row["location"] for row in found} == {place}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("INFORMATION_SCHEMA.TABLES", "`unizin-shared.DATASET` or `unizin-shared.region-us`"),
        ("`unizin-shared`.INFORMATION_SCHEMA.TABLES", "allowed before INFORMATION_SCHEMA.TABLES"),
        ("`region-us`.INFORMATION_SCHEMA.PARTITIONS", "allowed before INFORMATION_SCHEMA.PARTITIONS"),
        ("event_store.INFORMATION_SCHEMA.SCHEMATA", "SCHEMATA: `unizin-shared.region-us`"),
        ("event_store.INFORMATION_SCHEMA.TABLE", "did you mean TABLES?"),
        ("event_store.INFORMATION_SCHEMA.JOBS_BY_USER", "allowed: COLUMN_FIELD_PATHS, COLUMNS"),
        ("event_stor.INFORMATION_SCHEMA.TABLES", "no dataset named event_stor; datasets: "),
    ],
)
def test_what_is_refused(toy_run: Path, name: str, message: str) -> None:
    """What BigQuery does not have, or not there, is bad input, said in one line."""
    with pytest.raises(InputError) as caught:
        rows(toy_run, f"SELECT * FROM {name}")
    assert message in str(caught.value)


def test_columns_that_are_not_there(toy_run: Path) -> None:
    """A wrong column of a view is answered with near ones."""
    with pytest.raises(InputError, match="did you mean table_name"):
        rows(toy_run, "SELECT tablename FROM `region-us`.INFORMATION_SCHEMA.TABLES")


def test_rows_are_arrow(toy_run: Path) -> None:
    """Times are instants in UTC."""
    found = run_sql(toy_run, TOY_PROJECT, "SELECT creation_time FROM `region-us`.INFORMATION_SCHEMA.TABLES")
    assert found.schema.types == [pa.timestamp("us", "UTC")]
