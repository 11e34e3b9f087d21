"""What commands say on the terminal."""

from __future__ import annotations

import sys
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from context.errors import InputError

err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


def ask_to_go_on(question: str) -> None:
    """Ask whether to go on. Raises InputError for no, and where nobody can answer."""
    if not sys.stdin.isatty():
        raise InputError(f"{question} Nobody to ask here: give --yes to go on")
    if not typer.confirm(question, err=True):
        raise InputError("not started; a smaller --fte or event_json = false needs less")


_WIDE = 200  # columns of a terminal that is none


def print_rows(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> None:
    """Rows as a plain table on stdout."""
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if row.get(column) is None else str(row.get(column)) for column in columns))
    width = None if sys.stdout.isatty() else _WIDE
    Console(width=width, soft_wrap=True, highlight=False, markup=False).print(table)
