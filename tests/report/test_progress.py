"""Progress: what is said, where, and when; with a clock of its own."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from sim.folder.progress import Progress, time_span


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def test_plain_lines_every_ten_seconds() -> None:
    """A line at the beginning, one every ten seconds with speed and time left, one at the end."""
    out, clock = io.StringIO(), Clock()
    progress = Progress(Console(file=out, width=200), clock=clock)
    progress.stage("context store")
    with progress.days(10, 2, 500) as bar:
        for second in (1, 4, 11, 12, 22, 30, 31, 40):
            clock.now = second
            bar.advance(1_000)
    assert out.getvalue().splitlines() == [
        "context store ...",
        "events: 8 days to do, 2 done before",
        "events: 5 of 10 days, 3,500 events, 273 a second, 18 s left",
        "events: 7 of 10 days, 5,500 events, 227 a second, 13 s left",
        "events: 10 of 10 days, 8,500 events, 200 a second, in 40 s",
    ]
    assert "\x1b" not in out.getvalue()


def test_a_terminal_gets_a_bar() -> None:
    """On a terminal there is a bar with days done, events per second and the time taken; it stays."""
    out, clock = io.StringIO(), Clock()
    with Progress(Console(file=out, force_terminal=True, width=120), clock=clock).days(2) as bar:
        clock.now = 2.0
        bar.advance(500)
        clock.now = 4.0
        bar.advance(500)
    assert "2/2" in out.getvalue()
    assert "1,000 events, 250 a second, in 4 s" in out.getvalue()


def test_nothing_is_said_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """A silent progress says nothing, one on stderr nothing elsewhere."""
    for progress in (Progress.silent(), Progress(Console(stderr=True))):
        progress.stage("plan")
        with progress.days(1) as bar:
            bar.advance(1)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("plan") == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (7_800, "2 h 10 min"),
        (-1, "0 s"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    """Spans are written for people, rounded."""
    assert time_span(seconds) == text
