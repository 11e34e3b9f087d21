"""Backfill refuses what is not ours, and mends what a full disk left."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from context.errors import InputError
from sim.backfill.backfill import Backfill, Wanted, wanted_tables
from sim.cli.main import main
from sim.folder.claim import Claimed
from sim.folder.manifest import load_manifest
from sim.folder.progress import Progress
from sim.run import Order, deliver
from sim.sinks.tables import TableOptions
from tests.backfill.test_backfill import file_bytes, prepared
from tests.samples.tiny import finished_run


@pytest.fixture
def finished() -> Path:
    """A finished run of the small campus, by one worker and never killed."""
    return finished_run()


FOREIGN = {
    "theirs": "CREATE TABLE grades (a INTEGER)",
    "view": "CREATE VIEW grades AS SELECT 1 AS a",
    "macro": "CREATE MACRO double(a) AS 2 * a",
    "rows": "CREATE MACRO pairs(a) AS TABLE SELECT a, a AS b",
    "sequence": "CREATE SEQUENCE numbers",
    "type": "CREATE TYPE mood AS ENUM ('good', 'bad')",
    "schema": "CREATE SCHEMA attic",
}


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """Destinations that are not ours to write to."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("mine")
    (tmp_path / "file.duckdb").write_text("no database")
    for name, statement in FOREIGN.items():
        with duckdb.connect(str(tmp_path / f"{name}.duckdb")) as theirs:
            theirs.execute(statement)
    (tmp_path / "linked.duckdb").symlink_to(tmp_path / "run" / "warehouse.duckdb")
    (tmp_path / "run").mkdir()
    for name in ("manifest.json", "warehouse.duckdb"):
        shutil.copy(finished_run() / name, tmp_path / "run")
    return tmp_path


@pytest.mark.parametrize(
    ("to", "said"),
    [
        (("parquet:{}/full",), "has thesis.txt"),
        (("ndjson:{}/full/thesis.txt",), "a file"),
        (("duckdb:{}/file.duckdb",), "no DuckDB file"),
        (("duckdb:{}/theirs.duckdb",), "nothing of Termtide's"),
        (("duckdb:{}/view.duckdb",), "has the view grades and nothing of Termtide's"),
        (("duckdb:{}/macro.duckdb",), "has the macro double and nothing of Termtide's"),
        (("duckdb:{}/rows.duckdb",), "has the macro pairs and nothing of Termtide's"),
        (("duckdb:{}/sequence.duckdb",), "has the sequence numbers"),
        (("duckdb:{}/type.duckdb",), "has the type mood"),
        (("duckdb:{}/schema.duckdb",), "has the schema attic"),
        (("duckdb:{}/run/warehouse.duckdb",), "the warehouse of a run"),
        (("duckdb:{}/run/../run/warehouse.duckdb",), "the warehouse of a run"),
        (("duckdb:{}/linked.duckdb",), "the warehouse of a run"),
        (("duckdb::memory:",), "gone when this command ends, allowed: a file"),
        (("duckdb::memory:mine",), "allowed: a file"),
        (("duckdb:{}",), "a folder"),
        (("parquet:{}/a", "parquet:{}/a"), "given twice"),
        (("parquet:{}/a", "ndjson:{}/b/../a"), "is another one's folder, allowed: folders apart"),
        (("parquet:{}/a", "ndjson:{}/a/b"), "is another one's folder, allowed: folders apart"),
        (("parquet:{}/a/b", "ndjson:{}/a"), "is another one's folder, allowed: folders apart"),
        (("bigquery://p?prefix=a_", "bigquery://p?prefix=a_&location=EU"), "given twice"),
        (("bigquery://p?prefix=a_", "bigquery://p?prefix=b_&event_store=a_event_store"), "given twice"),
        (("ndjson:{}/a?compression=rar",), "allowed: none, gzip, zstd"),
        (("parqet:{}/a",), "did you mean parquet"),
    ],
)
def test_foreign_destinations_are_refused(
    finished: Path, foreign: Path, to: tuple[str, ...], said: str
) -> None:
    """What is not ours is left alone: one line that says why, before anything is written."""
    before, names = file_bytes(foreign), sorted(foreign.rglob("*"))
    with pytest.raises(InputError, match=said) as caught:
        deliver(finished, Order(tuple(url.format(foreign) for url in to)))
    assert "\n" not in str(caught.value)
    assert (file_bytes(foreign), sorted(foreign.rglob("*"))) == (before, names)


@pytest.mark.parametrize("kind", ["backfill", "context"])
def test_a_folder_behind_a_link_is_not_written_through(finished: Path, tmp_path: Path, kind: str) -> None:
    """A dataset's folder that is a symbolic link to elsewhere: exit 2, and nothing is written there."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "person.parquet").write_text("mine")
    command = [kind, "--run", str(finished), "--to", f"parquet:{tmp_path / 'out'}"]
    command += ["--table", "context_store_entity.person"]
    main(command)
    for name in ("context_store_entity", "event_store"):
        shutil.rmtree(tmp_path / "out" / name, ignore_errors=True)
        (tmp_path / "out" / name).symlink_to(theirs)
        with pytest.raises(SystemExit) as left:
            main(command)
        assert left.value.code == 2
        assert file_bytes(theirs) == {"person.parquet": b"mine"}
        (tmp_path / "out" / name).unlink()
    main(command)
    partial = tmp_path / "out" / "context_store_entity" / "person.parquet"
    partial.unlink()
    partial.with_name("person.parquet.tmp").symlink_to(theirs / "person.parquet")
    main(command)
    assert file_bytes(theirs) == {"person.parquet": b"mine"}


def test_two_prefixes_are_two_destinations(finished: Path) -> None:
    """Datasets of their own in one project, or in two, are no destination named twice."""
    work = Backfill(Claimed(finished, load_manifest(finished), Progress.silent()), Wanted())
    urls = ("bigquery://p?prefix=a_", "bigquery://p?prefix=b_", "bigquery://q?prefix=a_")
    with work.opened(urls, TableOptions()):
        assert [warehouse.url for warehouse in work.warehouses] == list(urls)


def test_another_scenario_in_an_old_delivery_is_refused(finished: Path, tmp_path: Path) -> None:
    """A changed scenario, or another compression, does not mix with what a destination holds."""
    only = Wanted(tables=wanted_tables([], ["context_store_entity.person"]))
    urls = (f"ndjson:{tmp_path / 'nd'}", f"duckdb:{tmp_path / 'd.duckdb'}")
    deliver(finished, Order(urls, only))
    with pytest.raises(InputError, match="compression: none there, gzip given"):
        deliver(finished, Order((f"{urls[0]}?compression=gzip",), only))
    manifest = load_manifest(finished)
    copy = tmp_path / "changed"
    shutil.copytree(finished, copy)
    manifest.scenario_digest = "0" * 64
    manifest.save(copy)
    with pytest.raises(InputError, match="holds another delivery"):
        deliver(copy, Order(urls[:1], only))
    with pytest.raises(InputError, match="holds the run"):
        deliver(copy, Order(urls[1:], only))
    with pytest.raises(InputError, match="not complete"):
        deliver(prepared(finished, tmp_path / "empty"), Order(urls, only))


def test_a_full_disk_is_one_line(finished: Path, tmp_path: Path) -> None:
    """No room for a file: exit 3 and one line; nothing half is there, and the same command completes it."""
    import resource
    import sys

    limit = 40_000

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "sim", "backfill", "--run", str(finished), "--workers", "1"]
    command += [
        "--to",
        f"ndjson:{tmp_path / 'nd'}",
        "--table",
        "event_store.expanded",
        "--from",
        "2026-10-30",
    ]
    failed = subprocess.run(
        command,
        cwd=root,
        preexec_fn=small,
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode == 3, failed.stderr
    assert "unit-2026-10-30.ndjson: File too large" in failed.stderr.splitlines()[-1]
    assert "Traceback" not in failed.stderr
    assert not list((tmp_path / "nd").rglob("*.tmp"))
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "nd").glob("unit-*.ndjson"))) == 20


def test_a_refusal_leaves_no_folder(tmp_path: Path) -> None:
    """A run that isn't there is told, and its folder isn't there afterwards."""
    with pytest.raises(SystemExit) as left:
        main(["backfill", "--run", str(tmp_path / "nosuch"), "--to", f"ndjson:{tmp_path / 'out'}"])
    assert left.value.code == 2
    assert list(tmp_path.iterdir()) == []
