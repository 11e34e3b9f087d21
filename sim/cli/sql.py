"""``termtide sql``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from context.errors import InputError
from sim.cli.options import RunDir


def sql_command(
    query: Annotated[str, typer.Argument(help="BigQuery SQL, or - to read it from standard input.")],
    run_dir: RunDir = None,
    form: Annotated[str, typer.Option("--format", help="table, csv or jsonl.")] = "table",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
) -> None:
    """Run BigQuery SQL, read-only, on a run's warehouse."""
    from sim.folder.find import find_run
    from sim.folder.manifest import load_manifest
    from sim.sql.output import FORMATS
    from sim.sql.query import run_sql

    chosen = "jsonl" if as_json else form
    if chosen not in FORMATS:
        raise InputError(f"--format: {chosen} given, allowed: {', '.join(FORMATS)}")
    where = find_run(run_dir)
    project = load_manifest(where).scenario.project
    FORMATS[chosen](run_sql(where, project, sys.stdin.read() if query == "-" else query), sys.stdout)
