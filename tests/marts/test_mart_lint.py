"""What a mart's query may say, what it reads, and the order that follows."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlglot import exp

import schemas
from context.errors import InputError
from schemas import Mart
from sim.cli.main import main
from sim.marts import lint as rules
from sim.marts.graph import ordered, parsed, reads
from sim.marts.lint import lint, lint_all

STATUS = schemas.mart("mart_helper.context__course_offering__enrollment")
HEAD = (
    "SELECT o.lms_id AS lms_course_offering_id, {} AS instructor_display, "
    "'x' AS instructor_email_address_display "
)
TAIL = "FROM mart_helper.context__course_offering AS o"


def test_every_mart_is_clean() -> None:
    """Nothing in any query differs silently between BigQuery and DuckDB, and there is no circle."""
    assert lint_all() == []


def test_every_rule_is_needed() -> None:
    """The list of functions that were looked at has none that no query uses."""
    used = {
        type(node).__name__
        for mart in schemas.marts()
        if mart.sql is not None
        for node in parsed(mart.sql).walk()
        if isinstance(node, exp.Func)
    }
    assert used == rules.ALLOWED_NODES


@pytest.mark.parametrize(
    ("term", "told"),
    [
        ("AVG(o.num_students)", "AVG"),
        ("STDDEV(o.num_students)", "STDDEV"),
        ("VARIANCE(o.num_students)", "VARIANCE"),
        ("ANY_VALUE(o.title)", "ANY_VALUE"),
        ("APPROX_COUNT_DISTINCT(o.title)", "APPROX_COUNT_DISTINCT"),
        ("PERCENTILE_CONT(o.num_students, 0.5) OVER ()", "PERCENTILE_CONT"),
        ("CURRENT_DATE()", "CURRENT_DATE"),
        ("RAND()", "RAND"),
        ("REGEXP_EXTRACT(o.title, 'x')", "REGEXP_EXTRACT"),
        ("REGEXP_CONTAINS(o.title, 'x')", "REGEXP_CONTAINS"),
        ("o.num_students / 2", "/: "),
        ("MOD(o.num_students, 2)", "MOD"),
        ("DIV(o.num_students + 1, 2)", "DIV"),
        ("DIV(2 * (o.num_students - 1) - 1, 2)", "DIV"),
        ("o.title LIKE 'x%'", "LIKE"),
        ("ARRAY_AGG(o.title ORDER BY o.title)", "IGNORE NULLS"),
        ("ARRAY_AGG(o.title IGNORE NULLS)", "without ORDER BY"),
        ("STRING_AGG(o.title, ';')", "without ORDER BY"),
        ("ROW_NUMBER() OVER ()", "without ORDER BY"),
        ("SUM(o.num_students) * SUM(o.num_students)", r"SUM \* SUM"),
        ("CAST(o.num_students AS STRING)", "CAST AS STRING"),
        ("SOUNDEX(o.title)", "(?i)soundex"),
        ("FARM_FINGERPRINT(o.title)", "(?i)farm"),
        ("@today", "@today: allowed: @run_date"),
        ("JSON_VALUE(o.title, \"$['a.b'].c\")", "in double quotes"),
    ],
)
def test_refused(term: str, told: str) -> None:
    """A construct that differs silently is found, by its name."""
    found = lint(Mart(STATUS.table, HEAD.format(term) + TAIL))
    assert any(re.search(told, line) for line in found), found


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        (HEAD.format("'y'") + TAIL + " LIMIT 1", "LIMIT"),
        (HEAD.format("'y'") + "FROM mart_helper.nothing AS o", "nothing, which no contract has"),
        ("SELECT 1 AS lms_course_offering_id", "columns are not the contract's: instructor_display"),
        (HEAD.format("LOWER(o.title)").replace("instructor_display", "title", 1) + TAIL + " GROUP BY title",
         "GROUP BY title"),
    ],
)  # fmt: skip
def test_refused_queries(sql: str, told: str) -> None:
    """So are rows without an order, tables without a contract, other columns, names with two meanings."""
    assert any(told in line for line in lint(Mart(STATUS.table, sql)))


def test_circle_is_refused() -> None:
    """Marts that read each other are refused in one line that names them."""
    texts = {
        name: f"SELECT x.a FROM mart_helper.{other} AS x" for name, other in (("one", "two"), ("two", "one"))
    }
    one, two = (Mart(replace(STATUS.table, name=name), sql) for name, sql in texts.items())
    with pytest.raises(InputError, match=r"circle: mart_helper\.(one|two) reads mart_helper\."):
        ordered([one, two])


def test_order_follows_from_the_queries() -> None:
    """Each mart comes after all that it reads, and the names of WITH clauses are no tables."""
    order = [mart.name for mart in ordered(schemas.marts())]
    for mart in schemas.marts():
        assert all(order.index(name) < order.index(mart.name) for name in reads(mart) if name in order)
    assert reads(schemas.mart("lti_tool"))[-1] == "mart_helper.context__lti_tool_name"
    assert "event_store.expanded" in reads(schemas.mart("lti_tool"))


def test_one_text() -> None:
    """Rolling marts have the columns of the static ones, and z-scores are of every measure of level 1."""
    for static, rolling in (
        ("mart_taskforce", "mart_taskforce_rolling"),
        ("mart_student_activity_score", "mart_student_activity_score_rolling"),
    ):
        for mart in schemas.marts(rolling):
            assert mart.table.names == schemas.table(static, mart.table.name).names
    ones = schemas.table("mart_taskforce", "level1_aggregated").names
    twos = schemas.table("mart_taskforce", "level2_aggregated").names
    assert twos == (*ones[:7], *(f"{name}_z" for name in ones[7:]))


def test_every_inferred_column_has_a_reason() -> None:
    """A column that Unizin does not document says why it is what it is, and every column what it holds."""
    for mart in schemas.marts():
        for column in mart.table.columns:
            assert bool(column.reason) == (column.provenance == "inferred"), (mart.name, column.name)
            assert column.description.endswith((".", ")")), (mart.name, column.name)


def test_picture(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The dictionary shows every mart with all that it reads, and the page of Markdown has the same graph."""
    main(["schema", "docs", "--format", "html", "--out", str(tmp_path / "pages")])
    page = (tmp_path / "pages" / "marts.html").read_text(encoding="utf-8")
    for mart in schemas.marts():
        assert f"{mart.table.dataset}/{mart.table.name}.html" in page, mart.name
    assert "</span> mart_" not in page  # no mart is among the stores that have marks alone
    capsys.readouterr()
    main(["schema", "docs"])
    text = capsys.readouterr().out
    assert "event_store[event_store] --> mart_general_lti_tool[mart_general.lti_tool]" in text
    assert (
        "  mart_helper_context__lti_tool_name[mart_helper.context__lti_tool_name] --> mart_general_lti"
        in text
    )
