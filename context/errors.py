"""What can go wrong, as a tree:

TermtideError            exit 3
├── InputError           exit 2   bad input or configuration: the user can mend it
│   └── OtherFormatError exit 2   a file of ours that another version has written
├── RunError             exit 3   the run or an outside service failed
│   └── DamagedError     exit 3   what is stored is not what was written
└── FindingsError        exit 1   a check found differences

Messages are one line: what was given, what is allowed, where. Of a long text they show both ends.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

QUOTED_LETTERS = 80  # of a name or a value
PATH_LETTERS = 240  # of a path or an address: most disks take 255 for each name in it
MESSAGE_LETTERS = 500  # of all: the longest of our own, with lists of what is allowed, have some 450


class TermtideError(Exception):
    """Base of every error that Termtide raises on purpose."""

    exit_code = 3

    def told(self, given: Iterable[str] = ()) -> str:
        """The message, with both ends of what is too long in it, such as a text that was ``given``."""
        return shortened(str(self.args[0]) if self.args else "", given)

    def __str__(self) -> str:
        return self.told()


class InputError(TermtideError):
    """The scenario, the pack, a flag or a file given by the user is wrong."""

    exit_code = 2


class OtherFormatError(InputError):
    """A file of ours that an older or newer version of Termtide has written."""


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


class FindingsError(TermtideError):
    """A check ran to its end and found something."""

    exit_code = 1


def shortened(message: str, given: Iterable[str] = ()) -> str:
    """A message with the middle left out of what is too long in it: of words, of texts ``given``, of all."""
    for text in sorted(given, key=len, reverse=True):
        if len(text) > _most(text) and text in message:
            message = message.replace(text, _ends(text, QUOTED_LETTERS))
    message = re.sub(rf"\S{{{QUOTED_LETTERS + 1},}}", lambda word: _ends(word[0], _most(word[0])), message)
    return _ends(message, MESSAGE_LETTERS)


def _most(text: str) -> int:
    return PATH_LETTERS if "/" in text and " " not in text else QUOTED_LETTERS


def _ends(text: str, most: int) -> str:
    """Both ends of a text that has more letters than that."""
    if len(text) <= most:
        return text
    behind = most * 2 // 5
    return f"{text[: most - behind - 1]}…{text[-behind:]}"


def number_of(count: int, noun: str, plural: str = "") -> str:
    """So many of something, in words that fit: "1 day", "1,200 days", "3 entries"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


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
