"""Results as text: bq's forms, nothing cut in a pipe, readable at 80 columns, safe for a terminal."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest

from context.errors import InputError
from sim.sql.output import write_rows

ROW = {
    "a": 2**60,
    "b": Decimal("1.500000000"),
    "c": None,
    "d": [{"x": date(2026, 1, 1), "y": 1.5}],
    "e": datetime(2026, 1, 1, 10, tzinfo=UTC),
    "f": datetime(2026, 1, 1, 10, 0, 0, 123_000),  # noqa: DTZ001 - a DATETIME has no zone
    "g": 'x,"y"\n',
    "h": True,
    "i": time(9, 5),
    "j": b"\x00\xff",
    "k": float("nan"),
}


def written(table: pa.Table, form: str, width: int | None = None) -> str:
    """A table in a format."""
    out = io.StringIO()
    write_rows(table, form, out, width)
    return out.getvalue()


def test_values_in_bqs_forms() -> None:
    """CSV and JSON hold what bq prints: texts, TIMESTAMP with a blank, DATETIME with a T, BYTES in base64."""
    table = pa.Table.from_pylist([ROW])
    wanted = {
        "a": "1152921504606846976",
        "b": "1.5",
        "c": None,
        "d": [{"x": "2026-01-01", "y": "1.5"}],
        "e": "2026-01-01 10:00:00",
        "f": "2026-01-01T10:00:00.123000",
        "g": 'x,"y"\n',
        "h": "true",
        "i": "09:05:00",
        "j": "AP8=",
        "k": "NaN",
    }
    assert json.loads(written(table, "json")) == [wanted]
    assert json.loads(written(table, "prettyjson")) == [wanted]
    assert written(table, "json").count("\n") == 1
    header, row = csv.reader(io.StringIO(written(table, "csv")))
    assert header == list(ROW)
    assert row == ["" if v is None else json.dumps(v) if isinstance(v, list) else v for v in wanted.values()]


def test_json_lines_keep_types() -> None:
    """One object a line; numbers are numbers where JSON holds them exactly."""
    line = json.loads(written(pa.Table.from_pylist([ROW]), "jsonl"))
    assert line["a"] == 2**60
    assert (line["b"], line["h"], line["k"], line["c"]) == (1.5, True, "NaN", None)
    assert line["e"] == "2026-01-01T10:00:00Z"
    many = pa.Table.from_pylist([{"x": Decimal("12345678901234567890.123456789")}])
    assert json.loads(written(many, "jsonl"))["x"] == "12345678901234567890.123456789"


@pytest.mark.parametrize("form", ["json", "prettyjson", "jsonl", "csv"])
def test_no_rows(form: str) -> None:
    """An empty result is an empty list, no line, or the header."""
    empty = pa.table({"a": pa.array([], pa.int64())})
    assert written(empty, form).strip() == {"jsonl": "", "csv": "a"}.get(form, "[]")


def test_pipes_are_never_cut() -> None:
    """Without a terminal each row is one line, however wide."""
    table = pa.table({f"column_{i}": ["x" * 300] * 200 for i in range(40)})
    lines = written(table, "pretty").splitlines()
    assert len(lines) == 200 + 4
    assert all(line.count("x" * 300) == 40 for line in lines[3:-1])


def test_wide_rows_on_a_terminal() -> None:
    """What does not fit in 80 columns is shown a field a line, whole, in lines of at most 80."""
    table = pa.table({f"column_{i}": ["x" * 100, None] for i in range(30)})
    lines = written(table, "pretty", 80).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("column_7 ") for line in lines) == 2
    assert "".join(lines).count("x") == 30 * 100
    narrow = written(table.select(["column_1"]).slice(1), "pretty", 80)
    assert "│ NULL     │" in narrow
    assert max(map(len, written(table, "pretty", 20).splitlines())) <= 20


def test_letters_that_move_the_cursor_are_spelled_out() -> None:
    """Control characters of values and names reach no terminal."""
    table = pa.table({"a\x1b[2J": ["b\x07\r\n\x9b"]})
    for width in (None, 200, 5):
        shown = written(table, "pretty", width).replace("\n", "")
        assert not any(letter < " " or "\x7f" <= letter <= "\x9f" for letter in shown)
        assert "[2J" in shown.replace(" ", "") or width == 5


def test_dates_beyond_the_calendar() -> None:
    """A date that no year of four digits holds is one clear line."""
    table = pa.table({"a": pa.array([3_000_000], pa.int32()).cast(pa.date32())})
    with pytest.raises(InputError, match="outside of the years 1 to 9999"):
        written(table, "csv")
