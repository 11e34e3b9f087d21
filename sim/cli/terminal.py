"""What commands say on the terminal."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from context.errors import InputError
from sim.folder.plain import fitted, plain


class PlainConsole(Console):
    """A console that takes texts as plain ones: no markup, emoji, colours of numbers, or controls in them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **style: Any) -> Text:
        """The text as rich draws it, be it printed or a table's cell."""
        return super().render_str(plain(text), **(style | {"markup": False, "emoji": False}))

    def print(self, *objects: Any, **options: Any) -> None:
        """Print; a line for people in rows that fit a terminal, unless ``soft_wrap`` is given."""
        if len(objects) != 1 or not isinstance(objects[0], str) or options.get("soft_wrap"):
            super().print(*objects, **options)
            return
        for row in fitted(plain(objects[0]), self.width if self.is_terminal else None):
            super().print(row, **options)


err = PlainConsole(stderr=True, soft_wrap=True)


def ask_to_go_on(question: str) -> None:
    """Ask whether to go on. Raises InputError for no, and where nobody can answer."""
    if not sys.stdin.isatty():
        raise InputError(f"{question} Nobody to ask here: give --yes to go on")
    if not typer.confirm(question, err=True):
        raise InputError("not started; a smaller --fte or event_json = false needs less")


def out(line: str) -> None:
    """A line for people on stdout, whatever is in it, in rows that fit where this is a terminal."""
    for row in fitted(plain(line), out_width()):
        typer.echo(row)


def out_width() -> int | None:
    """Columns of the terminal that stdout is; None for anything else, in which no line is cut."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def out_json(facts: object) -> None:
    """Facts for programs on stdout, as one line of JSON."""
    typer.echo(json.dumps(facts))


def err_json(facts: object) -> None:
    """Facts for programs on stderr, as one line of JSON."""
    typer.echo(json.dumps(facts), err=True)


def out_document(text: str) -> None:
    """A text of ours of many lines on stdout, as it is."""
    typer.echo(text, nl=False)


def print_rows(rows: list[dict[str, Any]], columns: tuple[str, ...], needed: int | None = None) -> None:
    """Rows as a table on stdout, all of them; what is None is empty.

    A terminal that is too narrow gets a field a line; or, of long lists, only the first columns, where the
    ``needed`` ones of them fit.
    """
    import pyarrow as pa

    from sim.sql.output import write_rows

    if needed is not None and (width := out_width()) is not None:
        columns = _that_fit(rows, columns, needed, width)

    def cells(column: str) -> list[Any]:
        values = [row.get(column) for row in rows]
        if all(isinstance(value, int) and not isinstance(value, bool) for value in values):
            return values
        return ["" if value is None else str(value) for value in values]

    write_rows(pa.table({column: cells(column) for column in columns}), "pretty", sys.stdout, out_width())


def _that_fit(
    rows: list[dict[str, Any]], columns: tuple[str, ...], needed: int, width: int
) -> tuple[str, ...]:
    """As many of the columns as a grid of ``width`` has room for; all, if it has none for the needed ones."""
    widths = [max(map(len, [name, *(str(row.get(name) or "") for row in rows)])) for name in columns]
    for kept in range(len(columns), needed - 1, -1):
        if sum(widths[:kept]) + 3 * kept + 1 <= width:
            if left := columns[kept:]:
                err.print(f"left out, as the terminal is narrow: {', '.join(left)}; --json has all")
            return columns[:kept]
    return columns


def program(called: str | None = None) -> str:
    """How a shell calls this program (default: as it was called), for commands to be copied."""
    path = Path(sys.argv[0] if called is None else called)
    if path.name == "__main__.py":  # python -m sim
        installed = Path(sys.executable).with_name("termtide")
        if not installed.is_file():
            return f"{shlex.quote(sys.executable)} -m sim"
        path = installed
    on_path = shutil.which(path.name)
    if on_path and path.exists() and Path(on_path).samefile(path):
        return path.name
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))
