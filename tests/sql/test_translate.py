"""The one way in: parameters, variables, functions of a script, places of errors, which files are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from context.errors import InputError
from sim.sql.grammar.catalog import SqlFunction, Surroundings
from sim.sql.grammar.types import DATE, INT64, STRING, TIMESTAMP, array_of
from sim.sql.session.catalog import TableNames
from sim.sql.translate import Read, install, translate
from tests.sql.test_expressions import NoTables

NOTHING = Surroundings(NoTables())


def ran(text: str, around: Surroundings, given: Any = None) -> list[tuple[Any, ...]]:
    """The rows of a query; ``given`` are its parameters' values by name."""
    query = translate(text, around)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        install(connection, query)
        values = {name: given[name] for name in query.parameters} if given else None
        return connection.execute(query.duckdb_sql, values).fetchall()


def test_parameters_by_name() -> None:
    """Named parameters have their types, whatever their case, and only those that are used are asked for."""
    around = Surroundings(NoTables(), {"Ids": array_of(STRING), "n": INT64, "unused": STRING})
    query = translate("SELECT @n + 1, 'b' IN UNNEST(@ids)", around)
    assert query.parameters == ("ids", "n")
    assert ran("SELECT @n + 1, 'b' IN UNNEST(@ids)", around, {"ids": ["a", "b"], "n": 1}) == [(2, True)]
    with pytest.raises(InputError, match="Query parameter 'm' not found; given: Ids, n, unused"):
        translate("SELECT @m", around)
    with pytest.raises(InputError, match="No matching signature for operator ="):
        translate("SELECT @n = 'x'", around)


def test_parameters_by_position() -> None:
    """Positional parameters count in the order of the text, WITH first and LIMIT last."""
    around = Surroundings(NoTables(), [INT64, STRING, INT64])
    text = "WITH a AS (SELECT ? AS x) SELECT CONCAT(?, x) FROM a ORDER BY 1 LIMIT ?"
    assert ran(text, around, {"1": 7, "2": "n", "3": 1}) == [("n7",)]
    with pytest.raises(InputError, match="Query parameter number 4 is not defined"):
        translate(text.replace("1 LIMIT", "1, ? LIMIT"), around)


def test_texts_of_parameters_turn_into_times() -> None:
    """A STRING parameter is compared with dates and times as a literal is; a column of texts is not."""
    around = Surroundings(NoTables(), {"d": STRING})
    assert ran("SELECT DATE '2026-09-01' >= @d", around, {"d": "2026-08-31"}) == [(True,)]
    with pytest.raises(InputError, match="argument types: DATE, STRING"):
        translate("SELECT DATE '2026-09-01' >= CONCAT(@d, '')", around)


def test_variables_and_functions_of_a_script() -> None:
    """A script's variables give way to columns; its functions in SQL are called with their types."""
    half = SqlFunction((("x", INT64),), "IF(MOD(x, 2) = 0, DIV(x, 2), NULL)", INT64)
    around = Surroundings(NoTables(), {}, {"start": DATE, "x": INT64}, {"half": half})
    assert translate("SELECT start", around).columns == (("start", DATE),)
    assert ran("SELECT x, HALF(x) FROM UNNEST([4, 5]) AS x ORDER BY x", around) == [(4, 2), (5, None)]
    with pytest.raises(InputError, match="function half: argument x is STRING, allowed: INT64"):
        translate("SELECT half('a')", around)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("SELECT 1,\n  nope", "line 2, column 3"),
        ("SELECT a.b FROM (SELECT 1 AS c) AS a", "line 1, column 10"),
        ("SELECT\n\n LENGHT('x')", "line 3, column 2"),
        ("SELECT x FROM (SELECT 1 AS x)\nWHERE y = 1", "line 2, column 7"),
        ("SELECT 1 FROM\n  no.such_table", "line 2, column 3"),
    ],
)
def test_errors_have_their_place(text: str, place: str) -> None:
    """An error says line and column in the user's own text."""
    with pytest.raises(InputError) as caught:
        translate(text, NOTHING)
    assert str(caught.value).endswith(f"at {place}")


def files(tables: TableNames, text: str, given: Any = None, **parameters: Any) -> set[str]:
    """The days whose files a query opens."""
    query = translate(text, Surroundings(tables, parameters))
    install(tables.connection, query)
    values = {name: given[name] for name in query.parameters} if given else None
    plan = tables.connection.execute(f"EXPLAIN ANALYZE {query.duckdb_sql}", values).fetchall()[0][1]
    total = len(list(Path(tables.run_dir).glob("event_store/expanded/*/*.parquet")))
    read = [
        int(line.split("Total Files Read:")[1].split()[0])
        for line in plan.splitlines()
        if "Files Read" in line
    ]
    return {f"{count} of {total}" for count in read}


@pytest.mark.parametrize("table", ["expanded", "events"])
@pytest.mark.parametrize(
    "condition",
    [
        "event_time < '2026-09-01' AND event_time >= '2026-08-31'",
        "DATE(event_time) = '2026-08-31'",
        "EXTRACT(DATE FROM event_time) <= DATE '2026-08-31'",
        "CAST(event_time AS DATE) BETWEEN '2026-08-01' AND '2026-08-31'",
        "DATE(e.event_time) IN ('2026-08-30', '2026-08-31')",
        "'2026-08-31' >= DATE(event_time)",
        "DATE_TRUNC(DATE(event_time), DAY) = '2026-08-31'",
        "(DATE(event_time) = '2026-08-31' OR DATE(event_time) < '2026-08-20') AND action IS NOT NULL",
        "DATE(event_time) <= DATE_SUB(DATE '2026-09-07', INTERVAL 7 DAY)",
        "DATE(event_time) <= @day",
    ],
)
def test_conditions_on_time_open_only_their_days(tables: TableNames, table: str, condition: str) -> None:
    """A condition on event_time opens the files of its days and no others, in either form of the events."""
    text = f"SELECT COUNT(action) FROM event_store.{table} AS e WHERE {condition}"
    found = files(tables, text, {"day": "2026-08-31"}, day=STRING)
    opened, total = next(iter(found)).split(" of ")
    assert len(found) == 1
    assert int(opened) <= 2 < int(total)  # the first day's, and that of the next if its midnight is meant


@pytest.mark.parametrize(
    "text",
    [
        "WITH e AS (SELECT * FROM event_store.expanded) SELECT COUNT(action) FROM e WHERE {}",
        (
            "WITH e AS (SELECT action, event_time FROM event_store.events), f AS (SELECT * FROM e) "
            "SELECT COUNT(action) FROM f WHERE {}"
        ),
        "SELECT COUNT(action) FROM (SELECT action, event_time FROM event_store.expanded) WHERE {}",
        "SELECT COUNT(q.a) FROM ((SELECT action AS a, event_time FROM event_store.expanded)) AS q WHERE {}",
    ],
)
def test_conditions_round_a_query_open_only_their_days(tables: TableNames, text: str) -> None:
    """A condition on the event_time that a WITH or a subquery hands on leaves out files as it does inside."""
    found = files(tables, text.format("DATE(event_time) = '2026-08-31'"))
    opened, total = next(iter(found)).split(" of ")
    assert len(found) == 1
    assert int(opened) <= 2 < int(total)


@pytest.mark.parametrize(
    "text",
    [
        (
            "SELECT COUNT(*) FROM (SELECT event_time FROM event_store.expanded ORDER BY id LIMIT 900) "
            "WHERE DATE(event_time) = '2026-08-31'"
        ),
        (
            "SELECT COUNT(*) FROM (SELECT DISTINCT event_time FROM event_store.expanded) "
            "WHERE DATE(event_time) = '2026-08-31'"
        ),
        (
            "SELECT COUNT(*) FROM (SELECT MAX(id), event_time FROM event_store.expanded GROUP BY event_time) "
            "WHERE DATE(event_time) = '2026-08-31'"
        ),
        (
            "SELECT COUNT(*) FROM (SELECT event_time, ROW_NUMBER() OVER (ORDER BY event_time) AS n "
            "FROM event_store.expanded) WHERE n > 3 AND DATE(event_time) = '2026-08-31'"
        ),
        (
            "SELECT COUNT(*) FROM (SELECT TIMESTAMP_ADD(event_time, INTERVAL 1 DAY) AS event_time "
            "FROM event_store.expanded) WHERE DATE(event_time) = '2026-09-01'"
        ),
        (
            "SELECT COUNT(*) FROM (SELECT a.event_time FROM event_store.expanded AS a "
            "LEFT JOIN event_store.expanded AS b ON a.id = b.id AND DATE(b.event_time) = '2026-08-31') "
            "WHERE DATE(event_time) = '2026-08-31'"
        ),
    ],
)
def test_conditions_round_a_query_lose_no_row(tables: TableNames, text: str) -> None:
    """What a condition round a query gives is what it gives where it is counted instead of filtered."""
    inner, _, condition = text.removeprefix("SELECT COUNT(*) ").rpartition(" WHERE ")
    counts = []
    for one in (text, f"SELECT COUNTIF({condition}) {inner}"):
        query = translate(one, Surroundings(tables))
        install(tables.connection, query)
        counts.append(tables.connection.execute(query.duckdb_sql).fetchall())
    assert counts[0] == counts[1] != [(0,)]


@pytest.mark.parametrize(
    "condition",
    [
        "DATE(event_time) = '2026-08-31'",
        "event_time >= '2026-08-31 12:00:00' AND event_time < '2026-09-01 02:00:00'",
        "DATE_TRUNC(DATE(event_time), WEEK(MONDAY)) = '2026-08-31'",
        "DATE_TRUNC(DATE(event_time), MONTH) >= '2026-09-01'",
        "DATE_ADD(DATE(event_time), INTERVAL 1 DAY) = '2026-09-02'",
        "DATE_SUB(DATE(event_time), INTERVAL 1 WEEK) < '2026-08-25'",
        "DATE(TIMESTAMP(event_time), 'America/Detroit') = '2026-08-31'",
        "EXTRACT(HOUR FROM event_time) = 1 AND event_time > '2026-09-01'",
        "NOT DATE(event_time) = '2026-08-31'",
        "DATE(event_time) != '2026-08-31' OR action = 'LoggedIn'",
    ],
)
def test_pruning_loses_no_row(tables: TableNames, condition: str) -> None:
    """Leaving files out never changes an answer: it is that of the condition where nothing is left out."""
    texts = (
        f"SELECT COUNT(*) FROM event_store.expanded WHERE {condition}",
        f"SELECT COUNTIF({condition}) FROM event_store.expanded",
    )
    counts = []
    for text in texts:
        query = translate(text, Surroundings(tables))
        install(tables.connection, query)
        counts.append(tables.connection.execute(query.duckdb_sql).fetchall())
    assert counts[0] == counts[1] != [(0,)]


def test_what_is_read_is_told(tables: TableNames) -> None:
    """Tables with the columns that are used, and whether partitions are filtered, for what it would cost."""
    text = """SELECT p.name, COUNT(*) FROM context_store_entity.person AS p
              JOIN event_store.expanded AS e ON e.person.udp_id = p.person_id
              WHERE DATE(e.event_time) = '2026-08-31' GROUP BY p.name"""
    assert translate(text, Surroundings(tables)).reads == (
        Read("context_store_entity.person", ("name", "person_id"), partitioned=False, filtered=False),
        Read("event_store.expanded", ("event_time", "person"), partitioned=True, filtered=True),
    )
    (read,) = translate("SELECT action FROM event_store.events", Surroundings(tables)).reads
    assert (read.columns, read.partitioned, read.filtered) == (("action",), True, False)


def test_columns_have_bigquerys_types() -> None:
    """The types of a result are BigQuery's, nested ones and those of NULL and [] included."""
    text = "SELECT NULL a, [] b, [STRUCT(1 AS x, NULL AS y)] c, CURRENT_TIMESTAMP() d, 'x' e, CURRENT_DATE f"
    query = translate(text, NOTHING)
    assert [str(kind) for _, kind in query.columns] == [
        "INT64",
        "ARRAY<INT64>",
        "ARRAY<STRUCT<x INT64, y INT64>>",
        "TIMESTAMP",
        "STRING",
        "DATE",
    ]
    assert query.columns[3] == ("d", TIMESTAMP)


def test_deep_arithmetic_stays_small() -> None:
    """What a query becomes grows with its depth, not with its power: twice as deep is twice as large."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")

        def size(depth: int) -> int:
            text = "RAND()"
            for _ in range(depth):
                text = f"({text} * 1.5 - RAND())"
            query = translate(f"SELECT {text} AS x", NOTHING)
            install(connection, query)
            row = connection.execute("SELECT json_serialize_plan($1)", [query.duckdb_sql]).fetchone()
            assert row is not None
            return len(row[0])

        one = size(1)
        assert size(2) < 4 * one
        assert size(3) < 6 * one
