"""What can go wrong, as a tree:

TermtideError            exit 3
├── InputError           exit 2   bad input or configuration: the user can mend it
├── RunError             exit 3   the run or an outside service failed
│   └── DamagedError     exit 3   what is stored is not what was written
└── FindingsError        exit 1   a check found differences

Messages are one line: what was given, what is allowed, where.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class TermtideError(Exception):
    """Base of every error that Termtide raises on purpose."""

    exit_code = 3


class InputError(TermtideError):
    """The scenario, the pack, a flag or a file given by the user is wrong."""

    exit_code = 2


class RunError(TermtideError):
    """The run could not go on: disk, output folder, outside service."""

    exit_code = 3


class DamagedError(RunError):
    """What is stored is not what was written: it may not be handed on. ``path`` is the file, if one is known.

    It may come from another process: what stands in ``args`` makes it anew.
    """

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message, path)
        self.path = path

    def __str__(self) -> str:
        return str(self.args[0])


class FindingsError(TermtideError):
    """A check ran to its end and found something."""

    exit_code = 1


def nearest(text: str, allowed: Iterable[str]) -> str:
    """What is allowed, or the likeliest meant one where that would be a long list."""
    names = list(allowed)
    close = difflib.get_close_matches(text, names, n=1)
    if close and len(names) > 12:
        return f"did you mean {close[0]}?"
    return "allowed: " + ", ".join(names)


def first_line(error: BaseException) -> str:
    """The first line of somebody else's error that says something, at most 300 characters of it."""
    text = getattr(error, "message", "") or str(error)
    return next((line.strip() for line in str(text).splitlines() if line.strip()), type(error).__name__)[:300]
