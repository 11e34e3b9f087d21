"""Units by Apache Beam, in an environment of its own: the bytes of one machine, digests of the other lock."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from sim.folder.manifest import load_manifest
from tests.samples.scaled import generated
from tests.samples.tiny import SMALL_TOML, finished_run

_ROOT = Path(__file__).resolve().parents[2]
PARALLEL = ("--runner=DirectRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=2")
pytestmark = pytest.mark.gates


@pytest.fixture(scope="module")
def termtide() -> Path:
    """The program in Beam's environment. BEAM_REQUIRED=1 makes its absence a failure."""
    given = os.environ.get("BEAM_TERMTIDE")
    program = Path(given) if given else _ROOT / ".venv" / "beam" / "bin" / "termtide"
    if not program.is_file():
        if os.environ.get("BEAM_REQUIRED") == "1":
            pytest.fail("BEAM_REQUIRED=1, but there is no environment with Beam")
        pytest.skip("no environment with Beam: `make beam` makes it")
    return program


@pytest.fixture(scope="module")
def work(termtide: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small campus, prepared by Beam's environment."""
    folder = tmp_path_factory.mktemp("beam")
    (folder / "termtide.toml").write_text(SMALL_TOML)
    call(termtide, folder, "scale", "prepare", "--work", "work")
    return folder


def call(termtide: Path, folder: Path, *arguments: str) -> str:
    """What a command prints, which has to succeed."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [str(termtide), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_beam_makes_the_run_of_one_machine(termtide: Path, work: Path) -> None:
    """By two processes of the DirectRunner, all files are those of `termtide run` of the same lock."""
    places = ("--work", "work", "--out", "run")
    told = json.loads(call(termtide, work, "scale", "beam", *places, "--json", "--", *PARALLEL))
    assert (told["made"], told["found"]) == (74, 0)
    call(termtide, work, "scale", "finish", *places, "--no-marts")
    call(termtide, work, "run", "--out", "alone", "--no-marts", "--yes")
    assert generated(work / "run") == generated(work / "alone")
    told = json.loads(call(termtide, work, "scale", "beam", *places, "--json", "--", *PARALLEL))
    assert (told["made"], told["found"]) == (0, 74)


def test_digests_are_equal_across_the_locks(work: Path) -> None:
    """Units, store and plan have the digests that our own lock gives them, whatever pyarrow wrote them."""
    theirs, ours = load_manifest(work / "run"), load_manifest(finished_run())
    assert theirs.versions["pyarrow"] != ours.versions["pyarrow"]
    assert {day: unit.digest for day, unit in theirs.units.items()} == {
        day: unit.digest for day, unit in ours.units.items()
    }
    assert {name: table.digest for name, table in theirs.store.items()} == {
        name: table.digest for name, table in ours.store.items()
    }
    assert theirs.plan is not None
    assert ours.plan is not None
    assert theirs.plan.digest == ours.plan.digest


def test_a_killed_sdk_process_changes_nothing(termtide: Path, work: Path) -> None:
    """A process of Beam's workers that is killed leaves whole units; the same command makes the rest."""
    places = ("--work", "work", "--out", "killed")
    command = [str(termtide), "scale", "beam", *places, "--", *PARALLEL]
    with subprocess.Popen(command, cwd=work, stderr=subprocess.DEVNULL, start_new_session=True) as parent:
        while parent.poll() is None and len(list((work / "killed/records").glob("unit-*"))) < 5:
            time.sleep(0.05)
        workers = sdk_processes(parent.pid)
        assert workers
        os.kill(workers[0], signal.SIGKILL)
        try:
            parent.wait(60)
        except subprocess.TimeoutExpired:  # some runners wait for ever for a process that is gone
            for pid in (*sdk_processes(parent.pid), parent.pid):
                os.kill(pid, signal.SIGKILL)
    call(termtide, work, "scale", "beam", *places, "--", *PARALLEL)
    call(termtide, work, "scale", "finish", *places, "--no-marts")
    assert generated(work / "killed") == generated(work / "alone")


def sdk_processes(parent: int) -> list[int]:
    """Processes of Beam's SDK that a process has started, itself or by others."""
    above: dict[int, int] = {}
    workers = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            above[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
            words = (status.parent / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.endswith(b"sdk_worker_main") for word in words) and b"-c" not in words:
            workers.append(int(status.parent.name))
    return [pid for pid in workers if parent in ancestors(pid, above)]


def ancestors(pid: int, above: dict[int, int]) -> set[int]:
    """All processes above one."""
    found: set[int] = set()
    while (pid := above.get(pid, 0)) and pid not in found:
        found.add(pid)
    return found
