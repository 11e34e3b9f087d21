"""Work for processes of a pool, where each finds it by its name."""

from __future__ import annotations

import os
from collections.abc import Callable


def times_in(factor: int) -> Callable[[int], tuple[int, int, int]]:
    """(a number times ``factor``, the process, how often this was set up there)."""
    _SET_UP.append(factor)
    return lambda number: (factor * number, os.getpid(), len(_SET_UP))


def dying() -> Callable[[int], int]:
    """The process ends, as one does that the system kills."""
    return os._exit


def refusing() -> Callable[[int], int]:
    """Nothing can be set up."""
    raise ValueError("no pack")


_SET_UP: list[int] = []
