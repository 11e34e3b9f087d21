"""Contradictions and slips at every command that makes something: one line, exit 2, nothing written."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from sim.cli.main import main
from tests.samples.tiny import default_pack

# Commands that begin with a scenario; what they would write comes after it.
COMMANDS = {
    "run": ["run", "--yes", "--out", "made"],
    "context": ["context", "--to", "parquet:made"],
    "backfill": ["backfill", "--to", "ndjson:made", "--out", "made-run"],
    "estimate": ["estimate"],
    "stream": ["stream", "--to", "ndjson:made.ndjson", "--speed", "max"],
}
EARLY = """
[calendar]
start = 2026-04-01
instruction_end = 2026-06-01
finals_start = 2026-06-03
end = 2026-06-10
"""
SPELL = """
name = "x"
start = 2026-10-14T19:30:00
end = 2026-10-14T22:00:00
tools = ["zooom"]
"""
BACKWARDS = """
[calendar]
end = 2026-08-20
"""


def refused(
    arguments: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """The line that a command ends with; it must leave with 2, say nothing on stdout and write nothing."""
    monkeypatch.chdir(folder)
    before = sorted(folder.rglob("*"))
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (2, ""), err
    assert sorted(folder.rglob("*")) == before
    return err.strip().splitlines()[-1]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"fte = 500000\nterms = 2\n{EARLY}", ("terms overlap", "2026-04-01", "2026-05-08 or later")),
        (f"fte = 20\n{BACKWARDS}", ("end", "2026-08-20", "allowed")),
        ('fte = 20\npack = "./lacking"\n', ("categorical.csv row 9", "no row given role = Observer")),
        ('fte = 20\npack = "./crowded"\n', ("level.csv row 2", "max_size: 60", "mean_size (68.3) or more")),
        ('fte = 20\npack = "./termtide.toml"\n', ("termtide.toml",)),
        (f"fte = 20\n[[incident]]\n{SPELL}", ("incident 'x'", "tools: zooom given", "canvas", "zoom")),
        ("fte = 20\n[[delivery]]\ntool = 'zooom'\nflush_ms = 1", ("delivery: tool: zooom given", "login")),
        (f"fte = 20\n[[delivery_outage]]\n{SPELL}", ("delivery_outage 'x'", "tools: zooom given", "login")),
        ("fte = 20\n[[stage]]\nname = 'x'\ntools = ['zooom']", ("stage 'x'", "tools: zooom given", "login")),
    ],
    ids=[
        "overlap",
        "backwards",
        "no conditional row",
        "sections too small for their people",
        "no pack",
        "no tool",
        "no sensor",
        "no outage",
        "no stage",
    ],
)
def test_contradictions_are_one_line(
    command: str,
    text: str,
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What contradicts itself is said before anything is made, even before the disk is asked."""
    (tmp_path / "termtide.toml").write_text(text, encoding="utf-8")
    if "lacking" in text:
        edited(
            tmp_path / "lacking",
            "categorical.csv",
            lambda rows: [row for row in rows if row[3] != "Observer"],
        )
    if "crowded" in text:
        edited(tmp_path / "crowded", "level.csv", lambda rows: [rows[0], [*rows[1][:-1], "60"], *rows[2:]])
    line = refused(COMMANDS[command], tmp_path, monkeypatch, capsys)
    assert all(word in line for word in words), line


def edited(folder: Path, name: str, change: object) -> None:
    """A copy of the default pack with a changed table."""
    shutil.copytree(default_pack().path, folder)
    with (folder / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(change(rows))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["backfill", "--to", "ndjson:out", "--from", "soon"], ("--from: 'soon' given", "2026-10-01")),
        (["backfill", "--to", "ndjson:out", "--until", "2026-02-30"], ("--until: '2026-02-30' given",)),
        (["context", "--to", "csv:out", "--as-of", "soon"], ("--as-of: 'soon' given", "2026-10-01")),
        (["estimate", "--terms", "0"], ("--terms", "0 given", "allowed")),
        (["backfill", "--to", "ndjson:out", "--terms", "x"], ("--terms", '"x" given', "allowed")),
        (["context", "--to", "csv:out", "--table", "persn"], ("'persn'", "did you mean person?")),
        (["backfill", "--to", "ndjson:out", "--method", "decorator"], ("--method", "bigquery://PROJECT")),
        (["backfill", "--to", "parquet:out", "--method", "x"], ("--method", "bigquery://PROJECT")),
        (["backfill", "--to", "duckdb:out", "--allow-unlabelled", "x"], ("--allow-unlabelled", "bigquery:")),
        (["context", "--to", "csv:out", "--allow-unlabelled", "x"], ("--allow-unlabelled", "bigquery:")),
        (["stream", "--to", "ndjson:out", "--create"], ("--create", "only --to pubsub://PROJECT/TOPIC")),
        (["stream", "--to", "ndjson:out", "--allow-unlabelled", "t"], ("--allow-unlabelled", "pubsub:")),
        (["schema", "ddl", "person", "--project", "a`b"], ("--project", "a`b", "allowed: letters")),
        (["backfill", "--to", "bigquery://a`b"], ("a`b", "allowed: letters")),
        (["run", "--out", "x/" * 3000, "--yes"], ("File name too long",)),
        (["run", "--scenario", "termtide.toml/x"], ("Not a directory",)),
    ],
)
def test_bad_flags_are_one_line(
    arguments: list[str],
    words: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Dates and numbers of terms are read alike by all commands."""
    (tmp_path / "termtide.toml").write_text("fte = 12\n", encoding="utf-8")
    line = refused(arguments, tmp_path, monkeypatch, capsys)
    assert all(word in line for word in words), line


def test_an_unknown_variable_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A TERMTIDE_* name that means nothing is no silent slip."""
    (tmp_path / "termtide.toml").write_text("fte = 12\n", encoding="utf-8")
    monkeypatch.setenv("TERMTIDE_FTEE", "20")
    line = refused(["estimate"], tmp_path, monkeypatch, capsys)
    assert line.startswith("termtide: TERMTIDE_FTEE: no such variable, ")
    assert "TERMTIDE_FTE" in line


def test_terms_are_estimated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three terms have about three times the rows of the store, and the events of one."""
    (tmp_path / "termtide.toml").write_text("fte = 5000\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = []
    for terms in ("1", "3"):
        main(["estimate", "--terms", terms, "--json"])
        found.append(json.loads(capsys.readouterr().out))
    assert found[1]["events"] == found[0]["events"]
    assert 2.5 < found[1]["store_rows"] / found[0]["store_rows"] < 3.1
