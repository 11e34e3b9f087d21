"""UPDATE and DELETE in tables of one's own, and INSERT of what has no type yet."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from context.errors import InputError
from sim.sql.session.session import Session


def last(session: Session, text: str) -> Any:
    """What the last statement of a script gives: rows, or what it says."""
    answer = list(session.run(text))[-1]
    return answer.rows.to_pylist() if answer.rows is not None else answer.said


TABLE = (
    "CREATE OR REPLACE TABLE mine.t AS SELECT 1 AS x, 'a' AS s, DATE '2026-01-01' AS d, [1] AS l "
    "UNION ALL SELECT 2, NULL, NULL, [] UNION ALL SELECT 5, 'c', DATE '2026-02-01', [7]; "
)


@pytest.mark.parametrize(
    ("statement", "said", "rows"),
    [
        ("DELETE FROM mine.t WHERE x = 1", "1 rows deleted", [2, 5]),
        ("DELETE mine.t AS q WHERE q.d > '2026-01-15'", "1 rows deleted", [1, 2]),
        ("DELETE FROM mine.t WHERE s <> 'a'", "1 rows deleted", [1, 2]),  # NULL is not meant
        ("DELETE FROM mine.t WHERE x IN (SELECT MAX(x) FROM mine.t)", "1 rows deleted", [1, 2]),
        ("DELETE FROM mine.t WHERE TRUE", "3 rows deleted", []),
        ("UPDATE mine.t SET x = x + 10 WHERE s IS NULL", "1 rows updated", [1, 5, 12]),
        ("UPDATE mine.t AS q SET q.x = ARRAY_LENGTH(q.l) WHERE TRUE", "3 rows updated", [0, 1, 1]),
        ("UPDATE mine.t SET x = NULL WHERE x > 1", "2 rows updated", [None, None, 1]),
        ("UPDATE mine.t SET x = DEFAULT WHERE x > 1 AND FALSE", "0 rows updated", [1, 2, 5]),
    ],
)
def test_rows_that_are_meant_change_and_no_others(
    session: Session, statement: str, said: str, rows: list[int | None]
) -> None:
    """UPDATE and DELETE change the rows for which their condition is true, and tell how many."""
    assert last(session, TABLE + statement) == f"mine.t: {said}"
    assert [row["x"] for row in last(session, "SELECT x FROM mine.t ORDER BY x")] == rows


def test_new_values_turn_into_the_columns_types(session: Session) -> None:
    """Texts in quotes become dates, values see the old row, and other columns and types stay as they were."""
    last(
        session, TABLE + "UPDATE mine.t SET d = '2026-05-05', s = CONCAT('x', CAST(d AS STRING)) WHERE x = 5"
    )
    assert last(session, "SELECT * FROM mine.t ORDER BY x")[2] == {
        "x": 5,
        "s": "x2026-02-01",
        "d": dt.date(2026, 5, 5),
        "l": [7],
    }


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE mine.t SET x = 1.5 WHERE TRUE", "has type FLOAT64, allowed: INT64"),
        ("UPDATE mine.t SET y = 1 WHERE TRUE", "no column named y; allowed: x, s, d, l"),
        ("UPDATE mine.t SET x = 1, X = 2 WHERE TRUE", "two values for X"),
        ("UPDATE mine.t SET x = 1", "must have a WHERE clause"),
        ("DELETE FROM mine.t", "must have a WHERE clause"),
        ("UPDATE mine.t SET x = u.x FROM mine.u AS u WHERE TRUE", "no table named mine.u"),
        ("UPDATE event_store.expanded SET id = 'x' WHERE TRUE", "event_store is read-only"),
        ("DELETE FROM mine.nothing WHERE TRUE", "no table named mine.nothing"),
        ("UPDATE mine.t SET x = 1 FROM mine.t AS t WHERE TRUE", "Duplicate table alias t"),
        ("CALL mine.f()", "line 1: no procedure named mine.f; there are: none"),
    ],
)
def test_what_is_refused_and_what_to_use(session: Session, statement: str, said: str) -> None:
    """What does not run is refused in one line, by name, with what to use instead; the table stays."""
    last(session, TABLE)
    with pytest.raises(InputError) as caught:
        last(session, statement)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(last(session, "SELECT * FROM mine.t")) == 3


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ("(s) SELECT NULL", "NULL"),
        ("(d) SELECT NULL", "NULL"),
        ("(d, x) SELECT '2026-03-03', 7", "2026-03-03"),
        ("(d) SELECT NULL UNION ALL SELECT NULL", "NULL"),
        ("(d, l) SELECT [NULL][SAFE_OFFSET(3)], []", "NULL"),
        ("(x, d) WITH a AS (SELECT 1 AS x) SELECT x, IF(x > 1, '2026-01-01', NULL) FROM a", "ERROR"),
    ],
)
def test_values_without_a_type_take_the_columns(session: Session, given: str, held: str) -> None:
    """INSERT ... SELECT: a NULL is of the column's type, texts in quotes become dates, other texts do not."""
    last(session, TABLE + "DELETE FROM mine.t WHERE TRUE")
    if held == "ERROR":
        with pytest.raises(InputError, match="column 2 of the query has type STRING, allowed: DATE"):
            last(session, f"INSERT INTO mine.t {given}")
        return
    last(session, f"INSERT INTO mine.t {given}")
    query = "SELECT DISTINCT IFNULL(COALESCE(s, CAST(d AS STRING)), 'NULL') AS shown FROM mine.t"
    assert last(session, query) == [{"shown": held}]


def test_a_views_partitions_are_asked_for_too(session: Session, tmp_path: Path) -> None:
    """A filter round a view leaves files out, and --strict refuses a query of a view that lacks one."""
    del tmp_path
    last(session, "CREATE OR REPLACE VIEW mine.v AS SELECT id, event_time AS at FROM event_store.expanded")
    strict = Session(session.run_dir, "unizin-shared", strict=True)
    try:
        filtered = "SELECT COUNT(*) AS n FROM mine.v WHERE DATE(at) = '2026-08-31'"
        assert last(strict, filtered) == last(
            session, "SELECT COUNT(*) AS n FROM event_store.expanded WHERE DATE(event_time) = '2026-08-31'"
        )
        with pytest.raises(InputError, match="no filter on event_time"):
            last(strict, "SELECT COUNT(*) FROM mine.v")
    finally:
        strict.close()
