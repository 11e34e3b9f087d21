"""Dry runs: the bytes of BigQuery's sizes, of the columns and partitions that are touched; required filters."""

# ruff: noqa: E501 - one case a line
from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest

import schemas
from context.errors import InputError
from sim.sql.session.cost import MIB, Cost, TableCost
from sim.sql.session.session import Session
from tests.samples.toy_sessions import TOY_PROJECT

EXPANDED = "event_store.expanded"


@pytest.fixture
def session(own_session: Session) -> Session:
    """One for each test."""
    return own_session


def cost(session: Session, text: str) -> Cost:
    """The cost of the last statement of a script."""
    return [outcome.cost for outcome in session.run(text, dry=True) if outcome.cost is not None][-1]


@pytest.mark.parametrize(
    ("where", "days"),
    [
        ("event_time >= '2026-09-01' AND event_time < '2026-09-02'", 1),
        ("event_time BETWEEN '2026-08-31' AND '2026-09-01 00:00:00'", 2),
        ("event_time > '2026-09-01 23:59:59'", 3),  # half a second later is the same day
        ("event_time >= '2026-09-02'", 2),
        ("event_time >= '2026-09-01 12:00:00' AND event_time < '2026-09-02'", 1),
        ("event_time <= '2026-09-01 00:00:01' AND event_time > '2026-08-31 23:00:00'", 2),
        ("DATE(event_time) = '2026-09-01'", 1),
        ("DATE(event_time) IN ('2026-08-31', '2026-09-02')", 2),
        ("EXTRACT(DATE FROM event_time) <= '2026-08-31'", 1),
        ("CAST(event_time AS DATE) BETWEEN '2026-09-01' AND '2026-09-02'", 2),
        ("event_time < '2026-09-01' OR event_time >= '2026-09-03'", 2),
        ("event_time >= '2027-01-01'", 0),
        ("event_time >= DATETIME_ADD(DATETIME '2026-08-31 00:00:00', INTERVAL 2 DAY)", 2),
    ],
)
def test_partitions_that_a_filter_leaves(session: Session, notes: list[str], where: str, days: int) -> None:
    """Only UTC dates that can hold a row of the filter are paid for, and such a filter is enough in production."""
    found = cost(session, f"SELECT COUNT(*) FROM {EXPANDED} WHERE {where}")
    assert [table.partitions for table in found.tables] == [(days, 4)]
    assert notes == []
    (n,) = [
        o.rows
        for o in session.run(f"SELECT COUNT(DISTINCT DATE(event_time)) AS n FROM {EXPANDED} WHERE {where}")
    ]
    assert n is not None
    assert n.to_pylist()[0]["n"] <= days


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("SELECT type FROM {} WHERE event_time >= '2026-01-01'", ("event_time", "type")),
        ("SELECT e.actor.id FROM {} AS e WHERE event_time >= '2026-01-01'", ("actor.id", "event_time")),
        ("SELECT COUNT(*) FROM (SELECT * FROM {}) WHERE event_time >= '2026-01-01'", ("event_time",)),
        (
            "WITH t AS (SELECT * FROM {}) SELECT action FROM t WHERE event_time > '2026-01-01'",
            ("action", "event_time"),
        ),
        (
            "SELECT a.id FROM {0} AS a JOIN {0} AS b USING (id) WHERE a.event_time > '2026-01-01' AND b.event_time > '2026-01-01'",
            ("event_time", "id"),
        ),
    ],
)
def test_columns_that_are_read(
    session: Session, notes: list[str], text: str, columns: tuple[str, ...]
) -> None:
    """A column, or a field of a record, is paid for where it is used, through subqueries and WITH clauses too."""
    (table,) = cost(session, text.format(EXPANDED)).tables
    assert (table.table, table.columns, notes) == (EXPANDED, columns, [])


def test_the_older_store_is_paid_as_what_it_reads(session: Session, notes: list[str]) -> None:
    """A query on the view events is paid for the columns of expanded, and its filter prunes there."""
    text = "SELECT type, COUNT(*) FROM event_store.events WHERE event_time >= '2026-09-02' GROUP BY 1"
    (table,) = cost(session, text).tables
    assert (table.table, table.columns, table.partitions) == (EXPANDED, ("event_time", "type"), (2, 4))
    assert notes == []
    cost(session, "SELECT COUNT(*) FROM event_store.events")
    assert "event_store.expanded: no filter on event_time" in notes[0]


def test_bytes_by_hand(session: Session, toy_run: Path) -> None:
    """Bytes are BigQuery's sizes: 8 for a time or number, 2 and its UTF-8 for a text, nothing for NULL."""
    files = f"{toy_run}/event_store/expanded/*/*.parquet"
    wanted = duckdb.execute(
        f"SELECT count(*) * 8 + sum(strlen(type) + 2) + count(membership.id) * 2 + sum(strlen(membership.id)) "
        f"FROM read_parquet('{files}') WHERE event_time >= '2026-09-01' AND event_time < '2026-09-02'"
    ).fetchall()[0][0]
    day = "event_time >= '2026-09-01' AND event_time < '2026-09-02'"
    found = cost(session, f"SELECT type, membership.id FROM {EXPANDED} WHERE {day}")
    assert found.bytes == wanted
    assert found.exact
    assert cost(session, "SELECT person_id FROM context_store_entity.person").bytes == 3 * 8
    assert cost(session, "SELECT name FROM context_store_entity.person").bytes == sum(
        len(name) + 2 for name in ("Ada One", "Ben Two", "Cy Three")
    )
    assert cost(session, "SELECT 1").bytes == 0
    assert cost(session, "SELECT COUNT(*) FROM context_store_entity.person").bytes == 0
    assert cost(session, "SELECT table_name FROM event_store.INFORMATION_SCHEMA.TABLES").bytes == 0
    numbers = "CREATE TEMP TABLE t AS SELECT 1 AS a, NUMERIC '1' AS b, TRUE AS c, ['ab', ''] AS d, STRUCT(2 AS x) AS e"
    list(session.run(numbers))
    assert cost(session, "SELECT * FROM t").bytes == 8 + 16 + 1 + 4 + 2 + 8


def test_what_is_billed() -> None:
    """Whole MiB a table, at least ten of them where anything is read."""
    sizes = (0, 1, 10 * MIB, 10 * MIB + 1)
    found = Cost(tuple(TableCost("t", (), None, size) for size in sizes))
    assert [table.billed_bytes // MIB for table in found.tables] == [0, 10, 10, 11]
    assert found.billed_bytes == 31 * MIB


def test_estimates_of_large_tables(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large table some partitions tell the width of all, and the result says that it is none counted."""
    text = f"SELECT id, type FROM {EXPANDED} WHERE event_time >= '2026-01-01'"
    exact = cost(session, text)
    monkeypatch.setattr("sim.sql.session.cost._ROWS_READ_MAX", 8)
    about = cost(session, text)
    assert not about.exact
    assert abs(about.bytes / exact.bytes - 1) < 0.1


def test_nothing_is_done_in_a_dry_run(session: Session) -> None:
    """A dry run checks and weighs a script's queries and makes none of its tables."""
    found = cost(session, "CREATE TABLE a.b AS SELECT name FROM context_store_entity.person")
    assert found.bytes > 0
    with pytest.raises(InputError, match=r"no table named a\.b"):
        list(session.run("SELECT * FROM a.b"))
    with pytest.raises(InputError, match="Unrecognized name: nmae"):
        cost(session, "SELECT nmae FROM context_store_entity.person")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT COUNT(*) FROM event_store.expanded",
        "SELECT COUNT(*) FROM event_store.expanded WHERE type = 'x'",
        "SELECT COUNT(*) FROM event_store.expanded WHERE event_time > '2026-01-01' OR type = 'x'",
        "SELECT COUNT(*) FROM event_store.expanded WHERE EXTRACT(HOUR FROM event_time) = 9",
        "SELECT COUNT(*) FROM event_store.events",
        "WITH t AS (SELECT * FROM event_store.expanded) SELECT COUNT(*) FROM t WHERE action IS NULL",
    ],
)
def test_a_filter_that_production_asks_for(
    toy_run: Path, session: Session, notes: list[str], text: str
) -> None:
    """Without a filter that leaves partitions out, a query says so, and --strict refuses it."""
    assert schemas.table("event_store", "expanded").require_partition_filter
    list(session.run(text))
    assert [note.split(";")[0] for note in notes] == [
        "event_store.expanded: no filter on event_time that leaves partitions out"
    ]
    with (
        Session(toy_run, TOY_PROJECT, strict=True) as strict,
        pytest.raises(InputError, match="production refuses this query"),
    ):
        list(strict.run(text))


def test_strict_lets_the_rest_pass(toy_run: Path) -> None:
    """What production takes, --strict takes: filtered queries, and tables that need no filter."""
    with Session(toy_run, TOY_PROJECT, strict=True) as strict:
        for text in (
            f"SELECT COUNT(*) FROM {EXPANDED} WHERE event_time >= '2026-08-31'",
            "SELECT COUNT(*) FROM event_store.events WHERE event_time >= '2026-08-31'",
            "SELECT COUNT(*) FROM context_store_entity.person",
        ):
            list(strict.run(text))


def test_dates_are_the_runs(toy_run: Path) -> None:
    """The toy's UTC dates are those that the tests above count on."""
    days = sorted(path.name for path in (toy_run / "event_store/expanded").iterdir())
    assert days == [f"event_date={date(2026, 8, 31 - 0)}", *(f"event_date=2026-09-0{i}" for i in (1, 2, 3))]
