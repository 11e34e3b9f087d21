"""The clock, and what people type of a stream."""

from __future__ import annotations

import threading
import time

import pytest

from context.errors import InputError
from sim.stream.clock import MAX, Clock
from sim.stream.moments_and_speeds import read_moment, read_speed, speed_text


class Wall:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def test_campus_time_runs_at_the_speed() -> None:
    """600 campus seconds a second; a change of speed changes nothing of what has been."""
    wall = Wall()
    clock = Clock(1_000_000, 600.0, wall=wall)
    wall.now += 2
    assert clock.now_ms() == 1_000_000 + 1_200_000
    clock.set_speed(60.0)
    wall.now += 1
    assert clock.now_ms() == 1_000_000 + 1_260_000
    assert clock.is_due(2_260_000)
    assert not clock.is_due(2_260_001)


def test_a_pause_stands_still_and_a_move_jumps() -> None:
    """Paused, nothing is due; moved, the clock goes on from there at the same speed."""
    wall = Wall()
    clock = Clock(0, 10.0, wall=wall)
    clock.pause()
    wall.now += 50
    assert clock.now_ms() == 0
    assert not clock.is_due(0)
    clock.resume()
    wall.now += 1
    assert clock.now_ms() == 10_000
    clock.move(5)
    assert clock.now_ms() == 5


def test_at_speed_max_everything_is_due() -> None:
    """Without a pace, campus time is what has been reached, and never goes back by itself."""
    clock = Clock(7, MAX)
    assert clock.is_due(10**15)
    clock.reach(50)
    clock.reach(20)
    assert clock.now_ms() == 50
    clock.pause()
    assert not clock.is_due(50)


def test_a_change_wakes_whoever_waits() -> None:
    """Somebody who waits for a far moment hears of a change at once."""
    clock = Clock(0, 1.0)
    woken = threading.Event()

    def wait() -> None:
        clock.wait(10**12, 60.0)
        woken.set()

    thread = threading.Thread(target=wait)
    thread.start()
    while not woken.is_set():
        clock.set_speed(2.0)
        time.sleep(0.01)
    thread.join()


@pytest.mark.parametrize(("text", "speed"), [("600", 600.0), ("0.5x", 0.5), ("MAX", MAX), (" 60x ", 60.0)])
def test_speeds_people_type(text: str, speed: float) -> None:
    """A number, with or without an x, or max."""
    assert read_speed(text) == speed
    assert read_speed(speed_text(speed)) == speed


@pytest.mark.parametrize("text", ["", "0", "-1", "fast", "1e3", "nan", "inf", "2000000", "1,5"])
def test_speeds_that_are_none(text: str) -> None:
    """One line that says what was given and what is allowed."""
    with pytest.raises(InputError, match=r"--speed: .* given, allowed: 0.01 to 1,000,000"):
        read_speed(text)


def test_moments_people_type() -> None:
    """Campus time without an offset, any with one, a date for its midnight."""
    zone = "America/Detroit"
    assert read_moment("2026-10-12T08:00", zone, "--from") == 1791806400000
    assert read_moment("2026-10-12T12:00Z", zone, "--from") == 1791806400000
    assert read_moment("2026-10-12", zone, "--from") == 1791777600000
    for wrong in ("12.10.2026", "tomorrow", "", "2026-13-01", "2026-10-12T25:00"):
        with pytest.raises(InputError, match=r"--from: .* given, allowed: a date or a time"):
            read_moment(wrong, zone, "--from")
