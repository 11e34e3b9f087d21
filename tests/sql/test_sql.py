"""BigQuery SQL on a run: the same answers as BigQuery's, the same names, read-only, errors that help."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from context.errors import InputError
from sim.sql.query import run_sql
from tests.samples.toy_sessions import TOY_PROJECT


def values(toy_run: Path, text: str, params: object = None) -> list[tuple[object, ...]]:
    """Rows of a query's result."""
    table = run_sql(toy_run, TOY_PROJECT, text, params)  # type: ignore[arg-type]
    return list(zip(*[column.to_pylist() for column in table.columns], strict=True))


def test_types_are_bigquerys(toy_run: Path) -> None:
    """Whole numbers are int64, sums too; others are float64, NUMERIC keeps nine digits, times their zone."""
    table = run_sql(
        toy_run,
        TOY_PROJECT,
        "SELECT 1 a, SUM(x) b, 1.5 c, NUMERIC '1.5' d, TIMESTAMP '2026-01-01' e, "
        "DATETIME '2026-01-01 00:00:00' f, "
        "DATE '2026-01-01' g, COUNT(*) h, DATE_TRUNC(DATE '2026-01-01', MONTH) i FROM UNNEST([1, 2]) AS x",
    )
    assert table.column_names == list("abcdefghi")
    assert table.schema.types == [
        pa.int64(),
        pa.int64(),
        pa.float64(),
        pa.decimal128(38, 9),
        pa.timestamp("us", "UTC"),
        pa.timestamp("us"),
        pa.date32(),
        pa.int64(),
        pa.date32(),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "`unizin-shared.context_store_entity.academic_term`",
        "`unizin-shared`.`context_store_entity`.`academic_term`",
        "`unizin-shared.context_store_entity`.academic_term",
        "unizin-shared.context_store_entity.academic_term",
        "`context_store_entity.academic_term`",
        "context_store_entity.academic_term",
    ],
)
def test_tables_by_all_spellings(toy_run: Path, name: str) -> None:
    """Backticks round the whole name, each part or none; with project or without; usable as an alias."""
    assert values(toy_run, f"SELECT name, academic_term.term_type FROM {name}") == [("Fall 2026", "Fall")]
    assert values(toy_run, f"SELECT t.name FROM {name} AS t WHERE t.academic_term_id = 1") == [("Fall 2026",)]


def test_columns_without_a_name_are_numbered(toy_run: Path) -> None:
    """Expressions are called f0_, f1_ as in BigQuery; columns, fields and stars keep their names."""
    both = "FROM context_store_entity.person UNION ALL SELECT 1, 'x', 3"
    text = f"SELECT COUNT(*), ANY_VALUE(name) AS b, 1 + 1 {both}"
    assert run_sql(toy_run, TOY_PROJECT, text).column_names == ["f0_", "b", "f1_"]
    text = "SELECT actor.id, e.type FROM event_store.expanded AS e LIMIT 1"
    assert run_sql(toy_run, TOY_PROJECT, text).column_names == ["id", "type"]


def test_names_of_a_with_clause_are_not_tables(toy_run: Path) -> None:
    """A query's own names hide tables, inside of it and of its subqueries only."""
    text = "WITH person AS (SELECT 7 AS n) SELECT n FROM (SELECT * FROM person)"
    assert values(toy_run, text) == [(7,)]
    with pytest.raises(InputError, match="no table named person"):
        values(
            toy_run, "SELECT * FROM person CROSS JOIN (WITH person AS (SELECT 7 AS n) SELECT n FROM person)"
        )


def test_events_join_the_keymap_by_their_urns(toy_run: Path) -> None:
    """The join that real users write finds every event of a course."""
    text = r"""
        SELECT o.subject, COUNT(*) AS clicks, COUNT(DISTINCT e.person.udp_id) AS people
        FROM `unizin-shared.event_store.expanded` AS e
        JOIN `unizin-shared.context_store_keymap.course_offering` AS k
          ON REGEXP_EXTRACT(e.group.id, r'.*:(.*)') = k.lms_int_id
        JOIN `unizin-shared.context_store_entity.course_offering` AS o ON o.course_offering_id = k.id
        WHERE e.event_time BETWEEN DATETIME '2026-08-31 00:00:00' AND DATETIME '2026-09-30 00:00:00'
        GROUP BY 1 ORDER BY 1"""
    assert values(toy_run, text) == [("ENGL", 6, 1), ("MATH", 6, 1)]


def test_people_join_by_prefix_and_short_id(toy_run: Path) -> None:
    """The user of an event is the shard's prefix plus the short id of the keymap."""
    text = r"""
        SELECT p.name, COUNTIF(e.action = 'NavigatedTo') AS views
        FROM event_store.expanded AS e
        JOIN context_store_keymap.person AS k
          ON CAST(REGEXP_EXTRACT(e.membership.id, r'.*:(.*)') AS INT64)
             = 170000000000000 + CAST(k.lms_ext_id AS INT64)
        JOIN context_store_entity.person AS p ON p.person_id = k.id
        GROUP BY p.name ORDER BY p.name"""
    assert values(toy_run, text) == [("Ada One", 6), ("Ben Two", 6)]


@pytest.mark.parametrize("key", ["[asset_name]", "['asset_name']", ".asset_name"])
def test_extensions_by_the_paths_that_users_write(toy_run: Path, key: str) -> None:
    """Bracket notation with quotes and without reads the extensions."""
    path = f"$['com.instructure.canvas']{key}"
    value = f'JSON_EXTRACT_SCALAR(object.extensions, "{path}")'
    text = f"SELECT DISTINCT {value} FROM event_store.expanded ORDER BY 1"
    assert values(toy_run, text) == [(None,), ("Problem Set 1",)]


def test_datetimes_and_timestamps_agree(toy_run: Path) -> None:
    """event_time is a DATETIME in UTC; the older view has the same instants as TIMESTAMP."""
    text = """
        SELECT COUNT(*), COUNTIF(DATETIME(o.event_time) = n.event_time), MIN(n.event_time),
               COUNTIF(DATE(o.event_time, 'America/Detroit') = '2026-08-31')
        FROM event_store.expanded AS n JOIN event_store.events AS o ON n.id = CONCAT('urn:uuid:', o.id)
        WHERE o.event_time >= TIMESTAMP('2026-08-31', 'America/Detroit') AND n.event_time >= '2026-08-31'"""
    (row,) = values(toy_run, text)
    assert [str(value) for value in row] == ["15", "15", "2026-08-31 13:00:00", "5"]


def test_arrays_of_events(toy_run: Path) -> None:
    """A repeated field can be joined by its path or by UNNEST, and counted from zero."""
    for join in ("e.membership.roles AS r", "UNNEST(e.membership.roles) AS r"):
        assert values(toy_run, f"SELECT r, COUNT(*) FROM event_store.expanded AS e, {join} GROUP BY r") == [
            ("Learner", 12)
        ]
    roles = "UNNEST(e.membership.roles) AS r WITH OFFSET AS o"
    text = f"SELECT MAX(o) FROM event_store.expanded AS e CROSS JOIN {roles}"
    assert values(toy_run, text) == [(0,)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "DROP TABLE context_store_entity.person",
            "context_store_entity is read-only; allowed: a dataset of your own",
        ),
        (
            "DELETE FROM context_store_entity.person WHERE TRUE",
            "context_store_entity is read-only; allowed: a dataset of your own",
        ),
        ("CREATE TABLE event_store.x AS SELECT 1 AS a", "event_store is read-only"),
        ("EXPORT DATA OPTIONS (uri='x') AS SELECT 1", "EXPORT given; --format and --out"),
        ("COPY (SELECT 1) TO 'x'", "allowed"),
        ("ATTACH 'x.db'", "ATTACH given; allowed: queries"),
        ("SET x = 1", "SET x: not declared"),
        ("SET threads = 1", "SET threads: not declared"),
        ("", "0 statements given, allowed: a query"),
        ("SELECT * FROM read_text('/etc/hostname')", "table function read_text given, allowed"),
        ("SELECT * FROM query('SELECT 1')", "table function query given, allowed"),
        ("SELECT * FROM `/etc/hostname`", "no table named /etc/hostname"),
        ("SELECT * FROM `a.b.c.d`", "allowed: dataset.table"),
        ("SELECT * FROM context_store_entity.persn", "did you mean context_store_entity.person?"),
        ("SELECT * FROM course_grade", "did you mean context_store_entity.course_grade?"),
        ("SELECT * FROM context_entity.person", "did you mean context_store_entity.person"),
        (
            "SELECT * FROM `unizin-shared.context_store_entity.PERSON`",
            "did you mean context_store_entity.person?",
        ),
        ("SELECT nmae FROM context_store_entity.person", "Unrecognized name: nmae; did you mean name?"),
        ("SELECT p.nmae FROM context_store_entity.person AS p", "Name nmae not found inside p; did you"),
        ("SELECT actor.idd FROM event_store.expanded", "Field name idd does not exist in STRUCT<id STRING"),
        ("SELECT LENGHT('x')", "Function not found: lenght; Did you mean length? at line 1, column 8"),
        ("SELECT name,\n  FROM context_store_entity.person WHERE AND", "line 2, column "),
        ("SELECT\n 'abc", 'line 2, column 2 at "\'": it is never closed'),
        ("SELECT 'it\\'s', 1 -- don't\n, /* ' */ \"x", "line 2, column 11 at '\"'"),
        ("SELECT 1 / 0", "division by zero"),
        ("SELECT MOD(1, x) FROM UNNEST([0]) AS x", "division by zero"),
        (
            "SELECT DATETIME '2026-09-01 02:00:00' < TIMESTAMP '2026-09-01 02:00:01'",
            "for argument types: DATETIME, TIMESTAMP; use TIMESTAMP(datetime) or DATETIME(timestamp)",
        ),
        ("SELECT CAST('x' AS INT64)", "Bad int64 value: x"),
        ("SELECT PARSE_DATE('%U', '7')", "format element %U is not available here"),
        ("SELECT JSON_VALUE('{}', '$.a[*]')", "Unsupported operator in JSONPath: *"),
        ("SELECT EXTRACT(WEEK(MITTWOCH) FROM DATE '2026-01-01')", "allowed"),
    ],
)
def test_what_is_refused_and_why(toy_run: Path, text: str, message: str) -> None:
    """Anything but one query on this run's tables is bad input, said in one line that helps."""
    before = {path: path.stat().st_mtime_ns for path in toy_run.rglob("*")}
    with pytest.raises(InputError) as caught:
        values(toy_run, text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert {path: path.stat().st_mtime_ns for path in toy_run.rglob("*")} == before
