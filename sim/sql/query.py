"""BigQuery SQL on a run, once: ``run_sql`` answers one query as Arrow and leaves nothing open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from sim.sql.client import Client


def run_sql(
    run_dir: Path, project: str, text: str, params: Mapping[str, object] | Sequence[object] | None = None
) -> pa.Table:
    """The result of a query or script in BigQuery's dialect; ``project``: the run's.

    ``params`` are named (@name) or positional (?). Of a script, the last query's rows, in the types of
    ``Client.query``. Raises InputError for what is wrong with the query, with line and column, near matches
    or what is allowed.
    """
    with Client(run_dir, project=project) as client:
        return client.query(text, params)
