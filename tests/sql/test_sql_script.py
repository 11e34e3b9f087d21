"""Scripts: variables, functions, temporary tables and a scratch dataset that outlives them, as in BigQuery."""

# ruff: noqa: E501 - one case a line
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from context.errors import InputError, RunError
from sim.sql.session.session import Session
from sim.sql.tables.scratch import scratch_file
from tests.samples.toy_sessions import TOY_PROJECT


@pytest.fixture
def session(toy_run: Path) -> Iterator[Session]:
    """A session, with nothing in the scratch file before or after it."""
    scratch_file(toy_run).unlink(missing_ok=True)
    with Session(toy_run, TOY_PROJECT) as found:
        yield found
    scratch_file(toy_run).unlink(missing_ok=True)


def rows(session: Session, text: str) -> list[tuple[object, ...]]:
    """Rows of the last query of a script."""
    found = [outcome.rows for outcome in session.run(text) if outcome.rows is not None]
    return [tuple(row.values()) for row in found[-1].to_pylist()]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("DECLARE x INT64 DEFAULT 5; SELECT x", [(5,)]),
        ("DECLARE x INT64; SELECT x", [(None,)]),
        ("DECLARE a, b STRING DEFAULT 'q'; SELECT a || b", [("qq",)]),
        ("DECLARE x DEFAULT (SELECT MAX(person_id) FROM context_store_entity.person); SELECT X", [(3,)]),
        ("DECLARE x FLOAT64 DEFAULT 1; SELECT x / 2", [(0.5,)]),
        ("DECLARE d DATE DEFAULT '2026-09-01'; SELECT EXTRACT(MONTH FROM d)", [(9,)]),
        ("DECLARE x INT64; SET x = 2; SET x = x * 3; SELECT x", [(6,)]),
        ("DECLARE x INT64 DEFAULT 4; DECLARE y INT64; SET y = x; SELECT y", [(4,)]),
        ("DECLARE a INT64; DECLARE b STRING; SET (a, b) = (1, 'z'); SELECT a, b", [(1, "z")]),
        ("DECLARE a, b INT64; SET (a, b) = (SELECT AS STRUCT 1, 2); SELECT a, b", [(1, 2)]),
        (
            "WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 501) SELECT COUNT(*), MAX(n) FROM c",
            [(501, 501)],
        ),
        ("DECLARE xs ARRAY<INT64> DEFAULT [1, 2]; SELECT SUM(x) FROM UNNEST(xs) AS x", [(3,)]),
        (
            "DECLARE xs DEFAULT (SELECT ARRAY_AGG(x) FROM UNNEST([1, 3]) AS x); SELECT 3 IN UNNEST(xs)",
            [(True,)],
        ),
    ],
)
def test_variables(session: Session, text: str, wanted: list[tuple[object, ...]]) -> None:
    """A variable has the type it was declared with, or that of its value, and is seen by all that follows."""
    assert rows(session, text) == wanted


def test_columns_go_before_variables(session: Session) -> None:
    """Where a column has a variable's name, the column is meant, as in BigQuery."""
    declared = "DECLARE person_id INT64 DEFAULT 99; DECLARE mine INT64 DEFAULT 2; "
    text = "SELECT person_id FROM context_store_entity.person WHERE person_id = mine"
    assert rows(session, declared + text) == [(2,)]
    assert rows(session, declared + "SELECT person_id FROM (SELECT 7 AS person_id)") == [(7,)]
    assert rows(session, declared + "SELECT mine FROM UNNEST([5]) AS mine") == [(5,)]
    assert rows(session, declared + "SELECT person_id FROM UNNEST([5]) AS other") == [(99,)]
    assert rows(session, declared + "WITH t AS (SELECT 1 AS x) SELECT mine FROM t") == [(2,)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("CREATE TEMP FUNCTION f(x INT64) AS (x + 1); SELECT f(f(1))", [(3,)]),
        (
            "CREATE TEMP FUNCTION f(x INT64, y ANY TYPE) RETURNS FLOAT64 AS (x * y); SELECT F(2, 1.5)",
            [(3.0,)],
        ),
        (
            "CREATE TEMPORARY FUNCTION one() AS ((SELECT COUNT(*) FROM context_store_entity.person)); SELECT one()",
            [(3,)],
        ),
        (
            "CREATE TEMP FUNCTION f(x INT64) AS (x * 2); CREATE TEMP FUNCTION g(x INT64) AS (f(x) + 1); SELECT g(5)",
            [(11,)],
        ),
        (
            "CREATE TEMP FUNCTION last(s STRING) AS (REGEXP_EXTRACT(s, r'.*:(.*)')); SELECT last('urn:a:7')",
            [("7",)],
        ),
    ],
)
def test_functions_in_sql(session: Session, text: str, wanted: list[tuple[object, ...]]) -> None:
    """A function of a script stands for its body, with the arguments in their place."""
    assert rows(session, text) == wanted


def test_temporary_tables_last_as_long_as_the_session(session: Session, toy_run: Path) -> None:
    """A temporary table is there until the session ends, hides nothing of the run and is in no file."""
    text = "CREATE TEMP TABLE t AS SELECT person_id, name FROM context_store_entity.person; SELECT COUNT(*) FROM t"
    assert rows(session, text) == [(3,)]
    assert rows(
        session, "INSERT INTO t (person_id) VALUES (4), (5); SELECT COUNT(*), COUNT(name) FROM T"
    ) == [(5, 3)]
    assert rows(session, "CREATE OR REPLACE TEMP TABLE t AS SELECT 1 AS a; SELECT * FROM t") == [(1,)]
    with pytest.raises(InputError, match="t: there already; allowed: CREATE OR REPLACE TABLE"):
        rows(session, "CREATE TEMP TABLE t AS SELECT 1 AS a")
    assert not scratch_file(toy_run).exists()
    rows(session, "DROP TABLE t; SELECT 1")
    with pytest.raises(InputError, match="no table named t"):
        rows(session, "SELECT * FROM t")


def test_the_scratch_dataset_outlives_the_session(session: Session, toy_run: Path) -> None:
    """Tables and views that a script makes are there for later sessions; the run's own files never change."""
    before = {path: path.read_bytes() for path in toy_run.rglob("*") if path.is_file()}
    rows(
        session,
        "CREATE TABLE notes.people PARTITION BY day OPTIONS (description = 'x') AS "
        "SELECT person_id, DATE '2026-09-01' AS day, [STRUCT(1 AS a)] AS parts FROM context_store_entity.person; "
        "CREATE VIEW notes.v (n) AS SELECT COUNT(*) FROM notes.people; "
        "CREATE OR REPLACE TABLE bare (a INT64, b ARRAY<STRING>, c TIMESTAMP); SELECT 1",
    )
    with Session(toy_run, TOY_PROJECT) as later:
        assert rows(later, "SELECT n FROM `unizin-shared.notes.v`") == [(3,)]
        assert rows(later, "SELECT n FROM notes.v AS x JOIN notes.people AS p ON p.person_id = x.n") == [(3,)]
        assert rows(
            later,
            "INSERT notes.people SELECT 9, DATE '2026-09-02', ARRAY<STRUCT<a INT64>>[]; SELECT n FROM notes.v",
        ) == [(4,)]
        assert rows(later, "SELECT parts FROM notes.people WHERE person_id = 1") == [([{"a": 1}],)]
        insert = (
            "INSERT INTO scratch.bare VALUES (1, ['x'], '2026-09-01 00:00:00+00'), (NULL, NULL, DEFAULT);"
        )
        assert rows(later, f"{insert} SELECT a FROM bare ORDER BY a") == [(None,), (1,)]
        found = "SELECT table_name, table_type FROM notes.INFORMATION_SCHEMA.TABLES ORDER BY 1"
        assert rows(later, found) == [("people", "BASE TABLE"), ("v", "VIEW")]
        columns = (
            "SELECT column_name, data_type FROM notes.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 'people'"
        )
        assert rows(later, columns) == [
            ("person_id", "INT64"),
            ("day", "DATE"),
            ("parts", "ARRAY<STRUCT<a INT64>>"),
        ]
        assert rows(later, "SELECT table_id, row_count, type FROM notes.__TABLES__ ORDER BY 1") == [
            ("people", 4, 1),
            ("v", 0, 2),
        ]
        rows(
            later, "DROP VIEW notes.v; DROP TABLE IF EXISTS notes.other; DROP SCHEMA notes CASCADE; SELECT 1"
        )
        with pytest.raises(InputError, match=r"no table named notes\.people"):
            rows(later, "SELECT * FROM notes.people")
    assert {path: path.read_bytes() for path in toy_run.rglob("*") if path.is_file()} == before


def test_one_writes_at_a_time(session: Session, toy_run: Path) -> None:
    """While another program writes the scratch file, a session says so in one line; nobody waits in silence."""
    rows(session, "CREATE TABLE a.b AS SELECT 1 AS x; SELECT 1")
    code = "import duckdb, sys, time; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    import subprocess
    import sys

    with subprocess.Popen(
        [sys.executable, "-c", code, str(scratch_file(toy_run))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(RunError, match="another session writes its tables"):
            rows(session, "CREATE OR REPLACE TABLE a.b AS SELECT 2 AS x")
        other.communicate()
    assert rows(session, "SELECT x FROM a.b") == [(1,)]


def test_older_clients_read_the_scratch_file(session: Session, toy_run: Path) -> None:
    """It is a plain DuckDB file, in the form that DuckDB 1.2 reads."""
    rows(session, "CREATE TABLE a.b AS SELECT 1 AS x; SELECT 1")
    assert int.from_bytes(scratch_file(toy_run).read_bytes()[12:20], "little") == 64
    with duckdb.connect(str(scratch_file(toy_run)), read_only=True) as plain:
        assert plain.execute("SELECT x FROM a.b").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1; DECLARE x INT64", "line 1: DECLARE given, allowed at the start"),
        ("DECLARE x", "a type or a DEFAULT is missing"),
        ("DECLARE x INT64 DEFAULT 'a'", "DECLARE x: a value of type STRING given, allowed: INT64"),
        ("DECLARE x INT64; SET x = 'a'", "SET x: a value of type STRING given, allowed: INT64"),
        ("DECLARE aaa INT64; SET aab = 1", "SET aab: not declared; allowed: aaa"),
        ("DECLARE x GEOGRAPHY", "type GEOGRAPHY is not available here"),
        ("SELECT 1;\n\nEXPORT DATA", "line 3: EXPORT given; --format and --out write"),
        ("ALTER TABLE a.b ADD COLUMN x INT64", "ALTER given; CREATE OR REPLACE TABLE"),
        (
            "MERGE a.b USING c ON FALSE WHEN NOT MATCHED THEN INSERT ROW",
            "no table named a.b",
        ),
        (
            "CREATE TEMP FUNCTION f(s STRING) RETURNS STRING LANGUAGE js AS 'return s'",
            "f is in JS; allowed: SQL",
        ),
        ("CREATE FUNCTION f() AS (1)", "CREATE FUNCTION f given, allowed: CREATE TEMP FUNCTION"),
        (
            "CREATE TEMP FUNCTION f(x INT64) AS (x); SELECT f()",
            "Number of arguments does not match for function f: 0 given",
        ),
        ("CREATE TABLE a.b AS SELECT 1", "column 1 has no name"),
        ("CREATE TABLE a.b AS SELECT 1 AS x, 2 AS X", "Duplicate column names"),
        ("CREATE TABLE a.b (x INT64, X STRING)", "two columns named X"),
        ("CREATE TABLE a.b", "columns or AS SELECT"),
        (
            "CREATE TABLE a.b (x INT64) AS SELECT 'a' AS x",
            "column 1 of the query has type STRING, allowed for x: INT64",
        ),
        ("CREATE TABLE a.b LIKE a.c", "LIKE given"),
        ("CREATE TABLE a.b CLONE a.c", "CREATE TABLE given, allowed"),
        ("CREATE EXTERNAL TABLE a.b OPTIONS (uris = ['x'])", "CREATE EXTERNAL TABLE given"),
        ("CREATE MATERIALIZED VIEW a.b AS SELECT 1 AS x", "CREATE MATERIALIZED VIEW given"),
        ("CREATE MODEL a.b OPTIONS (x = 1) AS SELECT 1", "CREATE MODEL given"),
        ("CREATE TABLE `a/b.c` AS SELECT 1 AS x", "name 'a/b' given, allowed: letters"),
        ("CREATE VIEW a.v AS SELECT nmae FROM context_store_entity.person", "Unrecognized name: nmae"),
        ("CREATE VIEW a.v AS SELECT * FROM a.missing", "no table named a.missing"),
        ("CREATE SCHEMA event_store", "the run has it"),
        ("DROP SCHEMA event_store CASCADE", "the run has it"),
        ("DROP SCHEMA nothing", "no such dataset"),
        ("DROP TABLE a.missing", "no table named a.missing"),
        ("CREATE TABLE a.b AS SELECT 1 AS x; DROP VIEW a.b", "DROP VIEW a.b: it is a table"),
        ("CREATE TABLE a.b2 AS SELECT 1 AS x; INSERT a.b2 VALUES (1, 2)", "INSERT: 1 columns, 2 values"),
        ("CREATE TABLE a.b3 AS SELECT 1 AS x; INSERT a.b3 (y) VALUES (1)", "no column named y; allowed: x"),
        (
            "CREATE TABLE a.b4 AS SELECT 1 AS x; INSERT a.b4 SELECT 'a'",
            "has type STRING, allowed: INT64",
        ),
        ("CREATE TABLE a.b5 AS SELECT 1 AS x; DROP SCHEMA a", "it holds b"),
        ("DECLARE x INT64 DEFAULT", "line 1, column 17 at 'DEFAULT': something is missing after it"),
        ("SELECT 1;\nDECLARE x\n DEFAULT ; SELECT 1", "line 3, column 2 at 'DEFAULT': something is missing"),
        (
            "WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 502) SELECT MAX(n) FROM c",
            "A recursive CTE has reached the maximum number of iterations: 500",
        ),
        (
            "WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n FROM c) SELECT COUNT(*) FROM c",
            "A recursive CTE has reached the maximum number of iterations: 500",
        ),
    ],
)
def test_what_is_refused_and_why(session: Session, text: str, message: str) -> None:
    """What a script may not do is told in one line, by its own name, with what is allowed."""
    with pytest.raises(InputError) as caught:
        list(session.run(text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_is_parsed_before_anything_is_done(session: Session, toy_run: Path) -> None:
    """A syntax error in the last statement keeps the first from running."""
    with pytest.raises(InputError, match="syntax error in line 2, column"):
        list(session.run("CREATE TABLE a.b AS SELECT 1 AS x;\nSELECT FROM WHERE"))
    assert not scratch_file(toy_run).exists()
