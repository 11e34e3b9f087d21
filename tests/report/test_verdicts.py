"""Verdicts on asked and drawn, and what the counts say of those who leave."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest

from sim.counts.record import COUNTS_SCHEMA
from sim.report.campus.counted import Margin, counted
from sim.report.campus.verdicts import judged, summed_up
from sim.report.campus.week import student_week

MONDAY = date(2026, 9, 7)


def record(day: date, **parts: list[dict[str, object]]) -> dict[str, object]:
    """A record with some of its parts; the others are empty."""
    lists = {field.name: [] for field in COUNTS_SCHEMA if pa.types.is_list(field.type)}
    return {"format": 1, "campus_day": day, "events": 0, "lost": 0, **lists, **parts}


def table(*rows: dict[str, object]) -> pa.Table:
    """Records as a table."""
    return pa.Table.from_pylist(list(rows), schema=COUNTS_SCHEMA)


@pytest.mark.parametrize(
    ("asked", "drawn", "error", "word"),
    [
        (1_000.0, 1_009, 0.1, "as asked"),  # near, though chance would be nearer
        (1_000.0, 1_100, 26.0, "within chance"),
        (1_000.0, 900, 24.0, "more than chance"),
        (0.0, 0, 0.0, "nothing asked"),
        (0.0, 3, 3.0, "more than chance"),
    ],
)
def test_a_sum_is_judged(asked: float, drawn: int, error: float, word: str) -> None:
    """A sum is as asked within 1 %, within chance up to four standard errors, and beyond it else."""
    (verdict,) = judged([Margin("x", asked, drawn, error)], {"x": "X"})
    assert (verdict.name, verdict.word) == ("X", word)


def test_a_margin_is_summed_up() -> None:
    """One line says how many sums are right, and names those that are not."""
    near, off, wrong = Margin("a", 100, 100, 1.0), Margin("b", 100, 103, 1.0), Margin("c", 100, 160, 1.0)
    assert summed_up(judged([near], {}), "tools") == "All 1 tools came as asked, within 1%."
    assert summed_up(judged([near, off], {}), "tools") == (
        "1 of 2 tools came as asked, within 1%; the others are off by chance alone."
    )
    assert summed_up(judged([off], {}), "tools") == "All 1 tools are off by no more than chance explains."
    assert summed_up(judged([near, off, wrong], {}), "tools") == (
        "1 of 3 tools differ by more than chance explains: c."
    )


def test_a_margins_error_comes_from_its_days() -> None:
    """Days that are off by 3 and -4 clicks give a standard error of 5 for the term's sum."""

    def cells(drawn: int) -> list[dict[str, object]]:
        at = {"tool": "files", "cip": "27", "level": "100", "asked_micro": 9_000_000}
        return [{**at, "overshoot_micro": 1_000_000, "drawn": drawn}]

    days = [record(MONDAY, cells=cells(13)), record(MONDAY + timedelta(1), cells=cells(6))]
    found = counted(duckdb.connect(), table(*days))
    assert found.margins["tool"] == [Margin("files", 20.0, 19, 5.0)]
    assert (found.asked, found.overshoot, found.drawn) == (18.0, 2.0, 19)
    assert found.days[1] == {"date": "2026-09-08", "asked": 10.0, "drawn": 6, "events": 0}


def test_hours_past_midnight_are_the_next_days() -> None:
    """Hour 25 of a Sunday's unit is one o'clock on Monday."""
    hours = [{"hour": 25, "tool": "files", "counted": True, "events": 4}]
    found = counted(duckdb.connect(), table(record(MONDAY - timedelta(1), hours=hours)))
    assert found.hours == [{"weekday": 0, "hour": 1, "events": 4}]
    assert found.tool_weekdays == [{"tool": "files", "weekday": 0, "clicks": 4}]


def test_those_who_leave_are_held_against_others_on_the_same_days() -> None:
    """Two days on which others click 4 and 2 times: 150 seats each expect 900 clicks."""

    def leaving(others: int, clicks: int) -> list[dict[str, object]]:
        return [
            {"weeks_left": None, "seats": 10, "clicks": 10 * others},
            {"weeks_left": 1, "seats": 150, "clicks": clicks},
            {"weeks_left": 2, "seats": 3, "clicks": 1},  # too few to be shown
        ]

    days = [record(MONDAY, leaving=leaving(4, 300)), record(MONDAY + timedelta(1), leaving=leaving(2, 60))]
    assert counted(duckdb.connect(), table(*days)).leaving == [
        {"weeks_left": 1, "seats": 300, "clicks": 360, "expected": 900.0}
    ]


def test_the_week_shown_is_an_ordinary_one() -> None:
    """Of whole weeks of classes the one with the middle number of clicks; times are the campus's."""

    def moments(number: int) -> list[dict[str, object]]:
        at = datetime(2026, 9, 7, 16, tzinfo=UTC).replace(tzinfo=None)
        each = {"person": 5, "kind": "quiz", "tool": "quizzes", "course": 9, "visit": 1}
        return [{**each, "time": at + timedelta(minutes=i)} for i in range(number)]

    days = {MONDAY + timedelta(i): "weekend" if i % 7 > 4 else "class" for i in range(28)}
    days[MONDAY + timedelta(14)] = "break"
    rows = [record(MONDAY + timedelta(7 * week), moments=moments(n)) for week, n in enumerate((5, 1, 3, 2))]
    week = student_week(table(*rows), "America/Detroit", days)
    assert week is not None
    assert (week.person, week.monday) == (5, MONDAY + timedelta(21))
    assert [click["at"] for click in week.clicks] == ["12:00:00", "12:01:00"]
    assert student_week(table(record(MONDAY)), "America/Detroit", days) is None
