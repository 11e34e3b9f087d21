"""One user's session on a run: scripts in BigQuery's dialect, and what each of their statements gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pyarrow as pa
from sqlglot import exp

from context.errors import InputError
from sim.sql.script.blocks import steps_of
from sim.sql.script.statements import POSITIONAL, Statement
from sim.sql.script.structure import parts_of
from sim.sql.session.engine import Bound, SqlEngine
from sim.sql.session.flow import Flow
from sim.sql.session.routines import check_in_transaction
from sim.sql.session.steps import definition_of, done
from sim.sql.tables.own_tables import OwnTable

if TYPE_CHECKING:
    from sim.sql.script.parameters import QueryParameter
    from sim.sql.session.cost import Cost


@dataclass(frozen=True)
class StatementAnswer:
    """What a statement gave: rows, or words about what was done, or what a query would cost."""

    statement: Statement
    rows: pa.Table | None = None
    said: str | None = None
    cost: Cost | None = None


class Session:
    """A session on a run folder; ``note`` is told, once a script, what no answer shows.

    ``strict`` enforces required partition filters as production does, ``strict_project`` refuses other
    projects' names. Raises InputError and RunError.
    """

    def __init__(
        self,
        run_dir: Path,
        project: str,
        own: Sequence[OwnTable] = (),
        note: Callable[[str], None] = lambda _: None,
        *,
        strict: bool = False,
        strict_project: bool = False,
    ) -> None:
        self.run_dir = run_dir
        self._note = note
        self._told: set[str] = set()
        self._engine = SqlEngine(
            run_dir, project, own, self._tell, strict=strict, strict_project=strict_project
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the run, and remove what was temporary."""
        self._engine.close()

    def run(
        self, text: str, parameters: Sequence[QueryParameter] = (), *, dry: bool = False
    ) -> Iterator[StatementAnswer]:
        """What each statement of a script gives, one after the other; all are parsed before the first runs.

        ``dry`` tells what queries would cost, and makes nothing. Raises InputError, RunError.
        """
        steps = steps_of(text)
        if not steps:
            raise InputError("0 statements given, allowed: a query (SELECT or WITH) or a script")
        self._told.clear()
        self._engine.parameters = _bound(parameters)
        for tree in parts_of(steps):
            _check_given(tree, self._engine.parameters)
        flow = Flow(
            self._engine, lambda statement: self._outcome(statement, statement.tree, dry=dry), dry=dry
        )
        try:
            yield from flow.run(steps)
        except RecursionError:
            raise InputError("brackets or subqueries are nested too deeply") from None
        finally:
            self._engine.names.scratch.release()

    def tables(self) -> dict[str, list[str]]:
        """Names of all tables, as dataset.name, with those of their columns."""
        return self._engine.names.columns()

    def _outcome(self, statement: Statement, tree: exp.Expr, *, dry: bool) -> StatementAnswer:
        query = tree if isinstance(tree, exp.Query) else definition_of(tree)
        if dry and query is not None:
            return StatementAnswer(statement, cost=self._engine.cost(query))
        if isinstance(tree, exp.Query):
            return StatementAnswer(statement, rows=self._engine.held(tree).rows())
        check_in_transaction(self._engine, tree)
        return StatementAnswer(statement, said=done(self._engine, statement, tree, dry=dry))

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._note(text)


def _bound(parameters: Sequence[QueryParameter]) -> dict[str, Bound]:
    """Types and values by the names under which a script has its parameters."""
    return {
        (item.name.lower() or f"{POSITIONAL}{number}"): (item.kind, item.value)
        for number, item in enumerate(parameters, 1)
    }


def _check_given(tree: exp.Expr, given: Mapping[str, Bound]) -> None:
    """Raise InputError for a parameter that is not given."""
    for node in tree.find_all(exp.Parameter):
        name = node.name.lower()
        if not isinstance(node.this, exp.Var) or isinstance(node.parent, exp.Parameter) or name in given:
            continue
        if name.startswith(POSITIONAL):
            count = sum(known.startswith(POSITIONAL) for known in given)
            number = name.removeprefix(POSITIONAL)
            raise InputError(f"parameter number {number} is not given: {count} positional ones are")
        named = ", ".join(f"@{known}" for known in sorted(given) if not known.startswith(POSITIONAL))
        raise InputError(f"parameter @{node.name} is not given; given: {named or 'none'}")
