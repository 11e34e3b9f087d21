"""A mart's query made ready: dates in place of parameters, the contract's types, DuckDB's words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import schemas
from context.errors import InputError, RunError
from schemas import Mart
from sim.marts.graph import parsed_once
from sim.sql.grammar.catalog import Relation, Surroundings
from sim.sql.grammar.types import Type, type_of_column
from sim.sql.translate import translate
from sim.sql.warehouse import quoted

# While rows are made: sums of whole numbers and quotients of them don't overflow, so it isn't asked.
PLAIN_ARITHMETIC = tuple(
    f"CREATE OR REPLACE TEMP MACRO {name}(x, y) AS {meaning}"
    for name, meaning in {
        "bq_add": "x + y",
        "bq_subtract": "x - y",
        "bq_multiply": "x * y",
        "bqs_divide": "x / nullif(y, 0)",
    }.items()
)
_PARAMETER = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w+)")


@dataclass(frozen=True)
class Dates:
    """What the parameters of the queries stand for."""

    run: date  # @run_date: as of when
    begin: date  # @begin_date
    end: date  # @end_date, included

    def of(self, name: str) -> date:
        """The date of a parameter. Raises RunError for one that there is not."""
        found = {"run_date": self.run, "begin_date": self.begin, "end_date": self.end}
        if name not in found:
            raise RunError(f"parameter @{name}, allowed: @run_date, @begin_date, @end_date")
        return found[name]


class ContractTables:
    """Stores and marts as a query finds them: under their names, with the types of their contracts."""

    def relation(self, path: Sequence[str]) -> Relation:
        """The table of a name. Raises InputError for one that no contract has."""
        try:
            table = schemas.find_table(".".join(path))
        except schemas.UnknownName as error:
            raise InputError(str(error)) from None
        name = f"{quoted(table.dataset)}.{quoted(table.name)}"
        columns = tuple((column.name, type_of_column(column)) for column in table.columns)
        return Relation(table.name, name, columns, f"{table.dataset}.{table.name}")


def duckdb_query(mart: Mart, dates: Dates) -> str:
    """The mart's rows as a query of DuckDB, columns as in the contract. Raises InputError, RunError.

    This is the one place where marts meet the translation of ``termtide sql``; what the query calls is in
    ``needed`` of it.
    """
    if mart.sql is None:
        raise RunError(f"mart {mart.name}: has no query")
    try:
        inner = _translated(mart.sql)
    except InputError as error:
        raise InputError(f"mart {mart.name}: {error}") from None
    columns = ",\n  ".join(_typed(column) for column in mart.table.columns)
    return f"SELECT\n  {columns}\nFROM (\n{_dated(inner, dates)}\n) AS mart"


@cache
def _translated(sql: str) -> str:
    """The query in DuckDB's words, its parameters left open: marts by day are built with many dates."""
    dates = dict.fromkeys(("run_date", "begin_date", "end_date"), Type("DATE"))
    return translate(
        parsed_once(sql).copy(), Surroundings(ContractTables(), dates, only_duckdb=True)
    ).duckdb_sql


def _dated(sql: str, dates: Dates) -> str:
    """SQL with dates in place of its parameters; texts and quoted names stay as they are."""
    return _PARAMETER.sub(lambda match: f"DATE '{dates.of(match[1])}'" if match[1] else match[0], sql)


def sort_key(mart: Mart) -> str:
    """Columns by which the rows have one order."""
    table = mart.table
    first = [name for name in table.cluster_by if name in table.key]
    rest = [name for name in table.key or table.names if name not in first]
    return ", ".join(quoted(name) for name in (*first, *rest))


def _typed(column: schemas.Column) -> str:
    """A column as its type. A stored array is never NULL in BigQuery."""
    kind = schemas.duckdb_type(column)
    name = f'"{column.name}"'
    return f"CAST({f'COALESCE({name}, [])' if column.mode == 'REPEATED' else name} AS {kind}) AS {name}"
