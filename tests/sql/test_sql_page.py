"""The page on SQL says what the program does."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest

from sim.cli.main import main
from sim.sql.output import RESULT_FORMATS

PAGE = (Path(__file__).parents[2] / "docs/sql.md").read_text(encoding="utf-8")


def helped(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    """What a command's help says."""
    with suppress(SystemExit):
        main([*command, "--help"])
    return capsys.readouterr().out


def test_every_flag_on_the_page_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """A flag that the page names is one of sql or open, and every flag of sql's is named there."""
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z_-]+", PAGE)) - {"--to"}
    known = {name: set(re.findall(r"--[a-z][a-z_-]+", helped(capsys, name))) for name in ("sql", "open")}
    assert flags <= known["sql"] | known["open"]
    twins = {"--help", "--json", "--file", "--max-rows", "--dry-run"}  # other words for what is named
    assert known["sql"] - twins <= flags


def test_every_format_is_on_the_page() -> None:
    """The formats are those that the page lists."""
    assert all(f"`{form}`" in PAGE or f"--format={form}" in PAGE for form in RESULT_FORMATS)
