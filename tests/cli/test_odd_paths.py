"""Folders and files of any name, at every command: they stand for themselves, whatever is beside them."""

from __future__ import annotations

import json
import os
import shutil
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from context.errors import InputError
from context.files import typed_path
from context.packs.pack import load_pack
from context.scenario.load import load_scenario, pack_base
from sim.cli.main import main
from sim.folder import duckdb_paths
from sim.folder.duckdb_paths import duckdb_database, duckdb_file, duckdb_folder, duckdb_pattern
from sim.report.campus.page import write_report
from sim.sql.query import run_sql
from sim.sql.warehouse import build_warehouse
from tests.samples.few_marts import FEW
from tests.samples.tiny import BRIEF_TOML, brief_run, default_pack
from tests.samples.toy_run import write_run

ODD = [
    "a[1]",
    "a*",
    "a?",
    "a\\b",
    "~",
    "~root",
    "a[!b]",
    "[",
    "{a,b}",
    "it's",
    'q"q',
    "a\nb",
    "\x1b[2J",
    "s3:a",
    "-a",
]
# Letters that shells, globs, URLs, SQL and terminals take for something else.
NAMES = st.text(
    st.sampled_from("ab1[]*?\\~{}!^-$%#;,:&'\" \n\té\u202e.@=+()<>|`"), min_size=1, max_size=8
).filter(lambda name: name not in (".", ".."))
COUNT = "SELECT COUNT(*) AS n FROM event_store.expanded"


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete run of a few events."""
    folder = tmp_path_factory.mktemp("toy") / "toy"
    manifest = write_run(folder)
    build_warehouse(folder)
    (folder / "report.html").touch()
    manifest.state = "done"
    manifest.save(folder)
    return folder


def decoys(folder: Path) -> None:
    """Folders that patterns would take for odd ones; reading any file of theirs fails."""
    for name in ("a1", "ab", "a", "b", "axb", "a/b"):
        below = folder / name / "event_store" / "expanded" / "event_date=2026-08-31"
        below.mkdir(parents=True, exist_ok=True)
        (below / "unit-2026-08-31.parquet").write_bytes(b"another's")


def code_of(arguments: list[str]) -> int:
    """How a command leaves."""
    try:
        main(arguments)
    except SystemExit as left:
        return int(left.code or 0)
    return 0


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES)
@example(name="a[1]")
@example(name="a\\b")
@example(name="~")
@example(name="a?*[\\")
def test_every_folder_is_read_and_written(
    name: str,
    toy: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A query and an export of a run in a folder of any name have its rows, and go into any folder."""
    here, run, rows = _laid_out(name, toy, tmp_path_factory.mktemp("odd"), monkeypatch)
    capsys.readouterr()
    assert code_of(["sql", "--run", run, COUNT, "--format", "csv"]) == 0
    assert capsys.readouterr().out.split() == ["n", str(rows)]
    for form in ("csv", "parquet", "ndjson"):
        made = f"{form}:./{name}-{form}"
        assert code_of(["context", "--run", run, "--to", made, "--table", "person"]) == 0
        assert _files(here / f"{name}-{form}", "person")
    said = capsys.readouterr().err
    assert not {letter for letter in said if letter in "\x1b\t\u202e"}


@pytest.mark.parametrize("name", ["a[1]", "a?*[\\", "~", "it's {a,b}\n\x1b"])
def test_every_folder_is_delivered_to(
    name: str, toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A delivery from and into a folder of any name has the run's rows; what DuckDB can't open is refused."""
    here, run, rows = _laid_out(name, toy, tmp_path, monkeypatch)
    given = ["backfill", "--run", run, "--workers", "1", "--to"]
    assert code_of([*given, f"parquet:./{name}-p", "--to", f"ndjson:./{name}-n?compression=none"]) == 0
    assert sum(pq.read_metadata(path).num_rows for path in _files(here / f"{name}-p", "unit-")) == rows
    lines = (path.read_text().splitlines() for path in _files(here / f"{name}-n", "unit-"))
    assert sum(map(len, lines)) == rows
    capsys.readouterr()
    refused = bool({"?", "\\"} & set(name))
    # Of the toy's store no mart can be built; of a whole one they are, below.
    assert code_of([*given, f"duckdb:./{name}-d", "--no-marts"]) == (2 if refused else 0)
    if refused:
        assert "in its path it takes ? for the end of a name, allowed:" in capsys.readouterr().err
        return
    with duckdb.connect(duckdb_database(here / f"{name}-d"), read_only=True) as there:
        assert there.execute(COUNT).fetchall() == [(rows,)]


def _laid_out(name: str, toy: Path, here: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str, int]:
    """The working folder, the odd one in it as a person types it, and its events."""
    monkeypatch.chdir(here)
    decoys(here)
    run = f"./{name}"
    shutil.rmtree(run, ignore_errors=True)  # where it is a decoy's name
    shutil.copytree(toy, run)
    build_warehouse(Path(run))
    return here, run, pq.read_table(toy / "event_store/expanded", partitioning=None).num_rows


def _files(folder: Path, start: str) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name.startswith(start)]


def test_the_plain_client_reads_a_warehouse(toy: Path, tmp_path: Path) -> None:
    """The file names its folder so that a client of its own reads its rows, with [ and * in the path too."""
    decoys(tmp_path)
    for name in ("a[1]", "a*b", "plain", "[!a]"):
        run = Path(shutil.copytree(toy, tmp_path / name))
        build_warehouse(run)
        with duckdb.connect() as client:
            client.execute(f"ATTACH '{run / 'warehouse.duckdb'}' AS w (READ_ONLY)")
            assert client.execute("SELECT count(*) FROM w.event_store.expanded").fetchall()[0][0] > 10


@pytest.mark.usefixtures("bare_report", "few_marts")
@pytest.mark.parametrize("name", ["~r[1]*\\"])
def test_a_run_is_finished_in_any_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Warehouse, report and the word that it is done, in an odd folder, from odd scenario and pack."""
    monkeypatch.chdir(tmp_path)
    decoys(tmp_path)
    shutil.copytree(brief_run(), tmp_path / name)
    build_warehouse(tmp_path / name)
    write_report(tmp_path / name, default_pack())
    assert "SELECT" in (tmp_path / name / "report.html").read_text()
    assert run_sql(tmp_path / name, "unizin-shared", COUNT).column(0)[0].as_py() > 1_000
    shutil.copytree(default_pack().path, tmp_path / f"{name}-pack")
    Path(f"./{name}.toml").write_text(f"pack = {json.dumps(f'./{name}-pack')}\n{BRIEF_TOML}")
    capsys.readouterr()
    assert code_of(["run", "--scenario", f"{name}.toml", "--out", name, "--workers", "1", "--yes"]) == 0
    assert "marts: 1 of " in capsys.readouterr().err  # it was complete but for them
    marts = "SELECT COUNT(*) AS n FROM mart_course_section.status"
    (rows,) = run_sql(tmp_path / name, "unizin-shared", marts).column(0).to_pylist()
    for mart in FEW:  # of files by day, and a view on them
        query = f"SELECT COUNT(*) AS n FROM {mart}"
        assert run_sql(tmp_path / name, "unizin-shared", query).column(0)[0].as_py() > 0, mart
    there_too = ["--run", name, "--to", "duckdb:~r[1]*.duckdb"]
    assert code_of(["backfill", "--workers", "1", "--no-marts", *there_too]) == 0
    assert code_of(["marts", "build", "mart_course_section.status", *there_too]) == 0
    with duckdb.connect(duckdb_database(tmp_path / "~r[1]*.duckdb"), read_only=True) as there:
        assert there.execute(marts).fetchall() == [(rows,)]
    streamed = ["stream", "--run", name, "--state", f"{name}-state", "--to", f"ndjson:{name}-lines"]
    assert code_of([*streamed, "--speed", "max", "--from", "2026-10-05", "--until", "2026-10-06"]) == 0
    assert len((tmp_path / f"{name}-lines").read_text().splitlines()) > 50
    assert code_of(["ctl", "status", "--state", f"{name}-state"]) == 2  # it is over
    assert code_of(["pack", "check", f"./{name}-pack"]) == 0
    assert code_of(["schema", "docs", "person", "--format", "html", "--out", f"{name}-docs"]) == 0
    assert (tmp_path / f"{name}-docs" / "index.html").is_file()
    assert code_of(["open", "--run", name, "--print"]) == 2  # a client of its own could not open it
    assert "DuckDB opens no database there" in capsys.readouterr().err


@pytest.mark.parametrize("name", ODD)
def test_links_stand_for_the_folder(name: str, tmp_path: Path) -> None:
    """What DuckDB is told leads to the folder, has no letter that it takes for another, and stays."""
    folder = tmp_path / name
    folder.mkdir()
    told = duckdb_folder(folder)
    assert not set(told) & set("*?[\\")
    assert Path(told).samefile(folder)
    assert duckdb_folder(folder) == told
    assert duckdb_file(folder / "x.parquet") == f"{told}/x.parquet"
    assert (told == str(folder)) == (duckdb_pattern(folder) == str(folder)) or "\\" in name
    assert not stat.S_IMODE(Path(told).parent.lstat().st_mode) & 0o077 or told == str(folder)


def test_home_is_meant_by_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """~ and ~/x are below the home folder, whoever types them; other names that begin with ~ are names."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert typed_path("~/x/y") == tmp_path / "home/x/y"
    assert typed_path("~") == tmp_path / "home"
    assert typed_path("~root/x") == tmp_path / "~root/x"
    assert typed_path("x/~") == Path("x/~")
    with pytest.raises(InputError, match="UTF-8"):
        typed_path("a\udc80")
    with pytest.raises(InputError, match="NUL"):
        typed_path("a\0")


def test_a_pack_below_home_and_one_of_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scenario's pack may stand below the home folder; a user that there isn't is no traceback."""
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copytree(default_pack().path, tmp_path / "packs" / "mine")
    file = tmp_path / "termtide.toml"
    file.write_text("pack = '~/packs/mine'\n")
    assert load_pack(load_scenario(file).pack, pack_base(file)).name
    with pytest.raises(InputError, match="~nobody-here/x given"):
        load_pack("~nobody-here/x")


def test_every_path_of_the_command_line_goes_one_way() -> None:
    """No option of a command makes a path of what was typed but by typed_path."""
    for file in (Path(__file__).parents[2] / "sim" / "cli").glob("*.py"):
        parts = file.read_text().split("Annotated[")[1:]
        for part in parts:
            if part.lstrip().startswith("Path"):
                assert "parser=typed_path" in part, f"{file.name}: {part[:80]}"


def test_threads_share_one_folder_of_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that ask for links at once get links that both lead where they should."""
    odd = [tmp_path / "a[1]", tmp_path / "b*"]
    for folder in odd:
        folder.mkdir()
    for _ in range(200):
        for name in ("_folder", "_made_link"):  # as a process begins
            monkeypatch.setattr(duckdb_paths, name, cache(getattr(duckdb_paths, name).__wrapped__))
        barrier = threading.Barrier(2)

        def link(folder: Path, barrier: threading.Barrier = barrier) -> Path:
            barrier.wait()
            return Path(duckdb_folder(folder))

        with ThreadPoolExecutor(2) as pool:
            assert [path.resolve() for path in pool.map(link, odd)] == odd
        duckdb_paths._folder(os.getpid()).cleanup()
