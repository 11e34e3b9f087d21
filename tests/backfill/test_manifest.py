"""The manifest and the claim on a run folder: whose it is, what is whole, what may be removed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from context.errors import InputError, RunError
from context.files import Written, seal_of
from sim.folder.claim import claim, remove_run, verified
from sim.folder.manifest import Manifest, load_manifest
from sim.folder.whole import note_built
from sim.report.dictionary.site import write_dictionary
from sim.report.table_facts import every_table
from sim.sql.warehouse import build_warehouse
from tests.samples.toy_run import SCENARIO, ToyPack, write_run

PACK = ToyPack()
OTHER = SCENARIO.model_copy(update={"fte": 4})


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is complete; tests copy it."""
    folder = tmp_path_factory.mktemp("runs") / "toy-7"
    manifest = write_run(folder)
    build_warehouse(folder)
    (folder / "report.html").write_text("a report")
    note_built(folder, "report.html")
    manifest.state = "done"
    manifest.save(folder)
    return folder


@pytest.fixture
def run(done: Path, tmp_path: Path) -> Path:
    """A copy of the complete run."""
    folder = tmp_path / "run"
    shutil.copytree(done, folder)
    return folder


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_manifest_comes_back_as_it_was(run: Path) -> None:
    """Reading what was saved gives the same model, with sums over what is done."""
    manifest = load_manifest(run)
    assert manifest == Manifest.model_validate(manifest.model_dump())
    assert manifest.label == "synthetic"
    assert (manifest.totals.events, manifest.totals.store_rows) == (15, 23)
    assert manifest.totals.event_bytes == sum(
        path.stat().st_size for path in run.glob("event_store/**/*.parquet")
    )
    assert manifest.seed == 7
    assert set(manifest.versions) == {"python", "numpy", "pyarrow", "duckdb", "simpy", "orjson", "tzdata"}


def test_the_same_run_makes_the_same_manifest(done: Path, tmp_path: Path) -> None:
    """Made again elsewhere, later, its units in another order: the same bytes, without a time in it."""
    manifest = write_run(tmp_path / "again")
    manifest.state = "done"
    manifest.units = dict(reversed(manifest.units.items()))
    manifest.save(tmp_path / "again")
    assert (tmp_path / "again/manifest.json").read_bytes() == (done / "manifest.json").read_bytes()
    assert list((tmp_path / "again").glob("*.tmp")) == []


def test_a_unit_must_have_its_rows(run: Path) -> None:
    """Files that hold fewer rows than the unit drew are refused."""
    manifest = load_manifest(run)
    with pytest.raises(RunError, match="6 events, but 5 in its files"):
        manifest.add_unit("2026-09-09", [Written("a", 2, 1, "0" * 32), Written("b", 3, 1, "0" * 32)], 6, "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "no manifest of a Termtide run"),
        ('{"name": "a web app"}', "no manifest of a Termtide run"),
        ('{"format": 1}', "format 1, allowed: 2 or 3"),
    ],
)
def test_what_is_no_manifest(tmp_path: Path, text: str, message: str) -> None:
    """Broken, foreign and newer files are bad input, in one line that names the file."""
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        load_manifest(tmp_path)
    assert "manifest.json" in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(InputError):
        claim(tmp_path, SCENARIO, PACK, force=True)
    assert _files(tmp_path) == {"manifest.json"}


def test_a_run_of_older_digests_is_read_and_not_gone_on_with(run: Path) -> None:
    """A manifest says which digests it holds; one of format 2 has SHA-256, and nobody goes on with those."""
    facts = json.loads((run / "manifest.json").read_text())
    assert (facts["format"], facts.pop("digests")) == (3, "xxh3_128")
    facts["format"] = 2
    facts["seal"] = seal_of(facts)
    (run / "manifest.json").write_text(json.dumps(facts))
    manifest = load_manifest(run)
    assert (manifest.digests, claim(run, SCENARIO, PACK).is_done) == ("sha256", True)
    manifest.save(run)
    assert json.loads((run / "manifest.json").read_text()) == facts
    manifest.state = "events"
    manifest.save(run)
    with pytest.raises(InputError, match="digests by sha256 and not complete, here they are by xxh3_128"):
        claim(run, SCENARIO, PACK)


def test_paths_must_stay_inside(run: Path) -> None:
    """A manifest that was tampered with can't make us touch files elsewhere."""
    facts = json.loads((run / "manifest.json").read_text())
    for path in ("../secret", "/etc/hostname", ""):
        facts["units"]["2026-08-31"]["files"][0]["path"] = path
        facts["seal"] = seal_of(facts)
        (run / "manifest.json").write_text(json.dumps(facts))
        with pytest.raises(InputError, match="a path inside the run folder"):
            load_manifest(run)


def test_a_new_or_empty_folder_is_claimed(tmp_path: Path) -> None:
    """A folder that is missing, empty, or left by a kill during the first save gets a manifest at once."""
    for name in ("new/deep", "empty", "killed"):
        folder = tmp_path / name
        if name != "new/deep":
            folder.mkdir(parents=True)
        if name == "killed":
            (folder / "manifest.json.tmp").write_text("{")
        manifest = claim(folder, SCENARIO, PACK)
        assert (manifest.state, manifest.units, manifest.store) == ("context", {}, {})
        assert load_manifest(folder) == manifest


def test_a_second_run_into_the_same_folder_finds_it_done(run: Path) -> None:
    """The same scenario claims its run again: done, and not a byte has changed."""
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    renamed = SCENARIO.model_copy(update={"name": "other"})  # a name changes nothing that is generated
    assert claim(run, renamed, PACK).state == "done"
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


@pytest.mark.parametrize("force", [False, True])
def test_a_folder_of_other_files_is_refused(tmp_path: Path, *, force: bool) -> None:
    """Files without a manifest are never ours to touch, whatever is said; nor is a file a folder."""
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"has thesis.txt and no manifest.json"):
        claim(tmp_path, SCENARIO, PACK, force=force)
    with pytest.raises(InputError, match="this is a file"):
        claim(tmp_path / "thesis.txt", SCENARIO, PACK, force=force)
    assert _files(tmp_path) == {"thesis.txt"}


def test_another_scenarios_run_is_refused(run: Path) -> None:
    """The line names both scenarios, and what differs when they read the same; nothing changes."""
    before = _files(run)
    with pytest.raises(InputError, match=r"toy: 3 FTE, Fall 2026, seed 7.*given: toy: 4 FTE") as caught:
        claim(run, OTHER, PACK)
    assert "--force" in str(caught.value)
    with pytest.raises(InputError, match="time_zone: America/Detroit there, Europe/Paris given"):
        claim(run, SCENARIO.model_copy(update={"time_zone": "Europe/Paris"}), PACK)
    with pytest.raises(InputError, match="pack toy_pack 1 has changed"):
        claim(run, SCENARIO, replace(PACK, digest="q" * 64))
    assert _files(run) == before


def test_force_replaces_what_is_ours_only(run: Path) -> None:
    """Files of the run go, leftovers of a kill too; files that somebody else put there stay."""
    (run / "notes.txt").write_text("mine")
    foreign = {
        "notes.txt",
        "context_store_entity/mine.parquet",
        "event_store/expanded/event_date=2026-08-31/x.csv",
        "dictionary/mine.html",
        "dictionary/event_store/mine.html",
    }
    write_dictionary(run / "dictionary", every_table())
    (run / "dictionary/context_store_keymap/wiki.html.tmp").write_text("half")
    for name in foreign:
        (run / name).write_text("mine")
    (run / "event_store/expanded/event_date=2026-09-01/unit-2026-09-01.parquet.tmp").write_text("half")
    manifest = claim(run, OTHER, PACK, force=True)
    assert manifest.scenario.fte == 4
    assert _files(run) == foreign | {"manifest.json"}
    assert not (run / "context_store_keymap").exists()
    assert not (run / "dictionary/context_store_keymap").exists()


def test_force_follows_no_links(run: Path, tmp_path: Path) -> None:
    """A folder of the run that is a link to elsewhere is left alone."""
    elsewhere = tmp_path / "elsewhere"
    shutil.move(run / "context_store_entity", elsewhere)
    (run / "context_store_entity").symlink_to(elsewhere)
    before = _files(elsewhere)
    remove_run(run, load_manifest(run))
    assert _files(elsewhere) == before


@pytest.mark.parametrize("damage", ["missing", "cut", "bytes", "rows"])
def test_a_unit_that_is_not_whole_counts_as_not_done(run: Path, damage: str) -> None:
    """A file that is missing, of other bytes, or of other rows: its unit is drawn again, the others not."""
    path = run / "event_store/expanded/event_date=2026-09-01/unit-2026-09-01.parquet"
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    elif damage == "bytes":  # as many rows, written by somebody else
        pq.write_table(pq.ParquetFile(path).read(), path)
    else:  # as many bytes, other rows than noted
        manifest = load_manifest(run)
        manifest.units["2026-09-01"].files[0].rows += 1
        manifest.save(run)
    manifest = claim(run, SCENARIO, PACK)
    assert (manifest.state, sorted(manifest.units)) == ("events", ["2026-08-31", "2026-09-02"])
    assert load_manifest(run) == manifest


def test_stages_that_are_not_whole_come_again(run: Path) -> None:
    """Without a table of the store, the plan or the warehouse, the run goes on from there."""
    whole = load_manifest(run)
    for name, state in (
        ("report.html", "events"),
        ("warehouse.duckdb", "events"),
        ("plan.parquet", "plan"),
        ("context_store_entity/person.parquet", "context"),
    ):
        (run / name).unlink()
        found = verified(run, whole)
        assert found.state == state
        assert len(found.units) == 3
    assert "context_store_entity.person" not in found.store
    assert found.plan is None


def test_another_version_goes_on_with_done_runs_only(run: Path) -> None:
    """A run that another Termtide began is not completed by this one; a complete one may be used."""
    manifest = load_manifest(run)
    manifest.termtide = "0.0.1"
    manifest.save(run)
    assert claim(run, SCENARIO, PACK).state == "done"
    manifest.state = "events"
    manifest.save(run)
    with pytest.raises(InputError, match=r"begun by Termtide 0\.0\.1"):
        claim(run, SCENARIO, PACK)
    assert claim(run, SCENARIO, PACK, force=True).state == "context"
