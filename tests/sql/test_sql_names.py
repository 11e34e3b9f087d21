"""TableNames: any project in any backticks, own tables, external queries, wrong names with the nearest ones."""

# ruff: noqa: E501 - one case a line
from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from context.errors import InputError
from sim.sql.session.session import Session
from sim.sql.tables.own_tables import own_tables
from tests.samples.toy_sessions import TOY_PROJECT


@pytest.fixture
def session(own_session: Session) -> Session:
    """One for each test."""
    return own_session


def rows(session: Session, text: str) -> list[tuple[object, ...]]:
    """Rows of the last query of a script."""
    found = [outcome.rows for outcome in session.run(text) if outcome.rows is not None]
    return [tuple(row.values()) for row in found[-1].to_pylist()]


@pytest.mark.parametrize("project", ["udp-umich-prod", "unizin-shared", "example.com:udp"])
@pytest.mark.parametrize("form", ["`{}.{}.{}`", "`{}`.`{}`.`{}`", "`{}.{}`.{}", "{}.{}.{}"])
def test_any_project_in_four_spellings(session: Session, notes: list[str], project: str, form: str) -> None:
    """SQL written for a tenant's own project runs as it is; that it is read as the run's is told once."""
    bare = ":" in project and not form.startswith("`")
    name = (form if not bare else "`{}`.{}.{}").format(project, "context_store_entity", "person")
    text = f"SELECT person.person_id FROM {name} WHERE person_id IN (SELECT person_id FROM {name}) ORDER BY 1"
    assert rows(session, text) == [(1,), (2,), (3,)]
    told = [f"project {project} is read as {TOY_PROJECT}, which is this run's"]
    assert notes == ([] if project == TOY_PROJECT else told)


def test_other_projects_are_refused_when_asked(toy_run: Path) -> None:
    """With strict_project another project's name is bad input, the run's own is not."""
    with Session(toy_run, TOY_PROJECT, strict_project=True) as session:
        assert rows(session, f"SELECT COUNT(*) FROM `{TOY_PROJECT}.context_store_entity.person`") == [(3,)]
        for text in (
            "SELECT 1 FROM `other.context_store_entity.person`",
            "SELECT 1 FROM `other`.event_store.INFORMATION_SCHEMA.TABLES",
            "CREATE TABLE other.a.b AS SELECT 1 AS x",
        ):
            with pytest.raises(InputError, match=f"project other given, allowed: {TOY_PROJECT}"):
                rows(session, text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "SELECT 1\nFROM context_store_entity.persn",
            "did you mean context_store_entity.person? at line 2, column 6",
        ),
        ("SELECT 1 FROM context_entity.person", "did you mean context_store_entity.person"),
        (
            "SELECT 1 FROM persn",
            "no table named persn; did you mean context_store_entity.person",
        ),
        (
            "SELECT 1 FROM a.b.c.d",
            "table a.b.c.d given, allowed: dataset.table or unizin-shared.dataset.table",
        ),
        ("SELECT 1 FROM nowhere.at_all", "datasets: context_store_entity, context_store_keymap, event_store"),
    ],
)
def test_wrong_names(session: Session, text: str, message: str) -> None:
    """A table that is not there is told with its place and the nearest names."""
    with pytest.raises(InputError) as caught:
        rows(session, text)
    assert message in str(caught.value)


def test_own_tables(toy_run: Path, tmp_path: Path) -> None:
    """CSV, NDJSON and Parquet files, compressed too, are tables with BigQuery's types, beside the run's own."""
    (tmp_path / "it's [1].csv").write_text(
        "id,day,score,ok\n1,2026-09-01,1.5,true\n2,,,false\n", encoding="utf-8"
    )
    with gzip.open(tmp_path / "b.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write('{"id": 1, "parts": [{"a": "x"}]}\n{"id": 2, "parts": []}\n')
    table = pa.table(
        {
            "id": pa.array([1], pa.uint8()),
            "n": pa.array([Decimal("1.50")], pa.decimal128(10, 2)),
            "t": pa.array([datetime(2026, 9, 1, tzinfo=UTC)], pa.timestamp("ms", "America/Detroit")),
        }
    )
    pq.write_table(table, tmp_path / "c.parquet")
    given = [
        f"my.a={tmp_path}/it's [1].csv",
        f"my.b={tmp_path}/b.jsonl.gz",
        f"context_store_entity.extra={tmp_path}/c.parquet",
    ]
    with Session(toy_run, TOY_PROJECT, own_tables(given)) as session:
        assert rows(session, "SELECT * FROM `unizin-shared.my.a` ORDER BY id") == [
            (1, date(2026, 9, 1), 1.5, True),
            (2, None, None, False),
        ]
        assert rows(session, "SELECT b.id, part.a FROM my.b, UNNEST(b.parts) AS part") == [(1, "x")]
        joined = "SELECT p.name, x.n, x.t FROM context_store_entity.extra AS x JOIN context_store_entity.person AS p ON p.person_id = x.id"
        assert rows(session, joined) == [("Ada One", Decimal("1.5"), datetime(2026, 9, 1, tzinfo=UTC))]
        types = "SELECT column_name, data_type FROM my.INFORMATION_SCHEMA.COLUMNS WHERE table_name = 'a'"
        assert rows(session, types) == [
            ("id", "INT64"),
            ("day", "DATE"),
            ("score", "FLOAT64"),
            ("ok", "BOOL"),
        ]
        with pytest.raises(InputError, match="my is read-only"):
            rows(session, "INSERT my.a (id) VALUES (3)")


def test_what_is_no_table_of_ones_own(toy_run: Path, tmp_path: Path) -> None:
    """A wrong form, ending or file, one that is not UTF-8, one that hides a table of the run: one clear line."""
    (tmp_path / "a.csv").write_bytes(b"id,name\n1,\xff\xfe\n")
    (tmp_path / "b.xlsx").write_bytes(b"x")
    (tmp_path / "c.csv").write_text("a\n1\n")
    (tmp_path / "d.csv").write_text("a,A\n1,2\n")
    (tmp_path / "e.parquet").write_bytes(b"nothing")
    for given, message in (
        ("x", "allowed: dataset.name=FILE"),
        ("x.y=", "allowed: dataset.name=FILE"),
        (f"x.y={tmp_path}", "this is a folder, allowed: a file"),
        (f"x.y={tmp_path}/b.xlsx", "allowed endings: .csv"),
        (f"x.y={tmp_path}/a.csv", "not in UTF-8"),
        (f"event_store.expanded={tmp_path}/c.csv", "the run has a table of that name"),
        (f"x.y={tmp_path}/e.parquet", "can't be read"),
    ):
        with pytest.raises(InputError) as caught, Session(toy_run, TOY_PROJECT, own_tables([given])):
            pass
        assert message in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match="given twice"):
        own_tables([f"x.y={tmp_path}/c.csv", f"x.y={tmp_path}/c.csv"])


def test_external_queries(session: Session) -> None:
    """PostgreSQL's dialect on the context store's own schemas, joined with what BigQuery has."""
    query = 'SELECT * FROM EXTERNAL_QUERY("us.context_store", """{}""")'
    assert rows(session, query.format("SELECT count(*) AS n FROM entity.person p")) == [(3,)]
    assert rows(session, query.format("select name::text as n from entity.person where person_id = 1")) == [
        ("Ada One",)
    ]
    text = "WITH k AS (SELECT id FROM keymap.person) SELECT p.name FROM entity.person p JOIN k ON k.id = p.person_id ORDER BY 1 LIMIT 1"
    assert rows(session, query.format(text)) == [("Ada One",)]
    published = rows(session, query.format("SELECT min(dag_run) FROM report.publish_info pi2"))
    assert published == [(datetime(2026, 9, 3, 4, tzinfo=UTC),)]
    joined = (
        "SELECT x.name, COUNT(*) FROM EXTERNAL_QUERY('c', 'SELECT person_id, name FROM entity.person') AS x "
        "JOIN event_store.expanded AS e ON e.person.udp_id = x.person_id GROUP BY 1 ORDER BY 1"
    )
    assert rows(session, joined) == [("Ada One", 9), ("Ben Two", 6)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT * FROM EXTERNAL_QUERY('SELECT 1')", "takes the name of a connection and a query"),
        (
            "SELECT * FROM EXTERNAL_QUERY('c', 'SELECT * FROM person')",
            "no table person; schemas: entity, keymap, report",
        ),
        ("SELECT * FROM EXTERNAL_QUERY('c', 'SELECT * FROM entity.persn')", "persn"),
        ("SELECT * FROM EXTERNAL_QUERY('c', 'SELECT FROM WHERE')", "syntax error in PostgreSQL's dialect"),
        ("SELECT * FROM EXTERNAL_QUERY('c', 'SELECT xmlparse(1)')", "is not known here"),
        ("SELECT * FROM EXTERNAL_QUERY('c', 'DROP TABLE entity.person')", "allowed: one SELECT"),
    ],
)
def test_external_queries_that_are_wrong(session: Session, text: str, message: str) -> None:
    """What an external query may not do is told in one line."""
    with pytest.raises(InputError) as caught:
        rows(session, text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
