"""What translates a statement: names it makes, tables it reads, queries of its WITH; and what comes out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from sim.sql.expressions.names import Column, FromSource, Scope, element_source
from sim.sql.expressions.nodes import HANDLERS
from sim.sql.expressions.walker import Expressions, Subquery
from sim.sql.grammar.catalog import Partition, Surroundings
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import Type
from sim.sql.grammar.values import Value, name_sql, settled
from sim.sql.queries.json_reads import JsonReads
from sim.sql.rules.json_reads import JsonRead


@dataclass
class TableRead:
    """What a statement reads of a table: its columns."""

    table: str
    columns: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Output:
    """One column of a query: its name ("" for none), its name in DuckDB, its value as far as known."""

    name: str
    inner: str
    value: Value

    @property
    def type(self) -> Type:
        """Its type, settled."""
        return settled(self.value.type)


@dataclass(frozen=True)
class Query:
    """A query in SQL. ``rows_are_values`` after SELECT AS STRUCT and AS VALUE: its one column is the row."""

    sql: str
    outputs: tuple[Output, ...]
    rows_are_values: bool = False
    partition: Partition | None = (
        None  # a column of days beside the outputs, which a SELECT round it can filter
    )
    origin: str = ""  # the table in DuckDB that these are the partitions of

    def column(self, node: exp.Expr) -> Type:
        """The type of its one column. Raises InputError if it has more."""
        if len(self.outputs) != 1:
            raise refused(
                node,
                f"Subquery has {len(self.outputs)} columns, allowed: one; use SELECT AS STRUCT for several",
            )
        return self.outputs[0].type

    def source(self, alias: str | None, handle: str) -> FromSource:
        """What it gives in a FROM."""
        if self.rows_are_values:
            whole = Value(f"{handle}.{name_sql(self.outputs[0].inner)}", self.outputs[0].type)
            return element_source(alias, whole, handle)
        columns = [
            Column(output.name, Value(f"{handle}.{name_sql(output.inner)}", output.type))
            for output in self.outputs
        ]
        return FromSource(alias, columns, partition=self.partition, handle=handle, origin=self.origin)


@dataclass
class Compiler(ABC):
    """One statement's translation as far as all of its queries share it."""

    around: Surroundings
    count: int = 0
    reads: dict[str, TableRead] = field(default_factory=dict)
    unfiltered: list[str] = field(default_factory=list)  # tables with partitions that no filter thins out yet
    partitioned: dict[str, str] = field(default_factory=dict)  # DuckDB's name of each -> its own
    ctes: list[dict[str, tuple[str, Query]]] = field(default_factory=lambda: [{}])
    json_reads: JsonReads = field(default_factory=JsonReads)

    def handle(self, letter: str = "t") -> str:
        """A new name for DuckDB."""
        self.count += 1
        return f"{letter}{self.count}"

    def expressions(
        self, scope: Scope, banned: str | None = None, window_banned: str | None = None
    ) -> Expressions:
        """What turns expressions of a clause into values; ``banned`` says where aggregates may not stand."""
        return Expressions(scope, self, HANDLERS, banned=banned, window_banned=window_banned)

    @abstractmethod
    def query(
        self,
        node: exp.Expr,
        scope: Scope,
        targets: Sequence[Type] | None = None,
        *,
        final: bool = False,
        carries: bool = False,
    ) -> Query:
        """A query; ``targets``: types that its columns must take; ``final``: it is all.

        ``carries``: it stands in a FROM and hands on the days of partitions.
        """

    def subquery(self, node: exp.Expr, scope: Scope) -> Subquery:
        """The query of a node in the scope round it."""
        return self.query(node, Scope(parent=scope))

    def read_together(self, read: JsonRead) -> str | None:
        """What a path into a JSON column finds, by a name; None if the document is no column of a table."""
        return self.json_reads.name(read)

    def cte(self, name: str) -> tuple[str, Query] | None:
        """The query that a WITH round it calls so."""
        for level in reversed(self.ctes):
            if name.lower() in level:
                return level[name.lower()]
        return None

    def expect(self, source: FromSource) -> None:
        """Note that a table with partitions is read, without a filter on them so far."""
        self.reads.setdefault(source.full_name, TableRead(source.full_name))
        self.unfiltered.append(source.handle)
        self.partitioned[source.handle] = source.full_name

    def note_reads(self, scope: Scope) -> None:
        """Note the columns that a SELECT has used of the tables in its FROM."""
        for source in scope.sources:
            if source.full_name:
                read = self.reads.setdefault(source.full_name, TableRead(source.full_name))
                read.columns |= {column for handle, column in scope.used if handle == source.handle}
