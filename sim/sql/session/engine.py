"""A connection to a run on which a user's queries are prepared, run and weighed.

DuckDB may touch the run's folder, the scratch folder beside it and a temporary folder of the session, nothing
else: that is settled before the first query, and no query can change it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from context.errors import InputError
from sim.folder.duckdb_paths import duckdb_folder
from sim.sql.grammar.catalog import SqlFunction, Surroundings
from sim.sql.grammar.types import Type
from sim.sql.session.catalog import RUN_CATALOG, TableNames
from sim.sql.tables.faults import explaining
from sim.sql.tables.own_tables import OwnTable, load_own
from sim.sql.tables.places import Place
from sim.sql.tables.scratch import scratch_folder
from sim.sql.tables.storage_types import widened
from sim.sql.translate import Translated, install, translate
from sim.sql.warehouse import contract_of, literal, open_run

if TYPE_CHECKING:
    from sim.sql.session.cost import Cost
    from sim.sql.session.shadow import Touched

Bound = tuple[Type, Any]  # a parameter's or variable's type and its value


class Held:
    """A query, translated and checked: names and types of its columns are known, and it has not run yet."""

    def __init__(self, relation: duckdb.DuckDBPyRelation, columns: Sequence[tuple[str, Type]]) -> None:
        self._relation = relation
        self.columns = tuple(columns)

    def rows(self) -> pa.Table:
        """All rows."""
        with explaining():
            table = self._relation.to_arrow_table()
        table = table.rename_columns([name for name, _ in self.columns])
        if _any_big(kind for _, kind in self.columns):
            from sim.sql.tables.big_values import arrived

            table = arrived(table, self.columns)
        return widened(table)


def _any_big(kinds: Iterable[Type]) -> bool:
    return any(kind.holds_big for kind in kinds)


@dataclass
class SqlEngine:
    """A run, opened for one user; ``note`` is told what a user should know and no answer shows.

    ``strict`` enforces required partition filters as production does, ``strict_project`` refuses other
    projects' names. Parameters, variables and functions of a script are known by small letters. Raises
    InputError and RunError.
    """

    run_dir: Path
    project: str
    own: Sequence[OwnTable] = ()
    note: Callable[[str], None] = lambda _: None
    strict: bool = False
    strict_project: bool = False
    parameters: dict[str, Bound] = field(default_factory=dict)
    variables: dict[str, Bound] = field(default_factory=dict)
    functions: dict[str, SqlFunction] = field(default_factory=dict)
    kept: dict[str, Place] = field(default_factory=dict)  # temporary tables of before a transaction
    calls: int = 0  # of procedures that are on their way

    def __post_init__(self) -> None:
        self.connection = open_run(self.run_dir, RUN_CATALOG)
        self._folder = tempfile.mkdtemp(prefix="termtide-sql-")
        try:
            self.connection.execute(f"SET temp_directory = {literal(self._folder)}")
            load_own(self.connection, self.own)
            self._lock()
            self.names = TableNames(
                self.connection,
                self.run_dir,
                self.project,
                [table.place for table in self.own],
                self.note,
                strict_project=self.strict_project,
            )
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Leave the run, and remove what was temporary."""
        self.connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def held(self, tree: exp.Query, targets: Sequence[Type] | None = None) -> Held:
        """A query, ready to run; its columns turn into ``targets`` if they do so unasked."""
        found, values = self._translated(tree, targets)
        with explaining():
            statements = self.connection.extract_statements(found.duckdb_sql)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise InputError("allowed: one query (SELECT or WITH)")
            install(self.connection, found)
            sql = found.duckdb_sql
            if _any_big(kind for _, kind in found.columns):
                from sim.sql.tables.big_values import leaving_sql

                sql = leaving_sql(sql, found.columns)
            return Held(self.connection.sql(sql, params=values), found.columns)

    def value(self, tree: exp.Expr) -> Bound:
        """(type, value) of an expression."""
        held = self.held(exp.select(exp.Alias(this=tree.copy(), alias=exp.to_identifier("value"))))
        return held.columns[0][1], held.rows().column("value")[0].as_py()

    def cost(self, tree: exp.Query) -> Cost:
        """What a query would be billed for; it is checked, and does not run."""
        from sim.sql.session.cost import cost_of

        self.held(tree)
        return cost_of(self.connection, self.run_dir, self._touched(tree))

    def _translated(
        self, tree: exp.Query, targets: Sequence[Type] | None = None
    ) -> tuple[Translated, dict[str, Any] | None]:
        """(the query in DuckDB's dialect, values of the parameters and variables that it uses)."""
        query = tree.copy()
        self.names.external(query)
        self.names.views_read = False
        found = translate(query, self._around(), targets)
        reads = [read for read in found.reads if read.partitioned and not read.filtered]
        if reads or self.names.views_read:  # what a view reads, only the plan of the whole tells
            self._check_filters(query)
        return found, self._values(found)

    def _around(self) -> Surroundings:
        return Surroundings(
            self.names,
            {name: kind for name, (kind, _) in self.parameters.items()},
            {name: kind for name, (kind, _) in self.variables.items()},
            self.functions,
        )

    def _values(self, found: Translated) -> dict[str, Any] | None:
        bound = {name: (self.variables | self.parameters)[name.lower()] for name in found.parameters}
        if _any_big(kind for kind, _ in bound.values()):
            from sim.sql.tables.big_values import given

            return {name: given(value, kind) for name, (kind, value) in bound.items()}
        return {name: value for name, (_, value) in bound.items()} or None

    def _touched(self, tree: exp.Query) -> list[Touched]:
        """What a query reads of each table: it is planned on empty tables."""
        from sim.sql.session.shadow import touched

        query = tree.copy()
        self.names.external(query)
        self.names.found.clear()
        self.names.planning = True
        try:
            found = translate(query, self._around())
            return touched(found, self._values(found), self.names.found.values())
        finally:
            self.names.planning = False

    def _check_filters(self, tree: exp.Query) -> None:
        """Tell, or refuse, that a table is read without the filter that production asks for."""
        for scan in self._touched(tree):
            contract = contract_of(scan.dataset, scan.name) if scan.catalog == RUN_CATALOG else None
            if scan.bounds is not None or contract is None or not contract.require_partition_filter:
                continue
            name = f"{scan.dataset}.{scan.name}"
            if self.strict:
                raise InputError(
                    f"{name}: no filter on {contract.partition_by} that leaves partitions out; production "
                    f"refuses this query; add one such as WHERE {contract.partition_by} >= '2026-09-01'"
                )
            self.note(
                f"{name}: no filter on {contract.partition_by} that leaves partitions out; "
                "production refuses this query, and so does --strict"
            )

    def _lock(self) -> None:
        """From here on DuckDB reads and writes these folders and no others; no setting can change that."""
        there = (self.run_dir, scratch_folder(self.run_dir))
        # As they are told to it, and as it finds them when it follows a link.
        named = dict.fromkeys(name for at in there for name in (duckdb_folder(at), str(at.resolve())))
        folders = ", ".join(map(literal, named))
        for setting in (
            f"allowed_directories = [{folders}]",
            "enable_external_access = false",
            "python_enable_replacements = false",
            "autoload_known_extensions = false",
            "autoinstall_known_extensions = false",
            "lock_configuration = true",
        ):
            self.connection.execute(f"SET {setting}")
