"""A line of a benchmark's table, and how its seconds are taken."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

ROUNDS = 3
T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    what: str
    count: int
    unit: str
    cpu_seconds: float
    note: str = ""
    goal: int = 0  # of the rate; 0 for none

    @property
    def rate(self) -> float:
        """Per CPU-second."""
        return self.count / self.cpu_seconds


def timed(make: Callable[[], T], rounds: int = ROUNDS) -> tuple[T, float]:
    """(result, least CPU seconds of the process) over several rounds."""
    before = time.process_time()
    result = make()
    seconds = [time.process_time() - before]
    for _ in range(rounds - 1):
        before = time.process_time()
        result = make()
        seconds.append(time.process_time() - before)
    return result, min(seconds)
