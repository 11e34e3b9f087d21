"""`termtide context`: the store alone, in every form, whole or not at all."""

from __future__ import annotations

import csv
import json
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import schemas
from context.store.as_of import as_of
from context.store.store import ENTITY, KEYMAP, Store
from sim.cli.main import main
from sim.exports.files import NOTE, write_folder
from sim.exports.forms import FILE_FORMS
from sim.exports.source import Source, of_store, scenario_facts
from sim.folder.manifest import PackEntry, new_manifest
from tests.samples.tiny import BRIEF, BRIEF_TOML, TINY, default_pack, store_of
from tests.samples.toy_run import write_run


def source() -> Source:
    """The tiny campus's store as a source."""
    pack = default_pack()
    entry = PackEntry(name=pack.name, version=pack.version, digest=pack.digest)
    return of_store(store_of(TINY), new_manifest(TINY, entry))


def delivered(form: str, root: Path, given: Source, names: list[tuple[str, str]] | None = None) -> list[str]:
    """Write a folder; returns its files."""
    found = write_folder(form, root, names or list(given.names), given, scenario_facts(given.manifest))
    return [file.path for file in found]


def is_same(found: pa.Table, given: Source, dataset: str, name: str) -> bool:
    """Whether the rows are those of the store, in the types of the contract."""
    schema = schemas.arrow_schema(schemas.table(dataset, name))
    return bool(found.cast(schema).equals(given.get(dataset, name).cast(schema)))


def test_parquet_is_the_store(tmp_path: Path) -> None:
    """Every table reads back as it was, where a run would have it."""
    given = source()
    files = delivered("parquet", tmp_path / "out", given)
    assert files == [f"{dataset}/{name}.parquet" for dataset, name in given.names]
    for dataset, name in given.names:
        found = pq.read_table(tmp_path / "out" / dataset / f"{name}.parquet", partitioning=None)
        assert is_same(found, given, dataset, name), name


def sql_type(kind: str) -> str:
    """DuckDB's name of a contract's type."""
    names = {"INT64": "BIGINT", "STRING": "VARCHAR", "DATETIME": "TIMESTAMP", "NUMERIC": "DECIMAL(38, 9)"}
    return names.get(kind, kind)


def read(text: str) -> pa.Table:
    """What DuckDB reads, by UTC."""
    return reader().sql(text).to_arrow_table()


@cache
def reader() -> duckdb.DuckDBPyConnection:
    """One session for all files."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def test_csv_is_what_the_udp_loads(tmp_path: Path) -> None:
    """One CSV per entity with native ids before its columns, read back equal, and the manifest of all."""
    given = source()
    files = delivered("csv", tmp_path / "out", given)
    assert files == [f"{name}.csv" for dataset, name in given.names if dataset == ENTITY]
    assert (tmp_path / "out" / "sis_daily.done").read_text().split() == files
    for path in (tmp_path / "out" / file for file in files):
        name = path.stem
        contract = schemas.table(ENTITY, name)
        native = list(schemas.table(KEYMAP, name).names[1:]) if contract.keymap else []
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file, escapechar="\\", doublequote=False, strict=True)
        assert header == [*native, *contract.names]
        assert len(rows) == len(given.get(ENTITY, name))
        kinds = {column.name: sql_type(column.type) for column in contract.columns}
        cells = ", ".join(f'CAST("{name}" AS {kinds.get(name, "VARCHAR")}) AS "{name}"' for name in header)
        names = ", ".join(f"'{name}': 'VARCHAR'" for name in header)
        found = read(
            f"SELECT {cells} FROM read_csv('{path}', header = true, delim = ',', quote = '\"', "
            "escape = '\\', nullstr = '', allow_quoted_nulls = false, auto_detect = false, "
            f"columns = {{{names}}})"
        )
        assert is_same(found.select(contract.names), given, ENTITY, name), name
        if native:
            assert found.select(native).to_pylist() == given.get(KEYMAP, name).select(native).to_pylist()


def test_csv_escapes(tmp_path: Path) -> None:
    """Quotes, backslashes, line ends and empty texts survive; NULL is nothing and an empty text is not."""
    texts = ['say "x"', "C:\\temp\\", "a,b", "one\ntwo", "", None, "ünï"]
    contract = schemas.table(ENTITY, "campus")
    rows = [
        {column.name: row + 1 if column.type == "INT64" else text for column in contract.columns}
        for row, text in enumerate(texts)
    ]
    table = pa.Table.from_pylist(rows, schema=schemas.arrow_schema(contract))
    keymap = pa.Table.from_pylist([], schema=schemas.arrow_schema(schemas.table(KEYMAP, "campus")))
    given = of_store(Store({"campus": table}, {"campus": keymap}), source().manifest)
    delivered("csv", tmp_path / "out", given)
    path = tmp_path / "out" / "campus.csv"
    with path.open(encoding="utf-8", newline="") as file:
        _, *found = csv.reader(file, escapechar="\\", doublequote=False, strict=True)
    assert [row[5] for row in found] == [text or "" for text in texts]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert '"say \\"x\\""' in lines[1]
    assert '"C:\\\\temp\\\\"' in lines[2]
    assert any(line.startswith(',,,,5,""') for line in lines)
    assert any(line.startswith(",,,,6,,") for line in lines)


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t"])
def test_csv_keeps_what_a_spreadsheet_would_run(tmp_path: Path, first: str) -> None:
    """A text that begins like a formula is in quotes and otherwise as it is, and docs/formats.md says so."""
    text = f"{first}HYPERLINK(1)"
    contract = schemas.table(ENTITY, "campus")
    row = {column.name: 1 if column.type == "INT64" else text for column in contract.columns}
    table = pa.Table.from_pylist([row], schema=schemas.arrow_schema(contract))
    keymap = pa.Table.from_pylist([], schema=schemas.arrow_schema(schemas.table(KEYMAP, "campus")))
    given = of_store(Store({"campus": table}, {"campus": keymap}), source().manifest)
    delivered("csv", tmp_path / "out", given)
    texts = sum(column.type == "STRING" for column in contract.columns)
    line = (tmp_path / "out" / "campus.csv").read_text(encoding="utf-8").splitlines()[1]
    assert line.count(f',"{text}"') == texts > 0
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    assert first == "\t" or f"`{first}`" in next(
        part for part in page.split("\n#") if "Cells that begin" in part
    )


def test_ndjson_is_the_store(tmp_path: Path) -> None:
    """Every row is an object with the table's columns in order, and the values read back equal."""
    given = source()
    delivered("ndjson", tmp_path / "out", given)
    for dataset, name in given.names:
        path = tmp_path / "out" / dataset / f"{name}.ndjson"
        contract = schemas.table(dataset, name)
        kinds = ", ".join(f"'{column.name}': '{sql_type(column.type)}'" for column in contract.columns)
        found = read(f"SELECT * FROM read_json('{path}', columns = {{{kinds}}})")
        assert is_same(found, given, dataset, name), name
        with path.open(encoding="utf-8") as file:
            assert list(json.loads(next(file))) == list(contract.names)


@pytest.mark.parametrize("form", FILE_FORMS)
def test_a_failure_leaves_what_was_there(form: str, tmp_path: Path) -> None:
    """When a table can't be had, nothing changes; the next delivery drops what is no more."""
    given, root = source(), tmp_path / "out"
    names = [(dataset, name) for dataset, name in given.names if name in {"person", "role", "wiki"}]
    first = delivered(form, root, given, names)
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def broken(dataset: str, name: str) -> pa.Table:
        if name == "wiki":
            raise KeyboardInterrupt
        return given.get(dataset, name).slice(0, 1)

    with pytest.raises(KeyboardInterrupt):
        write_folder(form, root, names, Source(given.manifest, given.names, broken), {})
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    second = delivered(form, root, given, [(ENTITY, "wiki")])
    left = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert set(second) < set(first)
    assert left == {*second, NOTE, *(["sis_daily.done"] if form == "csv" else [])}


def test_same_bytes_each_time(tmp_path: Path) -> None:
    """A delivery repeated elsewhere has the same bytes, notes included."""
    for form in FILE_FORMS:
        for folder in ("a", "b"):
            delivered(form, tmp_path / form / folder, source(), [(ENTITY, "person"), (ENTITY, "wiki_page")])
        (one, other) = (
            {
                path.relative_to(tmp_path / form / folder): path.read_bytes()
                for path in (tmp_path / form / folder).rglob("*.*")
            }
            for folder in ("a", "b")
        )
        assert one == other


def termtide(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command prints on stdout."""
    main(["context", *arguments])
    return capsys.readouterr().out


def test_of_a_run_and_of_a_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The newest run's store is written; with a scenario file, that scenario's; tables can be chosen."""
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "runs" / "toy-7")
    facts = json.loads(termtide(capsys, "--to", "csv:out", "--table", "person", "--json"))
    assert (facts["synthetic"], facts["seed"], facts["rows"]) == (True, 7, {"person.csv": 3})
    assert json.loads((tmp_path / "out" / NOTE).read_text())["label"] == "synthetic"
    (tmp_path / "termtide.toml").write_text("fte = 12\nseed = 5\n", encoding="utf-8")
    facts = json.loads(termtide(capsys, "--to", "parquet:out", "--fte", "11", "--json"))
    assert (facts["scenario"]["fte"], facts["seed"]) == (11, 5)
    assert len(facts["rows"]) == sum(len(schemas.tables(dataset)) for dataset in (ENTITY, KEYMAP))
    assert not (tmp_path / "out" / "person.csv").exists()
    facts = json.loads(
        termtide(capsys, "--to", "ndjson:o2", "--run", "runs/toy-7", "--table", "person", "--json")
    )
    assert list(facts["rows"]) == [f"context_store_{kind}/person.ndjson" for kind in ("entity", "keymap")]


def test_as_of_a_morning_into_duckdb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A warehouse file holds the store as it stood, is replaced by a later morning, and then by the whole."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "termtide.toml").write_text(BRIEF_TOML, encoding="utf-8")
    store = store_of(BRIEF)
    mornings = (date(2026, 9, 25), date(2026, 10, 8), None)
    for day in mornings:
        wanted = store if day is None else as_of(store, BRIEF.time_zone, day)
        flag = [] if day is None else ["--as-of", day.isoformat()]
        facts = json.loads(termtide(capsys, "--to", "duckdb:store.duckdb", "--json", *flag))
        assert facts["as_of"] == (day and day.isoformat())
        assert sum(facts["rows"].values()) == wanted.rows
        given = of_store(wanted, source().manifest)
        with duckdb.connect("store.duckdb", read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for dataset, name in given.names:
                contract = schemas.table(dataset, name)
                order = ", ".join(contract.key)
                found = connection.sql(f'SELECT * FROM {dataset}."{name}" ORDER BY {order}').to_arrow_table()
                keys = [(column, "ascending") for column in contract.key]
                schema = schemas.arrow_schema(contract)
                assert found.cast(schema).equals(given.get(dataset, name).cast(schema).sort_by(keys)), name
    termtide(capsys, "--to", "csv:loading", "--as-of", "2026-09-25", "--table", "course_grade")
    assert json.loads((tmp_path / "loading" / NOTE).read_text())["as_of"] == "2026-09-25"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "out"], ("'out'", "parquet:DIR, csv:DIR")),
        (["--to", "parket:out"], ("did you mean parquet:?",)),
        (["--to", "csv:"], ("'csv:'", "csv:DIR")),
        (["--to", "csv:out", "--table", "persn"], ("--table", "'persn'", "did you mean person?")),
        (
            ["--to", "csv:out", "--table", "event_store.expanded"],
            ("event_store.expanded", "context_store_entity"),
        ),
        (
            ["--to", "csv:out", "--table", "context_store_keymap.person"],
            ("native ids come with their entities",),
        ),
        (["--to", "csv:out", "--as-of", "2026-13-01"], ("--as-of", "'2026-13-01'", "2026-10-01")),
        (["--to", "duckdb:runs"], ("this is a folder", "allowed: a file")),
        (["--to", "csv:out", "--fte", "20", "--run", "runs/toy-7"], ("--run says which run", "--fte")),
        (["--to", "csv:out", "--run", "nowhere"], ("--run nowhere",)),
        (["--to", "csv:runs/toy-7"], ("runs/toy-7", "folder of a run")),
        (["--to", "csv:full"], ("full", "mine.txt", "new or empty")),
        (["--to", "csv:full/mine.txt"], ("this is a file",)),
        ([], ("--to",)),
    ],
)
def test_bad_input(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: tuple[str, ...],
) -> None:
    """Bad input is one line, exit 2, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    write_run(tmp_path / "runs" / "toy-7")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("x")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SystemExit) as caught:
        main(["context", *arguments])
    out, line = capsys.readouterr()
    assert (caught.value.code, out) == (2, "")
    assert all(word in line for word in words), line
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--to", "csv:out", "--table", "persn"], "did you mean person?"),
        (["--to", "duckdb:."], "allowed: a file"),
        (["--to", f"duckdb:{__file__}"], "no DuckDB file"),
        (["--to", "bigquery://no such"], "project 'no such' given"),
    ],
)
def test_what_is_wrong_is_told_before_a_store_is_drawn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], word: str
) -> None:
    """Names of tables and places to write to are looked at first: a large store takes minutes."""
    monkeypatch.delattr("sim.exports.source.store_parts")
    with pytest.raises(SystemExit) as caught:
        main(["context", "--fte", "20", *arguments])
    line = capsys.readouterr().err
    assert (caught.value.code, line.count("\n")) == (2, 1)
    assert word in line
