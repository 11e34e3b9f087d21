"""BigQuery SQL on a run: ``run_sql`` answers one query, read-only, as Arrow.

Tables go by one project (the scenario's), their dataset and name: `project.dataset.table`, with backticks
round the whole, round each part or round none; the project may be left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from context.errors import InputError
from sim.sql.script.parameters import parameters_from
from sim.sql.session.session import Session

Values = Mapping[str, object] | Sequence[object]


def run_sql(run_dir: Path, project: str, text: str, params: Values | None = None) -> pa.Table:
    """The result of a query or script in BigQuery's dialect; ``project`` is that of the run's scenario.

    ``params`` are named (@name) or positional (?). Of a script, the last query's rows. INT64 comes as int64,
    STRING as string, NUMERIC as decimal128(38, 9), DATE as date32, DATETIME as timestamp[us], TIMESTAMP as
    timestamp[us, UTC]. Raises InputError for what is wrong with the query, with line and column, near matches
    or what is allowed.
    """
    with Session(run_dir, project) as session:
        found = [outcome.rows for outcome in session.run(text, parameters_from(params))]
    rows = [table for table in found if table is not None]
    if not rows:
        raise InputError("no query in the script, allowed: one that ends with a query")
    return rows[-1]
