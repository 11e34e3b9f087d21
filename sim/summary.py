"""What a finished run says at its end: what is there, how big, and three queries to try."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console

from sim.claim import REPORT, WAREHOUSE
from sim.run import Outcome

QUERIES = (
    (
        "how many students each course has",
        """SELECT co.le_code, COUNT(DISTINCT cse.person_id) AS students
           FROM context_store_entity.course_section_enrollment cse
           JOIN context_store_entity.course_section cs USING (course_section_id)
           JOIN context_store_entity.course_offering co ON co.course_offering_id = cs.course_offering_id
           WHERE cse.role = 'Student' GROUP BY 1 ORDER BY 2 DESC LIMIT 10""",
    ),
    (
        "what kinds of events there are in one week",
        """SELECT type, action, COUNT(*) AS events FROM event_store.expanded
           WHERE event_time >= DATETIME '{begin}' AND event_time < DATETIME '{end}'
           GROUP BY 1, 2 ORDER BY 3 DESC""",
    ),
    (
        "which courses were clicked most, joined as production SQL does",
        """SELECT km.lms_ext_id AS canvas_course_id, COUNT(*) AS events FROM event_store.expanded e
           JOIN context_store_keymap.course_offering km ON km.lms_int_id = e.course_offering.canvas_id
           WHERE e.event_time >= DATETIME '{begin}' AND e.event_time < DATETIME '{end}'
           GROUP BY 1 ORDER BY 2 DESC LIMIT 10""",
    ),
)


def queries(run_days: list[str]) -> list[tuple[str, str]]:
    """(what it shows, SQL) over the week after the term's first."""
    begin, end = run_days[min(21, len(run_days) - 1)], run_days[min(28, len(run_days) - 1)]
    return [(title, " ".join(sql.split()).format(begin=begin, end=end)) for title, sql in QUERIES]


def summary(outcome: Outcome) -> dict[str, Any]:
    """The run's facts as plain data."""
    manifest, run_dir = outcome.manifest, outcome.run_dir
    days = sorted(manifest.units)
    return {
        "run": str(run_dir),
        "synthetic": True,
        "was_done": outcome.was_done,
        "scenario": manifest.scenario["name"],
        "seed": manifest.seed,
        "store_rows": manifest.totals.store_rows,
        "events": manifest.totals.events,
        "event_bytes": manifest.totals.event_bytes,
        "warehouse": str(run_dir / WAREHOUSE),
        "report": str(run_dir / REPORT),
        "queries": [sql for _, sql in queries(days)],
    }


def print_summary(facts: dict[str, Any], console: Console) -> None:
    """The summary for people, on ``console``."""
    if facts["was_done"]:
        console.print(f"{facts['run']}: this run is complete already; nothing to do", markup=False)
    console.print(
        f"{facts['run']}: {facts['store_rows']:,} store rows, {facts['events']:,} events "
        f"({facts['event_bytes'] / 1e6:,.0f} MB of Parquet), all synthetic",
        markup=False,
    )
    console.print(f"warehouse: {Path(facts['warehouse']).resolve()}", markup=False)
    console.print("Try:", markup=False)
    for query in facts["queries"]:
        console.print(f'  termtide sql --run {facts["run"]} "{query}"', markup=False)
