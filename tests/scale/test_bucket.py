"""Work and output in a bucket: whole objects, by generation, against an emulator of Cloud Storage."""

from __future__ import annotations

import itertools
import json
from datetime import date
from pathlib import Path

import duckdb
import pytest

from context.errors import DamagedError, InputError, RunError
from context.files import bytes_digest, file_digest
from context.terms.premises import premises
from sim.backfill.pool import in_processes
from sim.folder.manifest import Manifest, load_manifest
from sim.folder.names import BUILT, COOKBOOK, DICTIONARY, REPORT, WAREHOUSE
from sim.folder.progress import Progress
from sim.scale.finish import finish_run
from sim.scale.job import JOB, WORLD, load_job
from sim.scale.places.open import open_storage
from sim.scale.places.storage import FolderStorage, Found, Storage
from sim.scale.prepare import prepare_work
from sim.scale.tasks import Share
from sim.scale.units import Making, PlacedUnit, UnitMaker, make_own_units, unit_makers
from sim.sql.warehouse import ROOT, open_run
from sim.verify.run_folder import check_run
from tests.samples.scaled import generated, made_units, prepared_work, put_work
from tests.samples.tiny import SMALL, default_pack, finished_run
from tests.servers.storage_server import Emulator

_numbers = itertools.count()


@pytest.fixture
def bucket(cloud_storage: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The URL of an empty bucket; the machine's cache is the test's own."""
    prepared_work(), finished_run()  # which outlive the test, so not below its folder
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", cloud_storage.url)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    name = f"termtide-test-{next(_numbers)}"
    cloud_storage.make_bucket(name)
    return f"gs://{name}"


@pytest.fixture
def place(bucket: str) -> Storage:
    """A place in the bucket."""
    return open_storage(f"{bucket}/some/place")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of some size."""
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 1_000)
    return path


def test_a_file_comes_back_as_it_was_put(place: Storage, file: Path, tmp_path: Path) -> None:
    """Put, found with its size and digest, listed below its folder, and fetched: the same bytes."""
    digest = file_digest(file)
    place.put(file, "a/b.parquet", digest)
    place.put_bytes(b"small", "c.json")
    assert place.find("a/b.parquet") == Found("a/b.parquet", 256_000, digest)
    assert place.find("a") is None
    assert [found.name for found in place.list("")] == ["a/b.parquet", "c.json"]
    assert [found.name for found in place.list("a")] == ["a/b.parquet"]
    assert place.read("c.json") == b"small"
    assert place.read("none") is None
    place.fetch("a/b.parquet", tmp_path / "back", digest)
    assert (tmp_path / "back").read_bytes() == file.read_bytes()
    with pytest.raises(DamagedError, match="is not the file"):
        place.fetch("a/b.parquet", tmp_path / "back", bytes_digest(b"other"))
    with pytest.raises(InputError, match="no none"):
        place.fetch("none", tmp_path / "back", digest)


def test_the_same_file_again_is_not_written_again(place: Storage, file: Path) -> None:
    """A second put of the same bytes leaves the generation; one of other bytes replaces it."""
    digest = file_digest(file)

    def generation() -> int:
        return int(place._get("a").generation)  # type: ignore[attr-defined]

    place.put(file, "a", digest)
    before = generation()
    place.put(file, "a", digest)
    assert generation() == before
    file.write_bytes(b"other")
    place.put(file, "a", file_digest(file))
    assert generation() != before
    assert place.read("a") == b"other"


def test_of_two_that_write_at_once_one_is_told(place: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object that appears between look and upload is seen by its generation, and kept if the same."""
    looked = place._get  # type: ignore[attr-defined]
    turns = []

    def late(name: str) -> object:
        found = looked(name)
        if not turns:
            open_storage(place.url).put_bytes(b"mine", name)
        turns.append(found)
        return found

    monkeypatch.setattr(place, "_get", late)
    place.put_bytes(b"mine", "a")
    assert len(turns) == 2
    assert place.read("a") == b"mine"


def test_a_claim_is_made_once(place: Storage) -> None:
    """Of two that claim a place, the second gets what the first wrote."""
    assert place.put_new(b"first", "claim") == b"first"
    assert place.put_new(b"second", "claim") == b"first"


def test_a_bucket_that_is_not_there(bucket: str) -> None:
    """A missing bucket is one line, whatever is asked for first."""
    assert bucket
    with pytest.raises(InputError, match="there is no bucket termtide-none"):
        open_storage("gs://termtide-none/x").read("a")
    with pytest.raises(InputError, match="there is no bucket termtide-none"):
        open_storage("gs://termtide-none/x").put_bytes(b"a", "a")


def test_a_service_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that answers is one line and exit code 3, after a while of trying."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setattr("sim.scale.places.bucket._AGAIN_S", 0.5)
    with pytest.raises(RunError, match="the same command continues") as caught:
        open_storage("gs://bucket/x").read("a")
    assert "\n" not in str(caught.value)


def test_units_over_a_bucket_are_those_of_one_machine(bucket: str, tmp_path: Path) -> None:
    """From work in a bucket, which is found whole, two processes make units with the bytes of a run."""
    work, out = f"{bucket}/work", f"{bucket}/run"
    put_work(open_storage(work))
    job = prepare_work(premises(SMALL, default_pack()), open_storage(work), Progress.silent())
    assert job == load_job(FolderStorage(prepared_work()))
    whole = generated(finished_run())
    units = [PlacedUnit(Making(work, out), date(2026, 10, day), 0) for day in (1, 2)]
    done = list(in_processes(unit_makers, units, 2))
    assert [unit.was_there for unit in done] == [False, False]
    place = open_storage(out)
    events = [found.name for found in place.list("event_store")]
    assert len(events) >= 2
    for name in events:
        assert place.read(name) == whole[name]
    assert all(unit.was_there for unit in in_processes(unit_makers, units, 1))
    assert len(list(tmp_path.glob("termtide-scale-*/*/world.bin"))) == 1
    assert not list(tmp_path.glob("termtide-unit-*"))


@pytest.fixture(scope="module")
def small_run(cloud_storage: Emulator) -> tuple[Storage, Storage]:
    """The work of the small campus in a bucket, and its run there, finished; both stay as they are."""
    name = f"termtide-test-{next(_numbers)}"
    cloud_storage.make_bucket(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STORAGE_EMULATOR_HOST", cloud_storage.url)
        work, out = open_storage(f"gs://{name}/work"), open_storage(f"gs://{name}/run")
    put_work(work)
    made_units(out)
    assert not finish_run(work, out, Progress.silent()).was_done
    return work, out


def test_a_run_in_a_bucket_is_finished_there(small_run: tuple[Storage, Storage], tmp_path: Path) -> None:
    """Finished from records, each object has the bytes of `termtide run`, manifest and report included."""
    work, out = small_run
    _is_whole(out)
    assert not list(tmp_path.glob("termtide-unit-*"))
    assert finish_run(work, out, Progress.silent()).was_done


def test_of_warehouses_the_first_one_stays(
    small_run: tuple[Storage, Storage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who finishes a run beside somebody else notes the warehouse that is there, whose bytes are others."""
    work, out = small_run
    note, before = out.read(BUILT) or b"", out.find(WAREHOUSE)
    monkeypatch.setattr("sim.scale.bucket_run.lacking_libraries", lambda: "altair")  # the charts take long
    monkeypatch.setattr("sim.scale.bucket_run.make_report", lambda *_: None)
    out._blob(BUILT).delete()  # type: ignore[attr-defined]
    assert not finish_run(work, out, Progress.silent()).was_done
    noted = json.loads(out.read(BUILT) or b"")["files"][WAREHOUSE]
    out.put_bytes(note, BUILT)
    assert before == out.find(WAREHOUSE) == Found(WAREHOUSE, noted["bytes"], noted["xxh3_128"])


def test_a_run_that_is_fetched_from_a_bucket_is_a_run(
    small_run: tuple[Storage, Storage], tmp_path: Path
) -> None:
    """Copied to a folder its warehouse has the rows of the bucket's run, by our commands and DuckDB alone."""
    (_, finished), copy = small_run, tmp_path / "copy"
    for found in finished.list(""):
        path = copy / found.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(finished.read(found.name) or b"")
    assert check_run(copy).findings == []
    manifest = load_manifest(copy)
    with open_run(copy) as connection:
        views = connection.sql("SELECT schema_name, view_name, sql FROM duckdb_views() WHERE NOT internal")
        named = {(dataset, name): text for dataset, name, text in views.fetchall()}
        for dataset, name in named:  # all columns, so that their types are those that DuckDB was shown
            connection.sql(f'SELECT * FROM "{dataset}"."{name}" LIMIT 2').fetchall()
        assert _counted(connection, manifest) == manifest.totals.events
    with duckdb.connect(str(copy / WAREHOUSE), read_only=True) as connection:
        connection.execute(f"SET VARIABLE {ROOT} = '{copy}'")
        assert _counted(connection, manifest) == manifest.totals.events
    assert f"'{finished.url}'" in named["event_store", "expanded"]
    assert f"'{finished.url}'" in named["context_store_entity", "person"]


def _counted(connection: duckdb.DuckDBPyConnection, manifest: Manifest) -> int:
    """Events, once every table of the store has the rows that the manifest says."""
    for name, entry in manifest.store.items():
        assert connection.sql(f"SELECT count(*) FROM {name}").fetchall() == [(entry.rows,)], name
    ((events,),) = connection.sql("SELECT count(*) FROM event_store.events").fetchall()
    return int(events)


def _is_whole(out: Storage) -> None:
    """Whether a place has what a run has, but for marts; its warehouse and the note of it are its own."""
    whole = generated(finished_run())
    found = {found.name for found in out.list("") if not found.name.startswith("records/")}
    pages = {name for name in found if name.startswith(f"{DICTIONARY}/")} | {COOKBOOK, REPORT}
    assert len(pages) > 60
    assert found == set(whole) | pages | {WAREHOUSE, BUILT}
    for name in found - {WAREHOUSE, BUILT}:
        assert out.read(name) == (finished_run() / name).read_bytes(), name


@pytest.mark.gates
def test_a_run_in_a_bucket_is_that_of_one_machine(bucket: str) -> None:
    """Prepared there, all units by two tasks, and finished: every object has the bytes of `termtide run`."""
    work, out = f"{bucket}/work", f"{bucket}/run"
    prepare_work(premises(SMALL, default_pack()), open_storage(work), Progress.silent())
    assert open_storage(work).read(JOB) == (prepared_work() / JOB).read_bytes()
    for index in range(2):
        make_own_units(work, out, Share(index, 2), 1, Progress.silent())
    run = finish_run(open_storage(work), open_storage(out), Progress.silent())
    assert not run.was_done
    _is_whole(open_storage(out))
    assert finish_run(open_storage(work), open_storage(out), Progress.silent()).was_done


def test_a_cache_that_was_damaged_is_fetched_again(bucket: str, tmp_path: Path) -> None:
    """A world that was changed on the machine's disk is fetched anew, and the units are the same."""
    work, out = f"{bucket}/work", f"{bucket}/run"
    put_work(open_storage(work))
    UnitMaker(Making(work, out))
    (world,) = tmp_path.glob(f"termtide-scale-*/*/{WORLD}")
    text = world.read_bytes()
    world.write_bytes(text[:-100])
    UnitMaker(Making(work, out)).make(date(2026, 10, 1))
    assert world.read_bytes() == text
