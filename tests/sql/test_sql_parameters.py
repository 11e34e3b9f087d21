"""Query parameters in bq's form: every type, arrays, records, NULL, files; what is wrong is told in one line."""

# ruff: noqa: E501 - one case a line
from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest

from context.errors import InputError
from sim.sql.query import run_sql
from sim.sql.script.parameters import parameters_of
from sim.sql.session.session import Session
from tests.samples.toy_sessions import TOY_PROJECT


def rows(session: Session, text: str, *given: str) -> list[dict[str, object]]:
    """Rows of the last query of a script."""
    return [o.rows for o in session.run(text, parameters_of(given)) if o.rows is not None][-1].to_pylist()


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ('x::it\'s \\ "fine"', 'it\'s \\ "fine"'),
        ("x:STRING:a:b", "a:b"),
        ("x::", ""),
        ("x:INT64:-9223372036854775808", -(2**63)),
        ("x:INTEGER:0x10", 16),
        ("x:FLOAT64:-1.5", -1.5),
        ("x:FLOAT64:inf", float("inf")),
        ("x:NUMERIC:-1.000000001", Decimal("-1.000000001")),
        ("x:BOOL:TRUE", True),
        ("x:BYTES:AAH/", b"\x00\x01\xff"),
        ("x:DATE:2026-9-1", date(2026, 9, 1)),
        ("x:TIME:9:05:00.5", time(9, 5, 0, 500_000)),
        ("x:DATETIME:2026-09-01T10:00:00", datetime(2026, 9, 1, 10)),  # noqa: DTZ001 - a DATETIME has none
        ("x:TIMESTAMP:2026-09-01 10:00:00", datetime(2026, 9, 1, 10, tzinfo=UTC)),
        ("x:TIMESTAMP:2026-09-01T10:00:00Z", datetime(2026, 9, 1, 10, tzinfo=UTC)),
        ("x:TIMESTAMP:2026-09-01 10:00:00.25-04", datetime(2026, 9, 1, 14, 0, 0, 250_000, tzinfo=UTC)),
        ("x:TIMESTAMP:2026-09-01 10:00:00 America/Detroit", datetime(2026, 9, 1, 14, tzinfo=UTC)),
        ('x:ARRAY<STRING>:["a", "it\'s"]', ["a", "it's"]),
        ("x:ARRAY<INT64>:[]", []),
        ('x:STRUCT<a INT64, b ARRAY<STRING>>:{"a": 1, "b": ["x"]}', {"a": 1, "b": ["x"]}),
        ("x:INT64:NULL", None),
        ("x:DATE:NULL", None),
    ],
)
def test_each_type(session: Session, given: str, value: object) -> None:
    """A parameter arrives as the value of its type that the text means, by name and by position."""
    assert rows(session, "SELECT @x AS v", given) == [{"v": value}]
    assert rows(session, "SELECT ? AS v", given.removeprefix("x")) == [{"v": value}]


def test_one_set_for_a_whole_script(session: Session) -> None:
    """Every statement sees the parameters, positional ones go on counting, unused ones do no harm."""
    text = "DECLARE a INT64 DEFAULT @x; SELECT a + @x AS v"
    assert rows(session, text, "x:INT64:2", "unused::y") == [{"v": 4}]
    assert rows(session, "SELECT ? AS v; SELECT ? AS v", ":INT64:1", ":INT64:2", ":INT64:3") == [{"v": 2}]
    assert rows(session, "SELECT '?' AS v -- ?\n, `x?` FROM (SELECT 1 AS `x?`) WHERE ? = 1", ":INT64:1") == [
        {"v": "?", "x?": 1}
    ]


def test_texts_turn_into_times(session: Session) -> None:
    """A STRING compared with a date or time is one, as BigQuery coerces parameters; lists of ids find rows."""
    text = "SELECT COUNT(*) AS n FROM event_store.expanded WHERE event_time >= @from AND event_time < @to"
    assert rows(session, text, "from::2026-08-31", "to::2026-09-01") == [{"n": 4}]
    text = "SELECT name FROM context_store_entity.person WHERE person_id IN UNNEST(@ids) ORDER BY 1"
    assert rows(session, text, "ids:ARRAY<INT64>:[1, 3]") == [{"name": "Ada One"}, {"name": "Cy Three"}]


def test_files_of_parameters(session: Session, tmp_path: Path) -> None:
    """A file holds what BigQuery's API calls query parameters."""
    file = tmp_path / "parameters.json"
    array = {"type": "ARRAY", "arrayType": {"type": "INT64"}}
    file.write_text(
        json.dumps(
            [
                {"name": "a", "parameterType": {"type": "DATE"}, "parameterValue": {"value": "2026-09-01"}},
                {
                    "name": "b",
                    "parameterType": array,
                    "parameterValue": {"arrayValues": [{"value": "1"}, {"value": "2"}]},
                },
            ]
        )
    )
    assert rows(session, "SELECT @a AS a, @b AS b", str(file)) == [{"a": date(2026, 9, 1), "b": [1, 2]}]
    file.write_bytes(b"\xff")
    with pytest.raises(InputError, match="not UTF-8"):
        parameters_of([str(file)])
    file.write_text("{}")
    with pytest.raises(InputError, match="a JSON list of objects"):
        parameters_of([str(file)])


def test_values_of_python(session: Session) -> None:
    """Python's values have the types that they hold."""
    run = session.run("SELECT 1 AS x")  # the folder's session is open; run_sql opens one of its own
    assert next(iter(run)).rows is not None
    folder = session._engine.run_dir
    text = "SELECT @a AS a, @b AS b, @c AS c, @d AS d"
    given = {"a": [1, 2], "b": {"x": "y"}, "c": Decimal("1.5"), "d": datetime(2026, 9, 1, tzinfo=UTC)}
    assert run_sql(folder, TOY_PROJECT, text, given).to_pylist() == [given]
    assert run_sql(folder, TOY_PROJECT, "SELECT ? AS a", [None]).to_pylist() == [{"a": None}]
    with pytest.raises(InputError, match="allowed: numbers, texts"):
        run_sql(folder, TOY_PROJECT, "SELECT @a", {"a": object()})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["x"], "allowed: name:TYPE:value"),
        (["x:INT64"], "allowed: name:TYPE:value"),
        (["1x:INT64:1"], "allowed in a name: letters"),
        (["x:INT6:1"], "--parameter x: Type not found: INT6; allowed: INT64"),
        (["x:ARRAY<INT64:1"], "'>' is missing"),
        (["x:ARRAY<ARRAY<INT64>>:[]"], "nested arrays are not supported"),
        (["x:INT64:1.5"], "'1.5' given, allowed for INT64: a whole number"),
        (["x:INT64:9223372036854775808"], "allowed for INT64: a whole number between"),
        (["x:FLOAT64:1e999"], "allowed for FLOAT64"),
        (["x:NUMERIC:0.0000000001"], "allowed for NUMERIC: a number with at most 29 digits"),
        (["x:BOOL:yes"], "allowed for BOOL: true or false"),
        (["x:BYTES:?"], "allowed for BYTES: bytes in base64"),
        (["x:DATE:2026-02-30"], "allowed for DATE: a date such as"),
        (["x:TIME:25:00:00"], "allowed for TIME"),
        (["x:DATETIME:2026-09-01T10:00:00Z"], "allowed for DATETIME"),
        (["x:TIMESTAMP:2026-09-01 10:00 Mars/Base"], "allowed for TIMESTAMP"),
        (["x:JSON:{"], "allowed for JSON"),
        (["x:ARRAY<INT64>:5"], 'JSON such as ["a", "b"]'),
        (['x:ARRAY<INT64>:["a"]'], "'a' given, allowed for INT64"),
        (['x:STRUCT<a INT64>:{"b": 1}'], "field a given or missing, allowed: a"),
        (["x:INT64:1", "X:INT64:2"], "x given twice"),
        (["x:INT64:1", ":INT64:2"], "named and positional ones given"),
    ],
)
def test_what_is_wrong(given: list[str], message: str) -> None:
    """A parameter that is none is told with what was given and what is allowed."""
    with pytest.raises(InputError) as caught:
        parameters_of(given)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [
        ("SELECT @x", [], "parameter @x is not given; given: none"),
        ("SELECT @x", ["y::1"], "parameter @x is not given; given: @y"),
        ("SELECT ?, ?", [":INT64:1"], "parameter number 2 is not given: 1 positional ones are"),
        ("SELECT @@time_zone", [], "system variable @@time_zone is not available here"),
    ],
)
def test_what_is_not_given(session: Session, text: str, given: list[str], message: str) -> None:
    """A parameter that a query wants and nobody gives is named, with those that there are."""
    with pytest.raises(InputError) as caught:
        rows(session, text, *given)
    assert message in str(caught.value)
