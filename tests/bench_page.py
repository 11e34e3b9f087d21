"""The page of figures: what a benchmark found, between its marks in ``docs/speed.md``, with its machine."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.samples.bench_row import Row

PAGES = "docs/speed.md"
_PAGE = Path(__file__).resolve().parents[1] / PAGES
_HEADS = ("what", "count", "CPU s", "per CPU-second", "goal", "note")


def _cells(row: Row) -> tuple[str, ...]:
    goal = f"{row.goal:,}" if row.goal else ""
    return row.what, f"{row.count:,} {row.unit}", f"{row.cpu_seconds:.2f}", f"{row.rate:,.0f}", goal, row.note


def print_figures(what: str, rows: Sequence[Row]) -> None:
    """A table on stdout."""
    table = Table(*_HEADS, box=None, pad_edge=False)
    for column in (1, 2, 3, 4):
        table.columns[column].justify = "right"
    for row in rows:
        table.add_row(*_cells(row))
    table.columns[0].no_wrap = table.columns[1].no_wrap = True
    console = Console(width=max(Console().width, 150))
    console.print(what)
    console.print(table)


def write_page(name: str, what: str, rows: Sequence[Row]) -> None:
    """The same as a table of the page, in place of the one there. Raises ValueError without its marks."""
    marks = "| --- | ---: | ---: | ---: | ---: | --- |"
    lines = [
        f"{what}. Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}; {load()}.",
        "",
        "| " + " | ".join(_HEADS) + " |",
        marks,
    ]
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in rows]
    replace_section(name, "\n".join(lines))


def replace_section(name: str, text: str) -> None:
    """Put a text between the marks of its name. Raises ValueError without them."""
    begin, end = f"<!-- {name}: written by make speed -->\n", f"<!-- end of {name} -->"
    page = _PAGE.read_text(encoding="utf-8")
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"{PAGES}: no marks of {name}")
    _PAGE.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n\n{end}", page), encoding="utf-8")


def machine() -> str:
    """The processor, how many of it, and what runs on it."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", info.read_text()) if info.is_file() else []
    name = names[0] if names else platform.processor() or platform.machine()
    return f"{os.cpu_count()} x {name}, {platform.system()}, Python {platform.python_version()}"


def load() -> str:
    """How busy the machine was, as far as it says so."""
    return (
        f"load of the last minute {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    )
