"""The warehouse: opens anywhere, beside other readers, after a move; names and types are the contracts'."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import schemas
from context.errors import InputError, RunError
from sim.folder.manifest import load_manifest
from sim.sql.query import run_sql
from sim.sql.warehouse import build_warehouse, new_file, open_run

COUNT = "SELECT count(*) FROM event_store.expanded"
OLDEST = Path(__file__).resolve().parents[2] / ".venv" / "duckdb-1.2"  # what make oldest-clients installs


@pytest.fixture
def plain(toy_run: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The plain client, read-only."""
    with duckdb.connect(str(toy_run / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def test_the_plain_client_counts_from_anywhere_beside_a_reader(
    toy_run: Path, plain: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Another process in another folder, knowing only the file, counts all events while we have it open."""
    assert plain.execute(COUNT).fetchone() == (15,)
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True);"
        f"c.execute({COUNT!r}); print(*c.fetchone());"
        f"c.execute({COUNT.replace('expanded', 'events')!r}); print(*c.fetchone())"
    )
    file = os.path.relpath(toy_run / "warehouse.duckdb", tmp_path)
    done = subprocess.run([sys.executable, "-c", code, file], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.split() == [b"15", b"15"]


@pytest.mark.parametrize("name", ["moved", "with space", "it's", "a[1]*", "ü"])
def test_our_connection_works_after_a_move(toy_run: Path, tmp_path: Path, name: str) -> None:
    """A copied folder is read in its new place, not the old one, whatever characters its name has."""
    copy = tmp_path / name
    shutil.copytree(toy_run, copy)
    file = next(copy.glob("event_store/expanded/*/unit-2026-08-31.parquet"))
    pq.write_table(pq.read_table(file, partitioning=None).slice(1), file)
    with open_run(copy) as connection:
        rows = connection.execute(COUNT).fetchone()
    assert rows == (14,)
    build_warehouse(copy)
    with duckdb.connect(str(copy / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute(COUNT).fetchone() == rows


def test_views_have_the_columns_of_the_contracts(plain: duckdb.DuckDBPyConnection) -> None:
    """Each view has exactly the columns and types of its schema, in order, and nothing else is there."""
    found = plain.execute(
        "SELECT schema_name, view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
    ).fetchall()
    assert len(found) == 8 + 3 + 2
    with duckdb.connect() as other:
        for dataset, name in found:
            other.execute(f"CREATE SCHEMA IF NOT EXISTS {dataset}")
            other.execute(schemas.duckdb_ddl(schemas.table(dataset, name)))
            wanted = other.execute(f'DESCRIBE {dataset}."{name}"').fetchall()
            columns = plain.execute(f'DESCRIBE {dataset}."{name}"').fetchall()
            assert [row[:2] for row in columns] == [row[:2] for row in wanted]


def test_comments_come_from_the_contracts(plain: duckdb.DuckDBPyConnection) -> None:
    """Tables say what they hold and that it is synthetic; columns what they mean and may contain."""
    comments = dict(
        plain.execute("SELECT view_name, comment FROM duckdb_views() WHERE NOT internal").fetchall()
    )
    assert all("Synthetic" in text for text in comments.values())
    assert comments["expanded"].startswith(schemas.table("event_store", "expanded").description)
    role = plain.execute(
        "SELECT comment FROM duckdb_columns() "
        "WHERE table_name = 'course_section_enrollment' AND column_name = 'role'"
    ).fetchone()
    assert role is not None
    assert "TeachingAssistant" in role[0]


def test_the_older_events_view(plain: duckdb.DuckDBPyConnection) -> None:
    """One row per event, with a TIMESTAMP in UTC, the bare UUID and the ids that the documents have."""
    row = plain.execute(
        "SELECT type, epoch_ms(event_time), ed_app, course_offering_id, actor_id, ucdm_course_offering_id, "
        "ucdm_actor_id, event ->> 'id' = 'urn:uuid:' || id FROM event_store.events "
        "ORDER BY event_time LIMIT 1"
    ).fetchone()
    assert row == (
        "NavigationEvent",
        1788181200000,  # 2026-08-31T13:00:00Z
        "http://lms.termtide.example/",
        "urn:instructure:canvas:course:170000000000101",
        "urn:instructure:canvas:user:170000000000001",
        1,
        1,
        True,
    )


def test_a_run_without_events_has_an_empty_store(toy_run: Path, tmp_path: Path) -> None:
    """With no event file at all, the views are there, with their columns, and have no rows."""
    copy = tmp_path / "empty"
    shutil.copytree(toy_run, copy)
    shutil.rmtree(copy / "event_store")
    manifest = load_manifest(copy)
    manifest.units = {}
    manifest.save(copy)
    build_warehouse(copy)
    with open_run(copy) as connection:
        assert connection.execute(COUNT).fetchone() == (0,)
        assert connection.execute("SELECT count(ucdm_actor_id) FROM event_store.events").fetchone() == (0,)
        assert connection.execute("SELECT count(membership.roles) FROM event_store.expanded").fetchone() == (
            0,
        )


def test_only_what_was_written_is_read(toy_run: Path, tmp_path: Path) -> None:
    """A file that somebody laid among the events is read by nobody; one that is gone is missed by name."""
    copy = tmp_path / "stray"
    shutil.copytree(toy_run, copy)
    build_warehouse(copy)
    (unit,) = copy.glob("event_store/expanded/event_date=2026-08-31/unit-2026-08-31.parquet")
    for name in ("unit-2026-12-31.parquet", "mine.parquet"):
        shutil.copy(unit, unit.with_name(name))
    shutil.copytree(unit.parent, unit.parent.with_name("event_date=2027-01-01"))
    parts = (
        "SELECT sum(total_rows), count(*) FROM event_store.INFORMATION_SCHEMA.PARTITIONS "
        "WHERE table_name = 'expanded'"
    )
    for _ in range(2):
        with duckdb.connect(str(copy / "warehouse.duckdb"), read_only=True) as connection:
            assert connection.execute(COUNT).fetchone() == (15,)
            assert connection.execute(COUNT.replace("expanded", "events")).fetchone() == (15,)
        assert run_sql(copy, "p", COUNT).to_pylist() == [{"f0_": 15}]
        assert list(run_sql(copy, "p", parts).to_pylist()[0].values()) == [15, 4]
        build_warehouse(copy)
    unit.unlink()
    with (
        duckdb.connect(str(copy / "warehouse.duckdb"), read_only=True) as connection,
        pytest.raises(duckdb.IOException, match=r"event_date=2026-08-31/unit-2026-08-31\.parquet"),
    ):
        connection.execute(COUNT)
    with pytest.raises(RunError, match=r"unit-2026-08-31\.parquet"):
        run_sql(copy, "p", COUNT)
    with pytest.raises(RunError, match=r"unit-2026-08-31\.parquet"):
        build_warehouse(copy)


def test_a_rebuild_that_fails_keeps_the_old_one(toy_run: Path, tmp_path: Path) -> None:
    """A store file without a column of its contract is an error in one line; the old warehouse stays."""
    copy = tmp_path / "broken"
    shutil.copytree(toy_run, copy)
    before = (copy / "warehouse.duckdb").read_bytes()
    shutil.copy(copy / "context_store_keymap/person.parquet", copy / "context_store_entity/person.parquet")
    with pytest.raises(RunError, match="cannot be built") as caught:
        build_warehouse(copy)
    assert "\n" not in str(caught.value)
    assert (copy / "warehouse.duckdb").read_bytes() == before
    assert list(copy.glob("*.tmp*")) == []


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    """No warehouse is bad input; a file that is none is an error in one line."""
    with pytest.raises(InputError, match=r"no warehouse\.duckdb"):
        open_run(tmp_path)
    (tmp_path / "warehouse.duckdb").write_text("no database" * 1000)
    with pytest.raises(RunError, match="cannot be opened"):
        open_run(tmp_path)


def test_files_are_in_the_form_that_duckdb_1_2_reads(toy_run: Path, tmp_path: Path) -> None:
    """The header names storage version 64, which DuckDB reads from 1.2 on; a delivered file's too."""
    new = tmp_path / "new.duckdb"
    with new_file(new) as connection:
        connection.execute("CREATE TABLE x AS SELECT [STRUCT_PACK(a := 1)] AS a")
    for file in (toy_run / "warehouse.duckdb", new):
        assert file.read_bytes()[8:12] == b"DUCK"
        assert int.from_bytes(file.read_bytes()[12:20], "little") == 64


def test_the_oldest_client_that_the_readme_names(toy_run: Path, tmp_path: Path) -> None:
    """DuckDB 1.2 itself opens the warehouse and counts; DUCKDB_1_2_PACKAGE names another folder with it."""
    folder = os.environ.get("DUCKDB_1_2_PACKAGE") or str(OLDEST)
    if not Path(folder, "duckdb").is_dir():
        pytest.skip(f"no DuckDB 1.2 in {folder}; make oldest-clients installs it")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import duckdb;"
        "assert duckdb.__version__.startswith('1.2');"
        "c = duckdb.connect(sys.argv[2], read_only=True);"
        f"print(c.execute({COUNT!r}).fetchall());"
        f"print(c.execute({COUNT.replace('expanded', 'events')!r}).fetchall())"
    )
    command = [sys.executable, "-I", "-c", code, folder, str(toy_run / "warehouse.duckdb")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.split() == [b"[(15,)]", b"[(15,)]"]
