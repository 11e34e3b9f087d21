"""Handing a run to DuckDB's own client or its page in the browser, every dataset under its name."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from context.errors import InputError, RunError
from sim.folder.duckdb_paths import duckdb_database, duckdb_pattern
from sim.folder.facts import facts_of
from sim.folder.find import find_run
from sim.folder.names import COMPLETED_BY, WAREHOUSE
from sim.sql.tables.scratch import scratch_file
from sim.sql.warehouse import ROOT, literal, quoted

_CLIENT = "duckdb"
_WAIT_SECONDS = 0.5


def open_in_client(run_dir: Path | None, *, ui: bool, show: bool, say: Callable[[str], None]) -> None:
    """Replace this program by DuckDB's client, on the run, read-only; ``ui``: open its page in the browser.

    ``show`` only prints the SQL that puts the names in place, for any other client. Raises InputError where
    there is no run or no client, RunError where the page can't be opened.
    """
    where = find_run(run_dir)
    if not (where / WAREHOUSE).is_file():
        raise InputError(f"{where}: no {WAREHOUSE} there; {COMPLETED_BY}")
    statements = opening(where)
    if show:
        sys.stdout.write("".join(f"{statement};\n" for statement in statements))
        return
    client = shutil.which(_CLIENT)
    if client is None and not ui:
        raise InputError(
            f"no program {_CLIENT} on the path; allowed: --ui, --print for another client, or `termtide sql`"
        )
    if client is not None:
        commands = [part for statement in statements for part in ("-cmd", statement)]
        say(f"{where}: read-only; {', '.join(statement.split(' (')[0] for statement in statements[2:])}")
        os.execv(client, [client, *commands, *(["-ui"] if ui else [])])  # noqa: S606 - the user asked for it
    _page(statements, say)


def opening(run_dir: Path) -> list[str]:
    """The SQL that puts a run's names in place: the datasets of its project, and the scratch datasets."""
    root, project = run_dir.resolve(), facts_of(run_dir).project
    found = [
        "SET TimeZone = 'UTC'",
        f"SET VARIABLE {ROOT} = {literal(duckdb_pattern(root))}",
        f"ATTACH {literal(duckdb_database(root / WAREHOUSE))} AS {quoted(project)} (READ_ONLY)",
        f"USE {quoted(project)}",
    ]
    scratch = scratch_file(run_dir)
    if scratch.is_file():
        found.append(f"ATTACH {literal(duckdb_database(scratch))} AS scratch (READ_ONLY)")
    return found


def _page(statements: list[str], say: Callable[[str], None]) -> None:
    """DuckDB's page, served by this process until it is interrupted."""
    try:
        with duckdb.connect() as connection:
            for statement in (*statements, "INSTALL ui", "LOAD ui"):
                connection.execute(statement)
            row = connection.execute("CALL start_ui()").fetchall()
            say(f"{row[0][0] if row else 'the page is open'}; Ctrl-C ends it")
            while True:
                time.sleep(_WAIT_SECONDS)
    except duckdb.Error as error:
        first = str(error).strip().splitlines()[0]
        raise RunError(
            f"DuckDB's page can't be opened ({first}); `termtide sql` needs nothing else"
        ) from error
