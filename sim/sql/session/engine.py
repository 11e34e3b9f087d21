"""A connection to a run on which a user's queries are prepared, run and weighed.

DuckDB may touch the run's folder, the scratch folder beside it and a temporary folder of the session, nothing
else: that is settled before the first query, and no query can change it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from context.errors import InputError
from sim.sql.script.substitution import SqlFunction, with_functions, with_variables
from sim.sql.session.catalog import WAREHOUSE, Names
from sim.sql.session.cost import Cost, cost_of
from sim.sql.session.shadow import needs_filter, touched
from sim.sql.session.translator import prepare, translated
from sim.sql.tables.faults import explained
from sim.sql.tables.own_tables import OwnTable, load_own
from sim.sql.tables.relations import Relation
from sim.sql.tables.scratch import scratch_folder
from sim.sql.tables.storage_types import told_apart, widened
from sim.sql.warehouse import literal, open_run


class Held:
    """A query, translated and checked: names and types of its columns are known, and it has not run yet."""

    def __init__(self, relation: duckdb.DuckDBPyRelation) -> None:
        self._relation = relation
        self.columns: list[str] = relation.columns
        self.types: list[Any] = relation.types

    def rows(self) -> pa.Table:
        """All rows."""
        with explained():
            table = self._relation.to_arrow_table()
        return widened(table.rename_columns(told_apart(table.column_names)))


@dataclass
class Engine:
    """A run, opened for one user; ``note`` is told what a user should know and no answer shows.

    ``strict`` enforces required partition filters as production does, ``strict_project`` refuses other
    projects' names. Raises InputError and RunError.
    """

    run_dir: Path
    project: str
    own: Sequence[OwnTable] = ()
    note: Callable[[str], None] = lambda _: None
    strict: bool = False
    strict_project: bool = False
    variables: dict[str, exp.Expr] = field(default_factory=dict)
    functions: dict[str, SqlFunction] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._folder = tempfile.mkdtemp(prefix="termtide-sql-")
        self.connection = open_run(self.run_dir, WAREHOUSE)
        try:
            self.connection.execute(f"SET temp_directory = {literal(self._folder)}")
            load_own(self.connection, self.own)
            prepare(self.connection)
            self._lock()
            self.names = Names(
                self.connection,
                self.run_dir,
                self.project,
                [table.relation for table in self.own],
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

    def held(self, tree: exp.Query) -> Held:
        """A query, ready to run."""
        text, _ = self._translated(tree)
        with explained():
            statements = self.connection.extract_statements(text)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise InputError("allowed: one query (SELECT or WITH)")
            return Held(self.connection.sql(text))

    def value(self, tree: exp.Expr) -> pa.Table:
        """The one row of an expression, in a column ``value``."""
        return self.held(exp.select(exp.Alias(this=tree.copy(), alias=exp.to_identifier("value")))).rows()

    def cost(self, tree: exp.Query) -> Cost:
        """What a query would be billed for; it is checked, and does not run."""
        text, relations = self._translated(tree)
        with explained():
            self.connection.sql(text)
        return cost_of(self.connection, self.run_dir, touched(text, relations, self._types_of))

    def _translated(self, tree: exp.Query) -> tuple[str, list[Relation]]:
        """(the query in DuckDB's dialect with all put in that it stands for, the tables that it reads)."""
        filled = with_functions(tree.copy(), self.functions)
        filled = with_variables(filled, self.variables, self._columns_of)
        assert isinstance(filled, exp.Query)  # noqa: S101 - what is put in stands inside of it
        relations = self.names.resolve(filled)
        text = translated(filled)
        if needs_filter(relations):
            self._check_filters(text, relations)
        return text, relations

    def _check_filters(self, text: str, relations: Sequence[Relation]) -> None:
        """Tell, or refuse, that a table is read without the filter that production asks for."""
        with explained():
            self.connection.sql(text)  # what is wrong with the query comes first
        for scan in touched(text, relations, self._types_of):
            contract = scan.contract
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

    def _types_of(self, relation: Relation) -> dict[str, str]:
        """Columns of a table and their types in DuckDB."""
        with explained():
            found = self.connection.sql(f"SELECT * FROM {relation.duckdb}")
            return dict(zip(found.columns, map(str, found.types), strict=True))

    def _columns_of(self, source: exp.Expr) -> list[str] | None:
        """Names of the columns of what stands in a FROM clause, small; None if they can't be told."""
        if isinstance(source, exp.Subquery):
            return None if source.this.is_star else [name.lower() for name in source.this.named_selects]
        if not isinstance(source, exp.Table) or isinstance(source.this, exp.Func):
            return None
        probe = exp.select("*").from_(source.copy())
        try:
            self.names.resolve(probe)
            with explained():
                return [name.lower() for name in self.connection.sql(translated(probe)).columns]
        except InputError:
            return None  # a name of a WITH clause, or one that is refused where it is read

    def _lock(self) -> None:
        """From here on DuckDB reads and writes these folders and no others; no setting can change that."""
        folders = ", ".join(
            literal(str(folder)) for folder in (self.run_dir.resolve(), scratch_folder(self.run_dir))
        )
        for setting in (
            f"allowed_directories = [{folders}]",
            "enable_external_access = false",
            "python_enable_replacements = false",
            "autoload_known_extensions = false",
            "autoinstall_known_extensions = false",
            "lock_configuration = true",
        ):
            self.connection.execute(f"SET {setting}")
