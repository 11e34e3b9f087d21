"""What `termtide scale` is given: each mistake is one line and exit code 2, damage exit code 3."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from context.errors import DamagedError, InputError, TermtideError
from context.files import seal_of
from context.terms.premises import premises
from sim.folder.progress import Progress
from sim.scale.finish import finish_run
from sim.scale.job import JOB, WORLD
from sim.scale.places.open import open_storage
from sim.scale.places.storage import FolderStorage
from sim.scale.prepare import prepare_work
from sim.scale.records import CLAIM
from sim.scale.tasks import Share, share_of
from sim.scale.units import make_own_units
from tests.samples.scaled import prepared_work
from tests.samples.tiny import SMALL, default_pack

ONE = Share(0, 74)  # a single unit


def refused(call: Callable[[], object], said: str, kind: type[TermtideError] = InputError) -> None:
    """Assert that it is refused in one line."""
    with pytest.raises(kind, match=said) as caught:
        call()
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == (2 if kind is InputError else 3)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A copy of the work folder that a test may break."""
    return Path(shutil.copytree(prepared_work(), tmp_path / "work"))


def units(work: Path, out: Path) -> Callable[[], object]:
    """Make one unit."""
    return lambda: make_own_units(str(work), str(out), ONE, 1, Progress.silent())


def changed_job(work: Path, **facts: object) -> None:
    """Change facts of the job, as another version would have written them."""
    job = {**json.loads((work / JOB).read_text()), **facts}
    (work / JOB).write_text(json.dumps({**job, "seal": seal_of(job)}))


def test_work_that_is_not_there(tmp_path: Path) -> None:
    """A missing work folder, and one without its job, say what makes it."""
    refused(units(tmp_path / "none", tmp_path / "out"), "no job.json.*scale prepare")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["plan.parquet", WORLD, "pack/pack.toml"])
def test_work_that_is_incomplete(work: Path, tmp_path: Path, name: str) -> None:
    """A file of the work that is missing is named."""
    (work / name).unlink()
    refused(units(work, tmp_path / "out"), name)


@pytest.mark.parametrize("name", ["plan.parquet", WORLD, "pack/pack.toml"])
def test_work_that_is_damaged(work: Path, tmp_path: Path, name: str) -> None:
    """A flipped bit in plan, world or pack is found before anything is drawn; preparing again mends it."""
    data = bytearray((work / name).read_bytes())
    data[len(data) // 2] ^= 1
    (work / name).write_bytes(data)
    refused(units(work, tmp_path / "out"), "is not the file that was written", DamagedError)
    assert not list((tmp_path / "out/records").glob("unit-*"))
    before = (work / JOB).read_bytes()
    prepare_work(premises(SMALL, default_pack()), FolderStorage(work), Progress.silent())
    assert (work / JOB).read_bytes() == before
    assert (work / name).read_bytes() == (prepared_work() / name).read_bytes()


def test_a_job_of_another_version(work: Path, tmp_path: Path) -> None:
    """Termtide itself, and libraries that move bytes, must be the same; both versions are named."""
    job = json.loads((work / JOB).read_text())
    changed_job(work, termtide="0.0.1")
    refused(units(work, tmp_path / "out"), r"prepared by Termtide 0\.0\.1")
    changed_job(work, termtide=job["termtide"], versions={**job["versions"], "numpy": "1.0"})
    refused(units(work, tmp_path / "out"), r"numpy 1\.0, here is \d")
    changed_job(work, versions=job["versions"], format=7)
    refused(units(work, tmp_path / "out"), "format 7, allowed: 1")


def test_libraries_that_move_no_bytes_may_differ(work: Path, tmp_path: Path) -> None:
    """Another patch of Python or DuckDB on the machine that prepared is no reason to refuse."""
    job = json.loads((work / JOB).read_text())
    changed_job(work, versions={**job["versions"], "python": "3.11.1", "duckdb": "1.0.0"})
    made = make_own_units(str(work), str(tmp_path / "out"), ONE, 1, Progress.silent())
    assert [unit.was_there for unit in made] == [False]


def test_a_job_that_was_changed(work: Path, tmp_path: Path) -> None:
    """A job whose seal is broken is refused, and so is one that is no JSON."""
    text = (work / JOB).read_text()
    (work / JOB).write_text(text.replace('"seed": 11', '"seed": 12', 1))
    refused(units(work, tmp_path / "out"), "seal is broken", DamagedError)
    (work / JOB).write_text(text[:-90])
    refused(units(work, tmp_path / "out"), "job.json", DamagedError)


def test_work_of_another_scenario_is_left_alone(work: Path) -> None:
    """Preparing another scenario over it is refused, and nothing is changed."""
    other = premises(SMALL.model_copy(update={"seed": 99}), default_pack())
    before = (work / JOB).read_bytes()
    refused(lambda: prepare_work(other, FolderStorage(work), Progress.silent()), "another scenario.*seed 99")
    assert (work / JOB).read_bytes() == before


def test_an_output_of_another_run(work: Path, tmp_path: Path) -> None:
    """Units of another job, or other files, in --out are refused and left alone."""
    out = tmp_path / "out"
    (out / "records").mkdir(parents=True)
    (out / CLAIM).write_text('{"job": "other"}\n')
    refused(units(work, out), "another run's units")
    shutil.rmtree(out)
    out.mkdir()
    (out / "thesis.txt").touch()
    refused(units(work, out), "has thesis.txt")
    refused(units(work, work), "allowed: a new or empty place")
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_finish_refuses_what_is_missing_or_foreign(work: Path, tmp_path: Path) -> None:
    """No units, some units, a record of another job, a damaged record and a stray file are each named."""
    out = tmp_path / "out"

    def finish() -> object:
        return finish_run(FolderStorage(work), FolderStorage(out), Progress.silent())

    refused(finish, "no units of this --work")
    units(work, out)()
    refused(finish, "73 of 74 units are missing, first 20")
    (record,) = (out / "records").glob("unit-*.json")
    text = record.read_text()
    facts = {**json.loads(text), "job": "f" * 32}
    record.write_text(json.dumps({**facts, "seal": seal_of(facts)}))
    refused(finish, "a unit of another job")
    record.write_text(text.replace('"rows"', '"rosw"', 1))
    with pytest.raises(TermtideError, match="is not the record that was written"):
        finish()
    record.write_text(text)
    assert not (out / "manifest.json").exists()


def test_a_share_is_taken_from_the_scheduler() -> None:
    """Cloud Run, Batch, Slurm and Kubernetes tell index and number, each in its own variables."""
    assert share_of(None, None, {}) == Share(0, 1)
    assert share_of(2, 5, {"BATCH_TASK_INDEX": "9"}) == Share(2, 5)
    cloud_run = {"CLOUD_RUN_TASK_INDEX": "3", "CLOUD_RUN_TASK_COUNT": "40"}
    assert share_of(None, None, cloud_run) == Share(3, 40)
    assert share_of(None, None, {"BATCH_TASK_INDEX": "0", "BATCH_TASK_COUNT": "2"}) == Share(0, 2)
    slurm = {"SLURM_ARRAY_TASK_ID": "11", "SLURM_ARRAY_TASK_COUNT": "4", "SLURM_ARRAY_TASK_MIN": "10"}
    assert share_of(None, None, slurm) == Share(1, 4)
    assert share_of(None, 6, {"JOB_COMPLETION_INDEX": "5"}) == Share(5, 6)


@pytest.mark.parametrize(
    ("given", "environment", "said"),
    [
        ((3, 3), {}, "3 of 3 given"),
        ((-1, 3), {}, "-1 of 3 given"),
        ((0, 0), {}, "0 of 0 given"),
        ((1, None), {}, "--index: given alone"),
        ((None, 4), {}, "--count: given alone"),
        ((None, None), {"JOB_COMPLETION_INDEX": "5"}, "give --count"),
        ((None, None), {"BATCH_TASK_INDEX": "x", "BATCH_TASK_COUNT": "3"}, "BATCH_TASK_INDEX: 'x' given"),
        ((None, None), {"CLOUD_RUN_TASK_INDEX": "4", "CLOUD_RUN_TASK_COUNT": "4"}, "Cloud Run's"),
    ],
)
def test_a_share_that_is_none(
    given: tuple[int | None, int | None], environment: dict[str, str], said: str
) -> None:
    """An index beyond the count, half of the two, or no number are refused."""
    refused(lambda: share_of(*given, environment), said)


@pytest.mark.parametrize("url", ["s3://bucket/a", "gs://", "gs:///a", "gs://b//a", "http://x/y"])
def test_a_place_that_is_none(url: str) -> None:
    """Anything but a folder or gs://BUCKET/PATH is refused."""
    refused(lambda: open_storage(url), "allowed: |pip install")


@pytest.mark.parametrize(
    ("lacking", "ours", "said"),
    [
        ("google.cloud.storage", "sim.scale.places.bucket", r"pip install 'termtide\[gcs\]'"),
        ("apache_beam", "sim.scale.beam", r"pip install 'termtide\[beam,gcs\]'"),
    ],
)
def test_an_extra_that_is_not_installed(
    lacking: str, ours: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without what an extra brings, the line names the extra."""
    monkeypatch.setitem(sys.modules, lacking, None)
    monkeypatch.delitem(sys.modules, ours, raising=False)
    refused(lambda: import_module(ours), said)
