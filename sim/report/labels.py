"""Names that the report shows people, for the names that packs and stores use."""

from __future__ import annotations

from textwrap import wrap

_TOOLS = {"home": "Course home", "etext": "eText reader", "other_lti": "Other LTI tools"}
NO_COURSE = "no course named"


def tool_label(tool: str) -> str:
    """A pack's tool in words: ``other_lti`` is "Other LTI tools"."""
    return _TOOLS.get(tool, tool.replace("_", " ").capitalize())


def level_label(level: str | None) -> str:
    """A course level in words; None for events that name no course."""
    return NO_COURSE if level is None else f"{level} level"


def family_label(family: str | None) -> str:
    """A CIP family with its title; None for events that name no course."""
    return family or NO_COURSE


def in_lines(text: str, width: int) -> str:
    """A label broken into lines of about so many characters."""
    return "\n".join(wrap(text.replace("/", "/ "), width)).replace("/ ", "/")
