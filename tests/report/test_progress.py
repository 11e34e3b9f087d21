"""Progress: what is said, where, and when; with a clock of its own."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from sim.folder.progress import Progress, time_span


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def test_plain_lines_are_sparse() -> None:
    """A line at the beginning, one every half a minute with speed and time left, one at the end."""
    out, clock = io.StringIO(), Clock()
    with Progress(Console(file=out, width=200), clock=clock) as progress:
        progress.stage("context store")
        with progress.counted("events", "days", 8, work=800, before=2) as bar:
            for second in (1, 10, 29, 31, 40, 50, 60, 80):
                clock.now = second
                bar.advance(100, 1_000)
    assert out.getvalue().splitlines() == [
        "context store ...",
        "events: 8 days to do, 2 done before",
        "events: 4 of 8 days, 4,000 events, 129 a second, about 40 seconds left",
        "events: 8 of 8 days, 8,000 events, 100 a second, in 1 minute and 20 seconds",
    ]
    assert "\x1b" not in out.getvalue()


def test_time_left_goes_by_work() -> None:
    """Many small parts say little of a large one: time left is work left by work done a second."""
    out, clock = io.StringIO(), Clock()
    with Progress(Console(file=out, width=200), clock=clock).counted("events", "days", 4, work=1_000) as bar:
        for second, work in ((1, 10), (20, 95), (40, 95)):
            clock.now = second
            bar.advance(work)
    assert out.getvalue().splitlines()[-1] == "events: 3 of 4 days, about 2 minutes and 45 seconds left"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_terminal_has_one_live_line(width: int) -> None:
    """On a terminal every stage is on one and the same line, which fits and is gone at the end."""
    out, clock = io.StringIO(), Clock()
    console = Console(file=out, force_terminal=True, width=width, legacy_windows=False, color_system=None)
    with Progress(console, clock=clock) as progress:
        progress.stage("context store")
        with progress.counted("events", "days", 2, work=40_000_000) as bar:
            clock.now = 1.0
            bar.advance(10_000_000, 10_000_000)
            clock.now = 101.0
            bar.advance(10_000_000, 10_000_000)
            assert progress._line is not None
            progress._line.refresh()
        progress.show("2026-10-12 08:00  600x  " + "a long status " * 10)
        progress._line.refresh()
    drawn = [re.sub(r"\x1b\[[0-9?]*[a-zA-Z]", "", line) for line in re.split(r"[\r\n]+", out.getvalue())]
    assert max(map(len, drawn)) <= width, drawn
    assert out.getvalue().count("\x1b[1A") == 1, "one line up, at the end: what was there is wiped out"
    if width >= 80:
        assert any("50 %  20,000,000 events  198,020/s  03:20 left" in line for line in drawn), drawn


def test_nothing_is_said_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """A silent progress says nothing, one on stderr nothing elsewhere."""
    for progress in (Progress.silent(), Progress(Console(stderr=True))):
        progress.stage("plan")
        with progress.counted("events", "days", 1, work=1) as bar:
            bar.advance(1)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("plan") == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"),
        (59.4, "59 seconds"),
        (59.6, "1 minute"),
        (185, "3 minutes and 5 seconds"),
        (7_800, "2 hours and 10 minutes"),
        (-1, "0 seconds"),
    ],
)
def test_spans_of_time(seconds: float, text: str) -> None:
    """Spans are written for people, rounded."""
    assert time_span(seconds) == text
