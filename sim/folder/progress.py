"""How far a run has come, for people: bars on a terminal, plain lines otherwise, never on stdout.

It looks at a clock for that; nothing generated sees it.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

_LINE_EVERY = 10.0  # seconds between plain lines
Seconds = Callable[[], float]


class Bar(Protocol):
    """A stage that advances day by day."""

    def advance(self, rows: int) -> None:
        """One more day is done, with so many events."""
        ...


class Progress:
    """Tells the user about a run's stages on ``console``, which should write to stderr."""

    def __init__(self, console: Console, *, clock: Seconds = time.monotonic) -> None:
        self._console, self._clock = console, clock

    @classmethod
    def silent(cls) -> Progress:
        """One that nobody hears: for notebooks and tests."""
        return cls(Console(file=io.StringIO()))

    def stage(self, name: str) -> None:
        """A stage begins that can't be counted."""
        self._console.print(f"{name} ...", highlight=False, markup=False)

    @contextmanager
    def days(self, total: int, done: int = 0, rows: int = 0) -> Iterator[Bar]:
        """The stage of ``total`` days, of which ``done``, with ``rows`` events, were there before."""
        rate = Rate(total, done, rows, self._clock)
        if not self._console.is_terminal or self._console.is_dumb_terminal:
            yield _Lines(self.stage_line, rate)
            return
        columns = (
            TextColumn("events"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("days"),
            Facts(),
        )
        with Bars(*columns, console=self._console, refresh_per_second=4) as bars:
            task = bars.add_task("events", total=total, completed=done, rate=rate)
            yield _Bar(lambda: bars.advance(task), rate)

    def stage_line(self, text: str) -> None:
        """One line, written at once."""
        self._console.print(text, highlight=False, markup=False)
        self._console.file.flush()


class Rate:
    """Events per second and time left, from what was done since the stage began."""

    def __init__(self, total: int, done: int, rows: int, clock: Seconds) -> None:
        self.total, self.done, self.rows = total, done, rows
        self._done_before, self._rows_before = done, rows
        self._clock, self._began = clock, clock()

    def add(self, rows: int) -> None:
        """One day more."""
        self.done += 1
        self.rows += rows

    @property
    def seconds(self) -> float:
        """Seconds since the stage began."""
        return max(self._clock() - self._began, 1e-9)

    @property
    def per_second(self) -> float:
        """Events per second, those not counted that were there before."""
        return (self.rows - self._rows_before) / self.seconds

    @property
    def left(self) -> float | None:
        """Seconds left, None before anything is done."""
        fresh = self.done - self._done_before
        return (self.total - self.done) * self.seconds / fresh if fresh > 0 else None

    def facts(self) -> str:
        """Events, events per second, time left or taken."""
        parts = [f"{self.rows:,} events"]
        if self.rows > self._rows_before:
            parts.append(f"{self.per_second:,.0f} a second")
        if self.done >= self.total:
            parts.append(f"in {time_span(self.seconds)}")
        elif self.left is not None:
            parts.append(f"{time_span(self.left)} left")
        return ", ".join(parts)


class _Bar:
    """A bar on a terminal."""

    def __init__(self, advance: Callable[[], None], rate: Rate) -> None:
        self._advance, self._rate = advance, rate

    def advance(self, rows: int) -> None:
        self._rate.add(rows)
        self._advance()


class Facts(ProgressColumn):
    """What a bar says to its right; the numbers of a finished one stand still."""

    def __init__(self) -> None:
        super().__init__()
        self._final: str | None = None

    def render(self, task: Task) -> Text:
        """The stage's facts."""
        rate: Rate = task.fields["rate"]
        text = self._final or rate.facts()
        if rate.done >= rate.total:
            self._final = text
        return Text(text, style="progress.remaining")


class _Lines:
    """Plain lines: one at the beginning, one every ten seconds, one at the end."""

    def __init__(self, say: Callable[[str], None], rate: Rate) -> None:
        self._say, self._rate, self._said = say, rate, 0.0
        before = f", {rate.done} done before" if rate.done else ""
        say(f"events: {rate.total - rate.done} days to do{before}")

    def advance(self, rows: int) -> None:
        rate = self._rate
        rate.add(rows)
        if rate.done < rate.total and rate.seconds - self._said < _LINE_EVERY:
            return
        self._said = rate.seconds
        self._say(f"events: {rate.done} of {rate.total} days, {rate.facts()}")


def time_span(seconds: float) -> str:
    """A time span for people: "7 s", "3 min 05 s", "2 h 10 min"."""
    whole = max(int(seconds + 0.5), 0)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
