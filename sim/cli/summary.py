"""What a finished run says at its end."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from humanize import naturalsize
from rich.console import Console

from sim.folder.names import REPORT, WAREHOUSE
from sim.report.queries import queries
from sim.run import Outcome


def summary(outcome: Outcome) -> dict[str, Any]:
    """The run's facts as plain data."""
    manifest, run_dir = outcome.manifest, outcome.run_dir
    days = sorted(manifest.units)
    return {
        "run": str(run_dir),
        "synthetic": True,
        "was_done": outcome.was_done,
        "scenario": manifest.scenario.name,
        "seed": manifest.seed,
        "store_rows": manifest.totals.store_rows,
        "events": manifest.totals.events,
        "event_bytes": manifest.totals.event_bytes,
        "warehouse": str(run_dir / WAREHOUSE),
        "report": str(run_dir / REPORT),
        "queries": [" ".join(sql.split()) for _, sql in queries(days)],
    }


def print_summary(facts: dict[str, Any], console: Console, program: str) -> None:
    """The summary for people, on ``console``; ``program`` is how a shell calls this one."""
    run_dir = facts["run"]
    if facts["was_done"]:
        console.print(f"{run_dir}: this run is complete already; nothing to do")
    console.print(
        f"{run_dir}: {facts['store_rows']:,} store rows, {facts['events']:,} events "
        f"({naturalsize(facts['event_bytes'])} of Parquet), all synthetic"
    )
    console.print(f"warehouse: {Path(facts['warehouse']).resolve()}")
    console.print("Try:")
    for query in facts["queries"]:
        console.print(f'  {program} sql --run {shlex.quote(run_dir)} "{query}"')
