"""Locks: one process at a time, and whoever is killed holds nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from context.errors import InputError, RunError
from sim.backfill.mapped_world import WORLD_FILE
from sim.folder.claim import only_one
from sim.folder.lock import locked
from sim.lanes.checkpoint import held

HOLD = """
import sys
from pathlib import Path
from context.errors import RunError
from sim.folder.lock import locked
with locked(Path(sys.argv[1]), RunError("busy")):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def elsewhere(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a file or folder."""
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        try:
            yield child
        finally:
            child.kill()


@pytest.mark.parametrize(("hold", "said"), [(only_one, "another run"), (held, "another stream")])
def test_a_folder_is_held_by_one_process(
    tmp_path: Path, hold: Callable[[Path], AbstractContextManager[None]], said: str
) -> None:
    """While another process holds a folder, taking it is one clear line; nothing is left in it."""
    with elsewhere(tmp_path):
        with pytest.raises(InputError, match=said) as caught, hold(tmp_path):
            pass
        assert "\n" not in str(caught.value)
        assert str(tmp_path) in str(caught.value)
    with hold(tmp_path):
        assert list(tmp_path.iterdir()) == []


def test_a_kill_lets_go(tmp_path: Path) -> None:
    """SIGKILL releases what a process held, without a file that somebody would have to remove."""
    with elsewhere(tmp_path) as child:
        child.kill()
        child.wait()
        with locked(tmp_path, RunError("busy")):
            assert list(tmp_path.iterdir()) == []


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    """Who says how long waits for the other's end, and raises the error given when it does not come."""
    path = tmp_path / WORLD_FILE
    path.touch()
    with elsewhere(path) as child:
        with pytest.raises(RunError, match="busy"), locked(path, RunError("busy"), wait_s=0.1):
            pass
        child.stdin.close()  # type: ignore[union-attr]
        with locked(path, RunError("busy"), wait_s=60.0):
            child.wait()


def test_what_is_missing_is_an_error_of_the_system(tmp_path: Path) -> None:
    """A file that isn't there can't be held, which is the caller's to explain."""
    with pytest.raises(FileNotFoundError), locked(tmp_path / "none", RunError("busy")):
        pass
