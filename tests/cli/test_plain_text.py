"""What commands say is plain text: nothing of users and files is markup or emoji, or steers a terminal."""

from __future__ import annotations

import ast
import io
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.cli.main import main
from sim.cli.terminal import PlainConsole, print_rows
from sim.folder.plain import plain
from tests.samples.tiny import default_pack

STEERING = "\x1b[2J\x07\r\x08\x9b31m\u202e\u2066\u2028\x00\n\t\x7f"
CONTROLS = {letter for letter in STEERING if not letter.isprintable()} - {"\n"}
WHERE = Path(__file__).parents[2]


@given(st.text())
def test_plain_has_nothing_that_steers(text: str) -> None:
    """One line without controls and directions; printable ASCII stays, and other letters do."""
    told = plain(text)
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in told)
    assert not set(told) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\u200e\u200f"
    )
    told.encode()
    assert plain(told) == told
    if text.isprintable():
        assert told == text


def test_letters_of_all_scripts_stay() -> None:
    """Joiners of scripts, accents and emoji are no controls."""
    for text in ("Åsa Ñandú", "می‌خواهم", "क्‍ष", "👩‍🚀", "日本"):
        assert plain(text) == text
    assert plain("a\x1b[2J\u202eb\ud800") == "a\\x1b[2J\\u202eb\\ud800"


@pytest.mark.parametrize("text", ["r[/b]", "[red]x[/red]", ":smile:", "[link=x]", STEERING])
def test_the_console_prints_as_given(text: str) -> None:
    """Neither markup nor emoji nor controls mean anything, printed or in a table's cell."""
    file = io.StringIO()
    console = PlainConsole(file=file, width=200, soft_wrap=True)
    console.print(text)
    assert file.getvalue() == plain(text) + "\n"


def test_tables_print_as_given(capsys: pytest.CaptureFixture[str]) -> None:
    """Cells and headers stand for themselves."""
    print_rows([{"a[/b]": "x[/i]\x1b[2J", "b": ":smile:"}], ("a[/b]", "b"))
    out = capsys.readouterr().out
    assert "a[/b]" in out
    assert "x[/i]\\x1b[2J" in out
    assert ":smile:" in out


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """All that a command writes."""
    with suppress(SystemExit):
        main(arguments)
    captured = capsys.readouterr()
    return captured.out + captured.err


@pytest.mark.parametrize("odd", ["r[/b]", ":smile:", "\x1b[2J", "a\u202eb", "[link=x]y", "\x9b31m", "a\rb"])
def test_commands_say_what_was_given(
    odd: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Odd flags, paths, packs and queries come back in messages as they are, or spelled out."""
    monkeypatch.chdir(tmp_path)
    Path("termtide.toml").write_text("fte = 12\n")
    pack = Path(shutil.copytree(default_pack().path, tmp_path / f"{odd}x"))
    spelled = "".join(f"\\u{ord(letter):04x}" for letter in odd)
    text = (pack / "pack.toml").read_text()
    (pack / "pack.toml").write_text(text.replace('name = "', f'name = "{spelled}', 1))
    table = (pack / "level.csv").read_text().replace("100", odd.replace("\r", " "), 1)
    lines = [
        ["pack", "show", f"./{odd}x"],
        ["pack", "check", f"./{odd}x"],
        ["estimate", "--pack", f"./{odd}"],
        ["estimate", "--term", odd],
        ["run", "--scenario", odd],
        ["sql", "--run", odd, "SELECT 1"],
        ["sql", "--format", odd, "SELECT 1"],
        ["backfill", "--to", odd],
        ["context", "--to", f"csv:{odd}", "--table", odd],
        ["stream", "--to", odd],
        ["ctl", "status", "--state", odd],
        ["schema", "show", odd],
        [odd],
        ["run", f"--{odd}"],
    ]
    for arguments in lines:
        told = said(arguments, capsys)
        assert told
        assert not CONTROLS & set(told), arguments
    (pack / "level.csv").write_text(table)
    told = said(["pack", "check", f"./{odd}x"], capsys)
    assert plain(odd) in told or odd == "a\rb"
    assert not CONTROLS & set(told)


def test_every_print_goes_one_way() -> None:
    """No command prints but through sim.cli.terminal; sinks and queries write their data to stdout."""
    writers = {"sim/cli/terminal.py", "sim/sql/output.py"}
    found = []
    for file in sorted((WHERE / "sim").rglob("*.py")):
        name = file.relative_to(WHERE).as_posix()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or name in writers:
                continue
            called = ast.unparse(node.func)
            if called in ("print", "typer.echo", "typer.secho", "click.echo", "rich.print", "Console"):
                keywords = {keyword.arg for keyword in node.keywords}
                if called == "Console" and "file" in keywords:
                    continue  # into a buffer
                found.append(f"{name}:{node.lineno}: {called}")
    assert found == []
