"""`termtide context` killed half-way: what is left is ours, and the same command goes on from it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

import sim.exports.files
from context.errors import InputError
from sim.exports.files import check_folder
from sim.exports.scratch import PREFIX, passing_folder
from tests.backfill.test_backfill import file_bytes
from tests.samples.toy_run import write_run

# Dies, as if by SIGKILL, at the call of this number of one of two functions: in writing, or in renaming.
_KILLED = """
import os, sys
from pathlib import Path
from sim.cli.main import main
from sim.exports import files
function, last, *arguments = sys.argv[1:]
owner = files if function == "_write" else Path
before, calls = getattr(owner, function), []
def counted(*given):
    calls.append(1)
    if len(calls) == int(last):
        os._exit(9)
    return before(*given)
setattr(owner, function, counted)
main(arguments)
"""


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The toy's run."""
    folder = tmp_path_factory.mktemp("runs") / "toy"
    write_run(folder)
    return folder


def _context(run_dir: Path, url: str, function: str = "_write", last: int = 0) -> int:
    command = [sys.executable, "-c", _KILLED, function, str(last)]
    tables = ("course_offering", "learner_activity_result", "person")  # the toy has native ids of no others
    command += ["context", "--run", str(run_dir), "--to", url, *(f"--table={table}" for table in tables)]
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(command, cwd=root, capture_output=True, check=False).returncode


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_killed_half_way_and_continued(run_dir: Path, tmp_path: Path, form: str) -> None:
    """Killed while it writes, and while it renames, it ends with the files of one never killed, no others."""
    out = tmp_path / "out"
    assert _context(run_dir, f"{form}:{tmp_path / 'whole'}") == 0
    for function, last in (("_write", 3), ("replace", 2)):
        assert _context(run_dir, f"{form}:{out}", function, last) == 9
        assert {Path(name).suffix for name in file_bytes(out)} >= {".tmp"}
        assert not (out / "context.json").exists()
    assert _context(run_dir, f"{form}:{out}") == 0
    assert file_bytes(out) == file_bytes(tmp_path / "whole")


def test_another_form_clears_what_was_left(run_dir: Path, tmp_path: Path) -> None:
    """What a kill left of one form goes when another one is written; what is not ours still stops it."""
    assert _context(run_dir, f"parquet:{tmp_path / 'out'}", "_write", 3) == 9
    assert _context(run_dir, f"csv:{tmp_path / 'out'}") == 0
    assert _context(run_dir, f"csv:{tmp_path / 'whole'}") == 0
    assert file_bytes(tmp_path / "out") == file_bytes(tmp_path / "whole")
    left = tmp_path / "left"
    left.mkdir()
    (left / "person.csv.tmp").write_text("half")
    assert check_folder(left) == ["person.csv.tmp"]
    for name in ("thesis.txt", "person.csv", "thesis.csv.tmp"):
        (left / name).write_text("mine")
        with pytest.raises(InputError, match=f"has {name} and no context.json"):
            check_folder(left)
        (left / name).unlink()


def test_passing_folders_of_killed_commands_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that nobody holds is removed, one of a command at work stays, and so does what is not ours."""
    monkeypatch.setattr("sim.exports.scratch.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("left", "held"):
        (tmp_path / f"{PREFIX}{name}").mkdir()
        (tmp_path / f"{PREFIX}{name}" / "person.parquet").write_text("rows")
    (tmp_path / "theirs").mkdir()
    (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "theirs")
    handle = os.open(tmp_path / f"{PREFIX}held", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with passing_folder() as folder, passing_folder() as other:
        there = {path.name for path in tmp_path.iterdir()}
        assert there == {folder.name, other.name, f"{PREFIX}held", f"{PREFIX}link", "theirs"}
    os.close(handle)
    with monkeypatch.context() as another:
        another.setattr(os, "getuid", lambda: 1 + (tmp_path / "theirs").stat().st_uid)  # whose it isn't
        with passing_folder():
            assert (tmp_path / f"{PREFIX}held" / "person.parquet").exists()
    with passing_folder():
        pass
    assert {path.name for path in tmp_path.iterdir()} == {f"{PREFIX}link", "theirs"}


def test_no_copy_has_a_passing_file_of_its_own() -> None:
    """Where a passing name is taken, DuckDB would write ``tmp_`` of it first, and a kill would leave that."""
    sources = Path(sim.exports.files.__file__).parents[1].rglob("*.py")
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert text.count('f"COPY (') == text.count("USE_TMP_FILE false") == 3
