"""A table in BigQuery's words: its JSON schema, its types, its DDL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from schemas._describe import describe_column, describe_table
from schemas._model import Column, Table


def bigquery_schema(table: Table) -> list[dict[str, Any]]:
    """The table's columns as BigQuery's JSON schema: name, type, mode, description, fields.

    What ``bq mk --schema`` reads, and ``google.cloud.bigquery.SchemaField.from_api_repr`` field by field.
    """
    return [_field(column) for column in table.columns]


def bigquery_type(column: Column) -> str:
    """The column's GoogleSQL type as INFORMATION_SCHEMA has it: ARRAY<STRING>, STRUCT<id STRING>."""
    kind = column.type
    if column.type == "RECORD":
        kind = f"STRUCT<{', '.join(f'{field.name} {bigquery_type(field)}' for field in column.fields)}>"
    return f"ARRAY<{kind}>" if column.mode == "REPEATED" else kind


def field_paths(table: Table) -> Iterator[tuple[str, str, Column]]:
    """(column, path, contract) of each column and each field inside it: ``actor``, ``actor.id`` and so on."""

    def walk(top: str, above: str, column: Column) -> Iterator[tuple[str, str, Column]]:
        path = f"{above}{column.name}"
        yield top, path, column
        for field in column.fields:
            yield from walk(top, f"{path}.", field)

    for column in table.columns:
        yield from walk(column.name, "", column)


def bigquery_ddl(table: Table, project: str | None = None) -> str:
    """The statement ``CREATE TABLE `project.dataset.table` (...)`` with descriptions, partitions, clusters.

    Without ``project`` the name is `dataset.table`. The dataset must exist.
    """
    name = ".".join(part for part in (project, table.dataset, table.name) if part)
    lines = [f"  {_definition(column)}" for column in table.columns]
    statement = f"CREATE TABLE `{name}` (\n" + ",\n".join(lines) + "\n)"
    if partition := partition_expression(table):
        statement += f"\nPARTITION BY {partition}"
    if table.cluster_by:
        statement += f"\nCLUSTER BY {', '.join(f'`{column}`' for column in table.cluster_by)}"
    options = [f"description={_text(describe_table(table))}"]
    if table.require_partition_filter:
        options.append("require_partition_filter=true")
    return f"{statement}\nOPTIONS({', '.join(options)})"


def partition_expression(table: Table) -> str | None:
    """What a table is partitioned by, a day each: a DATE column, or the date of a time."""
    if table.partition_by is None:
        return None
    column = table.column(table.partition_by)
    return f"`{column.name}`" if column.type == "DATE" else f"DATE(`{column.name}`)"


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "mode": column.mode,
        "description": describe_column(column),
    }
    if column.fields:
        field["fields"] = [_field(inner) for inner in column.fields]
    return field


def _definition(column: Column) -> str:
    kind = column.type
    if column.type == "RECORD":
        kind = f"STRUCT<{', '.join(_definition(field) for field in column.fields)}>"
    if column.mode == "REPEATED":
        kind = f"ARRAY<{kind}>"
    needed = " NOT NULL" if column.mode == "REQUIRED" else ""
    return f"`{column.name}` {kind}{needed} OPTIONS(description={_text(describe_column(column))})"


def _text(text: str) -> str:
    """A text as a GoogleSQL literal; its escapes are JSON's."""
    return json.dumps(text, ensure_ascii=False)
