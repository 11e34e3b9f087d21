"""Streams that are aligned with today, and laps that reach far: the campus's clock holds, a line warns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from context.errors import InputError
from context.scenario.scenario import Scenario
from sim.stream.moments_and_speeds import aligning_weeks, moved, read_moment
from sim.stream.stream import timeline_of
from tests.samples.live_tiny import job, live_calendar

ZONE = "America/Detroit"
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "weeks", "wanted"),
    [
        ("2026-10-12T08:00", 10, "2026-12-21T08:00:00"),  # over the change in November
        ("2026-10-12T08:00-04:00", 10, "2026-12-21T08:00:00"),
        ("2026-10-12T12:00Z", 10, "2026-12-21T08:00:00"),
        ("2026-10-12", 26, "2027-04-12T00:00:00"),
        ("2026-12-07T13:00+00:00", -8, "2026-10-12T08:00:00"),
    ],
)
def test_a_moment_moves_by_the_clock_on_the_wall(given: str, weeks: int, wanted: str) -> None:
    """Eight in the morning stays eight in the morning over a clock change, however it was typed."""
    found = moved(given, weeks, ZONE, "--from")
    assert found == wanted
    hours = (read_moment(wanted, ZONE, "x") - read_moment(given, ZONE, "x")) / 3_600_000 - weeks * 168
    assert hours in (-1, 0, 1)


@pytest.mark.parametrize("given", ["0001-01-01", "9999-12-31T23:59", "1700-01-01T00:00Z", "soon"])
@pytest.mark.parametrize("zone", [ZONE, "Pacific/Auckland"])
def test_moments_of_no_calendar_are_refused(given: str, zone: str) -> None:
    """A year that clocks can't be moved in is an error of ours."""
    with pytest.raises(InputError, match="--from"):
        moved(given, 5, zone, "--from")
    with pytest.raises(InputError, match="--from"):
        aligning_weeks(Scenario(time_zone=zone), given, NOW)


def test_laps_beyond_a_year_ahead_are_told(tmp_path: Path) -> None:
    """The first lap with events of more than a year from now is named; without one nothing is said."""
    soon = datetime.fromtimestamp(live_calendar().open_ms / 1000, UTC)

    def warnings(laps: int | None, now: datetime) -> list[str]:
        return timeline_of(job("ndjson:x", tmp_path, laps=laps)).warnings(now)

    assert warnings(1, soon) == []
    assert warnings(4, soon) == []
    (line,) = warnings(None, soon)
    assert "from lap 5 on" in line
    assert "more than a year ahead" in line
    assert warnings(5, soon) == [line]
    (line,) = warnings(1, soon - timedelta(days=400))
    assert "from the first lap on" in line
    timeline = timeline_of(job("ndjson:x", tmp_path, laps=1))
    end_ms = timeline.span(timeline.laps.lap(0)).end_ms
    latest = datetime.fromtimestamp(end_ms / 1000, UTC) - timedelta(days=365)
    assert timeline.warnings(latest) == []
    assert timeline.warnings(latest - timedelta(seconds=1)) != []


def test_laps_have_an_end_of_time(tmp_path: Path) -> None:
    """Laps beyond the years that dates have are refused; a stream without end stops before them."""
    with pytest.raises(InputError, match=r"--laps: 1000000 given, allowed: 1 to \d+"):
        timeline_of(job("ndjson:x", tmp_path, laps=1_000_000))
    laps = timeline_of(job("ndjson:x", tmp_path, laps=None)).laps
    last = laps.lap(laps.most)
    assert not laps.exists(laps.most + 1)
    assert laps.lap_of(int(last.calendar.midnight_ms[-1]) + 10**12).number == laps.most
