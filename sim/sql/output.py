"""Results of queries as text: a table for people, CSV and JSON lines for programs."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import TextIO

import pyarrow as pa
from rich.console import Console
from rich.table import Table
from rich.text import Text

_BATCH = 10_000
_ROWS_SHOWN = 100
_WIDE = 200  # columns of a terminal that is none


def write_pretty(table: pa.Table, out: TextIO, *, most: int | None = _ROWS_SHOWN) -> None:
    """A table for the terminal: numbers to the right, at most ``most`` rows (None: all) and a note."""
    console = Console(file=out, width=None if out.isatty() else _WIDE)
    shown = Table(header_style="bold")
    for field in table.schema:
        number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        right = number or pa.types.is_decimal(field.type)
        shown.add_column(Text(field.name), justify="right" if right else "left", overflow="fold")
    for row in _rows(table.slice(0, most)):
        shown.add_row(*[Text("NULL", style="dim") if value is None else Text(_text(value)) for value in row])
    console.print(shown)
    if most is not None and table.num_rows > most:
        console.print(f"{most:,} of {table.num_rows:,} rows; --format csv or jsonl gives all")


def write_csv(table: pa.Table, out: TextIO) -> None:
    """CSV with a header; NULL is empty, arrays and records are JSON."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in _rows(table):
        writer.writerow(["" if value is None else _text(value) for value in row])


def write_json_lines(table: pa.Table, out: TextIO) -> None:
    """One JSON object per row; NUMERIC is a number, times are ISO 8601, BYTES base64."""
    for row in _rows(table):
        record = {name: _plain(value) for name, value in zip(table.column_names, row, strict=True)}
        out.write(json.dumps(record, ensure_ascii=False) + "\n")


FORMATS: dict[str, Callable[[pa.Table, TextIO], None]] = {
    "table": write_pretty,
    "csv": write_csv,
    "jsonl": write_json_lines,
}


def _rows(table: pa.Table) -> Iterator[tuple[object, ...]]:
    for batch in table.to_batches(max_chunksize=_BATCH):
        columns = [column.to_pylist() for column in batch.columns]
        yield from zip(*columns, strict=True)


def _text(value: object) -> str:
    """A value in one cell."""
    plain = _plain(value)
    if isinstance(plain, str):
        return plain
    return json.dumps(plain, ensure_ascii=False)


def _plain(value: object) -> object:
    """A value of what JSON has: texts, numbers, lists and dicts."""
    if isinstance(value, datetime):
        text = value.replace(tzinfo=None).isoformat()
        return text if value.tzinfo is None else f"{text}Z"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
