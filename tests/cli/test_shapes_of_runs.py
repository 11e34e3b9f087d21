"""Every way out of a run, for every state that commands leave one in: its rows, or one line that says why."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from context.store.store import ENTITY, KEYMAP
from sim.cli.main import main
from sim.folder.manifest import Manifest, load_manifest
from sim.folder.names import COMPLETED_BY
from sim.sql.warehouse import build_warehouse
from tests.samples.tiny import finished_run
from tests.samples.toy_run import write_run


def leave(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code of a command and its last line."""
    capsys.readouterr()
    try:
        main(arguments)
        code = 0
    except SystemExit as left:
        code = int(left.code or 0)
    return code, capsys.readouterr().err.strip().splitlines()[-1]


def toy(folder: Path) -> Path:
    """A done run whose store has few tables, as one of an earlier version."""
    manifest = write_run(folder)
    build_warehouse(folder)
    (folder / "report.html").touch()
    manifest.state = "done"
    manifest.save(folder)
    return folder


def in_store(manifest: Manifest, run: Path) -> None:
    """Killed while the store was made."""
    del run
    manifest.state, manifest.units, manifest.plan, manifest.store = "context", {}, None, {}


def in_plan(manifest: Manifest, run: Path) -> None:
    """Killed while it was planned."""
    del run
    manifest.state, manifest.units, manifest.plan = "plan", {}, None


def in_events(manifest: Manifest, run: Path) -> None:
    """Killed before the first day was done."""
    del run
    manifest.state, manifest.units = "events", {}


def torn(manifest: Manifest, run: Path) -> None:
    """Somebody removed tables and a day."""
    (run / ENTITY / "person.parquet").unlink()
    shutil.rmtree(next((run / "event_store/expanded").iterdir()))
    assert manifest.is_done


COMMANDS = [
    ["context", "--to", "csv:OUT"],
    ["context", "--to", "ndjson:OUT"],
    ["context", "--to", "parquet:OUT", "--as-of", "2026-10-01"],
    ["context", "--to", "duckdb:OUT", "--table", "person"],
    ["marts", "build", "mart_course_section.status"],
    ["marts", "build", "mart_course_section.status", "--to", "duckdb:OUT"],
]
NO_STORE = f"its context store is not complete; {COMPLETED_BY}"
NO_EVENTS = f"has no events yet; {COMPLETED_BY}"
GONE = "makes it again"
SHAPES = {
    in_store: [(2, NO_STORE)] * 4 + [(2, NO_EVENTS)] * 2,
    in_plan: [(0, "tables"), (0, "tables"), (0, "tables"), (0, "2 tables")] + [(2, NO_EVENTS)] * 2,
    in_events: [(0, "tables"), (0, "tables"), (0, "tables"), (0, "2 tables")] + [(2, NO_EVENTS)] * 2,
    torn: [(3, GONE)] * 6,
}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_state_of_a_run(
    shape: Callable[[Manifest, Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that was stopped anywhere gives what it has whole, and for the rest one line."""
    run = Path(shutil.copytree(finished_run(), tmp_path / "run", copy_function=os.link))
    (run / "manifest.json").unlink()
    manifest = load_manifest(finished_run())
    shape(manifest, run)
    manifest.save(run)
    for number, (command, (code, said)) in enumerate(zip(COMMANDS, SHAPES[shape], strict=True)):
        given = [word.replace("OUT", str(tmp_path / f"out{number}")) for word in command]
        found, line = leave([*given, "--run", str(run)], capsys)
        assert (found, said in line) == (code, True), (given, line)


def test_a_store_of_few_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a store without keymaps there are no CSVs, of one without tables no morning and no marts."""
    run = str(toy(tmp_path / "toy"))
    out = tmp_path / "out"
    code, line = leave(["context", "--run", run, "--to", f"csv:{out}"], capsys)
    assert (code, f"this run has no {KEYMAP}.academic_term" in line) == (2, True), line
    assert not out.exists()
    assert leave(["context", "--run", run, "--to", f"csv:{out}", "--table", "person"], capsys)[0] == 0
    for form in ("csv", "parquet", "ndjson", "duckdb"):
        given = ["context", "--run", run, "--to", f"{form}:{out}-{form}", "--as-of", "2026-10-01"]
        code, line = leave(given, capsys)
        assert (code, "--as-of: needs every table" in line) == (2, True), line
    for form in ("parquet", "ndjson", "duckdb"):
        assert leave(["context", "--run", run, "--to", f"{form}:{out}-all-{form}"], capsys)[0] == 0
    assert leave(["marts", "build", "--run", run], capsys)[0] == 2


def test_marts_of_a_place_without_stores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Marts are made where the stores are: of a new file it is said that they are not, and none is left."""
    run = Path(shutil.copytree(finished_run(), tmp_path / "run", copy_function=os.link))
    mart = ["marts", "build", "mart_course_section.status", "--run", str(run)]
    code, line = leave([*mart, "--to", f"duckdb:{tmp_path}/new"], capsys)
    assert (code, line.endswith("; deliver the stores first")) == (3, True), line
    assert not (tmp_path / "new").exists()


def test_marts_of_a_changed_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No mart is made of a table that is not what was written; the table is named, and noted."""
    run = Path(shutil.copytree(finished_run(), tmp_path / "run"))
    table = run / ENTITY / "course_section.parquet"
    data = bytearray(table.read_bytes())
    data[len(data) // 3] ^= 1
    table.write_bytes(data)
    code, line = leave(["marts", "build", "mart_course_section.status", "--run", str(run)], capsys)
    assert (code, f"{table}: is not the file that was written" in line) == (3, True), line
    assert "course_section" in (run / "suspects.json").read_text()
    assert not list(run.glob("mart_course_section/*"))
