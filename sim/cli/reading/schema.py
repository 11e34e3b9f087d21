"""``termtide schema``: the tables as contracts say them, for people, for BigQuery and for DuckDB."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer

import schemas
from context.errors import InputError, number_of
from context.files import typed_path
from schemas._model import Table
from sim.cli.options import AsJson
from sim.cli.terminal import err, out, out_document, out_json, out_width, print_rows
from sim.report.table_facts import column_counts, column_rows, table_facts, tables_markdown

schema_app = typer.Typer(help="Tables and columns: list, show, ddl, docs.", rich_markup_mode=None)
_Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[TABLE]...", help="Tables, as dataset.table or table; default: all."),
]
_Dataset = Annotated[str | None, typer.Option("--dataset", metavar="NAME", help="Only this dataset.")]
_DIALECTS = ("bigquery", "duckdb")
_FORMS = ("sql", "json")
_PROJECT = re.compile(r"[A-Za-z0-9._:-]{1,100}")  # emulators take any such
_DOCS = ("markdown", "html")
_DOCS_FOLDER = Path("termtide-schema")


@schema_app.command("list")
def schema_list_command(dataset: _Dataset = None, as_json: AsJson = False) -> None:
    """Datasets and tables with their columns and what is known of them."""
    rows = [_summary(table) for table in _chosen(None, dataset)]
    if as_json:
        out_json(rows)
        return
    columns = tuple(name for name in rows[0] if name != "description")
    if out_width() is None:
        print_rows(rows, columns)
        return
    for name in dict.fromkeys(row["dataset"] for row in rows):  # its own line, so that more fits beside it
        out(name)
        print_rows([row for row in rows if row["dataset"] == name], columns[1:], needed=2)


@schema_app.command("show")
def schema_show_command(
    name: Annotated[str, typer.Argument(metavar="TABLE", help="A table, as dataset.table or table.")],
    as_json: AsJson = False,
) -> None:
    """One table: its columns, types and option sets.

    And what Unizin documents of them.
    """
    (table,) = _chosen([name], None)
    rows = list(column_rows(table))
    sets = {row["options"]: schemas.option_set(row["options"]) for row in rows if row["options"]}
    if as_json:
        out_json({**_summary(table), "columns": rows, "option_sets": sets})
        return
    out(f"{table.dataset}.{table.name}: {table.description} {' '.join(table_facts(table))}")
    print_rows(rows, tuple(name for name in rows[0] if name not in ("uniform", "always_null")))
    for options, members in sets.items():
        out(f"{options}: {', '.join(members)}")


@schema_app.command("ddl")
def schema_ddl_command(
    names: _Names = None,
    dataset: _Dataset = None,
    dialect: Annotated[str, typer.Option("--dialect", help="bigquery or duckdb.")] = "bigquery",
    form: Annotated[str, typer.Option("--format", help="sql, or json: BigQuery's schema files.")] = "sql",
    project: Annotated[str | None, typer.Option("--project", help="BigQuery project of the tables.")] = None,
) -> None:
    """Statements that make the tables.

    With --format json, the columns of one table as `bq mk --schema` reads them, or of several by their names.

    `ddl raw` makes tables for a stream's lines or messages, and a view that turns them into expanded's rows.
    """
    if dialect not in _DIALECTS:
        raise InputError(f"--dialect: {dialect} given, allowed: {', '.join(_DIALECTS)}")
    if form not in _FORMS:
        raise InputError(f"--format: {form} given, allowed: {', '.join(_FORMS)}")
    if dialect == "duckdb" and (form == "json" or project):
        raise InputError("--dialect duckdb: has SQL only and no project; --format json is BigQuery's")
    if project is not None and not _PROJECT.fullmatch(project):
        raise InputError(f"--project: {project!r} given, allowed: letters, digits, -, _, . and :")
    tables = _chosen(names, dataset)
    if form == "json":
        found = {f"{table.dataset}.{table.name}": schemas.bigquery_schema(table) for table in tables}
        out_document(json.dumps(next(iter(found.values())) if len(found) == 1 else found, indent=2) + "\n")
        return
    for made in dict.fromkeys(table.dataset for table in tables):
        where = f'"{made}"' if dialect == "duckdb" else f"`{f'{project}.' if project else ''}{made}`"
        out_document(f"CREATE SCHEMA IF NOT EXISTS {where};\n\n")
    for table in tables:
        statement = (
            schemas.bigquery_ddl(table, project) if dialect == "bigquery" else schemas.duckdb_ddl(table)
        )
        out_document(f"{statement};\n\n")
    if dialect == "bigquery" and any(table.dataset == schemas.RAW for table in tables):
        view = f"`{f'{project}.' if project else ''}{schemas.RAW}.expanded`"
        out_document(f"CREATE OR REPLACE VIEW {view} AS\n{schemas.raw_expanded().rstrip()};\n")


@schema_app.command("docs")
def schema_docs_command(
    names: _Names = None,
    dataset: _Dataset = None,
    form: Annotated[
        str, typer.Option("--format", help="markdown: one page on stdout; html: a folder of pages.")
    ] = "markdown",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=typed_path,
            metavar="PATH",
            help=f"Folder of --format html; default: {_DOCS_FOLDER}.",
        ),
    ] = None,
) -> None:
    """The dictionary: all tables, described.

    As Markdown, or as pages that one can search, with what Unizin documents and what we infer.

    With --format html, a folder of pages that work without a server: open its index.html in a browser.
    """
    if form not in _DOCS:
        raise InputError(f"--format: {form} given, allowed: {', '.join(_DOCS)}")
    tables = _chosen(names, dataset)
    if form == "markdown":
        if out is not None:
            raise InputError("--out: is for --format html; Markdown goes to stdout")
        out_document(tables_markdown(tables))
        if not names and dataset is None:
            from sim.marts.picture import marts_graph

            out_document(f"\n{marts_graph()}")
        return
    from sim.report.dictionary.site import INDEX, check_dictionary, write_dictionary

    root = out or _DOCS_FOLDER
    check_dictionary(root)
    written = write_dictionary(root, tables)
    err.print(f"wrote {number_of(len(written), 'file')}: open {(root / INDEX).resolve()}")


def _chosen(names: list[str] | None, dataset: str | None) -> list[Table]:
    """The tables asked for, each once; all without a name. Raises InputError for one that isn't there."""
    try:
        if names == [schemas.RAW] and dataset is None:
            return list(schemas.tables(schemas.RAW))
        if not names:
            return [table for name in _datasets(dataset) for table in schemas.tables(name)]
        found = [schemas.table(dataset, name) if dataset else schemas.find_table(name) for name in names]
    except schemas.UnknownName as error:
        raise InputError(str(error)) from None
    return list({(table.dataset, table.name): table for table in found}.values())


def _datasets(dataset: str | None) -> tuple[str, ...]:
    return (*schemas.DATASETS, *schemas.MART_DATASETS) if dataset is None else (dataset,)


def _summary(table: Table) -> dict[str, Any]:
    documented, inferred = column_counts(table)
    return {
        "dataset": table.dataset,
        "table": table.name,
        "columns": len(table.columns),
        "documented": documented,
        "inferred": inferred,
        "rows_per_1000_fte": table.rows.expected if table.rows else None,
        "loaded_from": table.loaded_from,
        "description": table.description,
    }
