"""A mart's query made ready: dates in place of parameters, the contract's types, DuckDB's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlglot import exp

import schemas
from context.errors import InputError, RunError
from schemas import Mart
from sim.sql.grammar.catalog import Relation, Surroundings
from sim.sql.grammar.parse import parse_query
from sim.sql.grammar.types import type_of_column
from sim.sql.translate import translate
from sim.sql.warehouse import quoted


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
        tree = parse_query(mart.sql)
        for node in list(tree.find_all(exp.Parameter)):
            node.replace(_date(dates.of(str(node.name))))
        inner = translate(tree, Surroundings(ContractTables())).duckdb_sql
    except InputError as error:
        raise InputError(f"mart {mart.name}: {error}") from None
    columns = ",\n  ".join(_typed(column) for column in mart.table.columns)
    return f"SELECT\n  {columns}\nFROM (\n{inner}\n) AS mart"


def sort_key(mart: Mart) -> str:
    """Columns by which the rows have one order."""
    if mart.table.key:
        first = [name for name in mart.table.cluster_by if name in mart.table.key]
        names = [*first, *(name for name in mart.table.key if name not in first)]
        return ", ".join(f'"{name}"' for name in names)
    return "ALL"


def _date(day: date) -> exp.Expr:
    found: exp.Expr = parse_query(f"SELECT DATE '{day.isoformat()}'").expressions[0]
    return found


def _typed(column: schemas.Column) -> str:
    """A column as its type. A stored array is never NULL in BigQuery."""
    kind = schemas.duckdb_type(column)
    name = f'"{column.name}"'
    return f"CAST({f'COALESCE({name}, [])' if column.mode == 'REPEATED' else name} AS {kind}) AS {name}"
