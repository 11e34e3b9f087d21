"""What a query is translated against: tables with their columns, parameters, variables, functions in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sim.sql.grammar.types import Type

SYSTEM_ERROR = "system_error_"  # the variable that @@error is


@dataclass(frozen=True)
class Partition:
    """A table's partitions: the column they are made of, and DuckDB's column with the day of each."""

    column: str
    day: str


@dataclass(frozen=True)
class Relation:
    """A table as DuckDB SQL that may follow FROM, and its columns by name with their types in BigQuery."""

    name: str  # the last part of its name, by which a query may call its columns
    sql: str
    columns: tuple[tuple[str, Type], ...]
    full_name: str = ""
    partition: Partition | None = None


class Catalog(Protocol):
    """Where tables are looked up."""

    def relation(self, path: Sequence[str]) -> Relation:
        """The table of a dotted name. Raises InputError, with near names, for one that there is not."""
        ...


@dataclass(frozen=True)
class SqlFunction:
    """A function that a script makes in SQL: its parameters and its body, BigQuery SQL of one expression."""

    parameters: tuple[tuple[str, Type | None], ...]  # None: ANY TYPE
    body: str
    returns: Type | None = None


@dataclass(frozen=True)
class Surroundings:
    """All that a query may refer to besides its own text.

    ``parameters`` are named (a mapping) or positional, ``variables`` a script's. In DuckDB's SQL a parameter
    is ``$name``, or ``$1`` by position, a variable ``$name`` too.
    """

    catalog: Catalog
    parameters: Mapping[str, Type] | Sequence[Type] = ()
    variables: Mapping[str, Type] = field(default_factory=dict)
    functions: Mapping[str, SqlFunction] = field(default_factory=dict)
    only_duckdb: bool = False  # the SQL is for others too, who have no functions of Python's
