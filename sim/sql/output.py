"""Results of queries: tables for people, CSV, JSON and Parquet for programs, in the forms that bq has.

In ``json`` and ``csv`` values are texts as BigQuery's API writes them: TIMESTAMP ``2026-09-01 10:00:00``, in
UTC, DATETIME with a T, BYTES in base64. ``jsonl`` keeps numbers and truth values as JSON has them.
"""

from __future__ import annotations

import base64
import csv
import json
import math
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TextIO

import pyarrow as pa

from context.errors import InputError
from sim.folder.plain import plain

RESULT_FORMATS = ("pretty", "json", "prettyjson", "jsonl", "csv", "parquet")
ROWS_SHOWN = 100  # on a terminal, unless told otherwise
_BATCH = 10_000


def write_rows(table: pa.Table, form: str, out: TextIO, width: int | None = None) -> None:
    """Write a result in one of RESULT_FORMATS but parquet; ``width``: the terminal's columns, or None."""
    writers: dict[str, Callable[[pa.Table, TextIO], None]] = {
        "json": lambda rows, to: _write_array(rows, to, None),
        "prettyjson": lambda rows, to: _write_array(rows, to, 2),
        "jsonl": _write_json_lines,
        "csv": _write_csv,
        "pretty": lambda rows, to: _write_pretty(rows, to, width),
    }
    writers[form](table, out)


def _write_pretty(table: pa.Table, out: TextIO, width: int | None) -> None:
    """A grid if it fits, else a field a line; what goes into a pipe is never cut nor folded."""
    from rich.cells import cell_len

    names = [plain(name) for name in table.column_names]
    rows = [["NULL" if value is None else plain(_text(value)) for value in row] for row in _rows(table)]
    widths = [max(map(cell_len, column)) for column in zip(names, *rows, strict=True)]
    natural = sum(widths) + 3 * len(widths) + 1
    if not names:
        return
    if width is None or natural <= width:
        _write_grid(table.schema, names, rows, out, natural)
    else:
        _write_records(names, rows, out, width)


def _write_grid(
    schema: pa.Schema, names: Sequence[str], rows: list[list[str]], out: TextIO, natural: int
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=out, width=natural, highlight=False, markup=False, emoji=False)
    shown = Table(header_style="bold", box=box.SQUARE, safe_box=True)
    for field, name in zip(schema, names, strict=True):
        number = pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        right = number or pa.types.is_decimal(field.type)
        shown.add_column(Text(name), justify="right" if right else "left", no_wrap=True)
    for row in rows:
        shown.add_row(*[Text(value) for value in row])
    console.print(shown)


def _write_records(names: Sequence[str], rows: list[list[str]], out: TextIO, width: int) -> None:
    from rich.cells import cell_len, chop_cells

    column = min(max(map(cell_len, names)), max(width // 2, 8))
    room = max(width - column - 2, 8)
    for number, row in enumerate(rows, 1):
        title = f"-- row {number} "
        out.write(title + "-" * max(min(width, 60) - len(title), 0) + "\n")
        for name, value in zip(names, row, strict=True):
            parts = chop_cells(value, room) or [""]
            head = name + " " * max(column - cell_len(name), 0)
            out.writelines(
                f"{head if i == 0 else ' ' * column}  {part}".rstrip() + "\n" for i, part in enumerate(parts)
            )


def _write_csv(table: pa.Table, out: TextIO) -> None:
    """CSV with a header; NULL is empty, arrays and records are JSON."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.column_names)
    shown = [_cells(kind) for kind in table.schema.types]
    for row in _rows(table):
        cells = zip(shown, row, strict=True)
        writer.writerow([value if show is None or value is None else show(value) for show, value in cells])


def _cells(kind: pa.DataType) -> Callable[[Any], str] | None:
    """What makes a cell of a column's values; None where they are written as they are."""
    if pa.types.is_string(kind) or pa.types.is_integer(kind):
        return None
    if pa.types.is_timestamp(kind):
        between = " " if kind.tz else "T"
        return lambda value: value.replace(tzinfo=None).isoformat(between)
    return _text


def _write_array(table: pa.Table, out: TextIO, indent: int | None) -> None:
    """One JSON array of objects, all values texts."""
    separators = (",", ":") if indent is None else None
    out.write("[")
    for i, row in enumerate(_rows(table)):
        record = {name: _as_api(value) for name, value in zip(table.column_names, row, strict=True)}
        text = json.dumps(record, ensure_ascii=False, indent=indent, separators=separators)
        lead = "\n" + " " * indent if indent else ""
        out.write(("," if i else "") + lead + text.replace("\n", lead or "\n"))
    out.write("\n]\n" if indent and table.num_rows else "]\n")


def _write_json_lines(table: pa.Table, out: TextIO) -> None:
    """One JSON object per row; NUMERIC is a number where one holds it."""
    for row in _rows(table):
        record = {name: _plain(value) for name, value in zip(table.column_names, row, strict=True)}
        out.write(json.dumps(record, ensure_ascii=False) + "\n")


def _rows(table: pa.Table) -> Iterator[tuple[object, ...]]:
    for batch in table.to_batches(max_chunksize=_BATCH):
        try:
            columns = [column.to_pylist() for column in batch.columns]
        except (OverflowError, ValueError):
            raise InputError("a date or time lies outside of the years 1 to 9999") from None
        yield from zip(*columns, strict=True)


def _text(value: object) -> str:
    """A value in one cell."""
    plain = _as_api(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _as_api(value: object) -> Any:
    """A value with all scalars as texts, as BigQuery's API has them; NULL stays."""
    if isinstance(value, list):
        return [_as_api(item) for item in value]
    if isinstance(value, dict):
        return {key: _as_api(item) for key, item in value.items()}
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep="T" if value.tzinfo is None else " ")
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, float):
        return _special(value) or repr(value)
    plain = _plain(value)
    return plain if isinstance(plain, str) else str(plain)


def _special(value: float) -> str | None:
    """What a FLOAT64 is that JSON has no number for."""
    if math.isfinite(value):
        return None
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _plain(value: object) -> Any:
    """A value of what JSON has: texts, numbers, lists and dicts."""
    if isinstance(value, datetime):
        text = value.replace(tzinfo=None).isoformat()
        return text if value.tzinfo is None else f"{text}Z"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        if value == value.to_integral_value():
            return int(value)
        number = float(value)
        return number if Decimal(repr(number)) == value else _as_api(value)
    if isinstance(value, float):
        return _special(value) or value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
