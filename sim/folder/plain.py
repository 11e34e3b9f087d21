"""Plain text for terminals: what users, packs and files bring is shown as it is and steers nothing."""

from __future__ import annotations

import unicodedata

_STEERING = (
    "Cc",
    "Cf",
    "Cs",
    "Zl",
    "Zp",
)  # controls, directions, halves of letters, ends of lines
_JOINERS = "\u200c\u200d"  # which belong to how some scripts are written


def plain(text: str) -> str:
    """The text on one line; what could move a cursor, ring, colour or turn letters round is spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(letter) for letter in text)


def _spelled(letter: str) -> str:
    if unicodedata.category(letter) not in _STEERING or letter in _JOINERS:
        return letter
    return letter.encode("unicode_escape").decode("ascii")
