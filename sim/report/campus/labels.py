"""Names that the report shows people, for the names that packs and stores use."""

from __future__ import annotations

from textwrap import wrap

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TOOLS = {"home": "Course home", "etext": "eText reader", "other_lti": "Other LTI tools"}


def tool_label(tool: str) -> str:
    """A pack's tool in words: ``other_lti`` is "Other LTI tools"."""
    return _TOOLS.get(tool, tool.replace("_", " ").capitalize())


def level_label(level: str) -> str:
    """A course level in words."""
    return f"{level} level"


def kind_label(kind: str) -> str:
    """A kind of event in words: ``quiz_submitted`` is "Quiz submitted"."""
    return kind.replace("_", " ").capitalize()


def in_lines(text: str, width: int) -> str:
    """A label broken into lines of about so many characters."""
    return "\n".join(wrap(text.replace("/", "/ "), width)).replace("/ ", "/")
