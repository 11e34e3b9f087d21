"""Now: a stream that begins at this moment or catches up with it, ramps, goes on longer, or stays paused."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from context.errors import InputError
from context.scenario.zones import instant_to_wall
from sim.cli.live.calendar import NOW, moved_term
from sim.stream.clock import MAX, Clock
from sim.stream.control import ask
from sim.stream.moments_and_speeds import read_moment, read_ramp
from tests.samples.live_tiny import LIVE, PROMPT, documents_of, play
from tests.samples.tiny import default_pack
from tests.stream.test_live_stream import playing, within


def test_a_clock_catches_up() -> None:
    """As fast as it can up to the other clock, then with it; a pause holds it, a speed ends it."""
    wall, other = [0.0], [5_000.0]
    clock = Clock(0, 1.0, wall=lambda: wall[0])
    clock.catch_up(lambda: other[0])
    assert clock.is_due(4_999)
    clock.reach(4_999)
    assert (clock.speed, clock.catching_up, clock.now_ms()) == (MAX, True, 4_999)
    clock.pause()
    assert not clock.is_due(5_001)
    assert clock.catching_up
    clock.resume()
    other[0] = 6_000.0
    assert clock.is_due(5_001)
    assert not clock.is_due(6_500)
    assert (clock.speed, clock.catching_up, clock.now_ms()) == (1.0, False, 6_000)
    wall[0] = 0.5
    assert clock.is_due(6_500)
    clock.catch_up(lambda: other[0])
    clock.set_speed(600.0)
    assert not clock.catching_up


def test_now_is_in_the_term() -> None:
    """--from now moves the calendar so that this moment is in the term; a restart keeps what was chosen."""
    began = time.time()
    moved, begin, end = moved_term(LIVE, default_pack(), NOW, None, None)
    assert end is None
    at = read_moment(begin, LIVE.time_zone, "now") / 1000
    assert at == pytest.approx(began, abs=60)
    again, same, _ = moved_term(LIVE, default_pack(), NOW, None, {"shift": moved.shift, "from": begin})
    assert (again, same) == (moved, begin)


def test_a_stream_catches_up_with_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything up to now comes at once and whole, and from then on campus and wall clock agree."""
    state, to = tmp_path / "state", f"ndjson:{tmp_path}/x.ndjson"
    started, now = time.time(), read_moment("2026-10-14T15:00", LIVE.time_zone, "now") / 1000
    wall = time.time
    monkeypatch.setattr("sim.stream.stream.time.time", lambda: now + wall() - started)
    span = {"begin": "2026-10-12T08:00", "end": "2026-10-20"}
    with playing(to, state, scenario=PROMPT, catch_up=True, **span):
        while (status := ask(state, "status"))["catching_up"] or status["queue"] + status["in_flight"]:
            time.sleep(0.05)
        assert status["speed"] == "1x"
        shown = read_moment(status["time"], LIVE.time_zone, "time") / 1000
        assert abs(shown - (now + wall() - started)) < 2.0
    found = set(documents_of(tmp_path / "x.ndjson"))
    assert within("2026-10-12T08:00", "2026-10-14T14:59") <= found
    assert found <= within("2026-10-12T08:00", "2026-10-14T15:10")


def test_a_stream_may_go_on_longer(tmp_path: Path) -> None:
    """With a later --until the same state folder goes on, from its end too; with an earlier one not."""
    state, to = tmp_path / "state", f"ndjson:{tmp_path}/x.ndjson"
    play(to, state, begin="2026-10-12", end="2026-10-13")
    with pytest.raises(InputError, match=r"\(until: 2026-10-13 there, 2026-10-12T12:00 given\)"):
        play(to, state, begin="2026-10-12", end="2026-10-12T12:00")
    ended = play(to, state, begin="2026-10-12", end="2026-10-14T09:30")
    assert ended.done
    assert ended.status["segments"] == [["2026-10-12T00:00:00", "2026-10-14T09:30:00"]]
    assert sorted(documents_of(tmp_path / "x.ndjson")) == sorted(within("2026-10-12", "2026-10-14T09:30"))
    assert play(to, state, begin="2026-10-12", end="2026-10-14T09:30").status["events_acknowledged"] == 0


def test_a_pause_outlives_a_restart(tmp_path: Path) -> None:
    """A stream that was paused when it was stopped is paused when it starts again, until it is let go on."""
    state, to = tmp_path / "state", f"ndjson:{tmp_path}/x.ndjson"
    span = {"begin": "2026-10-12T10:00", "end": "2026-10-16", "speed": 600.0}
    with playing(to, state, **span):
        ask(state, "pause")
    said = list[str]()
    with playing(to, state, say=said.append, **span):
        assert ask(state, "status")["state"] == "paused"
        assert any("it was paused, and still is" in line for line in said)
        assert ask(state, "resume")["state"] == "running"
    with playing(to, state, **span):
        assert ask(state, "status")["state"] == "running"


def test_a_ramp_changes_the_speed(tmp_path: Path) -> None:
    """Speeds come one after the other, by wall time from the start."""
    assert read_ramp("10m=60,1h=max") == ((600.0, 60.0), (3_600.0, MAX))
    for text in ("10m", "10=5", "1h=60,10m=600", "1m=fast"):
        with pytest.raises(InputError, match="--ramp: "):
            read_ramp(text)
    said = list[str]()
    ended = play(
        f"ndjson:{tmp_path}/x.ndjson",
        tmp_path / "state",
        begin="2026-10-12",
        end="2026-10-13",
        speed=1.0,
        ramp=((0.2, 600.0), (0.4, MAX)),
        say=said.append,
    )
    assert ended.done
    assert [line for line in said if line.startswith("speed")] == [
        "speed 600x from now on",
        "speed max from now on",
    ]


def test_today_is_at_most_six_days_ahead() -> None:
    """--align-today moves by whole weeks, so that weekdays stay, to today or up to six days before it."""
    _, begin, end = moved_term(LIVE, default_pack(), "2026-10-12T08:00", "2026-10-13T08:00", None)
    today = instant_to_wall(LIVE.time_zone, round(datetime.now(UTC).timestamp() * 1000)).date()
    first = datetime.fromisoformat(begin)
    assert 0 <= (today - first.date()).days <= 6
    assert (first.weekday(), first.hour) == (0, 8)
    assert end is not None
    assert (datetime.fromisoformat(end) - first).days == 1
