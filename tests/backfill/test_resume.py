"""Law 7 and its neighbours: killed, wounded, out of space, and continued to the same bytes."""

from __future__ import annotations

import errno
import shutil
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from context.errors import InputError, RunError
from context.terms.premises import premises
from sim.folder.manifest import load_manifest
from sim.run import run
from tests.backfill.test_run import bytes_of
from tests.samples.tiny import BRIEF, SMALL, brief_run, default_pack, finished_run
from tests.servers.kills import SERVER


@pytest.fixture
def finished() -> Path:
    """A finished run of the small campus, by one worker and never killed."""
    return finished_run()


def test_a_second_run_does_nothing(finished: Path) -> None:
    """The same command again changes no file."""
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*") if path.is_file()}
    assert run(premises(SMALL, default_pack()), finished).was_done
    assert before == {path: path.stat().st_mtime_ns for path in finished.rglob("*") if path.is_file()}


def test_another_scenario_is_refused(finished: Path) -> None:
    """A folder of another scenario is left alone, and the message names both."""
    with pytest.raises(InputError, match="another scenario"):
        run(premises(SMALL.model_copy(update={"seed": 99}), default_pack()), finished)


@pytest.mark.usefixtures("bare_report")
@pytest.mark.parametrize("wound", ["missing", "truncated", "other rows", "report", "plan"])
def test_wounds_are_healed(tmp_path: Path, wound: str) -> None:
    """Law 7: a file lost or broken by hand is made anew, and the end is the same."""
    copy = tmp_path / "copy"
    shutil.copytree(brief_run(), copy)
    victim = sorted(copy.glob("event_store/expanded/*/*.parquet"))[30]
    if wound == "missing":
        victim.unlink()
    elif wound == "report":
        (copy / "report.html").unlink()
    elif wound == "plan":
        (copy / "plan.parquet").unlink()
    elif wound == "truncated":
        victim.write_bytes(victim.read_bytes()[:-50])
    else:
        victim.write_bytes(sorted(copy.glob("event_store/expanded/*/*.parquet"))[31].read_bytes())
    assert not run(premises(BRIEF, default_pack()), copy).was_done
    assert bytes_of(copy) == bytes_of(brief_run())
    assert (copy / "report.html").is_file()


def _run(folder: Path) -> None:
    run(premises(BRIEF, default_pack()), folder)


@pytest.mark.usefixtures("bare_report")
def test_killed_and_continued(tmp_path: Path) -> None:
    """Law 7: killed at several moments and started again, a run ends with the same bytes."""
    folder = tmp_path / "killed"
    kills = 0
    for moment in (0.4, 0.8, 1.2, 1.6):
        child = SERVER.Process(target=_run, args=(folder,))
        child.start()
        while not folder.exists() and child.is_alive():
            time.sleep(0.01)
        time.sleep(moment)
        kills += child.is_alive()
        child.kill()
        child.join()
    assert kills >= 2
    run(premises(BRIEF, default_pack()), folder)
    assert bytes_of(folder) == bytes_of(brief_run())
    assert not list(folder.rglob("*.tmp"))


@pytest.mark.usefixtures("bare_report")
def test_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No space half way: a RunError, whole files stay, and the same command continues."""
    write, calls = pq.ParquetWriter.write_table, []

    def full(self: pq.ParquetWriter, *arguments: object, **options: object) -> None:
        if isinstance(arguments[0], pa.Table) and "event_time" in arguments[0].column_names:
            calls.append(1)
        if len(calls) > 30:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, *arguments, **options)

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    with pytest.raises(RunError, match="no space left"):
        run(premises(BRIEF, default_pack()), tmp_path / "run")
    assert not list((tmp_path / "run").rglob("*.tmp"))
    monkeypatch.undo()
    run(premises(BRIEF, default_pack()), tmp_path / "run")
    assert load_manifest(tmp_path / "run").state == "done"
