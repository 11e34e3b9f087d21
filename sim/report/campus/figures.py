"""The figures of a run's report: counts of its units, and what its store says, put beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from context.errors import RunError, first_line
from context.packs.pack import Pack
from context.scenario.calendar import build_calendar
from sim.counts.record import read_counts
from sim.folder.manifest import Manifest, load_manifest
from sim.report.campus.counted import Counted, counted
from sim.report.campus.stored import Stored, store_facts
from sim.report.campus.week import StudentWeek, student_week
from sim.sql.warehouse import open_run


@dataclass(frozen=True)
class Figures:
    """What the report shows. ``asked`` is what the plan asks, overshoot by deadlines included; ``drawn`` what
    was drawn. Both count what the rates count: clicks of students, no logins, nothing of staff.
    """

    manifest: Manifest
    events: Counted
    store: Stored
    week: StudentWeek | None
    calendar: list[dict[str, Any]]  # date, kind (of DAY_KINDS), events, exams; one per campus day
    families: Mapping[str, str]  # titles of CIP families


def gather(run_dir: Path, pack: Pack) -> Figures:
    """Read the run, whose units are all counted.

    Raises InputError when it has no warehouse, RunError or DamagedError when files can't be read.
    """
    manifest = load_manifest(run_dir)
    records = read_counts(run_dir, manifest.units)
    calendar = build_calendar(manifest.scenario, pack.table("calendar"))
    kinds: dict[date, str] = {
        calendar.date_of(int(day)): str(kind)
        for day, kind in zip(calendar.days, calendar.kind_of(calendar.days), strict=True)
    }
    week = student_week(records, str(manifest.scenario.time_zone), kinds)
    courses = sorted({click["course"] for click in week.clicks if click["course"]}) if week else []
    with open_run(run_dir) as connection:
        try:
            events = counted(connection, records)
            before = (
                calendar.term.start,
                calendar.date_of((calendar.term.finals_start - calendar.term.start).days - 1),
            )
            store = store_facts(connection, manifest, pack, before, (week.person if week else -1, courses))
        except duckdb.Error as error:
            raise RunError(f"{run_dir}: no report: {first_line(error)}") from error
    drawn = {row["date"]: row["events"] for row in events.days}
    return Figures(
        manifest=manifest,
        events=events,
        store=store,
        week=week,
        calendar=[
            {
                "date": str(day),
                "kind": kind,
                "events": drawn.get(str(day), 0),
                "exams": store.exams.get(str(day), 0),
            }
            for day, kind in kinds.items()
        ],
        families=dict(zip(pack.table("cip")["cip"], pack.table("cip")["title"], strict=True)),
    )
