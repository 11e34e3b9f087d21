"""Plain text for terminals: what users, packs and files bring is shown as it is and steers nothing."""

from __future__ import annotations

import unicodedata
from typing import Any

from rich.console import Console
from rich.text import Text

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


class PlainConsole(Console):
    """A console that takes texts as plain ones: no markup, emoji, colours of numbers, or controls in them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **style: Any) -> Text:
        """The text as rich draws it, be it printed or a table's cell."""
        return super().render_str(plain(text), **(style | {"markup": False, "emoji": False}))
