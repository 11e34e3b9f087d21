"""A table in other systems' words: Arrow and DuckDB."""

from __future__ import annotations

import pyarrow as pa

from schemas._model import Column, Table

_ARROW: dict[str, pa.DataType] = {
    "INT64": pa.int64(),
    "STRING": pa.string(),
    "BOOL": pa.bool_(),
    "DATE": pa.date32(),
    "DATETIME": pa.timestamp("us"),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    "NUMERIC": pa.decimal128(38, 9),
    "FLOAT64": pa.float64(),
    "JSON": pa.string(),
}
_DUCKDB = {
    "INT64": "BIGINT",
    "STRING": "VARCHAR",
    "BOOL": "BOOLEAN",
    "DATE": "DATE",
    "DATETIME": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMP WITH TIME ZONE",
    "NUMERIC": "DECIMAL(38, 9)",
    "FLOAT64": "DOUBLE",
    "JSON": "VARCHAR",  # as in Arrow and Parquet; JSON functions take text all the same
}


def arrow_schema(table: Table) -> pa.Schema:
    """The table as an Arrow schema.

    INT64 int64, STRING and JSON string, BOOL bool, DATE date32, DATETIME timestamp[us] (UTC by
    convention), TIMESTAMP timestamp[us, UTC], NUMERIC decimal128(38, 9), FLOAT64 float64, RECORD
    struct. REQUIRED columns are not nullable, REPEATED ones are lists.
    """
    return pa.schema([_arrow_field(column) for column in table.columns])


def duckdb_ddl(table: Table) -> str:
    """The statement ``CREATE TABLE "<dataset>"."<table>" (...)``; the dataset's schema must exist.

    Keys are NOT NULL but no PRIMARY KEY: an index would slow every load down.
    """
    lines = [
        f"  {_quoted(column.name)} {duckdb_type(column)}{' NOT NULL' if column.mode == 'REQUIRED' else ''}"
        for column in table.columns
    ]
    return f"CREATE TABLE {_quoted(table.dataset)}.{_quoted(table.name)} (\n" + ",\n".join(lines) + "\n)"


def _arrow_field(column: Column) -> pa.Field:
    if column.type == "RECORD":
        kind: pa.DataType = pa.struct([_arrow_field(field) for field in column.fields])
    else:
        kind = _ARROW[column.type]
    if column.mode == "REPEATED":
        kind = pa.list_(kind)
    return pa.field(column.name, kind, nullable=column.mode != "REQUIRED")


def duckdb_type(column: Column) -> str:
    """The column's type in DuckDB's words: BIGINT, VARCHAR[], STRUCT(...)."""
    if column.type == "RECORD":
        inner = ", ".join(f"{_quoted(field.name)} {duckdb_type(field)}" for field in column.fields)
        kind = f"STRUCT({inner})"
    else:
        kind = _DUCKDB[column.type]
    return kind + "[]" if column.mode == "REPEATED" else kind


def _quoted(name: str) -> str:
    return f'"{name}"'
