"""On a terminal of 80 columns whatever a command tells people fits, and what they copy stays in one piece."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import shutil
import struct
import sys
import termios
from pathlib import Path

import pytest

from context.errors import number_of
from sim.cli.main import shell_rows
from sim.cli.terminal import err
from sim.folder.plain import fitted
from tests.cli.test_no_traceback import told
from tests.samples.tiny import finished_run

COLUMNS = 80
QUERY = "SELECT * FROM context_store_entity.person LIMIT 2"
COMMANDS = (
    ["estimate", "--fte", "20000"],
    ["init"],
    ["run", "--scenario", "small.toml", "--out", "run", "--no-marts"],
    ["pack", "list"],
    ["pack", "show", "us_public_r1"],
    ["pack", "check", "us_public_r1"],
    ["schema", "list"],
    ["schema", "show", "person"],
    ["schema", "show", "event_store.expanded"],
    ["schema", "show", "persn"],
    ["marts", "list"],
    ["marts", "show", "level1_aggregated"],
    ["verify", "run"],
    ["verify", "harmed"],
    ["sql", "--run", "run", QUERY],
    ["sql", "--run", "run", "--dry_run", QUERY],
    ["sql", "--run", "run", "SELECT nothing_of_the_kind FROM context_store_entity.person"],
    ["sql", "--run", "run", "SELECT COUNT(*) FROM event_store.expanded"],
    ["context", "--run", "run", "--to", "csv:store", "--table", "person"],
    ["backfill", "--run", "run", "--to", "parquet:out", "--from", "2026-10-30", "--until", "2026-10-31"],
    ["backfill", "--run", "run", "--to", "parquet:out", "--dry-run"],
    ["backfill", "--run", "run", "--to", "ndjson:out"],
    ["ctl", "status"],
)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output and error as if they were a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    monkeypatch.setattr(err, "_force_terminal", True)
    monkeypatch.setattr(err, "_width", COLUMNS)
    capsys.readouterr()  # what it catches with is in its place
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _: True, raising=False)


def too_wide(said: str) -> list[str]:
    """Rows that are wider than the terminal and could have been cut: they hold no long word or command."""
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said)
    rows = [row for line in plain.split("\n") for row in line.split("\r") if len(row) > COLUMNS]
    return [row for row in rows if max(map(len, re.findall(r"`[^`]*`|\S+", row))) < COLUMNS - 20]


@pytest.mark.usefixtures("terminal")
def test_what_commands_tell_people_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every command, done, refused or with findings: no row is wider, in grids, prose and errors."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished_run(), "run")
    shutil.copytree("run", "harmed")
    (Path("harmed") / ("a name that is long " * 8)).touch()
    (Path("harmed") / "manifest.json").touch()
    Path("small.toml").write_text("fte = 12\n")
    for command in COMMANDS:
        capsys.readouterr()
        told_on_stderr, said = told_both(command, capsys)
        assert said + told_on_stderr, command
        assert too_wide(said + told_on_stderr) == [], command
    capsys.readouterr()


@pytest.mark.usefixtures("terminal")
def test_long_lists_stay_lists(capsys: pytest.CaptureFixture[str]) -> None:
    """Tables and marts have a row each; what has no room is left out from the last column, and named."""
    for command, row, left in (
        (["schema", "list"], "│ course_section_enrollment ", "inferred, rows_per_1000_fte, loaded_from"),
        (["marts", "list"], "│ mart_general.lti_tool ", "reads"),
    ):
        errors, said = told_both(command, capsys)
        assert row in said
        assert "-- row 1 --" not in said
        assert f"{left}; --json has all" in " ".join(errors.split())
        assert too_wide(said + errors) == []


def told_both(command: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """What a command says on stderr and on stdout."""
    heard: list[str] = []
    read = capsys.readouterr

    def reading() -> object:
        found = read()
        heard.append(found.out)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(capsys, "readouterr", reading)
        return told(command, capsys), heard[-1]


def test_a_real_terminal_is_recognised() -> None:
    """The same of a program on a pseudo-terminal; in a pipe nothing is cut."""
    found = in_terminal([sys.executable, "-m", "sim", "estimate", "--fte", "20000"])
    lines = found.replace("\r", "").splitlines()
    assert max(map(len, lines)) <= COLUMNS
    assert len(lines) > 4


def in_terminal(command: list[str]) -> str:
    """What a program writes on a terminal of 80 columns."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ.pop("COLUMNS", None)
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))
        os.execv(command[0], command)  # noqa: S606 - our own program
    found = b""
    try:
        while part := os.read(terminal, 65_536):
            found += part
    except OSError:  # its end, on Linux
        pass
    os.waitpid(process, 0)
    os.close(terminal)
    return found.decode()


def test_rows_end_between_words() -> None:
    """Nothing is lost, paths and commands stay whole, what is short or goes elsewhere is left as it is."""
    line = f"{'word ' * 30}`termtide run --out {'x' * 30}` and /{'path/' * 30} end"
    rows = fitted(line, COLUMNS)
    assert " ".join(" ".join(rows).split()) == " ".join(line.split())
    assert [row for row in rows if len(row) > COLUMNS and f"/{'path/' * 30}" not in row] == []
    for before in range(20):
        command = "`termtide run --out somewhere`"
        assert any(command in row for row in fitted("word " * before + command + " word" * 9, COLUMNS))
    assert fitted(line, None) == [line]
    assert fitted("  short", COLUMNS) == ["  short"]
    assert all(row.startswith("    ") for row in fitted("  " + "word " * 30, COLUMNS)[1:])


def test_commands_go_on_as_shells_want_it() -> None:
    """An example that is too long is cut before an option; a shell reads it as it was."""
    command = f'termtide run --out {"x" * 40} --term "Spring 2027" --scenario {"y" * 20} --force --yes'
    rows = shell_rows(command, 60)
    assert max(map(len, rows)) <= 60
    assert "".join(row.removesuffix("\\").lstrip() for row in rows) == command
    assert all(row.endswith(" \\") for row in rows[:-1])
    assert all(row.startswith("    --") for row in rows[1:])


def test_numbers_have_their_words() -> None:
    """One is one, none and many are many, with separators."""
    assert [number_of(n, "day") for n in (0, 1, 2, 1_234)] == ["0 days", "1 day", "2 days", "1,234 days"]
    assert number_of(1, "entry", "entries") == "1 entry"
    assert number_of(3, "entry", "entries") == "3 entries"
