"""One query or script from the command line: its text found, answered, and the answer written."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import pyarrow as pa

from context.documents import read_bytes
from context.errors import InputError
from context.files import replacing
from sim.folder.find import find_run
from sim.shell.answers import Asked, Tell, cut, session_of, show_rows, write_cost
from sim.sql.output import write_rows
from sim.sql.session.session import StatementAnswer
from sim.sql.tables.scratch import scratch_folder

if TYPE_CHECKING:
    from sim.sql.script.parameters import QueryParameter
    from sim.sql.session.cost import Cost


def answer(asked: Asked, say: Tell) -> None:
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
    parameters: Sequence[QueryParameter] = ()
    if asked.parameters:
        from sim.sql.script.parameters import parameters_of

        parameters = parameters_of(asked.parameters)
    with session_of(asked, run_dir, say) as session:
        outcomes = session.run(text, parameters, dry=asked.dry)
        with _ready(sys.stdout) as out:
            _write(asked, form, outcomes, out, say)


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
    return _decoded(read_bytes(file), str(file))


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


def _write(asked: Asked, form: str, outcomes: Iterator[StatementAnswer], out: TextIO, say: Tell) -> None:
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
        _deliver(cut(last, asked.rows_max, say), form, asked.out, out)


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
