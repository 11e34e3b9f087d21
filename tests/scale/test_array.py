"""A term by array tasks over a folder: the bytes of one machine, whoever is killed, repeated or late."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from context.files import file_digest
from sim.backfill.pool import in_processes
from sim.folder.progress import Progress
from sim.scale.finish import finish_run, merged_manifest
from sim.scale.job import load_job
from sim.scale.places.storage import UPLOADS, FolderStorage
from sim.scale.tasks import Share, dealt
from sim.scale.units import Making, PlacedUnit, make_own_units, unit_makers
from sim.verify.run_folder import check_run
from tests.samples.scaled import generated, prepared_work
from tests.samples.tiny import finished_run

TASKS = 3
KILLED_AFTER = 4  # units


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of three tasks, the first of which is killed and started again; not finished yet."""
    folder = tmp_path_factory.mktemp("scale") / "run"
    command = ["scale", "units", "--work", str(prepared_work()), "--out", str(folder), "--workers", "1"]
    arguments = [sys.executable, "-m", "sim", *command, "--index", "0", "--count", str(TASKS)]
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL, start_new_session=True) as task:
        while task.poll() is None and len(list(folder.glob("records/unit-*.json"))) < KILLED_AFTER:
            time.sleep(0.02)
        task.send_signal(signal.SIGKILL)
    there = {path.name: path.read_bytes() for path in folder.glob("records/unit-*.json")}
    assert KILLED_AFTER <= len(there) < 74
    (folder / UPLOADS / "killed").mkdir(parents=True)  # as a kill may leave it, half written
    (folder / UPLOADS / "killed" / "unit.parquet").write_bytes(b"PAR1")
    for index in range(TASKS):
        made = make_own_units(str(prepared_work()), str(folder), Share(index, TASKS), 1, Progress.silent())
        assert sum(unit.was_there for unit in made) == (len(there) if index == 0 else 0)
    assert {name: (folder / "records" / name).read_bytes() for name in there} == there
    return folder


def _making(folder: Path) -> Making:
    return Making(str(prepared_work()), str(folder))


@pytest.fixture
def kept(out: Path) -> Iterator[dict[Path, str]]:
    """Digests of all files of the output, which are the same afterwards."""
    before = {path: file_digest(path) for path in out.rglob("*") if path.is_file()}
    yield before
    now = {path: file_digest(path) for path in out.rglob("*") if path.is_file()}
    assert {path: digest for path, digest in now.items() if UPLOADS not in path.parts} == {
        path: digest for path, digest in before.items() if UPLOADS not in path.parts
    }


def test_a_unit_by_two_processes_at_once_is_one_unit(out: Path, kept: dict[Path, str]) -> None:
    """Made by two processes at the same time, with its record gone and its files there, it is the same."""
    day = date(2026, 10, 1)
    record = out / f"records/unit-{day}.json"
    text = record.read_bytes()
    assert record in kept
    record.unlink()
    made = list(in_processes(unit_makers, [PlacedUnit(_making(out), day, 0)] * 4, 2))
    assert sum(not unit.was_there for unit in made) >= 1
    assert record.read_bytes() == text


def test_work_done_again_changes_nothing(out: Path, kept: dict[Path, str]) -> None:
    """Seven tasks where three were find every unit in place."""
    assert kept
    for index in range(7):
        made = make_own_units(str(prepared_work()), str(out), Share(index, 7), 1, Progress.silent())
        assert all(unit.was_there for unit in made)


def test_a_file_cut_short_is_made_again(out: Path, kept: dict[Path, str]) -> None:
    """A unit of which a file is shorter than its record says counts as not made."""
    assert kept
    path = next((out / "event_store/expanded/event_date=2026-10-02").glob("unit-2026-10-02.parquet"))
    path.write_bytes(path.read_bytes()[:-9])
    (unit,) = in_processes(unit_makers, [PlacedUnit(_making(out), date(2026, 10, 2), 0)], 1)
    assert not unit.was_there


@pytest.mark.usefixtures("bare_report")
def test_the_run_is_that_of_one_machine(out: Path) -> None:
    """Finished, it has the events, store, plan and manifest of `termtide run`, and `verify` is content."""
    work = FolderStorage(prepared_work())
    run = finish_run(work, FolderStorage(out), Progress.silent(), marts=False)
    assert not run.was_done
    assert generated(out) == generated(finished_run())
    assert check_run(out).findings == []
    assert not (out / UPLOADS).exists()
    assert finish_run(work, FolderStorage(out), Progress.silent(), marts=False).was_done


@pytest.mark.gates
@pytest.mark.usefixtures("bare_report")
@pytest.mark.parametrize("count", [1, 7])
def test_any_number_of_tasks_makes_the_run_of_one_machine(count: int, tmp_path: Path) -> None:
    """One task or seven, last one first: the run that is finished from their records is the same."""
    folder = tmp_path / "run"
    for index in reversed(range(count)):
        made = make_own_units(str(prepared_work()), str(folder), Share(index, count), 1, Progress.silent())
        assert not any(unit.was_there for unit in made)
    finish_run(FolderStorage(prepared_work()), FolderStorage(folder), Progress.silent(), marts=False)
    assert generated(folder) == generated(finished_run())


def test_shares_are_a_partition() -> None:
    """However many tasks there are, each unit is in one share, and shares weigh about the same."""
    job = load_job(FolderStorage(prepared_work()))
    weight = {day: unit.events for day, unit in job.days.items()}
    for count in (1, 3, 7, 200):
        shares = [dealt(list(weight.items()), Share(index, count)) for index in range(count)]
        assert sorted(day for share in shares for day in share) == sorted(weight)
        loads = [sum(weight[day] for day in share) for share in shares]
        assert max(loads) - min(loads) <= max(weight.values())


def test_a_manifest_is_merged_without_reading_events(out: Path, tmp_path: Path) -> None:
    """The manifest comes from records and names of files: with events of other bytes it is the same."""
    copy = tmp_path / "copy"
    for path in out.rglob("*"):
        if path.is_file() and path.relative_to(out).parts[0] in ("records", "event_store", "counts"):
            target = copy / path.relative_to(out)
            target.parent.mkdir(parents=True, exist_ok=True)
            is_record = path.suffix == ".json"
            target.write_bytes(path.read_bytes() if is_record else bytes(path.stat().st_size))
    job = load_job(FolderStorage(prepared_work()))
    assert merged_manifest(job, FolderStorage(copy)).units == merged_manifest(job, FolderStorage(out)).units
