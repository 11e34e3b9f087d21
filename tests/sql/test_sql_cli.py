"""``termtide sql`` and ``termtide open`` on the command line: texts from anywhere, answers anywhere, one-line errors."""

# ruff: noqa: E501 - one case a line
from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from sim.cli.main import main

COUNT = "SELECT COUNT(*) AS n FROM context_store_entity.person"


def termtide(
    *arguments: object, text: bytes | None = None, cwd: Path | None = None, **variables: str
) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of the program."""
    done = subprocess.run(
        [sys.executable, "-m", "sim", *map(str, arguments)],
        input=b"" if text is None else text,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **variables},
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def here(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """The same within this process, which is faster."""
    code = 0
    try:
        main(list(map(str, arguments)))
    except SystemExit as leave:
        code = int(leave.code or 0)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_texts_from_anywhere(
    toy_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SQL is the argument, a file (also with a byte order mark), or standard input, named or not."""
    file = tmp_path / "count.sql"
    file.write_bytes(b"\xef\xbb\xbf" + COUNT.encode())
    for given in (["--file", file], [file], [COUNT]):
        assert here(capsys, "sql", "--run", toy_run, "--format", "csv", *given) == (0, "n\n3\n", "")
    assert termtide("sql", "--run", toy_run, "--format=csv", text=COUNT.encode())[1] == "n\n3\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(COUNT.encode())))
    assert here(capsys, "sql", "--run", toy_run, "--format=csv", "-") == (0, "n\n3\n", "")


def test_answers_anywhere(toy_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--out writes a file whole, in the form of its ending or of --format; --max_rows cuts and says so."""
    people = "SELECT person_id, name FROM context_store_entity.person ORDER BY 1"
    for ending in ("csv", "json", "jsonl", "parquet"):
        assert here(capsys, "sql", "--run", toy_run, people, "--out", tmp_path / f"x.{ending}")[0] == 0
    assert (tmp_path / "x.csv").read_text() == "person_id,name\n1,Ada One\n2,Ben Two\n3,Cy Three\n"
    assert json.loads((tmp_path / "x.json").read_text())[0] == {"person_id": "1", "name": "Ada One"}
    assert pq.read_table(tmp_path / "x.parquet").num_rows == 3
    code, out, err = here(capsys, "sql", "--run", toy_run, people, "--format=csv", "--max_rows", 1)
    assert (code, out, err) == (0, "person_id,name\n1,Ada One\n", "1 of 3 rows; --max_rows shows more\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.csv", "x.json", "x.jsonl", "x.parquet"]


def test_parquet_into_a_pipe(toy_run: Path, tmp_path: Path) -> None:
    """A pipe gets Parquet's bytes."""
    with (tmp_path / "x.parquet").open("wb") as file:
        subprocess.run(
            [sys.executable, "-m", "sim", "sql", "--run", str(toy_run), COUNT, "--format=parquet"],
            stdout=file,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            check=True,
        )
    assert pq.read_table(tmp_path / "x.parquet").to_pylist() == [{"n": 3}]


def test_scripts_parameters_and_tables(
    toy_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Flags reach the session: parameters, own tables, dry runs, strictness; notes go to standard error."""
    (tmp_path / "mine.csv").write_text("person_id,mark\n1,a\n2,b\n")
    text = (
        "DECLARE low INT64 DEFAULT @low; CREATE TEMP TABLE t AS SELECT * FROM my.marks WHERE person_id > low; "
        "SELECT p.name, t.mark FROM t JOIN `other.context_store_entity.person` AS p USING (person_id)"
    )
    given = ["--parameter=low:INT64:1", f"--table=my.marks={tmp_path}/mine.csv", "--format=csv"]
    code, out, err = here(capsys, "sql", "--run", toy_run, text, *given)
    assert (code, out) == (0, "name,mark\nBen Two,b\n")
    assert err.splitlines() == [
        "t: 1 rows",
        "note: project other is read as unizin-shared, which is this run's",
    ]
    assert here(capsys, "sql", "--run", toy_run, text, *given, "--strict-project")[0] == 2
    code, out, err = here(
        capsys, "sql", "--run", toy_run, COUNT.replace("COUNT(*)", "MAX(name)"), "--dry_run"
    )
    assert code == 0
    assert "will process 28 bytes of data" in out
    assert "would bill 10,485,760 bytes" in out
    code, out, err = here(
        capsys,
        "sql",
        "--run",
        toy_run,
        "SELECT MAX(name) FROM context_store_entity.person",
        "--dry_run",
        "--format=json",
    )
    assert json.loads(out)["totalBytesProcessed"] == "28"
    assert here(capsys, "sql", "--run", toy_run, "SELECT 1 FROM event_store.expanded", "--strict")[0] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["SELECT 1", "--format", "xml"], "--format: xml given, allowed: pretty, json"),
        (["SELECT 1", "--max_rows", "-1"], "--max_rows: -1 given, allowed: 0 and more"),
        (["SELECT 1", "--max_rows", "many"], "--max_rows: many given, allowed: a whole number"),
        (["SELECT 1", "--file", "x.sql"], "a query and --file given"),
        (["missing.sql"], "missing.sql: can't be read: No such file"),
        (["--file", "."], ".: this is a folder, allowed: a file"),
        (["SELECT 1", "--table", "a.b=."], "a.b=.: this is a folder, allowed: a file"),
        (["SELECT 1", "--table", "a.b=c.csv"], "a.b=c.csv: no such file"),
        (["latin.sql"], "latin.sql: line 2 is not in UTF-8"),
        (["SELECT '\udcff'"], "allowed: arguments in UTF-8"),
        ([""], "0 statements given"),
        (["SELECT 1", "--out", "."], "a folder, allowed: a file"),
        (["SELECT 1", "--parameter", "x:INT64:one"], "'one' given, allowed for INT64"),
        (["SELECT 1", "--table", "x"], "allowed: dataset.name=FILE"),
        (["SELECT nmae FROM context_store_entity.person"], "Unrecognized name: nmae; did you mean name?"),
        (["SELECT 1 +"], "syntax error in line 1"),
        (["SELECT " + "(" * 4000 + "1" + ")" * 4000], "nested too deeply"),
        (["SELECT 9223372036854775807 + 1"], "overflow"),
    ],
)
def test_bad_input_is_one_line(
    toy_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    """Whatever is wrong with what is given: exit code 2, one line on standard error, nothing on the other."""
    (tmp_path / "latin.sql").write_bytes(b"SELECT 1,\n'\xfc'")
    monkeypatch.chdir(tmp_path)
    code, out, err = here(capsys, "sql", "--run", toy_run, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert err.startswith("termtide: ")


def test_nothing_is_written_into_the_run(toy_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--out inside of the run, which would break it, is bad input."""
    for place in (
        toy_run / "manifest.json",
        toy_run / "new" / "x.csv",
        toy_run.parent / "toy-7.scratch" / "x.csv",
    ):
        code, _, err = here(capsys, "sql", "--run", toy_run, "SELECT 1", "--out", place)
        assert (code, "inside of the run" in err) == (2, True)


def test_no_run_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a run, or with a manifest that is none, one line tells what to do."""
    monkeypatch.chdir(tmp_path)
    assert "no run below runs/" in here(capsys, "sql", "SELECT 1")[2]
    assert here(capsys, "sql", "--run", tmp_path, "SELECT 1")[0] == 2
    (tmp_path / "manifest.json").write_text('{"units": 7}')
    code, _, err = here(capsys, "sql", "--run", tmp_path, "SELECT 1")
    assert (code, err.count("\n")) == (2, 1)
    assert "this is no manifest of a Termtide run" in err


def test_letters_that_a_terminal_lacks(toy_run: Path) -> None:
    """A pipe gets UTF-8 whatever the locale says."""
    code, out, err = termtide(
        "sql", "--run", toy_run, "SELECT 'ü→' AS x", "--format=csv", PYTHONIOENCODING="ascii"
    )
    assert (code, out, err) == (0, "x\nü→\n", "")


def test_a_query_waits_for_nothing_that_draws_a_term(toy_run: Path) -> None:
    """The command imports neither the simulation nor charts, warehouses' clients, pydantic's models of scenarios."""
    code = (
        "import sys; from sim.cli.main import main\n"
        f"main(['sql', '--run', {str(toy_run)!r}, 'SELECT 1 AS x', '--format=csv'])\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('simpy', 'altair', 'google', 'orjson') "
        "or m.startswith(('context.generate', 'context.packs', 'context.scenario.scenario', 'sim.draw', 'sim.world'))))"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, check=True)
    assert done.stdout.decode() == "x\n1\n[]\n"


def test_open_prints_what_puts_names_in_place(toy_run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The SQL that --print gives makes the run's names work in any DuckDB."""
    import duckdb

    code, out, _ = here(capsys, "open", "--run", toy_run, "--print")
    assert code == 0
    with duckdb.connect() as plain:
        plain.execute(out)
        query = 'SELECT count(*) FROM "unizin-shared".event_store.events'
        assert plain.execute(query).fetchall() == [(15,)]
        assert plain.execute("SELECT count(*) FROM context_store_entity.person").fetchall() == [(3,)]
        with pytest.raises(duckdb.Error, match="read-only"):
            plain.execute("CREATE TABLE event_store.x (a INT)")


def test_open_starts_duckdbs_client(toy_run: Path, tmp_path: Path) -> None:
    """The client on the path gets the run, read-only, names in place; without one, a line says what to do."""
    client = tmp_path / "duckdb"
    client.write_text(f"#!{sys.executable}\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    client.chmod(client.stat().st_mode | stat.S_IXUSR)
    code, out, err = termtide("open", "--run", toy_run, "--ui", PATH=str(tmp_path))
    given = json.loads(out)
    assert (code, given[-1], given[0::2][:3]) == (0, "-ui", ["-cmd"] * 3)
    assert any("READ_ONLY" in part for part in given)
    assert "read-only" in err
    code, _, err = termtide("open", "--run", toy_run, PATH=str(toy_run))
    assert (code, err.count("\n")) == (2, 1)
    assert "no program duckdb on the path" in err
