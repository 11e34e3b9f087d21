"""One query or script from the command line: its text found, answered, and the answer written."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pyarrow as pa

from context.errors import InputError, nearest
from context.files import replacing
from sim.folder.facts import facts_of
from sim.folder.find import find_run
from sim.sql.output import FORMATS, ROWS_SHOWN, write_rows
from sim.sql.script.parameters import parameters_of
from sim.sql.session.cost import Cost
from sim.sql.session.session import Outcome, Session
from sim.sql.tables.own_tables import own_tables
from sim.sql.tables.scratch import scratch_folder

_ENDINGS = {".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What the command line asks for. ``form``: one of FORMATS, None to go by ``out``."""

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
        if form not in FORMATS:
            raise InputError(f"--format: {form} given, {nearest(form, FORMATS)}")
        return form


def answer(asked: Asked, say: Say) -> None:
    """Answer on standard output, or in a file; without a query, on a terminal, open the shell.

    ``say`` tells notes on the standard error. Raises InputError, RunError.
    """
    form = asked.chosen
    if asked.query is None and asked.file is None and sys.stdin.isatty():
        from sim.shell.prompt import shell

        shell(asked, say)
        return
    text = text_of(asked)
    if form == "parquet" and asked.out is None and sys.stdout.isatty():
        raise InputError("--format parquet: a terminal can't show it; allowed: --out FILE, or a pipe")
    run_dir = find_run(asked.run_dir)
    _check_out(asked.out, run_dir)
    parameters = parameters_of(asked.parameters)
    with session_of(asked, run_dir, say) as session:
        outcomes = session.run(text, parameters, dry=asked.dry)
        with _ready(sys.stdout) as out:
            _write(asked, form, outcomes, out, say)


def session_of(asked: Asked, run_dir: Path, say: Say) -> Session:
    """A session as the command line wants it."""
    return Session(
        run_dir,
        facts_of(run_dir).project,
        own_tables(asked.tables),
        lambda text: say(f"note: {text}"),
        strict=asked.strict,
        strict_project=asked.strict_project,
    )


def text_of(asked: Asked) -> str:
    """The SQL: the argument itself, of a file, or of standard input. Raises InputError."""
    query, file = asked.query, asked.file
    if query is not None and file is not None:
        raise InputError("a query and --file given, allowed: one of them")
    if query is not None and query != "-":
        path = Path(query)
        if query.lower().endswith(".sql") and len(query) < 1000 and "\n" not in query:
            file = path
        elif any("\ud800" <= letter <= "\udfff" for letter in query):
            raise InputError("the query is not in UTF-8")
        else:
            return query
    if file is None:
        return _decoded(sys.stdin.buffer.read(), "standard input")
    if not file.is_file():
        raise InputError(f"{file}: no such file")
    try:
        return _decoded(file.read_bytes(), str(file))
    except OSError as error:
        raise InputError(f"{file}: {error.strerror or error}") from None


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{where}: line {line} is not in UTF-8") from None


def _check_out(out: Path | None, run_dir: Path) -> None:
    if out is None:
        return
    place = out.resolve()
    for folder in (run_dir.resolve(), scratch_folder(run_dir)):
        if folder == place or folder in place.parents:
            raise InputError(f"--out {out}: that is inside of the run; allowed: any other place")
    if place.is_dir():
        raise InputError(f"--out {out}: a folder, allowed: a file")


@contextmanager
def _ready(out: TextIO) -> Iterator[TextIO]:
    """Standard output that takes every letter: a pipe gets UTF-8, a terminal a ? for what it can't show."""
    if isinstance(out, io.TextIOWrapper):
        if out.isatty():
            out.reconfigure(errors="replace")
        else:
            out.reconfigure(encoding="utf-8", newline="")
    yield out


def _write(asked: Asked, form: str, outcomes: Iterator[Outcome], out: TextIO, say: Say) -> None:
    """Write what statements give, each as soon as it is there; in forms for programs the last result."""
    last: pa.Table | None = None
    costs: list[Cost] = []
    results = 0
    for outcome in outcomes:
        if outcome.said:
            say(outcome.said)
        if outcome.cost is not None:
            costs.append(outcome.cost)
        if outcome.rows is None:
            continue
        results += 1
        last = outcome.rows
        if form == "pretty" and asked.out is None:
            show_rows(last, asked.rows_max, out, say, first=results == 1)
    if asked.dry:
        write_cost(costs, form, out)
    elif last is not None and (form != "pretty" or asked.out is not None):
        if results > 1:
            say(f"note: {results} results; --format {form} gives the last one")
        _deliver(_cut(last, asked.rows_max, say), form, asked.out, out)


def show_rows(table: pa.Table, rows_max: int | None, out: TextIO, say: Say, *, first: bool = True) -> None:
    """A result for people; on a terminal at most ROWS_SHOWN rows, unless told otherwise."""
    terminal = out.isatty()
    width = shutil.get_terminal_size((80, 24)).columns if terminal else None
    most = rows_max if rows_max is not None or not terminal else ROWS_SHOWN
    if not first:
        out.write("\n")
    write_rows(_cut(table, most, say), "pretty", out, width)
    out.flush()


def _cut(table: pa.Table, most: int | None, say: Say) -> pa.Table:
    if most is None or table.num_rows <= most:
        return table
    say(f"{most:,} of {table.num_rows:,} rows; --max_rows shows more")
    return table.slice(0, most)


def _deliver(table: pa.Table, form: str, path: Path | None, out: TextIO) -> None:
    if path is None:
        if form == "parquet":
            _parquet(table, out.buffer)
        else:
            write_rows(table, form, out)
        return
    with replacing([path]) as (beside,):
        if form == "parquet":
            with beside.open("wb") as file:
                _parquet(table, file)
        else:
            with beside.open("w", encoding="utf-8", newline="") as text:
                write_rows(table, form, text)


def _parquet(table: pa.Table, file: object) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, file, compression="zstd")


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
    out.write(
        "Query successfully validated. Assuming the tables are not modified, "
        f"running this query will process {about}{total} bytes of data.\n"
        f"BigQuery would bill {billed:,} bytes (whole MiB, at least 10 MiB a table).\n"
    )
    for cost in costs:
        for table in cost.tables:
            days = f", {table.partitions[0]} of {table.partitions[1]} partitions" if table.partitions else ""
            columns = ", ".join(table.columns) or "no column"
            out.write(f"  {table.table}: {table.bytes:,} bytes{days} ({columns})\n")
