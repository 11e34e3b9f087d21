"""How to break a cell of a pack."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

Edit = Callable[[list[list[str]]], object]


def edit(folder: Path, file: str, change: Edit) -> None:
    """Change the rows of a CSV file."""
    with (folder / file).open(newline="", encoding="utf-8") as stream:
        rows = list(csv.reader(stream))
    change(rows)
    with (folder / file).open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def put(row: int, column: str, value: str) -> Edit:
    """Set a cell; ``row`` as an editor counts, header 1."""

    def change(rows: list[list[str]]) -> None:
        rows[row - 1][rows[0].index(column)] = value

    return change
