"""Names on the report are words that people read, whole, whatever a pack calls its tools."""

from __future__ import annotations

import pytest

from sim.report.campus.labels import in_lines, kind_label, level_label, tool_label
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


def test_levels_and_kinds_have_names_in_words() -> None:
    """A level says that it is one; a kind of event reads as words."""
    assert (level_label("100"), kind_label("quiz_submitted")) == ("100 level", "Quiz submitted")


@pytest.mark.parametrize("width", [18, 22, 40])
def test_long_names_are_broken_not_cut(width: int) -> None:
    """A label in lines is the label, and only a single word can be longer than a line."""
    for title in default_pack().table("cip")["title"]:
        lines = in_lines(title, width).split("\n")
        assert "".join(lines).replace(" ", "") == title.replace(" ", "")
        assert all(len(line) <= width or " " not in line for line in lines)
