"""BIGNUMERIC on its way into and out of a session: parameters, variables, results in every format."""

from __future__ import annotations

import io
from decimal import Decimal

import pyarrow as pa
import pytest

from context.errors import InputError
from sim.sql.output import write_rows
from sim.sql.script.parameters import parameters_of
from sim.sql.session.session import Session

MANY = "12345678901234567890123456789012345678.00000000000000000000000000000000000001"


def rows(session: Session, text: str, *parameters: str) -> pa.Table:
    """The rows of a script's last query."""
    return [a.rows for a in session.run(text, parameters_of(parameters)) if a.rows is not None][-1]


def test_all_digits_come_out(session: Session) -> None:
    """All 76 digits of a value come out, alone, in arrays, in records and in those in arrays."""
    inner = f"STRUCT(BIGNUMERIC '{MANY}' AS x, [BIGNUMERIC '-1', NULL] AS l)"
    found = rows(
        session,
        f"SELECT BIGNUMERIC '{MANY}' AS a, [{inner}] AS b, 'BIGNUM' AS c, CAST(NULL AS BIGNUMERIC) AS d",
    )
    assert found.schema.field("a").type == pa.decimal256(76, 38)
    [row] = found.to_pylist()
    assert str(row["a"]) == MANY
    assert row["b"] == [{"x": Decimal(MANY), "l": [Decimal(-1), None]}]
    assert (row["c"], row["d"]) == ("BIGNUM", None)


def test_all_digits_come_in(session: Session) -> None:
    """Parameters and variables of that type keep all digits, also in arrays and records."""
    text = "SELECT CAST(@x + 1 AS STRING) AS s, (SELECT SUM(i) FROM UNNEST(@l) AS i) AS n, @r.a = 2.5 AS same"
    found = rows(
        session,
        text,
        f"x:BIGNUMERIC:{MANY}",
        'l:ARRAY<BIGNUMERIC>:["0.1", "0.2"]',
        'r:STRUCT<a BIGNUMERIC>:{"a": "2.5"}',
    )
    assert found.to_pylist() == [{"s": MANY.replace("8.", "9."), "n": Decimal("0.3"), "same": True}]
    script = f"DECLARE x BIGNUMERIC DEFAULT 1; SET x = x + BIGNUMERIC '{MANY}'; SELECT CAST(x AS STRING) AS s"
    assert rows(session, script).to_pylist() == [{"s": MANY.replace("8.", "9.")}]


def test_every_format_shows_it(session: Session) -> None:
    """The formats show a BIGNUMERIC as they show a NUMERIC, with as many digits as it has."""
    found = rows(session, f"SELECT BIGNUMERIC '{MANY}' AS x, BIGNUMERIC '1.50' AS y")
    for form, wanted in (("csv", f"x,y\n{MANY},1.5\n"), ("json", f'[{{"x":"{MANY}","y":"1.5"}}]\n')):
        out = io.StringIO()
        write_rows(found, form, out)
        assert out.getvalue() == wanted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "SELECT BIGNUMERIC '5e38' AS x",
            "beyond 38 digits before the point: 5.00000e+38; CAST it AS STRING",
        ),
        ("CREATE TEMP TABLE t AS SELECT BIGNUMERIC '1' AS x", "column x: a table here keeps no BIGNUMERIC"),
    ],
)
def test_what_arrow_and_tables_cannot_hold_is_told(session: Session, text: str, message: str) -> None:
    """A value with more digits than a result can have, and a table of such values, are refused by name."""
    with pytest.raises(InputError) as caught:
        list(session.run(text))
    assert message in str(caught.value)
