"""Marts as the end of a run and of a delivery."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from context.terms.premises import premises
from sim.backfill.backfill import Wanted
from sim.cli.main import main
from sim.folder.claim import remove_run
from sim.folder.manifest import load_manifest
from sim.folder.names import DICTIONARY, MARTS, REPORT
from sim.marts.build import chosen
from sim.marts.record import load_record
from sim.run import Order, deliver, run
from sim.sql.query import run_sql
from sim.sql.warehouse import build_warehouse, open_run
from tests.samples.no_charts import without_charts
from tests.samples.tiny import BRIEF, brief_run, default_pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a finished run of three weeks, without marts."""
    return Path(shutil.copytree(brief_run(), tmp_path / "run"))


def test_run_ends_with_marts(folder: Path) -> None:
    """A finished run without marts gets them, report and dictionary tell of them; then nothing is left."""
    assert ">Marts</h2>" not in (folder / REPORT).read_text(encoding="utf-8")
    assert run(premises(BRIEF, default_pack()), folder).was_done
    assert not (folder / MARTS).exists()
    assert not run(premises(BRIEF, default_pack()), folder, marts=True).was_done
    page = (folder / REPORT).read_text(encoding="utf-8")
    assert ">Marts</h2>" in page
    assert page.count("<svg") == 44  # each for a wide page and for a phone
    assert run(premises(BRIEF, default_pack()), folder, marts=True).was_done
    assert (folder / REPORT).read_text(encoding="utf-8") == page
    rows = load_record(folder).rows["mart_course_offering.status"]
    table = (folder / DICTIONARY / "mart_course_offering" / "status.html").read_text(encoding="utf-8")
    assert f"<b>{rows:,}</b> rows in this run" in table
    build_warehouse(folder)  # of the stores alone, as a later step may do
    with without_charts():
        assert not run(premises(BRIEF, default_pack()), folder, marts=True).was_done
    rows = load_record(folder).rows["mart_general.lti_tool"]
    day = next((folder / "mart_general" / "lti_tool").glob("*=2026-10-*.parquet"))
    shutil.copy(day, day.with_name(day.name.replace("2026", "2027")))  # which nobody has made
    with open_run(folder) as connection:
        assert connection.execute("SELECT count(*) FROM mart_general.lti_tool").fetchone() == (rows,)
    partitions = "SELECT sum(total_rows) FROM mart_general.INFORMATION_SCHEMA.PARTITIONS"
    found = run_sql(folder, "p", f"{partitions} WHERE table_name = 'lti_tool'")
    assert list(found.to_pylist()[0].values()) == [rows]
    remove_run(folder, load_manifest(folder))
    assert not list(folder.rglob("*"))


def test_delivery_ends_with_marts(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A delivery of whole stores ends with every mart in the file; one of parts leaves them out."""
    file = tmp_path / "all.duckdb"
    main(["backfill", "--run", str(folder), "--to", f"duckdb:{file}", "--workers", "1"])
    with duckdb.connect(str(file), read_only=True) as connection:
        found = set(
            connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
        )
        assert {(mart.name,) for mart in chosen(())} <= found
        rows = connection.execute("SELECT count(*) FROM mart_taskforce_rolling.level1_aggregated").fetchone()
        assert rows is not None
        assert rows[0] > 500
    capsys.readouterr()
    part = Wanted(tables=frozenset({("context_store_entity", "person")}))
    deliver(folder, Order((f"duckdb:{tmp_path / 'part.duckdb'}",), part, marts=True))
    with duckdb.connect(str(tmp_path / "part.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE schema_name LIKE 'mart%'"
        ).fetchone() == (0,)
