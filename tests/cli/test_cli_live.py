"""``termtide stream`` and ``termtide ctl`` as people use them: two terminals, one run, what goes wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import mkdtemp
from typing import Any

import pytest

from tests.samples import commands

ROOT = Path(__file__).resolve().parents[2]
CALENDAR = """[calendar]
start = 2026-09-21
instruction_end = 2026-11-06
finals_start = 2026-11-09
end = 2026-11-11
"""
DAY = ("--from", "2026-10-12", "--until", "2026-10-14")


def termtide(folder: Path, *arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with a very small university and no broker."""
    return commands.termtide(
        *arguments, cwd=folder, **{"TERMTIDE_FTE": "30", "PUBSUB_EMULATOR_HOST": None, **changes}
    )


@cache
def prepared() -> Path:
    """A folder with a scenario, its store and plan."""
    folder = Path(mkdtemp(prefix="termtide-cli-live-"))
    assert termtide(folder, "init").returncode == 0
    scenario = folder / "termtide.toml"
    scenario.write_text(scenario.read_text(encoding="utf-8").replace("[calendar]\n", CALENDAR), "utf-8")
    done = termtide(folder, "stream", "--to", "ndjson:whole.ndjson", "--speed", "max", *DAY)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A copy of the prepared folder, without a checkpoint."""
    place = Path(copytree(prepared(), tmp_path / "home"))
    for checkpoint in place.glob("runs/campus-0-stream-*/checkpoint.jsonl"):
        checkpoint.unlink()
    return place


@contextmanager
def streaming(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A stream at work in another process; it is killed if it outlives the test."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sim", "stream", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERMTIDE_FTE": "30"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while process.poll() is None and not ctl_works(folder):
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


def ctl_works(folder: Path) -> bool:
    """Whether a stream answers."""
    return bool(list(folder.glob("runs/*-stream-*/control.sock"))) and not ctl(folder, "status").returncode


def ctl(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Steer the stream."""
    return termtide(folder, "ctl", *arguments, "--json")


def facts(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What a command reported."""
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_stream_to_a_file(home: Path) -> None:
    """Events of the moments asked for, a report as JSON, and nothing to do the second time."""
    wanted = ("stream", "--to", "ndjson:again.ndjson", "--speed", "max", *DAY, "--json")
    report = facts(termtide(home, *wanted))
    lines = (home / "again.ndjson").read_text(encoding="utf-8").splitlines()
    assert sorted(lines) == sorted((home / "whole.ndjson").read_text(encoding="utf-8").splitlines())
    assert report["state"] == "done"
    assert report["events_acknowledged"] == len(lines) > 0
    again = termtide(home, *wanted)
    assert facts(again)["events_acknowledged"] == 0
    assert "all of it was sent before" in again.stderr


def test_steering_from_another_terminal(home: Path) -> None:
    """Status, pause, resume, another speed, a seek and a stop; the same command goes on afterwards."""
    wanted = ("--to", "ndjson:steered.ndjson", "--speed", "60", *DAY)
    with streaming(home, *wanted) as stream:
        assert facts(ctl(home, "pause"))["state"] == "paused"
        stood = facts(ctl(home, "status"))
        assert stood["time"] == facts(ctl(home, "status"))["time"]
        assert {"lag_s", "events_per_second", "queue", "in_flight"} <= set(stood)
        assert facts(ctl(home, "speed", "120"))["speed"] == "120x"
        assert facts(ctl(home, "resume"))["state"] == "running"
        moved = facts(ctl(home, "seek", "2026-10-13T20:00"))
        assert moved["time"].startswith("2026-10-13T20:")
        assert facts(ctl(home, "pause"))["state"] == "paused"  # on a slow machine the day would be over soon
        shown = termtide(home, "ctl", "status")
        assert "speed: 120x" in shown.stdout
        for bad, said in ((("speed", "fast"), "'fast' given"), (("seek", "2027-03-01"), "allowed: 2026-")):
            refused = ctl(home, *bad)
            assert refused.returncode == 2
            assert said in refused.stderr
        ctl(home, "speed", "0.01")
        ctl(home, "resume")  # what is paused would stay so
        ctl(home, "stop")
        _, errors = stream.communicate(timeout=60)
        assert stream.returncode == 0, errors
        assert "the same command goes on" in errors
    gone = ctl(home, "status")
    assert gone.returncode == 2
    assert gone.stderr.count("\n") == 1
    done = termtide(home, "stream", *wanted[:3], "max", *DAY)
    assert done.returncode == 0, done.stderr
    lines = (home / "steered.ndjson").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(set(lines))
    assert set(lines) <= set((home / "whole.ndjson").read_text(encoding="utf-8").splitlines())


def test_ctrl_c_ends_it_cleanly(home: Path) -> None:
    """130, and a line that says how to go on."""
    with streaming(home, "--to", "ndjson:interrupted.ndjson", "--speed", "60", *DAY) as stream:
        stream.send_signal(signal.SIGINT)
        _, errors = stream.communicate(timeout=60)
    assert stream.returncode == 130
    assert "Traceback" not in errors
    assert "the same command" in errors


def test_align_today(home: Path) -> None:
    """The calendar moves by whole weeks so that the stream begins today, or up to six days before."""
    done = termtide(
        home, "stream", "--to", "ndjson:today.ndjson", "--speed", "max", *DAY, "--align-today", "--json"
    )
    assert facts(done)["events_acknowledged"] > 0
    assert "calendar moved by" in done.stderr
    first = json.loads((home / "today.ndjson").read_text(encoding="utf-8").splitlines()[0])
    age = datetime.now(UTC) - datetime.fromisoformat(first["eventTime"])
    assert timedelta(0) < age + timedelta(days=2) < timedelta(days=10)


BAD = {
    "no sink": ((), "--to"),
    "unknown sink": (("--to", "kafka:x"), "kafka"),
    "bad speed": (("--to", "ndjson:x", "--speed", "fast"), "--speed: 'fast' given"),
    "bad time": (("--to", "ndjson:x", "--from", "yesterday"), "--from: 'yesterday' given"),
    "outside": (("--to", "ndjson:x", "--from", "2027-03-01"), "--from: 2027-03-01T00:00:00 given, allowed: "),
    "backwards": (("--to", "ndjson:x", "--from", "2026-10-12", "--until", "2026-10-11"), "--until: "),
    "no rate": (("--to", "ndjson:x", "--rate-max", "0"), "--rate-max"),
    "no topic": (("--to", "pubsub:only-a-topic"), "pubsub://PROJECT/TOPIC"),
    "two shifts": (("--to", "ndjson:x", *DAY, "--align-today", "--shift", "3"), "--align-today"),
    "stdout twice": (("--to", "ndjson:-", "--json"), "--json"),
    "a folder": (("--to", "ndjson:runs"), "this is a folder"),
    "another form": (("--to", "ndjson:x", "--message", "xml"), "--message: 'xml' given"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(home: Path, case: str) -> None:
    """Exit code 2, one line that names what was given, and no file made."""
    arguments, said = BAD[case]
    done = termtide(home, "stream", *arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count('{"error": ' if "--json" in arguments else "termtide:") == 1
    assert not (home / "x").exists()


def test_nobody_at_the_brokers_address(home: Path) -> None:
    """A host that refuses is named, and it is the outside that failed."""
    done = termtide(home, "stream", "--to", "pubsub://our-project/events", PUBSUB_EMULATOR_HOST="127.0.0.1:9")
    assert done.returncode == 3, done.stderr
    assert "127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stderr
