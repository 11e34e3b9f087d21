"""A stream that has nothing to send for a while says when that changes."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from context.scenario.zones import instant_to_wall
from sim.stream import player
from sim.stream.stream import stream
from tests.samples.live_tiny import LIVE, backfill, job, live_calendar

FAST = 1e6  # campus seconds a second: a pace, and hardly a wait


def said(folder: Path, begin: str, until: str, speed: float) -> list[str]:
    """What a stream of that stretch said."""
    lines: list[str] = []
    to = f"ndjson:{folder / 'e.ndjson'}"
    stream(job(to, folder / "state", begin=begin, end=until, speed=speed), lines.append)
    return [line for line in lines if "event comes" in line]


def first_day() -> str:
    """The first campus day of the term, on which hardly anybody clicks."""
    return live_calendar().date_of(live_calendar().first_day).isoformat()


def longest_gap() -> tuple[int, int]:
    """(last event before, first event after) of the longest time without events in the first ten days."""
    day = live_calendar().first_day
    ms = sorted(
        round(datetime.fromisoformat(json.loads(text)["eventTime"]).timestamp() * 1000)
        for text in backfill(day, day + 9)
    )
    return max(pairwise(ms), key=lambda pair: pair[1] - pair[0])


def wall(utc_ms: int) -> str:
    """A moment by the campus's clock."""
    return instant_to_wall(LIVE.time_zone, utc_ms).isoformat(timespec="seconds")


def test_it_says_when_the_next_event_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Begun in hours without events, it names the moment of the first one; what it sends begins there."""
    monkeypatch.setattr(player, "_QUIET_S", 0.0)
    last, following = longest_gap()
    assert following - last > 3_600_000
    (line,) = said(tmp_path, wall(last + 1_000), wall(following + 60_000), 20_000.0)
    assert f"the next event comes at {wall(following)}, in " in line
    assert line.endswith("at speed 20000x")
    assert (tmp_path / "e.ndjson").read_text(encoding="utf-8")


def test_it_says_that_none_comes(tmp_path: Path) -> None:
    """A stretch without events is named as such."""
    day = first_day()
    assert said(tmp_path, f"{day}T00:00", f"{day}T00:01", FAST) == [
        f"no event comes until {day}T00:01:00, its end"
    ]


def test_nothing_is_said_without_a_wait(tmp_path: Path) -> None:
    """At full speed, or when the wait is short, there is nothing to say."""
    assert said(tmp_path, first_day(), "2026-09-15", float("inf")) == []
