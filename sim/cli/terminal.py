"""What commands say on the terminal."""

from __future__ import annotations

import json
import sys
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from context.errors import InputError
from sim.folder.plain import plain


class PlainConsole(Console):
    """A console that takes texts as plain ones: no markup, emoji, colours of numbers, or controls in them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **style: Any) -> Text:
        """The text as rich draws it, be it printed or a table's cell."""
        return super().render_str(plain(text), **(style | {"markup": False, "emoji": False}))


err = PlainConsole(stderr=True, soft_wrap=True)


def ask_to_go_on(question: str) -> None:
    """Ask whether to go on. Raises InputError for no, and where nobody can answer."""
    if not sys.stdin.isatty():
        raise InputError(f"{question} Nobody to ask here: give --yes to go on")
    if not typer.confirm(question, err=True):
        raise InputError("not started; a smaller --fte or event_json = false needs less")


_WIDE = 200  # columns of a terminal that is none


def out(line: str) -> None:
    """A line for people on stdout, whatever is in it."""
    typer.echo(plain(line))


def out_json(facts: object) -> None:
    """Facts for programs on stdout, as one line of JSON."""
    typer.echo(json.dumps(facts))


def out_document(text: str) -> None:
    """A text of ours of many lines on stdout, as it is."""
    typer.echo(text, nl=False)


def print_rows(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """Rows as a plain table on stdout."""
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if row.get(column) is None else str(row.get(column)) for column in columns))
    width = None if sys.stdout.isatty() else _WIDE
    PlainConsole(width=width, soft_wrap=True).print(table)
