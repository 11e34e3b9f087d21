"""The command line: exit codes, one clear line for bad input, data to stdout and all else to stderr."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, model_serializer

from context.errors import InputError
from context.scenario.load import demo_scenario
from context.scenario.scenario import Scenario
from context.terms.premises import Premises
from sim.cli.main import main
from sim.folder.claim import only_one
from sim.folder.manifest import load_manifest
from tests.samples.commands import BRIEF_TERM, termtide
from tests.samples.tiny import BRIEF_TOML, THREE_WEEKS, brief_run

ROOT = Path(__file__).resolve().parents[2]


def started(*arguments: str, cwd: Path, **how: Any) -> subprocess.Popen[str]:
    """The command line in a process of its own."""
    command, settings = [sys.executable, "-m", "sim", *arguments], {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=cwd, env=settings, stderr=subprocess.PIPE, text=True, **how)


def brief(scenario: Scenario) -> Scenario:
    """The same with a term of three weeks."""
    return scenario.model_copy(update={"calendar": THREE_WEEKS})


BAD = {
    "negative size": (["demo", "--fte=-5"], ("--fte", "-5", "1 to 500000")),
    "zero size": (["demo", "--fte", "0"], ("--fte", "0", "allowed")),
    "no number": (["demo", "--fte", "many"], ("--fte", "many", "allowed")),
    "too large for the disk": (["demo", "--fte", "500000", "--out", "here"], ("--out here", "GB", "free")),
    "unknown term": (["demo", "--term", "Autumn 2026"], ("--term", "Autumn 2026", "Fall")),
    "no scenario": (["run"], ("termtide init", "termtide demo")),
    "no run": (["sql", "SELECT 1"], ("termtide demo",)),
    "run that is none": (["sql", "--run", "nowhere", "SELECT 1"], ("--run nowhere",)),
    "unknown pack": (["pack", "show", "us_public_r2"], ("us_public_r2", "us_public_r1")),
    "unknown command": (["demmo"], ("demmo",)),
    "unknown option": (["demo", "--speed", "3"], ("--speed",)),
    "no workers": (["demo", "--workers", "0"], ("--workers",)),
    "half a week": (["demo", "--shift", "1.5"], ("--shift", "1.5", "-5200 to 5200")),
    "too far": (["demo", "--shift", "-5201"], ("--shift", "-5201", "-5200 to 5200")),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(case: str, tmp_path: Path) -> None:
    """Bad input: exit 2, one line that names what was given and what is allowed, nothing written."""
    arguments, words = BAD[case]
    done = termtide(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    line = done.stderr.strip().splitlines()[-1]
    for word in words:
        assert word in line, line
    assert not list(tmp_path.iterdir())


def test_a_process_is_one_line_too(tmp_path: Path) -> None:
    """A process of its own ends with the code and says the words that commands have in the tests' process."""
    for arguments in (["demo", "--fte", "many"], ["demmo"], ["--version"]):
        child = started(*arguments, cwd=tmp_path, stdout=subprocess.PIPE)
        told = child.communicate(timeout=60)
        here = termtide(*arguments, cwd=tmp_path)
        assert (child.returncode, *told) == (here.returncode, here.stdout, here.stderr)
    assert not list(tmp_path.iterdir())


OVERLAP = """
fte = 20
terms = 2
[calendar]
start = 2026-04-01
instruction_end = 2026-06-01
finals_start = 2026-06-03
end = 2026-06-10
"""
FILES = {
    "unknown key": ("ftee = 5\n", ("termtide.toml", "ftee", "fte")),
    "wrong type": ('fte = "big"\n', ("termtide.toml", "fte", "big", "whole number")),
    "unknown zone": ('time_zone = "America/Detriot"\n', ("time_zone", "America/Detriot", "America/Detroit")),
    "no TOML": ("fte = = 5\n", ("termtide.toml", "line 1")),
    "overlapping terms": (
        OVERLAP,
        ("terms overlap", "Fall 2026 starts on 2026-04-01", "2026-05-08 or later", "Spring 2026 has ended"),
    ),
    "missing pack": ('pack = "./my_pack"\n', ("my_pack",)),
}


@pytest.mark.parametrize("case", FILES)
def test_bad_scenarios_are_one_line(case: str, tmp_path: Path) -> None:
    """A wrong termtide.toml: exit 2 and one line naming file, key, value and what is allowed."""
    text, words = FILES[case]
    (tmp_path / "termtide.toml").write_text(text, encoding="utf-8")
    done = termtide("run", cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    line = done.stderr.strip().splitlines()[-1]
    for word in words:
        assert word in line, line
    assert [path.name for path in tmp_path.iterdir()] == ["termtide.toml"]


def test_a_pack_that_does_not_add_up(tmp_path: Path) -> None:
    """A pack whose shares miss 1 is refused with file and row; `pack check` finds the same and exits 1."""
    import shutil

    shutil.copytree(ROOT / "context" / "packs" / "us_public_r1", tmp_path / "mine")
    hours = tmp_path / "mine" / "hour.csv"
    lines = hours.read_text(encoding="utf-8").splitlines()
    cells = lines[12].split(",")
    cells[1] = "0.9"
    lines[12] = ",".join(cells)
    hours.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = termtide("demo", cwd=tmp_path, TERMTIDE_PACK="./mine")
    assert done.returncode == 2, done.stderr
    assert "hour.csv" in done.stderr
    checked = termtide("pack", "check", "./mine", "--json", cwd=tmp_path)
    assert checked.returncode == 1
    assert json.loads(checked.stdout)[0]["file"].endswith("hour.csv")


@pytest.mark.usefixtures("bare_report")
def test_a_run_and_its_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`demo --json` reports as data on stdout, the rest on stderr; a second run does nothing and says so."""
    monkeypatch.setattr("sim.cli.run.demo_scenario", lambda flags: brief(demo_scenario(flags)))
    demo = ("demo", "--fte", "12", "--no-marts", "--workers", "1")
    first = termtide(*demo, "--json", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    facts = json.loads(first.stdout)
    assert facts["synthetic"] is True
    assert facts["events"] > 1_000
    assert first.stderr.splitlines()[0].startswith("demo-12: 12 FTE, Fall 2026, seed 1")
    assert "seconds with 1 worker on an idle machine" in first.stderr
    assert "below 100 FTE courses are too small" in first.stderr
    assert "report.html" in first.stderr.splitlines()[-1]
    again = termtide(*demo, cwd=tmp_path)
    assert again.returncode == 0
    assert "complete already" in again.stderr
    assert again.stdout == ""
    for query in facts["queries"]:
        done = termtide("sql", "--json", query, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[0])
    other = termtide("demo", "--fte", "13", "--out", "runs/demo-12-1", cwd=tmp_path)
    assert other.returncode == 2
    assert "--force" in other.stderr
    (tmp_path / "runs").rename(tmp_path / "moved")
    moved = termtide(
        "sql",
        "--run",
        "moved/demo-12-1",
        "--format",
        "csv",
        "SELECT COUNT(*) AS n FROM event_store.events",
        cwd=tmp_path,
    )
    assert moved.stdout == f"n\n{facts['events']}\n"
    (tmp_path / "termtide.toml").write_text(f"fte = 5\n{BRIEF_TERM}", encoding="utf-8")
    over = ("run", "--out", "moved/demo-12-1", "--force", "--no-marts", "--workers", "1")
    assert termtide(*over, cwd=tmp_path).returncode == 0


def test_the_flag_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flag before variable before file before default."""
    taken: list[tuple[int, str]] = []

    def stopped(given: Premises, run_dir: Path, **_more: object) -> None:
        taken.append((given.scenario.fte, run_dir.name))
        raise InputError("as far as a test goes")

    monkeypatch.setattr("sim.run.run", stopped)
    file = tmp_path / "termtide.toml"
    file.write_text('fte = 11\nname = "mine"\n', encoding="utf-8")
    for flags, variable, fte in ((("--fte", "13"), "12", 13), ((), "12", 12), ((), None, 11)):
        done = termtide("run", *flags, cwd=tmp_path, TERMTIDE_FTE=variable)
        assert f"mine: {fte} FTE" in done.stderr
        assert taken.pop() == (fte, "mine-0")
    file.write_text('name = "mine"\n', encoding="utf-8")
    assert termtide("run", "--yes", cwd=tmp_path).returncode == 2
    assert taken == [(20_000, "mine-0")]


@pytest.mark.usefixtures("bare_report")
def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C half way: exit 130, one line, whole files, and the same command continues to the same end."""
    (tmp_path / "termtide.toml").write_text(BRIEF_TOML, encoding="utf-8")
    child = started("run", "--out", "here", cwd=tmp_path, start_new_session=True)
    run = tmp_path / "here"
    for _ in range(600):
        if len(list(run.glob("event_store/expanded/*/*.parquet"))) > 3:
            break
        time.sleep(0.05)
    os.killpg(child.pid, signal.SIGINT)
    _, errors = child.communicate(timeout=60)
    assert child.returncode == 130, errors
    assert "Traceback" not in errors
    assert "interrupted" in errors.strip().splitlines()[-1]
    assert not list(run.rglob("*.tmp"))
    done = termtide("run", "--out", "here", "--json", "--no-marts", "--workers", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["events"] == load_manifest(brief_run()).totals.events


def test_init_writes_a_scenario_that_loads(tmp_path: Path) -> None:
    """`init` writes a commented file of 20,000 FTE, refuses to overwrite it, and it is a good scenario."""
    assert termtide("init", cwd=tmp_path).returncode == 0
    text = (tmp_path / "termtide.toml").read_text(encoding="utf-8")
    assert "20" in text
    assert text.count("#") > 10
    assert termtide("init", cwd=tmp_path).returncode == 2
    asked = termtide("run", "--out", "x", cwd=tmp_path)
    assert asked.returncode == 2
    assert "--yes" in asked.stderr
    assert not (tmp_path / "x").exists()


def test_two_interrupts_do_not_hang(tmp_path: Path) -> None:
    """Ctrl-C pressed twice, then SIGTERM: the run still ends, with 130."""
    (tmp_path / "termtide.toml").write_text(BRIEF_TOML, encoding="utf-8")
    child = started("run", "--out", "here", "--workers", "2", cwd=tmp_path)
    run = tmp_path / "here"
    for _ in range(600):
        if len(list(run.glob("event_store/expanded/*/*.parquet"))) > 3:
            break
        time.sleep(0.05)
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        if child.poll() is None:
            child.send_signal(number)
        time.sleep(0.1)
    _, errors = child.communicate(timeout=120)
    assert child.returncode == 130, errors


class _Interrupted(BaseModel):
    """Hears Ctrl-C while it is written."""

    @model_serializer
    def _written(self) -> str:
        raise KeyboardInterrupt


def _while_it_is_written() -> None:
    _Interrupted().model_dump_json()


def _while_it_is_told() -> None:
    raise InputError("a file is cut short") from KeyboardInterrupt()


@pytest.mark.parametrize("heard", [_while_it_is_written, _while_it_is_told])
def test_an_interruption_is_one_whatever_a_library_makes_of_it(
    heard: Callable[[], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C in the midst of a library that wraps it ends with 130, as anywhere else."""
    monkeypatch.setattr("sim.cli.main.app", lambda *_, **__: heard())
    monkeypatch.setattr("sim.cli.main.signal.signal", lambda *_: None)  # the process of the tests still hears
    with pytest.raises(SystemExit) as ended:
        main(["estimate"])
    assert ended.value.code == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_reader_that_stops_is_no_failure(tmp_path: Path) -> None:
    """`| head` ends the program with 0."""
    with started("pack", "show", "us_public_r1", cwd=tmp_path, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.stdout.close()
        assert child.wait(timeout=60) == 0


def test_one_run_at_a_time_in_a_folder(tmp_path: Path) -> None:
    """While a run holds its folder, another one is refused at once; afterwards it is free."""
    (tmp_path / "termtide.toml").write_text(f"fte = 5\n{BRIEF_TERM}", encoding="utf-8")
    with only_one(tmp_path / "here"):
        done = termtide("run", "--out", "here", cwd=tmp_path)
    assert done.returncode == 2
    assert "another run is at work" in done.stderr
    with only_one(tmp_path / "here"):
        pass
