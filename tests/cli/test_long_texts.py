"""Errors quote both ends of a long text, whatever it is and wherever it was given."""

from __future__ import annotations

from pathlib import Path

import pytest

from context.errors import MESSAGE_LETTERS, PATH_LETTERS, QUOTED_LETTERS, DamagedError, InputError, shortened
from context.scenario.load import load_scenario
from tests.cli.test_no_traceback import LINES, told
from tests.cli.test_no_traceback import dry as dry_commands
from tests.cli.test_no_traceback import toy as toy_run

dry, toy = dry_commands, toy_run  # fixtures
LONG = {"letters": "x" * 5_000, "words": "word " * 1_000, "path": "a/" * 300, "commas": "a,b=" * 900}
MORE_LINES = (
    ["verify", "made"],
    ["open", "--run", "toy"],
    ["marts", "show", "x"],
    ["marts", "build", "--run", "toy", "x"],
    ["ctl", "status", "--state", "x"],
    ["sql", "--run", "toy", "--parameter", "a:INT64:1", "SELECT @a"],
    ["sql", "--run", "toy", "--table", "m=made.csv", "SELECT 1"],
)
QUERIES = (
    "SELECT {letters}",
    "SELECT * FROM {letters}",
    "SELECT * FROM event_store.`{words}`",
    "SELECT {letters}(1)",
    "SELECT '{letters}' + 1",
    "SELECT CAST('{words}' AS INT64)",
    "SELECT DATE '{words}'",
    "SELECT ERROR('{words}')",
    "SELECT CAST(1 AS {letters})",
    "SELECT type.{letters} FROM event_store.expanded",
    "SELECT ABS({ones})",
    "SELECT ({ones}) = 3",
    "SELECT REGEXP_CONTAINS('a', '({words}')",
    "SELECT @{letters}",
    "INSERT INTO x.{letters} VALUES (1)",
    "{letters}",
    "DECLARE {letters} INT64; SELECT {letters}1",
    "SELECT '{words}",
)


def is_short(said: str) -> bool:
    """Whether no line holds more than an error may: of all, of one word, of one path."""
    lines = said.removeprefix("termtide: ").replace("\\u2026", "…").splitlines()
    words = [word.rstrip(";") for line in lines for word in line.split()]
    return (
        all(len(line) <= MESSAGE_LETTERS + QUOTED_LETTERS for line in lines)  # where help is comes behind it
        and all(len(word) <= (PATH_LETTERS if "/" in word else QUOTED_LETTERS) for word in words)
        and LONG["words"][: QUOTED_LETTERS + 1] not in said
    )


@pytest.mark.usefixtures("dry")
@pytest.mark.parametrize("kind", LONG)
def test_arguments(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever argument of whichever command is a long text, its error is one short line."""
    refused = 0
    for line in (*LINES, *MORE_LINES):
        for place in range(1, len(line)):
            given = [*line]
            given[place] = LONG[kind]
            said = told(given, capsys)
            assert is_short(said), (given[:place], said[:2_000])
            refused += bool(said)
    assert refused > 80


@pytest.mark.usefixtures("dry")
def test_queries(capsys: pytest.CaptureFixture[str]) -> None:
    """A query of a megabyte, or a long name or value in one, is quoted by its ends."""
    texts = {**LONG, "ones": ", ".join(["1"] * 2_000)}
    for query in QUERIES:
        said = told(["sql", "--run", "toy", "--", query.format(**texts)], capsys)
        assert said, query
        assert len(said) <= MESSAGE_LETTERS + QUOTED_LETTERS, query
        assert is_short(said) or "word" in said, said


def test_scenarios(tmp_path: Path) -> None:
    """A long value in a scenario file is quoted by its ends."""
    for text in ('name = "{}"', 'term = "{}"', "{} = 1", '[calendar]\nstart = "{}"', "fte = {}", "[[{}"):
        for long in LONG.values():
            (tmp_path / "termtide.toml").write_text(text.format(long))
            with pytest.raises(InputError) as caught:
                load_scenario(tmp_path / "termtide.toml")
            assert len(str(caught.value)) <= MESSAGE_LETTERS


def test_what_is_short_stays() -> None:
    """What has no long text in it is told as it is, to its last letter; ends are those of the text."""
    path = "/" + "/".join(["folder"] * 30)
    for message in ("a" * QUOTED_LETTERS, path, "given: one, allowed: two", "word " * 80):
        assert shortened(message) == message
    found = str(InputError(f"--to {'b' * 500}{'c' * 500}: allowed: d"))
    assert found == f"--to {'b' * 47}…{'c' * 31}: allowed: d"
    assert len(found.split()[1]) == QUOTED_LETTERS
    damaged = DamagedError("e" * 100, "f" * 100)
    assert (len(str(damaged)), damaged.path) == (QUOTED_LETTERS, "f" * 100)
