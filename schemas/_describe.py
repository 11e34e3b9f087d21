"""What a contract says in one text: for comments in DuckDB, descriptions in BigQuery, and pages of docs."""

from __future__ import annotations

from schemas._load import option_sets
from schemas._model import Column, Table

LABEL = "Synthetic data made by Termtide: no real person, course or event."
DESCRIPTION_MAX = 1024  # characters that BigQuery allows a column


def describe_table(table: Table) -> str:
    """What a table holds, and that it is synthetic."""
    return f"{table.description} {LABEL}"


def remark(column: Column) -> str:
    """What a column has in every row, and why; nothing of one that varies."""
    if column.always_null:
        return f"NULL in every row: {column.always_null}"
    return f"The same in every row: {column.uniform}" if column.uniform else ""


def describe_column(column: Column) -> str:
    """What a column holds, may hold, refers to, has in every row, and whether Unizin documents it.

    At most 1,024 characters: members of an option set that is too long are left out for the set's name.
    """
    key = f" References {column.references}." if column.references else ""
    why = column.reason or "not in Unizin's public material."
    origin = "" if column.provenance == "documented" else f" (Inferred: {why})"
    allowed = f" Allowed: {', '.join(option_sets()[column.options])}." if column.options else ""
    alike = f" {remark(column)}" if remark(column) else ""
    text = f"{column.description}{allowed}{key}{alike}{origin}"
    if len(text) > DESCRIPTION_MAX:
        text = f"{column.description} Allowed: members of {column.options}.{key}{alike}{origin}"
    return text
