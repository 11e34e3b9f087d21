"""Law 8: nothing that differs from what was written is handed on, and it is made again."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from context.errors import DamagedError, InputError
from context.terms.premises import premises
from sim.backfill.backfill import Wanted, wanted_tables
from sim.cli.main import main
from sim.folder.manifest import load_manifest
from sim.folder.names import BUILT, MANIFEST, PLAN, REPORT, SUSPECTS, WAREHOUSE
from sim.run import Order, backfill, deliver, run
from sim.verify.places import verify
from tests.backfill.test_backfill import FALL
from tests.backfill.test_run import bytes_of
from tests.samples.flips import flip
from tests.samples.tiny import BRIEF, SMALL, brief_run, default_pack, finished_run

DAY = "event_store/expanded/event_date=2026-10-31/unit-2026-10-31.parquet"
PERSON = "context_store_entity/person.parquet"
FALL_EVENTS = Wanted(*FALL, wanted_tables([], ["event_store.expanded"]))
# Of each kind of table some: what is verified of one is verified of all.
SOME = ("context_store_entity.person", "context_store_keymap.person", "context_store_entity.quiz_result")
DELIVERED = Wanted(*FALL, wanted_tables(["event_store"], SOME))
FILES = (
    DAY,
    PERSON,
    "context_store_keymap/person.parquet",
    PLAN,
    WAREHOUSE,
    REPORT,
    "dictionary/index.html",
    MANIFEST,
    BUILT,
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the small campus, a copy for this file."""
    return Path(shutil.copytree(finished_run(), tmp_path_factory.mktemp("runs") / "small"))


@pytest.fixture
def copy(finished: Path, tmp_path: Path) -> Path:
    """A copy of the run that a test may harm."""
    return Path(shutil.copytree(finished, tmp_path / "copy"))


@pytest.fixture(scope="module")
def delivered(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some days of the run as files of several kinds, and tables of the store; below one folder."""
    root = tmp_path_factory.mktemp("delivered")
    kinds = {"plain": "", "gz": "?compression=gzip", "zst": "?compression=zstd"}
    to = [f"ndjson:{root / name}{query}" for name, query in kinds.items()]
    deliver(finished, Order((*to, f"parquet:{root / 'pq'}"), DELIVERED))
    assert exit_code("context", "--run", finished, "--to", f"csv:{root / 'csv'}") == 0
    return root


def exit_code(*arguments: object) -> int:
    """The exit code of a command."""
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as left:
        return int(left.code or 0)
    return 0


def found_in(place: Path) -> list[tuple[str, str]]:
    return [(finding.path, finding.problem) for finding in verify(place).findings]


def test_what_is_whole_is_found_so(finished: Path, delivered: Path) -> None:
    """A run and its deliveries as they were written: all is read, nothing found, nothing changed."""
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*")}
    verdict = verify(finished)
    assert (verdict.findings, verdict.state) == ([], "done")
    manifest = load_manifest(finished)
    assert verdict.files == len([path for path in finished.rglob("*") if path.is_file()])
    assert verdict.files > len(manifest.files) + 4
    assert verdict.bytes > manifest.totals.event_bytes
    assert {path: path.stat().st_mtime_ns for path in finished.rglob("*")} == before
    for name in ("plain", "gz", "zst", "pq", "csv"):
        assert verify(delivered / name).findings == [], name


@pytest.fixture(scope="module")
def mended(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that tests harm and mend again."""
    return Path(shutil.copytree(finished, tmp_path_factory.mktemp("mended") / "copy"))


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_in_a_run_is_found(mended: Path, name: str) -> None:
    """Wherever in a file a bit is flipped, that file is named, and no other; without it, nothing is."""
    copy, path = mended, mended / name
    whole = path.read_bytes()
    for place in range(8):
        flip(path, place)
        assert found_in(copy) == [(name, "differs")], place
        path.write_bytes(whole)
    assert found_in(copy) == []
    assert not (copy / SUSPECTS).exists()


@pytest.mark.parametrize(
    "name",
    [
        "plain/unit-2026-10-31.ndjson",
        "gz/unit-2026-10-31.ndjson.gz",
        "zst/unit-2026-10-31.ndjson.zst",
        "zst/context_store_entity/person.ndjson.zst",
        f"pq/{DAY}",
        "plain/delivery.json",
        "csv/person.csv",
        "csv/sis_daily.done",
        "csv/context.json",
    ],
)
def test_a_flipped_bit_in_a_delivery_is_found(delivered: Path, tmp_path: Path, name: str) -> None:
    """The same for what was delivered: lines, compressed or not, Parquet, CSV, and the notes of them."""
    kind, _, file = name.partition("/")
    root = Path(shutil.copytree(delivered / kind, tmp_path / kind))
    whole = (root / file).read_bytes()
    for place in range(8):
        flip(root / file, place)
        assert found_in(root) == [(file, "differs")], place
        (root / file).write_bytes(whole)
    assert found_in(root) == []


def test_what_is_missing_or_foreign_is_found(copy: Path, delivered: Path, tmp_path: Path) -> None:
    """Files that are gone, and files that nobody wrote; what a kill left half-written is no stranger."""
    (copy / DAY).unlink()
    (copy / REPORT).unlink()
    stranger = "event_store/expanded/event_date=2026-10-31/unit-2026-12-31.parquet"  # the views would read it
    shutil.copy(copy / PLAN, copy / stranger)
    (copy / "notes.txt").write_text("mine")
    (copy / f"{PERSON}.tmp").write_text("half")
    wanted = {(DAY, "missing"), (REPORT, "missing"), (stranger, "foreign"), ("notes.txt", "foreign")}
    assert set(found_in(copy)) == wanted
    root = Path(shutil.copytree(delivered / "zst", tmp_path / "zst"))
    (root / "unit-2026-10-30.ndjson.zst").unlink()
    (root / "unit-2027-10-30.ndjson.zst").write_text("mine")
    assert set(found_in(root)) == {
        ("unit-2026-10-30.ndjson.zst", "missing"),
        ("unit-2027-10-30.ndjson.zst", "foreign"),
    }
    with pytest.raises(InputError, match="nothing of Termtide there"):
        verify(tmp_path)


def test_what_differs_is_not_delivered(copy: Path, tmp_path: Path) -> None:
    """A delivery without a scenario names the damaged file and hands nothing of it on, whatever the sink."""
    flip(copy / DAY, 1)
    for name in ("ndjson", "parquet", "duckdb"):
        with pytest.raises(DamagedError, match=r"unit-2026-10-31\.parquet: is not the file that"):
            deliver(copy, Order((f"{name}:{tmp_path / name}",), FALL_EVENTS))
        (copy / SUSPECTS).unlink()  # with that, it would be refused before anything is looked at
    assert not list(tmp_path.glob("ndjson/unit-2026-10-31*"))
    assert not (tmp_path / "parquet" / DAY).exists()
    with duckdb.connect(str(tmp_path / "duckdb"), read_only=True) as there:
        query = "SELECT count(*) FROM event_store.expanded WHERE event_time::DATE = '2026-10-31'"
        assert there.execute(query).fetchone() == (0,)
    flip(copy / DAY, 1)
    flip(copy / PERSON, 2)
    only = Wanted(tables=wanted_tables([], ["context_store_entity.person"]))
    for name in ("ndjson", "parquet", "duckdb"):
        with pytest.raises(DamagedError, match=r"person\.parquet: is not the file"):
            deliver(copy, Order((f"{name}:{tmp_path / 'store' / name}",), only))
        assert "person.parquet" in (copy / SUSPECTS).read_text()


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet", "duckdb"])
def test_a_damaged_table_is_not_exported(
    copy: Path, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The store alone is held to the manifest too, and so is the store as of a morning."""
    flip(copy / PERSON, 3)
    for more in ([], ["--as-of", "2026-11-01"]):
        assert exit_code("context", "--run", copy, "--to", f"{form}:{tmp_path / 'out'}", *more) == 3
        (line,) = [x for x in capsys.readouterr().err.splitlines() if "person.parquet" in x]
        assert "is not the file that was written" in line
        assert not list(tmp_path.glob("out/**/person*"))


@pytest.mark.usefixtures("bare_report")
def test_verified_and_run_again(copy: Path, finished: Path) -> None:
    """What `verify` finds, `run` makes again, exactly that, to the same bytes."""
    other = "event_store/expanded/event_date=2026-11-01/unit-2026-11-01.parquet"
    harmed = (DAY, PERSON, PLAN, WAREHOUSE, REPORT)
    for place, name in enumerate(harmed):
        flip(copy / name, place)
    kept = (copy / other).stat().st_mtime_ns
    assert {path for path, _ in found_in(copy)} == set(harmed)
    assert not run(premises(SMALL, default_pack()), copy).was_done
    assert bytes_of(copy) == bytes_of(finished)
    assert (copy / MANIFEST).read_bytes() == (finished / MANIFEST).read_bytes()
    assert (copy / other).stat().st_mtime_ns == kept
    assert found_in(copy) == []
    assert not (copy / SUSPECTS).exists()
    flip(copy / DAY, 7)
    assert run(premises(SMALL, default_pack()), copy).was_done  # a cheap look can't see it
    assert not run(premises(SMALL, default_pack()), copy, verify=True).was_done
    assert bytes_of(copy) == bytes_of(finished)


def test_backfill_draws_again_what_differs(copy: Path, finished: Path, tmp_path: Path) -> None:
    """With the scenario at hand, a damaged unit, table or plan is made again before anything is delivered."""
    for place, name in enumerate((DAY, PERSON, PLAN)):
        flip(copy / name, place)
    assert len(found_in(copy)) == 3
    assert (copy / SUSPECTS).is_file()
    to = tuple(f"{form}:{tmp_path / form}" for form in ("ndjson", "parquet", "duckdb"))
    backfill(premises(SMALL, default_pack()), copy, Order(to, DELIVERED))
    deliver(finished, Order((f"ndjson:{tmp_path / 'whole'}",), DELIVERED))
    there, wanted = tmp_path / "ndjson", tmp_path / "whole"
    for path in wanted.rglob("*"):
        assert path.is_dir() or path.read_bytes() == (there / path.relative_to(wanted)).read_bytes()
    assert (tmp_path / "parquet" / DAY).read_bytes() == (finished / DAY).read_bytes()
    assert verify(tmp_path / "duckdb").findings == []
    assert bytes_of(copy) == bytes_of(finished)
    assert not (copy / SUSPECTS).exists()


def test_a_delivery_is_mended(finished: Path, delivered: Path, tmp_path: Path) -> None:
    """A same-size flip in a delivered file is found by --verify, or after `verify`, and delivered again."""
    root = Path(shutil.copytree(delivered / "zst", tmp_path / "zst"))
    order = Order((f"ndjson:{root}?compression=zstd",), DELIVERED)
    file = root / "unit-2026-10-31.ndjson.zst"
    whole = file.read_bytes()
    flip(file, 1)
    assert deliver(finished, order).delivered.copied == 0
    assert deliver(finished, Order(order.to, order.wanted, verify=True)).delivered.copied == 1
    assert file.read_bytes() == whole
    flip(file, 2)
    assert found_in(root) == [(file.name, "differs")]
    assert (root / SUSPECTS).is_file()
    assert deliver(finished, order).delivered.copied == 1
    assert file.read_bytes() == whole
    assert not (root / SUSPECTS).exists()
    flip(root / "delivery.json", 3)
    deliver(finished, order)
    assert (root / "delivery.json").read_bytes() == (delivered / "zst" / "delivery.json").read_bytes()


@pytest.fixture(scope="module")
def filled(finished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DuckDB file with two days of the run and a table."""
    file = tmp_path_factory.mktemp("duckdb") / "d.duckdb"
    tables = wanted_tables([], ["event_store.expanded", "context_store_entity.person"])
    deliver(finished, Order((f"duckdb:{file}",), Wanted(FALL[0], FALL[0], tables)))
    return file


def test_a_duckdb_file_is_verified(filled: Path, tmp_path: Path) -> None:
    """Blocks that DuckDB refuses, rows that are gone, and values that differ are found, each by its name."""
    assert found_in(filled) == []
    file = tmp_path / "d.duckdb"
    found = 0
    for place in range(6):
        shutil.copy(filled, file)
        flip(file, place)
        found += bool(found_in(file))
    assert found >= 4  # a flip in a block that nothing uses harms nobody
    shutil.copy(filled, file)
    with duckdb.connect(str(file)) as there:
        there.execute("UPDATE context_store_entity.person SET last_name = 'Other' WHERE person_id = 1")
        first = "(SELECT min(id) FROM event_store.expanded)"
        there.execute(f"DELETE FROM event_store.expanded WHERE id = {first}")
    assert [name for name, _ in found_in(file)] == [
        "context_store_entity.person",
        "event_store.expanded 2026-10-30",
    ]
    (tmp_path / "no.duckdb").write_text("no database")
    with pytest.raises(InputError, match="no DuckDB file"):
        verify(tmp_path / "no.duckdb")


@pytest.mark.usefixtures("bare_report")
def test_a_damaged_manifest_begins_the_run_anew(tmp_path: Path) -> None:
    """Of a manifest that was changed nothing is believed: others refuse, `run` makes all again."""
    finished, asked = brief_run(), premises(BRIEF, default_pack())
    copy = Path(shutil.copytree(finished, tmp_path / "copy"))
    text = (copy / MANIFEST).read_text()
    (copy / MANIFEST).write_text(text.replace('"rows": ', '"rows": 1', 1))
    with pytest.raises(DamagedError, match=r"manifest\.json: is not the file that was written"):
        deliver(copy, Order(("ndjson:-",)))
    (copy / MANIFEST).write_text(text.replace(load_manifest(finished).scenario_digest, "0" * 64))
    with pytest.raises(DamagedError, match="--force"):
        run(asked, copy)
    (copy / MANIFEST).write_text(text[:-20])
    run(asked, copy)
    assert bytes_of(copy) == bytes_of(finished)
    assert (copy / MANIFEST).read_bytes() == (finished / MANIFEST).read_bytes()
