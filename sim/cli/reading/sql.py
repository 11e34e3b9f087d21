"""``termtide sql`` and ``termtide open``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from context.files import typed_path
from sim.cli.options import RunDir

_TABLE_HELP = "A file of yours as a table, dataset.name=FILE (CSV, Parquet, NDJSON); may be given again."


def sql_command(
    query: Annotated[
        str | None,
        typer.Argument(help="BigQuery SQL, a file of it, or - for standard input; without one: a shell."),
    ] = None,
    run_dir: RunDir = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", parser=typed_path, metavar="PATH", help="Read the SQL from a file."),
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", help="pretty, json, prettyjson, jsonl, csv or parquet.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=typed_path, metavar="PATH", help="Write the result into this file."),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", help="Query parameter, name:TYPE:value; may be given again."),
    ] = None,
    table: Annotated[list[str] | None, typer.Option("--table", help=_TABLE_HELP)] = None,
    max_rows: Annotated[
        int | None, typer.Option("--max_rows", "--max-rows", "-n", min=0, help="Show at most so many rows.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry_run", "--dry-run", help="Only tell what BigQuery would bill.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse what production refuses: no filter on partitions.")
    ] = False,
    strict_project: Annotated[
        bool, typer.Option("--strict-project", help="Refuse names of other projects than the run's.")
    ] = False,
) -> None:
    """Run BigQuery SQL on a run.

    What it makes stays in a scratch dataset beside the run.
    """
    from sim.shell.answers import Asked
    from sim.shell.ask import answer

    answer(
        Asked(
            query=query,
            run_dir=run_dir,
            file=file,
            form="jsonl" if as_json else form,
            out=out,
            parameters=tuple(parameter or ()),
            tables=tuple(table or ()),
            rows_max=max_rows,
            dry=dry_run,
            strict=strict,
            strict_project=strict_project,
        ),
        _say,
    )


def open_command(
    run_dir: RunDir = None,
    ui: Annotated[bool, typer.Option("--ui", help="DuckDB's own page in the browser.")] = False,
    show: Annotated[
        bool, typer.Option("--print", help="Only print the SQL that puts the names in place.")
    ] = False,
) -> None:
    """Open a run in DuckDB's own client or page.

    Every dataset is there under its name.
    """
    from sim.shell.client import open_in_client

    open_in_client(run_dir, ui=ui, show=show, say=_say)


def _say(text: str) -> None:
    from sim.cli.terminal import err

    err.print(text)
