"""Names on the report are words that people read, whole, whatever a pack calls its tools."""

from __future__ import annotations

import pytest

from sim.report.labels import NO_COURSE, family_label, in_lines, level_label, tool_label
from tests.samples.tiny import default_pack


def test_tools_have_names_in_words() -> None:
    """Every tool of the default pack, and one that nobody foresaw, has a label of its own, in words."""
    tools = [*default_pack().rates.tools, "my_new_tool"]
    labels = [tool_label(tool) for tool in tools]
    assert len(set(labels)) == len(tools)
    assert not [
        label for label in labels if "_" in label or label[:2] not in ("eT", label[:1].upper() + label[1:2])
    ]
    assert (tool_label("other_lti"), tool_label("my_new_tool")) == ("Other LTI tools", "My new tool")


def test_what_names_no_course() -> None:
    """A level and a family have their names; None is said in words."""
    assert (level_label("100"), level_label(None)) == ("100 level", NO_COURSE)
    assert (family_label("27 Mathematics"), family_label(None)) == ("27 Mathematics", NO_COURSE)


@pytest.mark.parametrize("width", [18, 22, 40])
def test_long_names_are_broken_not_cut(width: int) -> None:
    """A label in lines is the label, and only a single word can be longer than a line."""
    for title in default_pack().table("cip")["title"]:
        lines = in_lines(title, width).split("\n")
        assert "".join(lines).replace(" ", "") == title.replace(" ", "")
        assert all(len(line) <= width or " " not in line for line in lines)
