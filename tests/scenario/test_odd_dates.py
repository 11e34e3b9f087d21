"""Dates that a zone left out, days of 16 and of 47 hours, and terms moved over clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from context.errors import InputError
from context.scenario.calendar import Calendar
from context.scenario.load import load_scenario
from context.scenario.zones import zone
from sim.caliper.batch import concatenate
from sim.draw.day import draw_day
from sim.sensors.schedule import sensor_laws
from sim.sensors.settings import sensor_settings
from sim.stream.feed import Feed
from sim.stream.laps import Lap
from tests.samples.tiny import TINY, Campus, calendar_of, campus_of, default_pack

HOUR_MS = 3_600_000
# Zone, date, hours of that date.
ODD_DAYS = (
    ("Pacific/Apia", date(2011, 12, 30), 0),
    ("Pacific/Kiritimati", date(1994, 12, 31), 0),
    ("Pacific/Kwajalein", date(1969, 9, 30), 47),
    ("Antarctica/Casey", date(1969, 1, 1), 16),
)


@cache
def campus(name: str, day: date) -> Campus:
    """A campus of that zone, its Fall term moved so that the date is one of its eighth week."""
    scenario = TINY.model_copy(update={"time_zone": name, "fte": 15, "incident": ()})
    plain = calendar_of(scenario, default_pack())
    weeks = (day - plain.term.start).days // 7 - 7
    moved = scenario.model_copy(update={"shift": weeks})
    return campus_of(moved, default_pack(), Path(mkdtemp(prefix="termtide-odd-")))


@pytest.mark.parametrize(("name", "day", "hours"), ODD_DAYS)
def test_days_of_any_length_are_drawn(name: str, day: date, hours: int) -> None:
    """Events of an odd day and its neighbours lie in their days; a date that there wasn't has none."""
    engine, calendar = campus(name, day).engine, campus(name, day).calendar
    number = calendar.day_of_date(day)
    assert calendar.day_start_ms(number + 1) - calendar.day_start_ms(number) == hours * HOUR_MS
    assert calendar.is_skipped(number) == (hours == 0)
    for unit in range(number - 2, number + 3):
        batch, _ = draw_day(engine, unit)
        assert bool(len(batch)) == (hours > 0 or unit != number)
        assert set(calendar.day_of(batch.time_ms).tolist()) <= {unit, calendar.day_after(unit)}
    if not hours:
        assert calendar.kind_of(number) == "holiday"
        state = engine.plan.days[number]
        assert not state.asked_micro.any()
        assert not state.section_flags.any()


@pytest.mark.parametrize(("name", "day", "hours"), ODD_DAYS[:3])
def test_a_stream_over_an_odd_day_loses_nothing(name: str, day: date, hours: int) -> None:
    """The windows of dates round it hold exactly the events of the units, those past midnight too."""
    del hours
    engine, calendar = campus(name, day).engine, campus(name, day).calendar
    number = calendar.day_of_date(day)
    laws = sensor_laws(sensor_settings(campus(name, day).scenario, default_pack()), (), 1)
    feed, lap = Feed(engine, laws), Lap(0, calendar, calendar)
    begin, end = calendar.day_start_ms(number - 2), calendar.day_start_ms(number + 3)
    try:
        units = range(number - 2, number + 3)
        windows = [feed.window(unit, lap).batch for unit in units]
        drawn = concatenate([draw_day(engine, unit)[0] for unit in (number - 3, *units)]).sorted()
    finally:
        feed.close()
    wanted = drawn.take(np.flatnonzero((drawn.time_ms >= begin) & (drawn.time_ms < end)))
    assert len(wanted) > 500
    assert np.array_equal(concatenate(windows).uuid_low, wanted.uuid_low)


@cache
def detroit(shift: int) -> Campus:
    """A campus whose clocks change within the term, in autumn, or half a year later in spring."""
    scenario = TINY.model_copy(update={"fte": 30, "incident": (), "shift": shift})
    return campus_of(scenario, default_pack(), Path(mkdtemp(prefix="termtide-odd-")))


def wall(calendar: Calendar, utc_ms: int) -> datetime:
    """Date and time on the wall, by the standard library."""
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=utc_ms)
    return instant.astimezone(zone(calendar.time_zone)).replace(tzinfo=None)


@pytest.mark.parametrize("shift", [26, -30, 9])
def test_instants_go_back_by_the_clock_on_the_wall(shift: int) -> None:
    """An instant of a moved term has the same date and wall time before the shift, clock changes apart."""
    calendar = calendar_of(TINY.model_copy(update={"shift": shift, "incident": ()}), default_pack())
    plain = calendar_of(TINY.model_copy(update={"incident": ()}), default_pack())
    times = np.arange(calendar.midnight_ms[0], calendar.midnight_ms[-1], 7_013_000)
    back = calendar.unshifted_ms(times)
    apart = [
        (here, there)
        for here, there in zip(times.tolist(), back.tolist(), strict=True)
        if wall(calendar, here) - timedelta(weeks=shift) != wall(plain, there)
    ]
    assert len(apart) <= 2  # of the hour that a clock skips or shows twice
    assert np.array_equal(plain.unshifted_ms(times), times)
    assert calendar.unshifted_ms(int(times[0]) - 1) == times[0] - 1 - shift * 7 * 24 * HOUR_MS


def test_a_term_that_is_moved_over_a_clock_change_draws_the_same() -> None:
    """Ids and times on the wall are the same, on days between the clock changes of both calendars."""
    for day in (5, 9, 12, 99):
        before, after = (draw_day(detroit(shift).engine, day)[0] for shift in (0, 26))
        assert len(before) > 300
        same, here, there = np.intersect1d(before.uuid_low, after.uuid_low, return_indices=True)
        assert len(same) > 0.995 * len(before)
        walls = (
            [wall(detroit(shift).calendar, int(ms)) for ms in times]
            for shift, times in ((0, before.time_ms[here]), (26, after.time_ms[there]))
        )
        apart = [old for old, new in zip(*walls, strict=True) if new - old != timedelta(weeks=26)]
        assert len(apart) < 0.03 * len(same)  # times of the store that count from the other side of a change


@pytest.mark.parametrize(
    "text",
    [
        "shift = 5200\n[[incident]]\nname = 'x'\nstart = 9990-10-14T10:00:00\nend = 9990-10-14T11:00:00",
        "[[incident]]\nname = 'x'\nstart = 0001-01-01T00:00:00\nend = 0001-01-01T01:00:00",
        "[[delivery_outage]]\nname = 'x'\nstart = 0001-01-01T00:00:00\nend = 0001-01-01T01:00:00",
        "[calendar]\ninstruction_end = 9999-12-31",
        "[calendar]\nno_class = [9999-12-31]",
    ],
)
def test_dates_beyond_all_calendars_are_refused(text: str, tmp_path: Path) -> None:
    """A year that no term can have is an error of ours, whatever is to be added to it."""
    (tmp_path / "termtide.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="allowed"):
        calendar_of(load_scenario(tmp_path / "termtide.toml"), default_pack())
