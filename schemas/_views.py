"""Tables that are queries on other ones, as their SQL files say."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Literal

from schemas._model import SchemaError

# What DuckDB spells otherwise. Its own TIMESTAMP would take the session's time zone; DATETIMEs here are UTC.
_DUCKDB = (
    (re.compile(r"\bTIMESTAMP\((\w+)\)"), r"\1 AT TIME ZONE 'UTC'"),
    (re.compile(r"\bJSON_VALUE\("), "json_extract_string("),
    (re.compile(r"`(\w+)`"), r'"\1"'),
)
_COLUMN = re.compile(r"  (?P<expression>.+) AS (?P<name>\w+),?")


@cache
def events_columns(dialect: Literal["bigquery", "duckdb"]) -> dict[str, str]:
    """``event_store.events`` as expressions over ``event_store.expanded``, by column, in order.

    Raises SchemaError for a file of another form.
    """
    lines = files("schemas").joinpath("event_store", "events.sql").read_text(encoding="utf-8").splitlines()
    first, last = lines.index("SELECT") + 1, lines.index("FROM event_store.expanded")
    columns = {}
    for line in lines[first:last]:
        found = _COLUMN.fullmatch(line)
        if found is None:
            raise SchemaError(f"event_store/events.sql: {line!r}, allowed: EXPRESSION AS NAME")
        columns[found["name"]] = found["expression"]
    if dialect == "duckdb":
        columns = {name: _in_duckdb(expression) for name, expression in columns.items()}
    return columns


@cache
def raw_expanded() -> str:
    """``event_store.expanded`` of the tables of RAW, as a query in BigQuery's dialect."""
    return files("schemas").joinpath("raw", "expanded.sql").read_text(encoding="utf-8")


def _in_duckdb(expression: str) -> str:
    for pattern, text in _DUCKDB:
        expression = pattern.sub(text, expression)
    return expression
