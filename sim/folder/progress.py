"""How far a run has come, for people: a live line on a terminal, few plain ones otherwise, never on stdout.

This is the only module that looks at a clock; nothing generated sees it. How much is left is counted in work:
the events that the plan expects of a unit, and what any unit costs.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, Self

import humanize
from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as LiveLine
from rich.table import Column
from rich.text import Text

from context.errors import number_of

_LINE_EVERY = 30.0  # seconds between plain lines
_REMEMBERED = 120.0  # seconds of work that the speed is taken from
_BAR_WIDTH = 16
_LEFT = TimeRemainingColumn(compact=True)  # "03:20"
Seconds = Callable[[], float]
Say = Callable[[str], None]  # takes a line for people


class Bar(Protocol):
    """A stage that advances part by part."""

    def advance(self, work: float, rows: int = 0) -> None:
        """One more part is done, of so much work, with so many events."""
        ...


class Progress:
    """Tells the user about a run's stages on ``console``, which should write to stderr.

    Entered as a context, on a terminal, it has a live line there; it is gone when the context is left. What
    others print on the same console appears above it.
    """

    def __init__(self, console: Console, *, clock: Seconds = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._line: LiveLine | None = None
        self._task = TaskID(0)
        self._said = -_LINE_EVERY

    @classmethod
    def silent(cls) -> Progress:
        """One that nobody hears: for notebooks and tests."""
        return cls(Console(file=io.StringIO()))

    def __enter__(self) -> Self:
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._line = LiveLine(
                SpinnerColumn("line", style="none"),
                TextColumn("{task.description}", markup=False, style="none", table_column=_one_line()),
                _OfWork(),
                _Facts(table_column=_one_line()),
                console=self._console,
                refresh_per_second=4,
                speed_estimate_period=_REMEMBERED,
                transient=True,
                get_time=self._clock,
            )
            self._line.start()
            self._task = self._line.add_task("", total=None, counts=None)
        return self

    def __exit__(self, *_: object) -> None:
        if self._line is not None:
            self._line.stop()
            self._line = None

    def stage(self, name: str) -> None:
        """A stage begins that can't be counted."""
        if self._line is not None:
            self._line.reset(self._task, total=None, description=name, counts=None)
            return
        self.say(f"{name} ...")

    def show(self, line: str) -> None:
        """What the live line says from now on; without one, a plain line now and then."""
        if self._line is not None:
            self._line.update(self._task, description=line)
        elif self._clock() - self._said >= _LINE_EVERY:
            self._said = self._clock()
            self.say(line)

    def say(self, text: str) -> None:
        """One line that stays, written at once."""
        self._console.print(text, highlight=False, markup=False)
        self._console.file.flush()

    @contextmanager
    def counted(self, name: str, parts: str, total: int, work: float, before: int = 0) -> Iterator[Bar]:
        """The stage ``name`` of ``total`` parts ("days"), which are so much work in any unit.

        ``before``: how many more there were done already.
        """
        counts = _Counts(parts, total)
        if self._line is not None:
            self._line.reset(self._task, total=work, description=name, counts=counts)
            yield _Live(self._line, self._task, counts)
            self._line.reset(self._task, total=None, description=name, counts=None)
            return
        there = f", {before} done before" if before else ""
        self.say(f"{name}: {number_of(total, parts.removesuffix('s'))} to do{there}")
        # Nobody sees this one: it keeps the speed and the time left as the live line does.
        unseen = LiveLine(
            console=Console(file=io.StringIO()),
            disable=True,
            speed_estimate_period=_REMEMBERED,
            get_time=self._clock,
        )
        task = unseen.add_task(name, total=work)
        yield _Lines(unseen, task, counts, self.say, self._clock)


def _one_line() -> Column:
    """Text that is cut where the terminal ends."""
    return Column(no_wrap=True, overflow="ellipsis")


class _Counts:
    """Parts and events done in a stage."""

    def __init__(self, parts: str, total: int) -> None:
        self.parts, self.total = parts, total
        self.done = self.rows = 0

    def add(self, rows: int) -> None:
        """One part more."""
        self.done += 1
        self.rows += rows

    def line(self, task: Task) -> str:
        """Parts, events, events a second, time left or taken."""
        texts = [f"{self.done} of {self.total} {self.parts}"]
        seconds = task.elapsed or 0.0
        if self.rows:
            texts.append(number_of(self.rows, "event"))
            if seconds:
                texts.append(f"{self.rows / seconds:,.0f} a second")
        if self.done >= self.total:
            texts.append(f"in {time_span(seconds)}")
        elif task.time_remaining is not None:
            texts.append(f"about {time_span(task.time_remaining)} left")
        return ", ".join(texts)

    def short(self, task: Task) -> str:
        """The same in half a line."""
        events = number_of(self.rows, "event") if self.rows else f"{self.done} of {self.total} {self.parts}"
        rate = f"  {self.rows / task.elapsed:,.0f}/s" if self.rows and task.elapsed else ""
        left = f"  {_LEFT.render(task).plain} left" if task.time_remaining is not None else ""
        return f"{task.percentage:.0f} %  {events}{rate}{left}"


class _Live:
    """A counted stage on the live line."""

    def __init__(self, line: LiveLine, task: TaskID, counts: _Counts) -> None:
        self._line, self._task, self._counts = line, task, counts

    def advance(self, work: float, rows: int = 0) -> None:
        self._counts.add(rows)
        self._line.advance(self._task, work)


class _Lines:
    """A counted stage in plain lines: one every half a minute, one at the end."""

    def __init__(
        self, unseen: LiveLine, task: TaskID, counts: _Counts, say: Callable[[str], None], clock: Seconds
    ) -> None:
        self._unseen, self._task, self._counts, self._say = unseen, task, counts, say
        self._clock, self._said = clock, clock()

    def advance(self, work: float, rows: int = 0) -> None:
        self._counts.add(rows)
        self._unseen.advance(self._task, work)
        counts, now = self._counts, self._clock()
        if counts.done < counts.total and now - self._said < _LINE_EVERY:
            return
        self._said = now
        task = self._unseen.tasks[0]
        self._say(f"{task.description}: {counts.line(task)}")


class _OfWork(ProgressColumn):
    """The bar of a counted stage; nothing where nothing is counted."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = BarColumn(bar_width=_BAR_WIDTH)

    def render(self, task: Task) -> RenderableType:
        return self._bar.render(task) if task.fields["counts"] is not None else ""


class _Facts(ProgressColumn):
    """What the live line says at its end."""

    def render(self, task: Task) -> Text:
        counts: _Counts | None = task.fields["counts"]
        return Text(counts.short(task) if counts is not None else "")


def time_span(seconds: float) -> str:
    """A time span for people: "7 seconds", "3 minutes and 5 seconds", "2 hours and 10 minutes"."""
    whole = max(int(seconds + 0.5), 0)
    least = "seconds" if whole < 3600 else "minutes"
    return humanize.precisedelta(whole, minimum_unit=least, format="%.0f")
