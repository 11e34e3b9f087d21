"""A row of the default pack that nothing reads would be edited in vain."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import context
import sim
from context.packs.people_codes import STANDINGS
from context.packs.spec import NOTES, TABLES
from tests.samples.tiny import default_pack

# What comes out of many causes and is drawn from none: gates hold the campus to it.
MEASURED = {"numbers grade.section_gpa_sd", "level section_share"}


@cache
def _texts() -> tuple[frozenset[str], re.Pattern[str]]:
    """(every text in our sources, the pattern of every text with places to fill)."""
    fixed: set[str] = set()
    patterns: set[str] = set()
    for package in (context, sim):
        for path in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    fixed.add(node.value)
                elif isinstance(node, ast.JoinedStr):
                    first = node.values[0] if node.values else None
                    if isinstance(first, ast.Constant) and re.fullmatch(r"[a-z_]+\..*", str(first.value)):
                        parts = (
                            re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z_]+"
                            for part in node.values
                        )
                        patterns.add("".join(parts))
    return frozenset(fixed), re.compile("|".join(sorted(patterns)))


def is_read(label: str) -> bool:
    """Whether our sources ask for a number by its key, or for a field by entity and the words of its name."""
    fixed, pattern = _texts()
    entity, _, field = label.rpartition(".")
    by_words = entity in fixed and all(word in fixed for word in field.split(" "))
    return label in fixed or bool(pattern.fullmatch(label)) or by_words


@pytest.mark.parametrize("table", ["categorical", "continuous", "numbers"])
def test_every_row_is_read(table: str) -> None:
    """Each field and number of the default pack is asked for by name somewhere in context or sim."""
    columns = default_pack().table(table)
    labels = (
        columns["key"]
        if "key" in columns
        else [f"{a}.{b}" for a, b in zip(columns["entity"], columns["field"], strict=True)]
    )
    unread = [label for label in dict.fromkeys(labels) if not is_read(label)]
    assert [label for label in unread if f"{table} {label}" not in MEASURED] == []
    assert not is_read("visit.shoe_size")


def unread_columns(known: dict[str, tuple[str, ...]]) -> list[str]:
    """Of tables with their columns, "table column" of those that no text or field of our sources names.

    The sources that say which columns there are do not count.
    """
    names = {name.lower() for name in STANDINGS}  # which are the texts of a code
    for package in (context, sim):
        for path in sorted(Path(str(package.__file__)).parent.rglob("*.py")):
            if not path.name.endswith("spec.py"):
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        names.add(node.value)
                    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                        names.add(node.target.id)
    return [f"{table} {column}" for table in known for column in known[table] if column not in names]


def test_every_column_is_read() -> None:
    """Each column of a pack's tables is asked for by name somewhere in context or sim."""
    notes = {field.name for field in NOTES}
    columns = {name: tuple(c for c in spec.names if c not in notes) for name, spec in TABLES.items()}
    assert [label for label in unread_columns(columns) if label not in MEASURED] == []
    assert unread_columns({"level": ("level", "ln_mu")}) == ["level ln_mu"]
