"""Help: every command and option explains itself, with examples that parse; errors are for programs, too."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from sim.cli.main import app, examples, main
from sim.cli.terminal import program

ROOT_COMMAND = get_command(app)


def commands() -> Iterator[tuple[str, object]]:
    """(name, command) of everything that can be called, groups apart."""
    context = typer.Context(ROOT_COMMAND)
    for name in ROOT_COMMAND.list_commands(context):  # type: ignore[attr-defined]
        command = ROOT_COMMAND.get_command(context, name)  # type: ignore[attr-defined]
        if hasattr(command, "commands"):
            yield from ((f"{name} {below}", found) for below, found in command.commands.items())
        else:
            yield name, command


COMMANDS = dict(commands())


def options(command: object) -> list[typer.core.TyperOption]:
    """A command's options, but for --help."""
    return [given for given in command.params if isinstance(given, typer.core.TyperOption)]  # type: ignore[attr-defined]


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a call in this process."""
    code = 0
    try:
        main(list(arguments))
    except SystemExit as leave:
        code = int(leave.code or 0)
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    """A command, each of its options and each of its arguments say what they are for."""
    command = COMMANDS[name]
    assert command.help  # type: ignore[attr-defined]
    assert [given.name for given in command.params if not given.help] == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_an_example(name: str) -> None:
    """Each option of a command is in one of its examples, and each example is understood."""
    command, words = COMMANDS[name], [shlex.split(line.partition(">")[0]) for line in examples()[name]]
    skip = len(name.split())
    for line in words:
        assert " ".join(line[:skip]) == name
        arguments = [word for word in line[skip:] if word not in ("<", "query.sql")]
        command.make_context(name, arguments)  # type: ignore[attr-defined]
    used = {word for line in words for word in line}
    assert [option.name for option in options(command) if not used & set(option.opts)] == []


def test_examples_are_of_commands() -> None:
    """There are examples of each command and of nothing else."""
    assert examples().keys() == COMMANDS.keys()


@pytest.mark.parametrize("flag", ["-h", "--help"])
@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_is_everywhere(capsys: pytest.CaptureFixture[str], name: str, flag: str) -> None:
    """-h and --help of every command print its usage and its examples, with exit code 0."""
    code, out, err = printed(capsys, *name.split(), flag)
    assert (code, err) == (0, "")
    assert out.startswith("Usage: termtide")
    assert max(map(len, out.splitlines())) <= 80
    out = re.sub(r" \\\n +", " ", out)  # as a shell reads it
    assert all(f"\n    termtide {line}\n" in out for line in examples().get(name, []))


@pytest.mark.parametrize("group", ["", "ctl", "pack", "schema"])
def test_a_group_alone_tells_what_there_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, group: str
) -> None:
    """Called without a command, a group lists its commands, none of them cut at 80 columns; exit code 0."""
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = printed(capsys, *group.split())
    assert (code, err) == (0, "")
    listed = out.partition("Commands:")[2]
    assert listed
    assert "..." not in listed


@pytest.mark.parametrize(
    "arguments",
    [
        ["estimate", "--fte", "0"],
        ["estimate", "--workers", "many"],
        ["estimate", "--no-such-option"],
        ["schema", "show", "persn"],
        ["sql", "SELECT 1", "--run", "nowhere"],
    ],
)
def test_errors_are_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """With --json an error is one object on stderr, with the line that people get and the exit code."""
    monkeypatch.chdir(tmp_path)
    code, out, plain = printed(capsys, *arguments)
    assert (code, out) == (2, "")
    code, out, err = printed(capsys, *arguments, "--json")
    assert (code, out) == (2, "")
    assert json.loads(err) == {"error": plain.removeprefix("termtide: ").rstrip("\n"), "exit_code": 2}


def test_near_names_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A table that is not there gets the names that share a word with it, or a dozen of all."""
    assert "did you mean person?" in printed(capsys, "schema", "show", "context_store_entity.persn")[2]
    assert "course_section_enrollment" in printed(capsys, "schema", "show", "enrolment")[2]
    assert " more" in printed(capsys, "schema", "show", "xyz")[2]


def test_the_program_is_called_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands to be copied name the program by its path, unless the shell finds it by its name."""
    folder = tmp_path
    monkeypatch.chdir(folder)
    installed = folder / "my env" / "termtide"
    installed.parent.mkdir()
    installed.write_text("#!/bin/sh\n", encoding="utf-8")
    installed.chmod(0o755)
    monkeypatch.setenv("PATH", "/nowhere")
    assert program(str(installed)) == "'my env/termtide'"
    monkeypatch.setenv("PATH", str(installed.parent))
    assert program(str(installed)) == "termtide"
    monkeypatch.setattr("sys.executable", str(folder / "bin" / "python"))
    assert program("sim/__main__.py") == f"{folder}/bin/python -m sim"
