"""What is asked for, and answers as people and programs read them: shared by the command and the shell."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import pyarrow as pa

from context.errors import InputError, nearest, number_of
from sim.folder.facts import facts_of
from sim.folder.plain import fitted
from sim.sql.output import RESULT_FORMATS, ROWS_SHOWN, write_rows
from sim.sql.session.session import Session
from sim.sql.tables.own_tables import own_tables

if TYPE_CHECKING:
    from sim.sql.session.cost import Cost

_ENDINGS = {".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What the command line asks for. ``form``: one of RESULT_FORMATS, None to go by ``out``."""

    query: str | None
    run_dir: Path | None = None
    file: Path | None = None
    form: str | None = None
    out: Path | None = None
    parameters: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    rows_max: int | None = None
    dry: bool = False
    strict: bool = False
    strict_project: bool = False

    @property
    def chosen(self) -> str:
        """The format of the answer. Raises InputError for one that there is not."""
        ending = self.out.suffix.lower() if self.out is not None else ""
        form = self.form or _ENDINGS.get(ending, "pretty")
        form = "pretty" if form == "table" else form
        if form not in RESULT_FORMATS:
            raise InputError(f"--format: {form} given, {nearest(form, RESULT_FORMATS)}")
        return form


def session_of(asked: Asked, run_dir: Path, say: Tell) -> Session:
    """A session as the command line wants it."""
    return Session(
        run_dir,
        facts_of(run_dir).project,
        own_tables(asked.tables),
        lambda text: say(f"note: {text}"),
        strict=asked.strict,
        strict_project=asked.strict_project,
    )


def show_rows(table: pa.Table, rows_max: int | None, out: TextIO, say: Tell, *, first: bool = True) -> None:
    """A result for people; on a terminal at most ROWS_SHOWN rows, unless told otherwise."""
    terminal = out.isatty()
    width = shutil.get_terminal_size((80, 24)).columns if terminal else None
    most = rows_max if rows_max is not None or not terminal else ROWS_SHOWN
    if not first:
        out.write("\n")
    write_rows(cut(table, most, say), "pretty", out, width)
    out.flush()


def cut(table: pa.Table, most: int | None, say: Tell) -> pa.Table:
    """At most so many rows; that there are more is told."""
    if most is None or table.num_rows <= most:
        return table
    say(f"{most:,} of {number_of(table.num_rows, 'row')}; --max_rows shows more")
    return table.slice(0, most)


def write_cost(costs: list[Cost], form: str, out: TextIO) -> None:
    """What a dry run tells: bytes that are processed, bytes that are billed, and of which tables."""
    total, billed = sum(cost.bytes for cost in costs), sum(cost.billed_bytes for cost in costs)
    exact = all(cost.exact for cost in costs)
    if form in ("json", "prettyjson", "jsonl"):
        tables = [
            {
                "table": table.table,
                "columns": list(table.columns),
                "partitions": None if table.partitions is None else table.partitions[0],
                "partitionsThere": None if table.partitions is None else table.partitions[1],
                "totalBytesProcessed": str(table.bytes),
            }
            for cost in costs
            for table in cost.tables
        ]
        facts = {
            "totalBytesProcessed": str(total),
            "totalBytesBilled": str(billed),
            "totalBytesProcessedAccuracy": "PRECISE" if exact else "ESTIMATED",
            "tables": tables,
        }
        out.write(json.dumps(facts, indent=2 if form == "prettyjson" else None) + "\n")
        return
    about = "" if exact else "about "
    lines = [
        (
            "Query successfully validated. Assuming the tables are not modified, "
            f"running this query will process {about}{total} bytes of data."
        ),
        f"BigQuery would bill {billed:,} bytes (whole MiB, at least 10 MiB a table).",
    ]
    for cost in costs:
        for table in cost.tables:
            days = f", {table.partitions[0]} of {table.partitions[1]} partitions" if table.partitions else ""
            columns = ", ".join(table.columns) or "no column"
            lines.append(f"  {table.table}: {table.bytes:,} bytes{days} ({columns})")
    width = shutil.get_terminal_size((80, 24)).columns if out.isatty() else None
    out.writelines(f"{row}\n" for line in lines for row in fitted(line, width))
