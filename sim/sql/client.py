"""A run for Python: queries in BigQuery's dialect, answers as Arrow.

from sim.sql.client import Client

with Client("runs/demo-1") as client:
table = client.query("SELECT COUNT(*) AS n FROM event_store.expanded WHERE event_time >= @day",
{"day": "2026-09-01"})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import pyarrow as pa

from context.errors import InputError
from sim.folder.facts import facts_of
from sim.folder.find import find_run
from sim.sql.script.parameters import parameters_from
from sim.sql.session.cost import Cost
from sim.sql.session.session import Session
from sim.sql.tables.own_tables import own_tables


class Client:
    """A session on a run: the folder given, or else the newest below runs/. Temporary tables last as long.

    ``project``: another name for the run's, such as that of your tenant. ``tables`` are files of yours,
    ``dataset.name=FILE``; ``strict`` and ``strict_project`` as on the command line. ``notes`` has what the
    last query had to tell. Raises InputError and RunError.
    """

    def __init__(
        self,
        run: str | Path | None = None,
        *,
        project: str | None = None,
        tables: Sequence[str] = (),
        strict: bool = False,
        strict_project: bool = False,
    ) -> None:
        self.run_dir = find_run(None if run is None else Path(run))
        self.project = project or facts_of(self.run_dir).project
        self.notes: list[str] = []
        self._session = Session(
            self.run_dir,
            self.project,
            own_tables(tables),
            self.notes.append,
            strict=strict,
            strict_project=strict_project,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the run."""
        self._session.close()

    def query(self, sql: str, parameters: Mapping[str, object] | Sequence[object] | None = None) -> pa.Table:
        """The rows of a query, or of a script's last one, in Arrow's types.

        INT64 comes as int64, STRING and JSON as string, NUMERIC as decimal128(38, 9), BIGNUMERIC as
        decimal256(76, 38), DATE as date32, DATETIME as timestamp[us], TIMESTAMP as timestamp[us, UTC].
        ``parameters``: @name by name, ? in order.
        """
        self.notes.clear()
        found = [outcome.rows for outcome in self._session.run(sql, parameters_from(parameters))]
        rows = [table for table in found if table is not None]
        if not rows:
            raise InputError("no query in the script, allowed: one that ends with a query")
        return rows[-1]

    def execute(self, sql: str, parameters: Mapping[str, object] | Sequence[object] | None = None) -> None:
        """Run a script for what it makes."""
        self.notes.clear()
        for _ in self._session.run(sql, parameters_from(parameters)):
            pass

    def cost(self, sql: str, parameters: Mapping[str, object] | Sequence[object] | None = None) -> Cost:
        """What BigQuery would bill for the last query, which does not run."""
        self.notes.clear()
        found = [outcome.cost for outcome in self._session.run(sql, parameters_from(parameters), dry=True)]
        costs = [cost for cost in found if cost is not None]
        if not costs:
            raise InputError("no query in the script, allowed: one that ends with a query")
        return costs[-1]

    def tables(self) -> dict[str, list[str]]:
        """Names of the columns of every table, by dataset.table."""
        return self._session.tables()
