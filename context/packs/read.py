"""Reads a pack's folder: pack.toml and its CSV tables, typed, every fault with its file and row.

Rows are counted as a text editor does: the header is row 1, and a quoted cell may span several. Faults are
gathered, not raised, so that ``termtide pack check`` shows all of them at once.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from pathlib import Path
from string import Formatter
from typing import Any

from context.documents import UnreadableError, is_outside, read_text, read_toml
from context.errors import nearest
from context.packs.spec import NOTES, TABLES, rate_spec
from context.packs.table_spec import Field, TableSpec

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_HEAD = {"name", "version", "licence", "as_of", "description", "tables"}
_BLOCK = {"file", "source", "assumption", "description", "unit"}


@dataclass(frozen=True)
class Finding:
    """One fault of a pack; ``row`` None where the fault is of the whole file."""

    pack: str
    file: str
    row: int | None
    problem: str

    def line(self) -> str:
        """The fault as one line for people."""
        place = f"{self.file} row {self.row}" if self.row is not None else self.file
        return f"pack {self.pack}: {place}: {self.problem}"


@dataclass
class Findings:
    """Faults of one pack in the order found."""

    pack: str
    found: list[Finding] = field(default_factory=list)

    def add(self, file: str, row: int | None, problem: str) -> None:
        """Note a fault."""
        self.found.append(Finding(self.pack, file, row, problem))


@dataclass(frozen=True)
class Block:
    """What pack.toml says of one table."""

    name: str
    file: str
    source: str
    assumption: bool
    description: str
    unit: str


@dataclass(frozen=True)
class Table:
    """A table's typed columns and, for each entry, the row of the file it stands in."""

    block: Block
    spec: TableSpec
    columns: dict[str, list[Any]]
    rows: list[int]

    def __len__(self) -> int:
        return len(self.rows)


def read_head(folder: Path, faults: Findings) -> tuple[dict[str, str], dict[str, Block]]:
    """(name, version, ... of the pack; its blocks by table name) of pack.toml."""
    path = folder / "pack.toml"
    try:
        text, data = read_text(path, "TOML"), read_toml(path)
    except UnreadableError as error:
        what = "not found, allowed: a pack's folder has one" if error.is_missing else error.problem
        faults.add("pack.toml", error.line, what)
        return {}, {}
    for key in data.keys() - _HEAD:
        faults.add("pack.toml", _line(text, key), f"{key}: unknown key, {nearest(key, sorted(_HEAD))}")
    head: dict[str, str] = {}
    for key in ("name", "version", "licence", "as_of", "description"):
        value = data.get(key, "" if key == "description" else None)
        if value is None or (not str(value).strip() and key != "description"):
            faults.add("pack.toml", _line(text, key), f"{key}: missing, allowed: a text")
        head[key] = str(value or "")
    return head, _blocks(data.get("tables", {}), text, faults)


def _blocks(tables: Any, text: str, faults: Findings) -> dict[str, Block]:
    blocks: dict[str, Block] = {}
    if not isinstance(tables, dict):
        faults.add("pack.toml", _line(text, "tables"), "tables: allowed: one [tables.<name>] per table")
        return blocks
    for name in TABLES.keys() - tables.keys():
        faults.add("pack.toml", None, f"[tables.{name}]: missing, every pack has this table")
    if "rate_base" not in tables:
        faults.add("pack.toml", None, "[tables.rate_base]: missing, every pack has this table")
    for name, entry in tables.items():
        row = _line(text, f"[tables.{name}]")
        if name not in TABLES and not name.startswith("rate_"):
            allowed = nearest(name, [*TABLES, "rate_base"])
            faults.add("pack.toml", row, f"[tables.{name}]: unknown table, {allowed}")
            continue
        if not isinstance(entry, dict):
            faults.add("pack.toml", row, f"tables.{name}: allowed: a table with file and source")
            continue
        for key in sorted(entry.keys() - _BLOCK):
            at = _line(text, key, after=row)
            faults.add("pack.toml", at, f"tables.{name}.{key}: unknown key, {nearest(key, sorted(_BLOCK))}")
        for key in ("file", "source"):
            if not isinstance(entry.get(key), str) or not entry[key].strip():
                faults.add("pack.toml", row, f"tables.{name}.{key}: missing, allowed: a text, not empty")
        file = str(entry.get("file", ""))
        if file.strip() and is_outside(file):
            faults.add("pack.toml", row, f"tables.{name}.file: {file} given, allowed: a file in the folder")
        if not isinstance(entry.get("assumption", False), bool):
            faults.add("pack.toml", row, f"tables.{name}.assumption: allowed: true, false")
        blocks[name] = Block(
            name,
            file,
            str(entry.get("source", "")),
            entry.get("assumption", False) is True,
            str(entry.get("description", "")),
            str(entry.get("unit", "")),
        )
    return blocks


def _line(text: str, key: str, after: int | None = None) -> int | None:
    """The line of pack.toml that sets ``key`` or is this [header], None when no line does."""
    start = re.escape(key) if key.startswith("[") else rf"{re.escape(key)}\s*="
    for number, line in enumerate(text.splitlines(), start=1):
        if number > (after or 0) and re.match(start, line.strip()):
            return number
    return after


def read_pack_table(folder: Path, block: Block, faults: Findings) -> Table | None:
    """The typed table, or None when it can't be read; cells at fault are reported and hold None."""
    if is_outside(block.file):  # which is told with the block
        return None
    try:
        text = read_text(folder / block.file, "CSV")
    except UnreadableError as error:
        what = (
            f"not found, pack.toml names it for [tables.{block.name}]" if error.is_missing else error.problem
        )
        faults.add(block.file, error.line, what)
        return None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    row = 1
    try:
        for cells in reader:
            if cells:
                records.append((row, cells))
            row = reader.line_num + 1
    except csv.Error as error:
        faults.add(block.file, row, f"not valid CSV: {error}")
        return None
    if not records:
        faults.add(block.file, 1, "empty, allowed: a header and rows")
        return None
    header = records[0][1]
    spec = TABLES[block.name] if block.name in TABLES else rate_spec(tuple(header))
    if not _header_is_right(header, spec, block.file, records[0][0], faults):
        return None
    return _typed(block, spec, header, records[1:], faults)


def _header_is_right(header: list[str], spec: TableSpec, file: str, row: int, faults: Findings) -> bool:
    before = len(faults.found)
    optional = {note.name for note in NOTES}
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            faults.add(file, row, f"column {name}: given {header.count(name)} times, allowed: once")
        if name not in spec.names and name not in optional:
            allowed = nearest(name, dict.fromkeys((*spec.names, *sorted(optional))))
            faults.add(file, row, f"column {name}: unknown, {allowed}")
    for name in spec.names:
        if name not in header:
            faults.add(file, row, f"column {name}: missing")
    return len(faults.found) == before


def _typed(
    block: Block, spec: TableSpec, header: list[str], records: list[tuple[int, list[str]]], faults: Findings
) -> Table:
    fields = {note.name: note for note in NOTES} | {column.name: column for column in spec.fields}
    columns: dict[str, list[Any]] = {name: [] for name in header}
    rows: list[int] = []
    for row, cells in records:
        if len(cells) != len(header):
            faults.add(block.file, row, f"{len(cells)} cells given, allowed: {len(header)}, as in the header")
            continue
        rows.append(row)
        for name, cell in zip(header, cells, strict=True):
            value, problem = parse(fields[name], cell.strip())
            if problem:
                faults.add(block.file, row, f"{name}: {problem}")
            columns[name].append(value)
    if not rows and not faults.found:
        faults.add(block.file, 1, "no rows, allowed: at least one")
    return Table(block, spec, columns, rows)


def parse(column: Field, cell: str) -> tuple[Any, str]:
    """(typed value, "") or (None, what is wrong)."""
    given = f"{cell} given" if cell else "nothing given"
    if not cell:
        if column.blank:
            return ("" if column.kind == "text" else None), ""
        return None, f"{given}, allowed: {_allowed(column)}"
    if column.kind == "text":
        problem = _text_problem(column, cell)
        return (None, f"{given}, {problem}") if problem else (cell, "")
    if column.kind == "truth":
        truth = {"true": True, "false": False}.get(cell.lower())
        return truth, "" if truth is not None else f"{given}, allowed: true, false"
    value = float(cell) if _NUMBER.fullmatch(cell) else float("nan")
    low, high = -1e300 if column.low is None else column.low, 1e300 if column.high is None else column.high
    if not low <= value <= high or (column.kind == "whole" and value != int(value)):
        return None, f"{given}, allowed: {_allowed(column)}"
    return (int(value) if column.kind == "whole" else value), ""


def _text_problem(column: Field, cell: str) -> str:
    if column.options and cell not in column.options:
        return nearest(cell, column.options)
    if not cell.endswith(column.ends):
        return f"allowed: a text that ends with {column.ends}"
    if column.places:
        allowed = "allowed: the placeholders " + ", ".join(f"{{{name}}}" for name in column.places)
        try:
            names = {part[1] for part in Formatter().parse(cell) if part[1] is not None}
        except ValueError as error:
            return f"{error}, {allowed}"
        return allowed if names - set(column.places) else ""
    return ""


def _allowed(column: Field) -> str:
    if column.options:
        return ", ".join(column.options)
    words = {"text": "a text", "truth": "true, false", "whole": "a whole number", "number": "a number"}
    bounds = ""
    if column.low is not None and column.high is not None:
        bounds = f" from {column.low:g} to {column.high:g}"
    elif column.low is not None:
        bounds = f" of at least {column.low:g}"
    return words[column.kind] + bounds
