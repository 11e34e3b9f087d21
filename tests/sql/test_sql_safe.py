"""SQL reads the run, the user's own tables and the scratch file, writes the last of these, and nothing else."""

# ruff: noqa: E501 - one case a line
from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from context.errors import InputError, TermtideError
from sim.sql.session.session import Session
from sim.sql.tables.own_tables import own_tables
from sim.sql.tables.scratch import scratch_folder
from sim.sql.warehouse import literal
from tests.samples.toy_sessions import TOY_PROJECT

FORMS = (
    "SELECT * FROM {}({})",
    "SELECT * FROM `{}`({})",
    "SELECT * FROM (SELECT 1) AS x, LATERAL {}({})",
    "SELECT * FROM (SELECT 1) AS x CROSS JOIN {}({}) AS y",
    "SELECT * FROM (SELECT 1 AS a) AS x LEFT JOIN LATERAL {}({}) AS y ON TRUE",
    "SELECT (SELECT COUNT(*) FROM {}({}))",
    "WITH t AS (SELECT * FROM {}({})) SELECT * FROM t",
    "SELECT * FROM UNNEST([1]) AS i, {}({}) AS y",
    "CREATE TEMP TABLE t AS SELECT * FROM {}({})",
    "CREATE VIEW a.v AS SELECT * FROM {}({})",
)


def table_functions() -> list[str]:
    """Every function that this DuckDB would take in the place of a table."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            "SELECT DISTINCT function_name FROM duckdb_functions() "
            "WHERE function_type IN ('table', 'table_macro', 'pragma') ORDER BY 1"
        ).fetchall()
    return [
        name for (name,) in rows if name.isidentifier() and name != "unnest"
    ]  # that one is BigQuery's too


def test_no_function_stands_in_the_place_of_a_table(session: Session) -> None:
    """Every table function that DuckDB lists is refused by name, wherever in a FROM clause it stands."""
    names = table_functions()
    assert {"read_csv", "query", "duckdb_settings", "checkpoint", "glob"} <= set(names)
    for number, name in enumerate(names):
        forms = FORMS if name in ("read_csv", "query") else (FORMS[2], FORMS[number % len(FORMS)])
        for form in forms:
            with pytest.raises(InputError) as caught:
                list(session.run(form.format(name, "'/etc/hostname'")))
            message = str(caught.value)
            assert name in message or "LATERAL" in message or "syntax error" in message, message


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM '/etc/hostname'",
        "SELECT * FROM `/etc/hostname`",
        "SELECT * FROM `file:///etc/hostname`",
        "SELECT * FROM duckdb_settings",
        "SELECT * FROM pragma_database_list",
        "SELECT * FROM warehouse.information_schema.tables",
        "SELECT * FROM sqlite_master",
        "SELECT * FROM EXTERNAL_QUERY('c', 'SELECT * FROM read_text(''/etc/hostname'')')",
        "SELECT * FROM EXTERNAL_QUERY('c', 'SELECT * FROM ''/etc/hostname''')",
        "SELECT * FROM EXTERNAL_QUERY('c', 'SELECT pg_read_file(''/etc/hostname'')')",
        "SELECT * FROM EXTERNAL_QUERY('c', 'COPY entity.person TO ''x''')",
        "SELECT * FROM EXTERNAL_QUERY('c', 'DELETE FROM entity.person')",
        "SELECT * FROM EXTERNAL_QUERY('c', 'SELECT 1; SELECT 2')",
        "SELECT * FROM EXTERNAL_QUERY('c', 'SELECT * FROM pg_catalog.pg_tables')",
        "CREATE TABLE warehouse.x AS SELECT 1 AS a; SELECT * FROM warehouse.main.x",
        "INSERT INTO event_store.expanded (id) VALUES ('x')",
        "CREATE OR REPLACE VIEW event_store.events AS SELECT 1 AS a",
        "CREATE TABLE _views.views AS SELECT 1 AS a",
        "CREATE TABLE `a/../b.c` AS SELECT 1 AS x",
    ],
)
def test_files_and_catalogues_stay_closed(session: Session, toy_run: Path, text: str) -> None:
    """No name reaches a file, DuckDB's own catalogue or the run's datasets for writing."""
    before = {path: path.stat().st_mtime_ns for path in toy_run.rglob("*")}
    with pytest.raises(TermtideError) as caught:
        list(session.run(text))
    assert "\n" not in str(caught.value)
    assert {path: path.stat().st_mtime_ns for path in toy_run.rglob("*")} == before


def test_duckdb_itself_is_locked(session: Session, tmp_path: Path) -> None:
    """Were our checks to fail, DuckDB would still refuse other files, settings and the warehouse."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    connection = session._engine.connection
    for statement in (
        f"SELECT * FROM read_csv({literal(str(secret))})",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/etc/*')",
        f"COPY (SELECT 1) TO {literal(str(tmp_path / 'x.csv'))}",
        f"ATTACH {literal(str(tmp_path / 'x.duckdb'))} AS x",
        "SET threads = 1",
        "SET enable_external_access = true",
        "SET temp_directory = '/tmp'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "CREATE TABLE warehouse.main.x (a INT)",
        "DROP VIEW warehouse.event_store.events",
        "SELECT * FROM secret",
    ):
        with pytest.raises(duckdb.Error):
            connection.execute(statement).fetchall()
    assert sorted(tmp_path.iterdir()) == [secret]


def test_the_temporary_folder_is_ours_and_goes(toy_run: Path) -> None:
    """DuckDB may read its own temporary folder: it is a new, empty one, and is gone with the session."""
    with Session(toy_run, TOY_PROJECT) as session:
        place = session._engine.connection.execute("SELECT current_setting('temp_directory')").fetchall()
        temporary = Path(place[0][0])
        assert list(temporary.iterdir()) == []
        assert Path.cwd() not in temporary.parents
    assert not temporary.exists()


def test_only_the_scratch_folder_is_written(toy_run: Path) -> None:
    """What a script makes is in one folder beside the run."""
    others = {path for path in toy_run.parent.iterdir() if path != scratch_folder(toy_run)}
    with Session(toy_run, TOY_PROJECT) as session:
        list(session.run("CREATE TABLE a.b AS SELECT 1 AS x; CREATE VIEW a.v AS SELECT * FROM a.b"))
    assert {path for path in toy_run.parent.iterdir() if path != scratch_folder(toy_run)} == others
    assert [path.name for path in scratch_folder(toy_run).iterdir()] == ["tables.duckdb"]


def test_own_tables_are_read_before_the_lock(toy_run: Path, tmp_path: Path) -> None:
    """A file that is given by --table is read; another one beside it is not."""
    (tmp_path / "mine.csv").write_text("a\n1\n")
    (tmp_path / "other.csv").write_text("a\n2\n")
    with Session(toy_run, TOY_PROJECT, own_tables([f"my.t={tmp_path / 'mine.csv'}"])) as session:
        assert [o.rows.to_pylist() for o in session.run("SELECT a FROM my.t") if o.rows is not None] == [
            [{"a": 1}]
        ]
        with pytest.raises(duckdb.Error):
            session._engine.connection.execute(
                f"SELECT * FROM read_csv({literal(str(tmp_path / 'other.csv'))})"
            )
