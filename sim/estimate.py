"""What a run will make and cost, before it starts: rows, events, bytes, minutes; roughly, from the pack."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from context.calendar import Calendar
from context.errors import InputError
from context.pack import Pack
from context.people import student_count
from context.scenario import Scenario
from sim.plan import day_curve

# Measured on the demo and on 5,000 FTE with the current code; they bound the questions asked, not the run.
STORE_ROWS_PER_ENROLMENT = 81
EVENTS_OVER_RATES = 1.06  # drops take some, staff events, logins and deadlines give more
JSON_BYTES_PER_EVENT = 2000
PARQUET_BYTES_PER_EVENT = {True: 240, False: 125}  # with and without the whole JSON
CPU_SECONDS_PER_MILLION = {True: 11.0, False: 6.0}
LARGE_BYTES = 5 * 10**9  # a run above this asks first
HEADROOM = 1.1


@dataclass(frozen=True)
class Estimate:
    """Sizes of a run."""

    students: int
    enrolments: int
    store_rows: int
    events: int
    bytes: int
    json_bytes: int
    minutes: float

    def line(self) -> str:
        """One line for people."""
        return (
            f"about {self.students:,} students, {self.store_rows:,} store rows, {self.events:,} events "
            f"({self.json_bytes / 1e9:.1f} GB of JSON), {self.bytes / 1e9:.2f} GB on disk, "
            f"{self.minutes:.1f} minutes"
        )


def mean_courses(pack: Pack) -> float:
    """Enrolments per student by the pack's careers and loads."""
    career, load = pack.categorical("person", "career").shares(), pack.categorical("person", "load")
    rows = pack.table("course_load")
    total = 0.0
    for c, name, n, share in zip(rows["career"], rows["load"], rows["courses"], rows["share"], strict=True):
        total += career[c] * load.shares(c)[name] * float(n) * float(share)
    return total


def estimate(scenario: Scenario, pack: Pack, calendar: Calendar, workers: int) -> Estimate:
    """Rough sizes of a whole run."""
    students = student_count(scenario.fte, pack)
    enrolments = round(students * mean_courses(pack))
    term = calendar.term.term_type
    curve = sum(
        day_curve(pack, term, int(day), str(kind))
        for day, kind in zip(calendar.days, calendar.kind_of(calendar.days), strict=True)
    )
    base = float(pack.table("rate_base")["factor"][0])
    events = round(enrolments * base * curve * EVENTS_OVER_RATES)
    with_json = scenario.output.event_json
    store_rows = round(enrolments * STORE_ROWS_PER_ENROLMENT) * scenario.terms
    return Estimate(
        students=students,
        enrolments=enrolments,
        store_rows=store_rows,
        events=events,
        bytes=round(events * PARQUET_BYTES_PER_EVENT[with_json] + store_rows * 25),
        json_bytes=events * JSON_BYTES_PER_EVENT,
        minutes=(events / 1e6 * CPU_SECONDS_PER_MILLION[with_json] / workers + store_rows / 1e6 * 2 + 5) / 60,
    )


def check_disk(run_dir: Path, wanted: Estimate) -> None:
    """Raise InputError when the run would not fit on the disk of ``run_dir``."""
    folder = run_dir.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if wanted.bytes * HEADROOM > free:
        raise InputError(
            f"--out {run_dir}: the run needs about {wanted.bytes / 1e9:.1f} GB, "
            f"free there: {free / 1e9:.1f} GB; "
            "choose another disk, a smaller --fte, or event_json = false"
        )
