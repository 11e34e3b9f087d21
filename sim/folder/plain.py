"""Plain text for terminals: what users, packs and files bring is shown as it is and steers nothing."""

from __future__ import annotations

import re
import textwrap
import unicodedata

_STEERING = (
    "Cc",
    "Cf",
    "Cs",
    "Zl",
    "Zp",
)  # controls, directions, halves of letters, ends of lines
_GLUE = "\x00"  # for a space that may not end a row; no plain text has it
_JOINERS = "\u200c\u200d"  # which belong to how some scripts are written


def plain(text: str) -> str:
    """The text on one line; what could move a cursor, ring, colour or turn letters round is spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(letter) for letter in text)


def fitted(line: str, width: int | None) -> list[str]:
    """A line cut between words where it is too wide, the rest a little to the right; None is any width.

    What people copy stays in one piece: a path, an address, a command between backticks.
    """
    if width is None or len(line) <= width:
        return [line]
    glued = re.sub(r"`[^`]*`", lambda command: command[0].replace(" ", _GLUE), line)
    margin = " " * (len(line) - len(line.lstrip()) + 2)
    rows = textwrap.wrap(
        glued, width, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )
    return [row.replace(_GLUE, " ") for row in rows]


def _spelled(letter: str) -> str:
    if unicodedata.category(letter) not in _STEERING or letter in _JOINERS:
        return letter
    return letter.encode("unicode_escape").decode("ascii")
