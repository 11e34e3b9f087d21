"""Incidents: where they may be, and the one map of time that moves what people do out of them."""

from __future__ import annotations

import csv
import pickle
import tomllib
from datetime import datetime, timedelta
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from context.arrays import DAY_MS
from context.errors import InputError
from context.scenario.calendar import Calendar, build_calendar
from context.scenario.scenario import Scenario

HOUR_MS = 3_600_000
RULES = Path(str(resources.files("context"))) / "packs" / "us_public_r1" / "calendar.csv"
ZONES = ("America/Detroit", "Pacific/Auckland", "Asia/Kolkata", "UTC")


def build(text: str, **keys: object) -> Calendar:
    """The calendar of a scenario given as TOML and keys."""
    header, *rows = csv.reader(RULES.read_text(encoding="utf-8").splitlines())
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    return build_calendar(Scenario.model_validate(tomllib.loads(text) | keys), columns)


def incident(name: str, start: str, end: str, tools: str = '"all"') -> str:
    """One [[incident]] table."""
    return f'[[incident]]\nname = "{name}"\nstart = {start}\nend = {end}\ntools = {tools}\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            incident("x", "2026-08-01T10:00:00", "2026-08-01T11:00:00"),
            "incident 'x': 2026-08-01T10:00:00 to 2026-08-01T11:00:00 given, allowed: from 2026-08-10",
        ),
        (
            incident("x", "2026-12-25T21:00:00", "2026-12-25T22:30:00"),
            "incident 'x': 2026-12-25T21:00:00 to 2026-12-25T22:30:00 given, allowed: from 2026-08-10, and",
        ),
        (
            incident("x", "2026-10-01T10:00:00", "2026-10-01T11:00:00")
            + incident("y", "2026-10-01T12:59:00", "2026-10-01T14:00:00", '["canvas"]'),
            "incident 'y': start 2026-10-01T12:59:00 given, allowed: from 2026-10-01T13:00:00 on, when 'x'",
        ),
    ],
)
def test_impossible_incidents(text: str, line: str) -> None:
    """Incidents outside of the term, or in each other's recovery, are refused in one clear line."""
    with pytest.raises(InputError) as refused:
        build(text)
    assert str(refused.value).startswith(line)


def test_incidents_of_other_tools_may_overlap() -> None:
    """Only incidents that stop Canvas move what people do there, so only those must stand apart."""
    text = incident("x", "2026-10-01T10:00:00", "2026-10-01T11:00:00")
    both = build(text + incident("y", "2026-10-01T10:30:00", "2026-10-01T12:00:00", '["kaltura"]'))
    times = np.arange(0, 24 * HOUR_MS, 60_000) + both.day_start_ms(38)
    assert np.array_equal(both.after_incidents(times), build(text).after_incidents(times))
    assert [window.tools for window in both.windows] == ["all", ("kaltura",)]


def test_pickle_keeps_incidents() -> None:
    """A worker that gets the calendar gets its incidents."""
    calendar = build(incident("x", "2026-10-01T10:00:00", "2026-10-01T11:00:00"))
    assert pickle.loads(pickle.dumps(calendar)).windows == calendar.windows  # noqa: S301 - our own bytes


def test_incident_within_a_skipped_hour() -> None:
    """An incident that begins at a time the clock skips and ends before it counts on is refused."""
    text = incident("x", "2027-03-14T02:30:00", "2027-03-14T03:15:00")
    with pytest.raises(InputError, match="the clock of America/Detroit doesn't skip"):
        build(text, term="Spring 2027")


@st.composite
def outages(draw: st.DrawFn) -> Calendar:
    """A calendar in one of the zones with up to three incidents far enough apart, one on another tool."""
    starts = draw(st.lists(st.integers(0, 110 * 24 * 60), min_size=1, max_size=3).map(sorted))
    lengths = draw(st.lists(st.integers(1, 3 * 24 * 60), min_size=len(starts), max_size=len(starts)))
    ends = [start + length for start, length in zip(starts, lengths, strict=True)]
    for (_, end), (start, _) in pairwise(zip(starts, ends, strict=True)):
        assume(start - end > 40 * 60)
    first = datetime(2026, 8, 24)  # noqa: DTZ001 - wall times
    walls = [
        (first + timedelta(minutes=s), first + timedelta(minutes=e))
        for s, e in zip(starts, ends, strict=True)
    ]
    text = "".join(incident("x", start.isoformat(), end.isoformat()) for start, end in walls)
    text += incident("lectures", "2026-09-01T00:00:00", "2026-09-09T00:00:00", '["kaltura"]')
    return build(text, time_zone=draw(st.sampled_from(ZONES)))


@given(outages(), st.lists(st.integers(-7 * DAY_MS, 9 * DAY_MS), min_size=2, max_size=50))
def test_time_map(calendar: Calendar, offsets: list[int]) -> None:
    """Whatever the incidents, times keep their order, leave every incident and stay put elsewhere."""
    windows = [window for window in calendar.windows if window.stops_canvas]
    assert len(calendar.windows) == len(windows) + 1
    edges = [ms + d for w in windows for ms in (w.start, w.end, w.recovered) for d in (-1, 0, 1)]
    times = np.array(sorted({*edges, *(w.start + offset for w in windows for offset in offsets)}))
    moved = calendar.after_incidents(times)
    assert moved.dtype == np.int64
    assert np.all(np.diff(moved) >= 0)
    assert np.all(moved >= times)
    touched = np.zeros(len(times), dtype=bool)
    for window in windows:
        assert window.recovered - window.end == max(2 * HOUR_MS, (window.end - window.start) // 2)
        assert not np.any((moved >= window.start) & (moved < window.end))
        held = (times >= window.start) & (times < window.recovered)
        assert np.all((moved[held] >= window.end) & (moved[held] < window.recovered))
        touched |= held
    assert np.array_equal(moved[~touched], times[~touched])
    # Apart by the squeeze, different times stay different: nothing is lost to rounding but neighbours.
    squeeze = max((w.recovered - w.start) / (w.recovered - w.end) for w in windows)
    far = np.diff(times) >= squeeze
    assert np.all(np.diff(moved)[far] > 0)


def test_time_map_by_hand() -> None:
    """In a four-hour outage with two hours of recovery, three hours become one; the edges stay put."""
    calendar = build(incident("x", "2026-10-01T10:00:00", "2026-10-01T14:00:00"), time_zone="UTC")
    start, end = calendar.windows[0].start, calendar.windows[0].end
    assert (end - start, calendar.windows[0].tools) == (4 * HOUR_MS, "all")
    given_times = start + np.array([-1, 0, 3 * HOUR_MS, 6 * HOUR_MS - 1, 6 * HOUR_MS])
    expected = [start - 1, end, end + HOUR_MS, end + 2 * HOUR_MS - 1, end + 2 * HOUR_MS]
    assert calendar.after_incidents(given_times).tolist() == expected
    assert calendar.after_incidents(int(start)) == end
