"""Scripts with choices, loops and blocks, as BigQuery's page on its procedural language has them."""

# ruff: noqa: E501, ISC004 - one case a line
from __future__ import annotations

from typing import Any

import pytest

from context.errors import InputError
from sim.sql.script.blocks import is_open
from sim.sql.session import flow
from sim.sql.session.session import Session


def given(session: Session, text: str) -> list[Any]:
    """The first value of each row of each result."""
    tables = [answer.rows for answer in session.run(text) if answer.rows is not None]
    return [next(iter(row.values())) for table in tables for row in table.to_pylist()]


# The examples of docs/procedural-language.md, and the edges that it states.
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("DECLARE x INT64 DEFAULT 0; LOOP SET x = x + 1; IF x >= 10 THEN LEAVE; END IF; END LOOP; SELECT x", [10]),
        ("DECLARE x INT64 DEFAULT 0; REPEAT SET x = x + 1; SELECT x; UNTIL x >= 3 END REPEAT", [1, 2, 3]),
        (
            "DECLARE x INT64 DEFAULT 6; WHILE x > 0 DO SET x = x - 1; IF MOD(x, 2) = 0 THEN CONTINUE; "
            "ELSEIF x = 1 THEN BREAK; ELSE SELECT x; END IF; END WHILE; SELECT x AS last",
            [5, 3, 1],
        ),
        ("IF NULL THEN SELECT 1; ELSEIF FALSE THEN SELECT 2; ELSE SELECT 3; END IF", [3]),
        ("IF CASE WHEN TRUE THEN (SELECT 1 = 1) END THEN SELECT 'then'; END IF", ["then"]),
        ("IF FALSE THEN END IF; SELECT 7", [7]),
        ("WHILE FALSE DO SELECT 1; END WHILE; SELECT 2", [2]),
        ("DECLARE x INT64 DEFAULT 10; BEGIN DECLARE y INT64; SET y = x; SELECT y; END; SELECT x", [10, 10]),
        ("BEGIN DECLARE y INT64 DEFAULT 1; SELECT y; END; BEGIN DECLARE y STRING DEFAULT 'a'; SELECT y; END", [1, "a"]),
        ("outer: LOOP WHILE TRUE DO BREAK outer; END WHILE; END LOOP outer; SELECT 1", [1]),
        (
            "DECLARE x INT64 DEFAULT 0; l: WHILE x < 3 DO SET x = x + 1; LOOP CONTINUE l; END LOOP; SELECT 0; END WHILE; SELECT x",
            [3],
        ),
        ("l: BEGIN SELECT 1; BREAK l; SELECT 2; END; SELECT 3", [1, 3]),
        ("DECLARE p INT64 DEFAULT 2; CASE p WHEN 1 THEN SELECT 'one'; WHEN 2 THEN SELECT 'two'; ELSE SELECT 'odd'; END CASE", ["two"]),
        ("CASE WHEN 1 = 2 THEN SELECT 'a'; WHEN EXISTS(SELECT 1) THEN SELECT 'b'; END CASE; SELECT 'c'", ["b", "c"]),
        ("CASE 5 WHEN 1 THEN SELECT 'one'; END CASE; SELECT 'none'", ["none"]),
        (
            "FOR r IN (SELECT person_id AS id, [person_id] AS l, NUMERIC '0.5' AS n, DATE '2026-09-01' AS d, CAST(NULL AS STRING) AS s "
            "FROM context_store_entity.person ORDER BY 1) DO SELECT r.id * 2 + ARRAY_LENGTH(r.l) + CAST(r.n + 0.5 AS INT64) + EXTRACT(MONTH FROM r.d) + IF(r.s IS NULL, 0, 1); END FOR",
            [13, 15, 17],
        ),
        ("FOR r IN (SELECT * FROM UNNEST([3, 1, 2]) AS n ORDER BY n DESC) DO IF r.n = 1 THEN BREAK; END IF; SELECT r.n; END FOR", [3, 2]),
        ("SELECT 1; RETURN; SELECT 2", [1]),
        ("IF TRUE THEN WHILE TRUE DO RETURN; END WHILE; END IF; SELECT 2", []),
        ("ASSERT (SELECT COUNT(*) = 3 FROM context_store_entity.person) AS 'three people'; SELECT 1", [1]),
        ("DECLARE s STRING DEFAULT ''; FOR r IN (SELECT 'a' AS c UNION ALL SELECT 'b' ORDER BY 1) DO SET s = s || r.c; END FOR; SELECT s", ["ab"]),
        ("SELECT REPEAT('ab', 2); SELECT loop FROM (SELECT 4 AS loop)", ["abab", 4]),
        ("CREATE TEMP TABLE n AS SELECT 0 AS x; LOOP INSERT n SELECT MAX(x) + 1 FROM n; IF (SELECT MAX(x) FROM n) = 4 THEN BREAK; END IF; END LOOP; SELECT COUNT(*) FROM n", [5]),
    ],
)  # fmt: skip
def test_steps_are_taken_as_conditions_say(session: Session, text: str, wanted: list[Any]) -> None:
    """A choice takes its first true branch, a loop goes round while it should, a jump leaves what it names."""
    assert given(session, text) == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("IF 1 THEN SELECT 1; END IF", "line 1: IF with a condition of type INT64, allowed: BOOL"),
        ("SELECT 1;\nIF TRUE THEN SELECT 1;", "END is missing in the IF of line 2"),
        ("IF TRUE SELECT 1; END IF", "THEN is missing in the IF of line 1"),
        ("WHILE TRUE SELECT 1; END WHILE", "DO is missing in the WHILE of line 1"),
        ("LOOP SELECT 1; END WHILE", "LOOP is missing in the LOOP of line 1, before WHILE"),
        ("IF TRUE THEN SELECT 1 END IF", "syntax error in line 1"),
        ("IF TRUE THEN SELECT 1; END IF SELECT 2", "; is missing before SELECT"),
        ("IF TRUE THEN SELECT 1 +; END IF", "syntax error in line 1"),
        ("BREAK", "line 1: BREAK given; allowed inside of a loop only"),
        ("BEGIN CONTINUE; END", "line 1: CONTINUE given; allowed inside of a loop only"),
        ("l: BEGIN CONTINUE l; END", "label l is of a BEGIN"),
        ("LOOP BREAK other; END LOOP", "label other is not round it"),
        ("l: LOOP l: LOOP BREAK; END LOOP; END LOOP", "label l given, but it is one round it already"),
        ("IF TRUE THEN DECLARE x INT64; END IF", "DECLARE given, allowed at the start of a script or BEGIN"),
        ("DECLARE x INT64; BEGIN DECLARE X STRING; END", "DECLARE X given, but it is a variable already"),
        ("DECLARE r INT64; FOR r IN (SELECT 1 AS a) DO SELECT 1; END FOR", "FOR r given, but it is a variable already"),
        ("BEGIN DECLARE y INT64; END; SELECT y", "Unrecognized name: y"),
        ("FOR r IN (SELECT 1 AS a) DO SELECT r.a; END FOR; SELECT r.a", "Unrecognized name: r"),
        ("FOR r IN 5 DO SELECT 1; END FOR", "FOR r IN takes a query in brackets"),
        ("RAISE", "RAISE without a message"),
        ("RAISE USING MESSAGE = CONCAT('too ', 'few')", "line 1: too few"),
        ("SELECT 1;\nASSERT (SELECT 1 > 5) AS 'too few'", "line 2: too few"),
        ("ASSERT FALSE", "line 1: Assertion failed"),
        ("WHILE @missing DO SELECT 1; END WHILE", "parameter @missing is not given"),
        ("LOOP " * 60, "more than 50 blocks in blocks"),
    ],
)  # fmt: skip
def test_what_is_no_script_is_told_in_one_line(session: Session, text: str, message: str) -> None:
    """A part that is missing, in a wrong place or not to be had is named, with its line, before anything runs."""
    with pytest.raises(InputError) as caught:
        list(session.run(text))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_loop_that_never_ends_is_ended(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loops of a script go round so often together and no more."""
    monkeypatch.setattr(flow, "ROUNDS_MAX", 5)
    with pytest.raises(InputError, match="line 1: the script's loops have gone round more than 5 times"):
        list(session.run("LOOP LOOP BREAK; END LOOP; END LOOP"))


def test_a_dry_run_takes_no_choices(session: Session) -> None:
    """What a dry run can't know it says, instead of making what a condition asks about."""
    with pytest.raises(InputError, match="line 2: allowed in a dry run: plain statements"):
        list(session.run("SELECT 1;\nIF TRUE THEN SELECT 2; END IF", dry=True))


@pytest.mark.parametrize(
    ("text", "goes_on"),
    [
        ("IF TRUE THEN SELECT 1;", True),
        ("IF TRUE THEN SELECT 1; END IF;", False),
        ("BEGIN LOOP BREAK; END LOOP;", True),
        ("SELECT CASE WHEN TRUE THEN 1 END;", False),
        ("SELECT 1;", False),
        ("SELECT FROM WHERE;", False),
        ("END IF;", False),
    ],
)
def test_the_shell_waits_for_the_end_of_a_block(text: str, goes_on: bool) -> None:
    """What is typed into the shell is whole when its blocks are closed, and also when it is wrong."""
    assert is_open(text) is goes_on
