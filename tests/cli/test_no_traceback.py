"""Spoiled input of every kind, by the hundred: each is one clear line or works, and none is a traceback."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest

from context.errors import InputError, TermtideError
from context.packs.pack import check_pack
from context.scenario.load import load_scenario
from context.scenario.parts import Incident
from context.sealed import SEAL, seal_of
from sim.cli.main import main
from sim.lanes.checkpoint import Checkpoint, load_progress
from sim.lanes.seals import seal_line
from sim.lanes.stream_progress import StreamProgress
from sim.sql.warehouse import build_warehouse
from tests.samples.mutations import SCENARIO_FILE, spoiled_arguments, spoiled_text, spoiled_value
from tests.samples.tiny import calendar_of, default_pack
from tests.samples.toy_run import SCENARIO, write_run


def one_line(error: BaseException) -> None:
    """An error of ours says something."""
    assert isinstance(error, TermtideError)
    assert str(error).strip()


def blocks(many: int) -> list[Any]:
    """Their numbers, of which ``make test`` has the first half."""
    return [pytest.param(n, marks=pytest.mark.gates if 2 * n >= many else ()) for n in range(many)]


@pytest.mark.parametrize("block", blocks(6))
def test_scenarios(block: int, tmp_path: Path) -> None:
    """A spoiled scenario is read, or refused by an error of ours, up to its calendar."""
    file, refused = tmp_path / "termtide.toml", 0
    for seed in range(block * 40, block * 40 + 40):
        text = spoiled_text(SCENARIO_FILE, seed)
        file.write_bytes(text.encode(errors="surrogatepass"))
        try:
            calendar_of(load_scenario(file), default_pack())
        except TermtideError as error:
            one_line(error)
            refused += 1
    assert refused > 20  # most of them are wrong: the mutations work


@pytest.mark.parametrize("block", blocks(4))
def test_packs(block: int, tmp_path: Path) -> None:
    """A spoiled file of a pack is a finding with file and row, or harmless."""
    folder, found = tmp_path / "pack", 0
    shutil.copytree(default_pack().path, folder)
    names = sorted(path.name for path in folder.iterdir() if path.suffix in (".csv", ".toml"))
    for seed in range(block * 15, block * 15 + 15):
        path = folder / names[seed % len(names) if seed % 3 else names.index("pack.toml")]
        before = path.read_bytes()
        path.write_bytes(spoiled_text(before.decode(), seed).encode(errors="surrogatepass"))
        try:
            found += bool(check_pack(folder))
        except TermtideError as error:
            one_line(error)
            found += 1
        path.write_bytes(before)
    assert found > 5


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few events, in the folder toy of the working directory."""
    folder = tmp_path_factory.mktemp("toy") / "toy"
    incident = Incident.model_validate(
        {"name": "x", "start": "2026-10-14T19:30:00", "end": "2026-10-14T22:00:00"}, strict=False
    )
    manifest = write_run(folder, SCENARIO.model_copy(update={"incident": (incident,)}))
    build_warehouse(folder)
    manifest.state = "done"
    (folder / "report.html").touch()
    manifest.save(folder)
    return folder


COMMANDS = (
    ["sql", "--run", "toy", "SELECT 1"],
    ["context", "--run", "toy", "--to", "parquet:made"],
    ["backfill", "--run", "toy", "--to", "parquet:made", "--dry-run"],
    ["stream", "--run", "toy", "--to", "ndjson:made"],
)


@pytest.mark.parametrize("block", blocks(4))
def test_manifests(
    block: int, toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A manifest with one wrong value is refused in a line, by every command that reads one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.run.prepare", _stopped)
    shutil.copytree(toy, "toy")
    path = Path("toy/manifest.json")
    good = json.loads(path.read_text())
    for seed in range(block * 30, block * 30 + 30):
        shutil.rmtree("made", ignore_errors=True)
        kind = seed % 10
        text = (
            json.dumps(resealed(spoiled_value(good, seed))) if kind else spoiled_text(json.dumps(good), seed)
        )
        path.write_bytes(text.encode(errors="surrogatepass"))
        told(COMMANDS[seed % len(COMMANDS)], capsys)


def resealed(data: Any) -> Any:
    """What was spoiled as if Termtide itself had written it: only its types and values are wrong."""
    if isinstance(data, dict) and isinstance(data.get(SEAL), str):
        with suppress(UnicodeEncodeError):
            data[SEAL] = seal_of(data)
    return data


def _stopped(*_arguments: object, **_more: object) -> NoReturn:
    raise InputError("as far as a test goes")


def told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command in this process: it ends by itself or with a code of ours; what it said on stderr."""
    code: object = 0
    try:
        main(arguments)
    except SystemExit as left:
        code = left.code
    assert code in (0, 1, 2, 3), (arguments, code)
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def journal_of(lines: list[Any]) -> bytes:
    """A journal of these lines, with the seals that they would have; what can't be a line has none."""
    found, seal = b"", ""
    for line in lines:
        try:
            data, seal = seal_line(line, seal)
        except TypeError:  # half a letter: orjson writes no such text
            data = json.dumps(line).encode() + b"\n"
        found += data
    return found


def test_a_journal_of_wrong_types(tmp_path: Path) -> None:
    """A stream's checkpoint with one wrong value is read as it is, or refused by an error of ours."""
    journal = Checkpoint(tmp_path, StreamProgress({"scenario": "x", "shift": 0}))
    journal.begin(5)
    written = [json.loads(line) for line in journal.path.read_text().splitlines()]
    lines = [
        *({name: value for name, value in line.items() if name != "seal"} for line in written),
        {"ack": [[0, 1, 7, "8", str(2**64 - 1)]], "n": 3, "mark": 100},
        {"below": 7, "at": 8},
    ]
    journal.close()
    journal.path.write_bytes(journal_of(lines))
    found = load_progress(tmp_path)
    assert found is not None
    assert (found.cursors, found.below_ms, found.mark) == ({(0, 1): (7, 8, 2**64 - 1)}, 7, 100)
    for seed in range(120):
        spoiled = spoiled_value({"lines": lines}, seed).get("lines")
        told_lines = spoiled if isinstance(spoiled, list) else [spoiled]
        journal.path.write_bytes(journal_of(told_lines))
        try:
            load_progress(tmp_path)
        except TermtideError as error:
            one_line(error)


QUERIES = (
    """SELECT type, COUNT(*) AS n FROM event_store.expanded
    WHERE event_time >= DATETIME '2026-08-31' GROUP BY 1""",
    """WITH x AS (SELECT p.person_id, p.name FROM context_store_entity.person AS p)
    SELECT * FROM x ORDER BY 1 LIMIT 3""",
    """SELECT EXTRACT(DAYOFWEEK FROM event_time), FORMAT_DATE('%F', DATE(event_time)), SAFE_DIVIDE(1, 0)
    FROM event_store.events, UNNEST([1, 2]) AS u""",
)


@pytest.mark.parametrize("block", blocks(4))
def test_queries(
    block: int, toy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A spoiled query has rows, or an error of ours."""
    monkeypatch.chdir(toy.parent)
    for seed in range(block * 30, block * 30 + 30):
        query = spoiled_text(QUERIES[seed % len(QUERIES)], seed)
        told(["sql", "--run", "toy", "--format", "csv", "--", query], capsys)


LINES = (
    ["run", "--fte", "12", "--out", "made", "--yes"],
    ["demo", "--fte", "12", "--seed", "4", "--out", "made", "--yes"],
    ["estimate", "--fte", "12", "--terms", "2", "--shift", "3"],
    ["context", "--to", "csv:made", "--table", "person", "--as-of", "2026-10-01"],
    ["backfill", "--to", "ndjson:made", "--from", "2026-09-01", "--until", "2026-09-03", "--dry-run"],
    ["backfill", "--to", "duckdb:made", "--run", "toy", "--dataset", "event_store", "--dry-run"],
    ["stream", "--to", "ndjson:made", "--speed", "max", "--from", "2026-10-12T08:00", "--laps", "2"],
    ["sql", "--run", "toy", "SELECT 1", "--format", "table"],
    ["pack", "show", "us_public_r1", "--json"],
    ["pack", "check", "us_public_r1"],
    ["schema", "show", "person"],
    ["schema", "ddl", "person", "--dialect", "bigquery", "--project", "a-project"],
    ["ctl", "seek", "2026-10-12T08:00", "--state", "made"],
    ["drop", "bigquery://a-project", "--run", "x-1-2"],
)
OPTIONS = [
    "--fte",
    "--seed",
    "--term",
    "--terms",
    "--shift",
    "--pack",
    "--out",
    "--workers",
    "--force",
    "--json",
    "--to",
    "--from",
    "--until",
    "--table",
    "--dataset",
    "--as-of",
    "--run",
    "--method",
    "--compression",
    "--state",
    "--laps",
    "--loop",
    "--speed",
    "--message",
    "--ordering-key",
    "--create",
    "--allow-unlabelled",
    "--align-today",
    "--format",
    "--project",
    "--dialect",
    "--rate-max",
    "--fresh",
    "--scenario",
    "--yes",
    "--dry-run",
]


@pytest.fixture
def dry(toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory with a scenario and a run, in which what costs much is not started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:9")
    for name in ("sim.run.run", "sim.run.backfill", "sim.run.prepare", "sim.exports.source.of_scenario"):
        monkeypatch.setattr(name, _stopped)
    for name in ("bigquery.sink.BigquerySink", "bigquery.drop.Dropper", "pubsub.PubsubSink"):
        monkeypatch.setattr(f"sim.sinks.{name}.__init__", _stopped)
    Path("termtide.toml").write_text("fte = 12\n")
    shutil.copytree(toy, "toy")


@pytest.mark.usefixtures("dry")
@pytest.mark.parametrize("block", blocks(6))
def test_command_lines(block: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A spoiled command line is one line on stderr, or is taken; what costs much is not started here."""
    for seed in range(block * 50, block * 50 + 50):
        told(spoiled_arguments(LINES[seed % len(LINES)], OPTIONS, seed), capsys)


def test_dates_outside_of_a_finished_run_are_refused(
    toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A delivery of a run for days that it hasn't is told the days that it has."""
    monkeypatch.chdir(tmp_path)
    for flag, day in (("--from", "2030-01-01"), ("--until", "1999-01-01")):
        said = told(["backfill", "--run", str(toy), "--to", "parquet:made", flag, day], capsys)
        assert "--from, --until: no day of the term, allowed: 2026-08-31 to 2026-09-02" in said
    assert not Path("made").exists()
