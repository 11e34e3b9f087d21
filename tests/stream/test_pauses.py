"""What a status says of a stream that stands still is so, at any moment of its start and of its threads."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from sim.draw.day import draw_day
from sim.draw.engine import Engine
from sim.sensors.message_maker import MessageMaker
from sim.stream.clock import Clock
from sim.stream.control import ask
from sim.stream.feed import Feed
from tests.samples.live_tiny import PROMPT, documents_of, live_calendar
from tests.stream.test_live_stream import moment, playing

SPAN = {"begin": "2026-10-12T12:00", "end": "2026-10-16", "speed": 600.0, "scenario": PROMPT}


def test_a_held_clock_stands_still() -> None:
    """Held, it doesn't run at whatever speed; released, it goes on from there unless it was paused."""
    wall = [0.0]
    clock = Clock(400, 60.0, wall=lambda: wall[0])
    clock.hold(1_000)
    wall[0] = 10.0
    clock.set_speed(600.0)
    clock.resume()
    assert clock.now_ms() == 1_000
    clock.pause()
    clock.release()
    wall[0] = 20.0
    assert clock.now_ms() == 1_000
    clock.resume()
    wall[0] = 21.0
    assert clock.now_ms() == 601_000


def test_the_clock_begins_with_the_first_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a day is drawn it is the moment that was asked for, paused or not, at first and after a seek."""
    drawing, drawn, window = threading.Event(), threading.Event(), Feed.window

    def slow(self: Feed, *arguments: Any) -> Any:
        drawing.set()
        assert drawn.wait(60)
        return window(self, *arguments)

    monkeypatch.setattr(Feed, "window", slow)
    state = tmp_path / "state"
    with playing(f"ndjson:{tmp_path}/x.ndjson", state, **SPAN):
        assert drawing.wait(60)
        time.sleep(0.05)
        assert ask(state, "status")["time"] == ask(state, "pause")["time"] == "2026-10-12T12:00:00"
        drawn.set()
        while "campus" not in ask(state, "status"):
            time.sleep(0.01)
        assert ask(state, "status")["time"] == "2026-10-12T12:00:00"
        drawing.clear()
        drawn.clear()
        seeking = threading.Thread(target=ask, args=(state, "seek", "2026-10-14T09:00"))
        seeking.start()
        assert drawing.wait(60)
        ask(state, "resume")
        time.sleep(0.05)
        assert ask(state, "status")["time"] == "2026-10-14T09:00:00"
        drawn.set()
        seeking.join()


def test_the_clock_waits_for_the_day_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a pace nothing keeps the first messages waiting: the next day is there, some have been made."""
    drawn, following = threading.Event(), int(live_calendar().day_of(moment("2026-10-13T12:00")))
    release, started = Clock.release, threading.Event()
    make, made = MessageMaker.make, list[bool]()

    def slow(engine: Engine, day: int) -> Any:
        assert day != following or drawn.wait(60)
        return draw_day(engine, day)

    def seen(self: MessageMaker, *arguments: Any) -> Any:
        made.append(started.is_set())
        return make(self, *arguments)

    def noted(self: Clock) -> None:
        started.set()
        release(self)

    monkeypatch.setattr("sim.stream.feed.draw_day", slow)
    monkeypatch.setattr(Clock, "release", noted)
    monkeypatch.setattr(MessageMaker, "make", seen)
    state = tmp_path / "state"
    with playing(f"ndjson:{tmp_path}/x.ndjson", state, **SPAN):
        while "campus" not in ask(state, "status"):
            time.sleep(0.01)
        assert not started.wait(0.5)
        drawn.set()
        assert started.wait(60)
        assert made[0] is False


def test_nothing_is_on_its_way_unseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paused and with an empty queue, all that was sent is acknowledged: nothing comes after that."""
    make, made = MessageMaker.make, threading.Event()

    def slow(self: MessageMaker, *arguments: Any) -> Any:
        made.set()
        time.sleep(0.2)
        return make(self, *arguments)

    monkeypatch.setattr(MessageMaker, "make", slow)
    state, path = tmp_path / "state", tmp_path / "x.ndjson"
    with playing(f"ndjson:{path}", state, **SPAN):
        while not ask(state, "status")["events_sent"]:
            time.sleep(0.01)
        for _ in range(5):
            made.clear()
            assert made.wait(60)
            status = ask(state, "pause")
            assert status["queue"] + status["in_flight"] > 0
            while (status := ask(state, "status"))["queue"] + status["in_flight"]:
                time.sleep(0.001)
            count = len(documents_of(path))
            assert status["events_acknowledged"] == status["events_sent"] == count
            assert sum(one["sent"] for one in status["sensors"].values()) == count
            time.sleep(0.3)
            assert len(documents_of(path)) == count
            assert ask(state, "resume")["state"] == "running"
