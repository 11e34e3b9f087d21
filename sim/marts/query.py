"""A mart's query made ready: dates in place of parameters, the contract's types, DuckDB's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlglot import exp

import schemas
from context.errors import RunError
from schemas import Mart
from sim.marts.graph import parsed
from sim.sql.translate import to_duckdb


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


def duckdb_query(mart: Mart, dates: Dates) -> str:
    """The mart's rows as a query of DuckDB, columns as in the contract. Raises InputError, RunError.

    This is the one place where marts meet the translation of ``termtide sql``.
    """
    if mart.sql is None:
        raise RunError(f"mart {mart.name}: has no query")
    tree = parsed(mart.sql).copy()
    for node in list(tree.find_all(exp.Parameter)):
        node.replace(exp.cast(exp.Literal.string(dates.of(str(node.name)).isoformat()), "date"))
    columns = ",\n  ".join(_typed(column) for column in mart.table.columns)
    return f"SELECT\n  {columns}\nFROM (\n{to_duckdb(tree)}\n) AS mart"


def sort_key(mart: Mart) -> str:
    """Columns by which the rows have one order."""
    if mart.table.key:
        first = [name for name in mart.table.cluster_by if name in mart.table.key]
        names = [*first, *(name for name in mart.table.key if name not in first)]
        return ", ".join(f'"{name}"' for name in names)
    return "ALL"


def _typed(column: schemas.Column) -> str:
    """A column as its type. A stored array is never NULL in BigQuery; sums are of 128 bits in DuckDB."""
    kind = schemas.duckdb_type(column)
    name = f'"{column.name}"'
    return f"CAST({f'COALESCE({name}, [])' if column.mode == 'REPEATED' else name} AS {kind}) AS {name}"
