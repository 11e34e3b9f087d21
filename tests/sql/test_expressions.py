"""Expressions and the results that BigQuery's public documentation gives them, construct by construct."""

from __future__ import annotations

import base64
import math
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlglot import exp

from context.errors import InputError
from sim.sql.columnar.bignumerics import decimal_of
from sim.sql.expressions.nodes import HANDLERS
from sim.sql.grammar.catalog import Relation, Surroundings
from sim.sql.grammar.types import Type
from sim.sql.translate import explained, install, translate

LEAST_CASES = 500
LEAST_PER_CONSTRUCT = 5
OURS = ("bq_", "bqs_", "sqlglot", "DuckDB", "duckdb", "HUGEINT", "VARCHAR", "BIGINT")


class NoTables:
    """A catalogue without tables."""

    def relation(self, path: Sequence[str]) -> Relation:
        """There is none."""
        raise InputError(f"no table named {'.'.join(path)}")


@dataclass(frozen=True)
class Construct:
    """A construct of BigQuery's SQL: its cases and where they come from."""

    name: str
    source: str
    cases: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        return self.name


def _constructs() -> Iterator[Construct]:
    for path in sorted((Path(__file__).parent / "expressions").glob("*.toml")):
        for name, part in tomllib.loads(path.read_text(encoding="utf-8")).items():
            lines = [line for line in part["cases"].splitlines() if line.strip()]
            cases = [line.rpartition(" =>") for line in lines]
            yield Construct(name, part["source"], tuple((left, right.strip()) for left, _, right in cases))


CONSTRUCTS = list(_constructs())


@pytest.fixture(scope="module")
def session() -> Iterator[duckdb.DuckDBPyConnection]:
    """One session for all expressions."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def shown(value: Any, kind: Type) -> str:
    """A value as BigQuery prints it; texts as they are, a line's end as two characters."""
    if value is None:
        return "NULL"
    if kind.element is not None:
        return f"[{', '.join(shown(item, kind.inner) for item in value)}]"
    if kind.kind == "STRUCT":
        parts = zip(kind.keys, kind.fields, value.values(), strict=True)
        return "{" + ", ".join(f"{key}: {shown(item, field)}" for key, (_, field), item in parts) + "}"
    if kind.kind == "FLOAT64":
        return _float(value)
    if kind.kind == "BIGNUMERIC":
        value = decimal_of(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        day = value.replace(tzinfo=None)
        text = day.isoformat(" " if value.tzinfo else "T", _precision(day.time()))
        return f"{text} UTC" if value.tzinfo else text
    if isinstance(value, time):
        return value.isoformat(_precision(value))
    if isinstance(value, date):
        return value.isoformat()
    return str(value).replace("\n", "\\n").replace("\t", "\\t").replace("\0", "\\0")


def _precision(clock: time) -> str:
    micros = clock.microsecond
    return "seconds" if not micros else "milliseconds" if micros % 1000 == 0 else "microseconds"


def _float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    text = f"{value:.15g}" if float(f"{value:.15g}") == value else f"{value:.17g}"
    return f"{text}.0" if text.lstrip("-").isdigit() else text


def ran(session: duckdb.DuckDBPyConnection, text: str) -> tuple[tuple[Any, ...], list[Type]]:
    """(values, types) of a query of one row. Raises InputError."""
    query = translate(text, Surroundings(NoTables()))
    install(session, query)
    try:
        [row] = session.execute(query.duckdb_sql).fetchall()
    except duckdb.Error as error:
        raise explained(error) from error
    return row, [kind for _, kind in query.columns]


def test_the_table_is_large_enough() -> None:
    """At least 500 expressions, at least five for each construct, each construct with its source."""
    assert sum(len(construct.cases) for construct in CONSTRUCTS) >= LEAST_CASES
    assert [c.name for c in CONSTRUCTS if len(c.cases) < LEAST_PER_CONSTRUCT or not c.source] == []
    assert len({construct.name for construct in CONSTRUCTS}) == len(CONSTRUCTS)


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=str)
def test_expressions_give_what_the_documentation_says(
    session: duckdb.DuckDBPyConnection, construct: Construct
) -> None:
    """Each expression gives its documented value, or is refused in BigQuery's words and none of ours."""
    fine = [(text, wanted) for text, wanted in construct.cases if not wanted.startswith("ERROR: ")]
    if fine:
        row, kinds = ran(
            session, "SELECT " + ",\n".join(f"{text} AS c{i}" for i, (text, _) in enumerate(fine))
        )
        found = {text: shown(v, kind) for (text, _), v, kind in zip(fine, row, kinds, strict=True)}
        assert found == dict(fine)
    for text, wanted in construct.cases:
        if wanted.startswith("ERROR: "):
            with pytest.raises(InputError) as caught:
                ran(session, f"SELECT {text}")
            message = str(caught.value)
            assert wanted.removeprefix("ERROR: ") in message
            assert "\n" not in message
            assert [word for word in OURS if word in message and word not in text] == [], message


# Functions of DuckDB's that are told these once for all rows; in BigQuery they are constants too.
CONSTANT = ("STRING_AGG(", "PERCENTILE_")


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=str)
def test_expressions_give_the_same_for_values_of_rows(
    session: duckdb.DuckDBPyConnection, construct: Construct, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each expression gives its documented value also where literals are known only as the query runs."""
    rule, parts = HANDLERS[exp.Literal]

    def hidden(walker: Any, node: Any) -> Any:
        value = rule(walker, node)
        return replace(value, sql=f"(CASE WHEN random() < 2 THEN {value.sql} END)")

    monkeypatch.setitem(HANDLERS, exp.Literal, (hidden, parts))
    fine = [
        (text, wanted)
        for text, wanted in construct.cases
        if not wanted.startswith("ERROR: ") and not any(word in text for word in CONSTANT)
    ]
    if fine:
        row, kinds = ran(
            session, "SELECT " + ",\n".join(f"{text} AS c{i}" for i, (text, _) in enumerate(fine))
        )
        found = {text: shown(v, kind) for (text, _), v, kind in zip(fine, row, kinds, strict=True)}
        assert found == dict(fine)
