"""Terms of other dates: each day is like one of the pack's curves, and the campus closes after the end."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from context.packs.spec import LAST_DAYS
from context.scenario.calendar import Calendar
from context.scenario.parts import CalendarOverrides
from sim.draw.day import draw_day
from tests.samples.tiny import SMALL, campus_of, default_pack
from tests.scenario.test_calendar import build

FOUR_WEEKS = """
[calendar]
instruction_end = 2026-09-18
finals_start = 2026-09-21
end = 2026-09-22
"""
OTHER_RECESS = """
[calendar]
start = 2026-08-26
no_class = [2026-10-12, 2026-10-13, 2026-10-14, 2026-10-15, 2026-10-16]
"""


SHORT = CalendarOverrides.model_validate(tomllib.loads(FOUR_WEEKS)["calendar"])


def like(calendar: Calendar, day: int) -> int:
    """The day of the curve that a campus day is like."""
    return calendar.curve_day_of(day)


@pytest.mark.parametrize("season", LAST_DAYS)
@pytest.mark.parametrize("shift", [0, 3])
def test_usual_dates_are_the_curves(season: str, shift: int) -> None:
    """In terms of the pack's dates, whatever the year and the shift, each day is like itself."""
    for year in range(2016, 2032):
        calendar = build(term=f"{season} {year}", shift=shift)
        assert np.array_equal(calendar.curve_day, calendar.days)
        assert calendar.last_day == LAST_DAYS[season]


def test_a_short_term_ends() -> None:
    """The campus closes eight days after a term of four weeks; its days run through the whole curve."""
    calendar = build(FOUR_WEEKS)
    assert (calendar.term.last_day, calendar.last_day) == (29, 37)
    assert [like(calendar, day) for day in (-14, 0, 29, 30, 37)] == [-14, 0, 113, 116, 123]
    assert (np.diff(calendar.curve_day) >= 0).all()
    classes = calendar.days[calendar.kind_of(calendar.days) == "class"]
    assert max(like(calendar, day) for day in classes) > 95
    assert all(like(calendar, day) % 7 == day % 7 for day in classes)


def test_a_recess_is_where_it_is() -> None:
    """A recess in another month is like the curve's; days of the curve's recess are like days of classes."""
    calendar = build(OTHER_RECESS)
    kinds = calendar.kind_of(calendar.days)
    recess = {like(calendar, day) for day in calendar.days[kinds == "break"]}
    taught = {like(calendar, day) for day in calendar.days[kinds == "class"]}
    assert recess == set(range(89, 96))
    assert not taught & set(range(89, 98))
    # It starts on a Wednesday: weekdays are those of the dates.
    assert all(like(calendar, day) % 7 == (day + 2) % 7 for day in calendar.days[kinds == "class"])


def test_nobody_clicks_when_a_short_term_is_over(tmp_path: Path) -> None:
    """In a term of four weeks events end with its last campus day, and a week has as many as in others."""
    scenario = SMALL.model_copy(update={"incident": (), "calendar": SHORT, "name": "short"})
    campus = campus_of(scenario, default_pack(), tmp_path)
    assert campus.calendar.last_day == 37
    assert set(campus.plan.days) == set(range(-14, 38))
    asked = sum(float(day.asked_micro.sum()) for day in campus.plan.days.values()) / 1e6
    students = campus.plan.days[10].students.sum()
    assert 0.8 < asked / students / (30 * 27 / 7) < 1.25
    last = draw_day(campus.engine, 37)[0]
    assert (last.time_ms < campus.calendar.close_ms + 6 * 3_600_000).all()
    quiet = campus.plan.days[36].asked_micro.sum() / campus.plan.days[10].asked_micro.sum()
    assert quiet < 0.05
