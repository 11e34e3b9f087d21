"""What fails and is caught, transactions, procedures and EXECUTE IMMEDIATE, as BigQuery's pages have them."""

# ruff: noqa: E501, ISC004 - one case a line
from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from context.errors import InputError
from context.files import PARTIAL
from sim.sql.session.session import Session
from sim.sql.tables.scratch import scratch_file, scratch_folder

TABLE = "CREATE OR REPLACE TABLE lab.t AS SELECT 1 AS x; CREATE OR REPLACE TEMP TABLE u AS SELECT 1 AS y; "
SUMS = "SELECT SUM(x) FROM lab.t; SELECT SUM(y) FROM u; "


@pytest.fixture
def session(own_session: Session) -> Session:
    """One for each test."""
    return own_session


def given(session: Session, text: str) -> list[Any]:
    """The first value of each row of each result."""
    tables = [answer.rows for answer in session.run(text) if answer.rows is not None]
    return [next(iter(row.values())) for table in tables for row in table.to_pylist()]


# docs/procedural-language.md: BEGIN...EXCEPTION, RAISE, EXECUTE IMMEDIATE, CREATE PROCEDURE and CALL, transactions.
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("BEGIN SELECT 1; SELECT 1 / 0; SELECT 2; EXCEPTION WHEN ERROR THEN SELECT @@error.message; END; SELECT 3", [1, "division by zero: 1 / 0", 3]),
        ("BEGIN SELECT 1; EXCEPTION WHEN ERROR THEN SELECT 2; END", [1]),
        ("BEGIN RAISE USING MESSAGE = 'mine'; EXCEPTION WHEN ERROR THEN SELECT @@error.message || '!'; END", ["mine!"]),
        (
            "BEGIN BEGIN ASSERT FALSE AS 'inner'; EXCEPTION WHEN ERROR THEN SELECT @@error.message; RAISE; END; SELECT 0; "
            "EXCEPTION WHEN ERROR THEN SELECT 'again ' || @@error.message; END",
            ["inner", "again inner"],
        ),
        (
            "BEGIN SELECT ERROR('a'); EXCEPTION WHEN ERROR THEN BEGIN SELECT ERROR('b'); EXCEPTION WHEN ERROR THEN "
            "SELECT @@error.message; END; SELECT @@error.message; END",
            ["b", "a"],
        ),
        ("BEGIN SELECT * FROM nowhere.at_all; EXCEPTION WHEN ERROR THEN SELECT @@error.stack_trace IS NULL; END", [True]),
        ("DECLARE x INT64 DEFAULT 1; BEGIN SET x = 2; SELECT 1 / 0; EXCEPTION WHEN ERROR THEN SET x = x + 10; END; SELECT x", [12]),
        ("LOOP BEGIN BREAK; EXCEPTION WHEN ERROR THEN SELECT 1; END; END LOOP; SELECT 2", [2]),
        ("l: BEGIN SELECT 1 / 0; EXCEPTION WHEN ERROR THEN BREAK l; SELECT 1; END; SELECT 2", [2]),
        (TABLE + "BEGIN TRANSACTION; INSERT lab.t VALUES (2); INSERT u VALUES (2); ROLLBACK TRANSACTION; " + SUMS, [1, 1]),
        (TABLE + "BEGIN TRANSACTION; INSERT lab.t VALUES (2); INSERT u VALUES (2); COMMIT TRANSACTION; " + SUMS, [3, 3]),
        (TABLE + "BEGIN; UPDATE lab.t SET x = 9 WHERE TRUE; " + SUMS + "ROLLBACK; " + SUMS, [9, 1, 1, 1]),
        (
            TABLE + "BEGIN BEGIN TRANSACTION; DELETE lab.t WHERE TRUE; CREATE TEMP TABLE w AS SELECT 1 AS z; SELECT 1 / 0; COMMIT TRANSACTION; "
            "EXCEPTION WHEN ERROR THEN SELECT @@error.message; ROLLBACK TRANSACTION; END; " + SUMS + "CREATE TEMP TABLE w AS SELECT 2 AS z; SELECT z FROM w",
            ["division by zero: 1 / 0", 1, 1, 2],
        ),
        (
            "DECLARE name STRING DEFAULT 'Ulysses'; DECLARE year INT64 DEFAULT 1922; DECLARE first INT64; "
            "EXECUTE IMMEDIATE 'CREATE TEMP TABLE Books (title STRING, publish_date INT64)'; "
            "EXECUTE IMMEDIATE \"INSERT INTO Books (title, publish_date) VALUES('Hamlet', 1599)\"; "
            "EXECUTE IMMEDIATE 'INSERT INTO Books (title, publish_date) VALUES(?, ?)' USING name, year; "
            "EXECUTE IMMEDIATE 'INSERT INTO Books (title, publish_date) VALUES(@name, @year)' USING 1949 AS year, 'Nineteen' AS name; "
            "EXECUTE IMMEDIATE 'SELECT MIN(publish_date) FROM Books LIMIT 1' INTO first; SELECT first; SELECT COUNT(*) FROM Books",
            [1599, 3],
        ),
        ("DECLARE a, b INT64; EXECUTE IMMEDIATE 'SELECT @x * (@y + 2), 1' INTO a, b USING 1 AS x, 3 AS y; SELECT a + b", [6]),
        ("DECLARE a INT64 DEFAULT 5; EXECUTE IMMEDIATE 'SELECT 1 AS x FROM (SELECT 1) WHERE FALSE' INTO a; SELECT a", [None]),
        ("DECLARE n STRING DEFAULT 'person'; EXECUTE IMMEDIATE FORMAT('SELECT COUNT(*) FROM context_store_entity.%s', n)", [3]),
        (
            "CREATE OR REPLACE PROCEDURE lab.add(a INT64, INOUT s INT64, OUT twice ARRAY<STRUCT<n INT64>>) BEGIN "
            "SET s = s + a; SET twice = [STRUCT(s * 2 AS n)]; IF s > 5 THEN RETURN; END IF; SELECT 'small'; END; "
            "BEGIN DECLARE s INT64 DEFAULT 4; DECLARE t ARRAY<STRUCT<n INT64>>; CALL lab.add(1, s, t); SELECT t[0].n; CALL `unizin-shared.lab.add`(1, s, t); SELECT s; END",
            ["small", 10, 6],
        ),
        (
            "CREATE OR REPLACE PROCEDURE lab.down(n INT64) BEGIN SELECT n; IF n > 0 THEN CALL lab.down(n - 1); END IF; END; CALL lab.down(2)",
            [2, 1, 0],
        ),
        ("CREATE PROCEDURE IF NOT EXISTS lab.one() OPTIONS(strict_mode=FALSE) BEGIN SELECT 1; END; CALL lab.one(); DROP PROCEDURE lab.one; DROP PROCEDURE IF EXISTS lab.one", [1]),
    ],
)  # fmt: skip
def test_what_is_caught_kept_and_called(session: Session, text: str, wanted: list[Any]) -> None:
    """A handler sees what failed, a transaction is all or nothing, a procedure knows its arguments only."""
    assert given(session, text) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("BEGIN SELECT 1; EXCEPTION SELECT 2; END", "WHEN ERROR THEN is missing in the BEGIN of line 1"),
        ("SELECT @@error.message", "@@error is known after EXCEPTION WHEN ERROR THEN only"),
        ("BEGIN SELECT 1 / 0; EXCEPTION WHEN ERROR THEN RAISE; END", "division by zero"),
        ("BEGIN DECLARE v INT64; SELECT 1 / 0; EXCEPTION WHEN ERROR THEN SELECT v; END", "Unrecognized name: v"),
        ("RAISE", "RAISE without a message is allowed in an EXCEPTION only"),
        ("COMMIT TRANSACTION", "line 1: COMMIT TRANSACTION given; there is no transaction"),
        ("BEGIN TRANSACTION; BEGIN TRANSACTION", "line 1: BEGIN TRANSACTION given; there is one already"),
        ("BEGIN TRANSACTION; CREATE TABLE lab.v AS SELECT 1 AS x", "CREATE TABLE is not allowed in a transaction"),
        ("EXECUTE IMMEDIATE 5", "EXECUTE IMMEDIATE: a value of type INT64 given, allowed: a STRING"),
        ("EXECUTE IMMEDIATE 'SELECT 1; SELECT 2'", "allowed in its text: one statement"),
        ("EXECUTE IMMEDIATE 'BEGIN SELECT 1; END'", "allowed in its text: one statement"),
        ("DECLARE v INT64; EXECUTE IMMEDIATE 'SELECT v'", "Unrecognized name: v"),
        ("DECLARE v INT64; EXECUTE IMMEDIATE 'SELECT * FROM UNNEST([1, 2])' INTO v", "2 rows, allowed: one"),
        ("DECLARE v INT64; EXECUTE IMMEDIATE 'SELECT 1, 2' INTO v", "INTO: 1 variables, 2 columns"),
        ("DECLARE v INT64; EXECUTE IMMEDIATE \"SELECT 'a'\" INTO v", "INTO v: a value of type STRING given, allowed: INT64"),
        ("EXECUTE IMMEDIATE 'SELECT @a, ?' USING 1 AS a, 2", "USING given with and without AS"),
        ("CREATE TEMP TABLE active AS SELECT 1 AS x; INSERT actve VALUES (2)", "; did you mean active?"),
        ("CREATE OR REPLACE TABLE lab.t AS SELECT 1 AS x; CREATE TEMP TABLE active AS SELECT 1 AS x; INSERT scratch.zzz VALUES (2)", "no table named scratch.zzz; datasets: lab"),
        ("CALL lab.nothing(1)", "line 1: no procedure named lab.nothing"),
        ("CREATE OR REPLACE PROCEDURE lab.p(OUT o INT64) BEGIN SET o = 1; END; CALL lab.p(5)", "o is OUT, allowed for it: a variable"),
        ("CREATE OR REPLACE PROCEDURE lab.p(a INT64) BEGIN SELECT a; END; CALL lab.p('x')", "lab.p: a: a value of type STRING given, allowed: INT64"),
        ("CREATE OR REPLACE PROCEDURE lab.p() BEGIN CALL lab.p(); END; CALL lab.p()", "more than 50 calls in calls"),
        ("CREATE PROCEDURE context_store_entity.p() BEGIN SELECT 1; END", "context_store_entity is read-only"),
        ("CREATE PROCEDURE lab.q(x INT64) LANGUAGE PYTHON AS 'pass'", "in another language, allowed: SQL"),
    ],
)  # fmt: skip
def test_what_cannot_be(session: Session, text: str, message: str) -> None:
    """What BigQuery refuses is refused in one line."""
    with pytest.raises(InputError) as refused:
        given(session, text)
    assert message in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_end_of_a_script_rolls_back(session: Session, toy_run: Path) -> None:
    """A script that ends, or fails, in a transaction leaves what was there before, and no file of its own."""
    given(session, TABLE)
    given(session, "BEGIN TRANSACTION; INSERT lab.t VALUES (2); INSERT u VALUES (5)")
    with pytest.raises(InputError, match="division by zero"):
        given(session, "BEGIN TRANSACTION; INSERT lab.t VALUES (2); SELECT 1 / 0; COMMIT TRANSACTION")
    assert given(session, SUMS) == [1, 1]
    assert [path.name for path in scratch_folder(toy_run).iterdir()] == [scratch_file(toy_run).name]


def test_procedures_outlive_a_session(toy_run: Path) -> None:
    """Another session calls what one has made, and sees what a transaction has kept."""
    with Session(toy_run, "unizin-shared") as one:
        given(one, TABLE + "CREATE OR REPLACE PROCEDURE lab.grow(n INT64) BEGIN INSERT lab.t VALUES (n); END")
        given(one, "BEGIN TRANSACTION; CALL lab.grow(4); COMMIT TRANSACTION")
    with Session(toy_run, "unizin-shared") as other:
        assert given(other, "CALL lab.grow(10); SELECT SUM(x) FROM lab.t") == [15]


def test_a_killed_transaction_leaves_nothing(session: Session, toy_run: Path) -> None:
    """What a killed session has left of a transaction is no part of the next one."""
    given(session, TABLE)
    copy = scratch_file(toy_run).with_name(f"{scratch_file(toy_run).name}{PARTIAL}")
    shutil.copyfile(scratch_file(toy_run), copy)
    with duckdb.connect(copy) as killed:
        killed.execute("PRAGMA disable_checkpoint_on_shutdown")
        killed.execute("INSERT INTO lab.t VALUES (100)")
    assert copy.with_name(f"{copy.name}.wal").is_file()
    assert given(session, "BEGIN; INSERT lab.t VALUES (2); COMMIT; " + SUMS) == [3, 1]
    assert [path.name for path in scratch_folder(toy_run).iterdir()] == [scratch_file(toy_run).name]
