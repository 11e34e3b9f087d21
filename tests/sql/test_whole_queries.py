"""Queries as users of a UDP tenant write them give the rows worked out by hand, on a run known by heart."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import duckdb
import pytest

from context.errors import InputError
from sim.sql.grammar.catalog import Surroundings
from sim.sql.session.catalog import TableNames
from sim.sql.translate import explained, install, translate
from tests.sql.test_expressions import shown

QUERIES: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "whole_queries.toml").read_text(encoding="utf-8")
)
LEAST_QUERIES = 40


def lines(tables: TableNames, text: str, *, header: bool = False) -> list[str]:
    """The rows of a query, columns between bars; with the names first if ``header``. Raises InputError."""
    query = translate(text, Surroundings(tables))
    install(tables.connection, query)
    try:
        rows = tables.connection.execute(query.duckdb_sql).fetchall()
    except duckdb.Error as error:
        raise explained(error) from error
    names = [" | ".join(name for name, _ in query.columns)] if header else []
    kinds = [kind for _, kind in query.columns]
    return names + [" | ".join(shown(v, kind) for v, kind in zip(row, kinds, strict=True)) for row in rows]


def test_there_are_enough_queries() -> None:
    """At least 40 whole queries are tried."""
    assert len(QUERIES) >= LEAST_QUERIES


@pytest.mark.parametrize("name", QUERIES)
def test_queries_give_the_rows_worked_out_by_hand(tables: TableNames, name: str) -> None:
    """A query of a user's gives the rows that BigQuery gives, or is refused as BigQuery refuses it."""
    case = QUERIES[name]
    wanted = case["rows"].strip().splitlines()
    if wanted[0].startswith("ERROR: "):
        with pytest.raises(InputError) as caught:
            lines(tables, case["sql"])
        assert wanted[0].removeprefix("ERROR: ") in str(caught.value)
    else:
        assert lines(tables, case["sql"], header=case.get("header", False)) == wanted
