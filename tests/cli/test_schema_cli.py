"""`termtide schema`: what it prints is the contracts, in words that BigQuery and DuckDB understand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest
import sqlglot
from google.cloud.bigquery import SchemaField
from sqlglot import exp

import schemas
from schemas._model import Column
from sim.cli.main import main

ALL = [table for d in (*schemas.DATASETS, *schemas.MART_DATASETS) for table in schemas.tables(d)]
TYPES = {"RECORD": "STRUCT", "NUMERIC": "DECIMAL", "FLOAT64": "DOUBLE", "STRING": "TEXT", "INT64": "BIGINT"}
TYPES |= {"BOOL": "BOOLEAN", "DATETIME": "TIMESTAMP", "TIMESTAMP": "TIMESTAMPTZ"}  # sqlglot's names of types


def termtide(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command prints on stdout."""
    main(["schema", *arguments])
    return capsys.readouterr().out


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line with which a command refuses bad input."""
    with pytest.raises(SystemExit) as caught:
        main(["schema", *arguments])
    out, err = capsys.readouterr()
    assert (caught.value.code, out) == (2, "")
    (line,) = err.strip().splitlines()
    return line


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Every table is listed once, with its columns counted; a dataset can be chosen."""
    rows = json.loads(termtide(capsys, "list", "--json"))
    assert [(row["dataset"], row["table"]) for row in rows] == [(t.dataset, t.name) for t in ALL]
    term = next(row for row in rows if row["table"] == "academic_term")
    assert term["columns"] == 7
    assert (term["documented"], term["inferred"]) == (7, 0)
    text = termtide(capsys, "list", "--dataset", "event_store")
    lines = [line.replace("│", " ").split() for line in text.splitlines() if line.startswith("│")]
    assert [line[:2] for line in lines[1:]] == [
        ["event_store", "events"],
        ["event_store", "expanded"],
    ]


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    """A table's columns, fields of records, option sets and provenance; bare names mean the entity."""
    facts = json.loads(termtide(capsys, "show", "course_section_enrollment", "--json"))
    table = schemas.table("context_store_entity", "course_section_enrollment")
    assert [row["column"] for row in facts["columns"]] == list(table.names)
    assert facts["option_sets"]["ref_role"] == list(schemas.option_set("ref_role"))
    text = termtide(capsys, "show", "event_store.expanded")
    assert re.search(r"^│ membership\.roles +│ STRING +│ REPEATED +│ inferred", text, re.MULTILINE)
    assert "context_store_keymap.wiki" in termtide(capsys, "show", "context_store_keymap.wiki")


def flat(columns: tuple[Column, ...]) -> list[tuple[str, str, str]]:
    """(path, type, mode) of columns and fields, as contracts say it."""
    rows = []
    for column in columns:
        rows.append((column.name, TYPES.get(column.type, column.type), column.mode))
        rows += [(f"{column.name}.{path}", kind, mode) for path, kind, mode in flat(column.fields)]
    return rows


def parsed(columns: list[exp.ColumnDef]) -> list[tuple[str, str, str]]:
    """(path, type, mode) of columns and fields, as sqlglot understands a statement."""
    rows = []
    for column in columns:
        kind, mode = column.args["kind"], "NULLABLE"
        if column.find(exp.NotNullColumnConstraint):
            mode = "REQUIRED"
        if kind.this == exp.DataType.Type.ARRAY:
            kind, mode = kind.expressions[0], "REPEATED"
        rows.append((column.name, kind.this.name, mode))
        fields = kind.expressions if kind.this == exp.DataType.Type.STRUCT else []
        rows += [(f"{column.name}.{path}", type_, mode) for path, type_, mode in parsed(fields)]
    return rows


def test_bigquery_ddl(capsys: pytest.CaptureFixture[str]) -> None:
    """The statements parse, and say columns, types, modes, partitions and descriptions of the contracts."""
    text = termtide(capsys, "ddl", "--project", "unizin-shared")
    trees = sqlglot.parse(text, read="bigquery")
    made = [tree for tree in trees if isinstance(tree, exp.Create) and tree.kind == "TABLE"]
    names = [tree.this.this.sql("bigquery") for tree in made]
    assert names == [f"`unizin-shared.{table.dataset}.{table.name}`" for table in ALL]
    for tree, table in zip(made, ALL, strict=True):
        assert parsed(tree.this.expressions) == flat(table.columns), table.name
        assert (tree.find(exp.PartitionedByProperty) is not None) == (table.partition_by is not None)
        told = {node.name for node in tree.find_all(exp.Literal)}
        columns = {schemas.describe_column(column) for _, _, column in schemas.field_paths(table)}
        assert {schemas.describe_table(table), *columns} <= told
    assert "PARTITION BY DATE(`event_time`)" in text
    assert "require_partition_filter=true" in text
    assert sum(isinstance(tree, exp.Create) and tree.kind == "SCHEMA" for tree in trees) == len(
        {table.dataset for table in ALL}
    )


def test_duckdb_ddl_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """The twin for DuckDB makes every table."""
    with duckdb.connect() as connection:
        connection.execute(termtide(capsys, "ddl", "--dialect", "duckdb"))
        found = connection.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
    assert sorted(found) == sorted((table.dataset, table.name) for table in ALL)


def test_bigquery_json(capsys: pytest.CaptureFixture[str]) -> None:
    """BigQuery's own client reads the JSON schema and gives back the same; no description is too long."""
    found = json.loads(termtide(capsys, "ddl", "--format", "json"))
    assert sorted(found) == sorted(f"{table.dataset}.{table.name}" for table in ALL)
    for fields in found.values():
        for field in fields:
            assert SchemaField.from_api_repr(field).to_api_repr() == field
            assert len(field["description"]) <= 1024
    one = json.loads(termtide(capsys, "ddl", "person", "--format", "json"))
    assert one == found["context_store_entity.person"]


def test_docs(capsys: pytest.CaptureFixture[str]) -> None:
    """The page describes each column of each table once, and each link has its target."""
    text = termtide(capsys, "docs")
    columns = sum(1 for table in ALL for _ in schemas.field_paths(table))
    assert len(re.findall(r"^\| [a-z0-9_.]+ \| [A-Z0-9]+ \|", text, re.MULTILINE)) == columns
    heads = {
        line.removeprefix("### ").replace(".", "") for line in text.splitlines() if line.startswith("### ")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= heads
    for table in ALL:
        assert table.description in text
    assert termtide(capsys, "docs", "wiki").count("### ") == 1


def test_docs_as_pages(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder has a page for each table, and the command says which one to open."""
    monkeypatch.chdir(tmp_path)
    main(["schema", "docs", "--format", "html", "--out", "pages"])
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[-1].split(": open ")[1]) == ("", str(tmp_path / "pages" / "index.html"))
    assert sorted(tmp_path.glob("pages/*/*.html")) == sorted(
        tmp_path / "pages" / table.dataset / f"{table.name}.html" for table in ALL
    )
    main(["schema", "docs", "wiki", "quiz", "--format", "html"])
    assert len(list(tmp_path.glob("termtide-schema/*/*.html"))) == 2


def test_null_by_design_is_told_alike(capsys: pytest.CaptureFixture[str]) -> None:
    """What no row has is said with its reason by `schema show`, by both DDLs' source and in JSON."""
    reason = "Each file is an original."
    told = f"File of which this one is a copy. NULL in every row: {reason}"
    text = " ".join(termtide(capsys, "show", "file").split())
    assert "NULL in every row: Each" in text
    (row,) = (
        row
        for row in json.loads(termtide(capsys, "show", "file", "--json"))["columns"]
        if row["column"] == "root_file_id"
    )
    assert (row["always_null"], row["uniform"], row["description"]) == (reason, "", told)
    fields = json.loads(termtide(capsys, "ddl", "file", "--format", "json"))
    (field,) = (field for field in fields if field["name"] == "root_file_id")
    assert f"NULL in every row: {reason}" in field["description"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "persn"], ("'persn'", "did you mean person?")),
        (["show", "event_store.expandd"], ("event_store", "did you mean expanded?")),
        (["show", "context_store.person"], ("'context_store'", "did you mean context_store_")),
        (["ddl", "person", "persn"], ("'persn'", "did you mean person?")),
        (["docs", "zzz"], ("'zzz'", "known: ")),
        (["list", "--dataset", "events"], ("'events'", "did you mean event_store?")),
        (["ddl", "--dialect", "mysql"], ("mysql", "bigquery, duckdb")),
        (["ddl", "--format", "xml"], ("xml", "sql, json")),
        (["docs", "--format", "pdf"], ("pdf", "markdown, html")),
        (["docs", "--out", "pages"], ("--out", "html")),
        (["docs", "wiki", "--format", "html", "--out", "tests"], ("tests", "new or empty folder")),
        (["ddl", "--dialect", "duckdb", "--format", "json"], ("duckdb", "BigQuery")),
        (["show"], ("TABLE",)),
    ],
)
def test_bad_input(capsys: pytest.CaptureFixture[str], arguments: list[str], words: tuple[str, ...]) -> None:
    """What is not there is said in one line with near names, exit 2."""
    line = refusal(capsys, *arguments)
    assert all(word in line for word in words), line
