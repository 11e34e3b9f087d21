"""What a contract says in one text: for comments in DuckDB, descriptions in BigQuery, and pages of docs."""

from __future__ import annotations

from schemas._load import option_sets
from schemas._model import Column, Table

LABEL = "Synthetic data made by Termtide: no real person, course or event."
DESCRIPTION_MAX = 1024  # characters that BigQuery allows a column


def describe_table(table: Table) -> str:
    """What a table holds, and that it is synthetic."""
    return f"{table.description} {LABEL}"


def describe_column(column: Column) -> str:
    """What a column holds, what it may hold, what it refers to and whether Unizin documents it.

    At most 1,024 characters: members of an option set that is too long are left out for the set's name.
    """
    key = f" References {column.references}." if column.references else ""
    why = column.reason or "not in Unizin's public material."
    origin = "" if column.provenance == "documented" else f" (Inferred: {why})"
    allowed = f" Allowed: {', '.join(option_sets()[column.options])}." if column.options else ""
    text = f"{column.description}{allowed}{key}{origin}"
    if len(text) > DESCRIPTION_MAX:
        text = f"{column.description} Allowed: members of {column.options}.{key}{origin}"
    return text
