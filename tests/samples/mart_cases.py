"""Hand-computed cases of marts: rows in, rows out, in ``tests/marts/<dataset>/<table>/<case>/case.toml``.

A case says its ``law``, dates (``run_date``, ``begin``, ``end``) and, as CSV, the rows ``given`` by table and
the rows ``wanted``. What stands in ``tests/marts/toy.toml`` is given to every case; a case's own rows come on
top, or instead where its table is named in ``instead``. An empty cell is NULL, an array is written with ``;``
between its elements, a field of a record has its path as its name. Of the rows wanted only the columns named
are compared, in any order of rows. Marts that are given are taken as they stand; others that are read are
made by their queries.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

import schemas
from schemas import Mart
from sim.marts.graph import ordered, reads
from sim.marts.query import Dates, duckdb_query
from sim.sql.rules.failing import needed

FOLDER = Path(__file__).resolve().parents[1] / "marts"
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One case."""

    name: str  # dataset/table/case
    mart: Mart
    dates: Dates
    given: dict[str, list[Row]]  # by dataset.table, cells as texts
    wanted: list[Row]
    only: Row  # texts of columns: other rows are not looked at


def cases() -> Iterator[Case]:
    """Every case there is."""
    for path in sorted(FOLDER.glob("*/*/*/case.toml")):
        yield read_case(path)


def read_case(path: Path) -> Case:
    """A case from its file."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    dataset, table, name = path.parts[-4:-1]
    given = {key: list(rows) for key, rows in _toy().items() if key not in data.get("instead", [])}
    for key, text in data.get("given", {}).items():
        given.setdefault(key, []).extend(_rows(text))
    return Case(
        f"{dataset}/{table}/{name}",
        schemas.mart(f"{dataset}.{table}"),
        Dates(data["run_date"], data["begin"], data["end"]),
        given,
        _rows(data["wanted"]),
        data.get("only", {}),
    )


def tables_of(case: Case) -> tuple[list[Mart], list[schemas.Table]]:
    """(marts to make, in order; tables given or empty) of a case."""
    every = {mart.name: mart for mart in schemas.marts()}
    made: dict[str, Mart] = {}
    given: dict[str, schemas.Table] = {}
    waiting = [case.mart.name]
    while waiting:
        name = waiting.pop()
        if name in made or name in given:
            continue
        mart = every.get(name)
        if mart is None or (name in case.given and mart is not case.mart) or mart.sql is None:
            given[name] = schemas.table(*name.split("."))
        else:
            made[name] = mart
            waiting += reads(mart)
    return ordered(list(made.values())), list(given.values())


def arrow_of(case: Case, table: schemas.Table) -> pa.Table:
    """The rows given for a table; columns that are not named are NULL."""
    rows = case.given.get(f"{table.dataset}.{table.name}", [])
    known = {path for _, path, _ in schemas.field_paths(table)}
    for row in rows:
        assert not (odd := set(row) - known), f"{case.name}: {table.name} has no {odd}"
    values = [_record(table.columns, row, "") for row in rows]
    plain = [pa.field(field.name, field.type) for field in schemas.arrow_schema(table)]
    return pa.Table.from_pylist(values, schema=pa.schema(plain))


def run_case(case: Case) -> list[Row]:
    """The mart's rows by DuckDB."""
    made, given = tables_of(case)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for dataset in (*schemas.DATASETS, *schemas.MART_DATASETS):
            connection.execute(f'CREATE SCHEMA "{dataset}"')
        for table in given:
            connection.register("_given", arrow_of(case, table))
            connection.execute(f'CREATE TABLE "{table.dataset}"."{table.name}" AS SELECT * FROM _given')
            connection.unregister("_given")
        for mart in made:
            query = duckdb_query(mart, case.dates)
            for macro in needed(query):
                connection.execute(macro)
            connection.execute(f'CREATE TABLE "{mart.table.dataset}"."{mart.table.name}" AS {query}')
        relation = connection.sql(f'SELECT * FROM "{case.mart.table.dataset}"."{case.mart.table.name}"')
        return list(relation.to_arrow_table().to_pylist())


def compared(case: Case, rows: list[Row]) -> list[tuple[str, ...]]:
    """The rows' columns that the case names, as texts, sorted."""
    if not case.wanted:
        return [tuple(map(str, row)) for row in rows]
    names = list(case.wanted[0])
    rows = [row for row in rows if all(text_of(row[name]) == text for name, text in case.only.items())]
    return sorted(tuple(text_of(row[name]) for name in names) for row in rows)


def expected(case: Case) -> list[tuple[str, ...]]:
    """The rows wanted, in the form of ``compared``."""
    found = []
    for row in case.wanted:
        cells = []
        for name, cell in row.items():
            column = case.mart.table.column(name)
            cells.append(text_of(_value(column, cell)))
        found.append(tuple(cells))
    return sorted(found)


def text_of(value: Any) -> str:
    """A value as a text that is equal for equal values; floats to six digits after the point."""
    if value is None:
        return "NULL"
    if isinstance(value, float | Decimal):
        return f"{round(float(value), 6):.6f}".replace("-0.000000", "0.000000")
    if isinstance(value, list | tuple):
        return "[" + ";".join(text_of(item) for item in value) + "]"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(sep=" ")
    return str(value)


@cache
def _toy() -> dict[str, list[Row]]:
    data = tomllib.loads((FOLDER / "toy.toml").read_text(encoding="utf-8"))
    return {key: _rows(text) for key, text in data["given"].items()}


def _rows(text: str) -> list[Row]:
    """Rows of CSV; spaces round cells are for the eye."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    found = csv.reader(io.StringIO("\n".join(lines)), skipinitialspace=True)
    cells = [[cell.strip() for cell in line] for line in found]
    if not cells:
        return []
    head, *body = cells
    for line in body:
        assert len(line) == len(head), f"{line}: {len(head)} cells wanted"
    return [dict(zip(head, line, strict=True)) for line in body]


def _record(columns: tuple[schemas.Column, ...], row: Row, above: str) -> Row:
    found: Row = {}
    for column in columns:
        path = f"{above}{column.name}"
        if column.fields:
            found[column.name] = _record(column.fields, row, f"{path}.")
        else:
            found[column.name] = _value(column, row.get(path, ""))
    return found


def _value(column: schemas.Column, cell: str) -> Any:
    if column.mode == "REPEATED":
        one = schemas.Column(column.name, column.type, "NULLABLE", "", "documented")
        return [_value(one, item.strip()) for item in cell.split(";") if item.strip()]
    if cell == "":
        return None
    kinds: dict[str, Any] = {
        "INT64": int,
        "FLOAT64": float,
        "NUMERIC": Decimal,
        "BOOL": lambda text: {"true": True, "false": False}[text],
        "DATE": date.fromisoformat,
        "DATETIME": datetime.fromisoformat,
    }
    return kinds.get(column.type, str)(cell)
