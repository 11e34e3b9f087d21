"""What a run will make and cost, before it starts: rows, events, bytes, minutes; roughly, from the pack."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from humanize import intword, naturaldelta, naturalsize

from context import rng
from context.arrays import U64
from context.errors import InputError, number_of
from context.packs.pack import Pack
from context.people.students import student_count
from context.scenario.calendar import Calendar
from context.scenario.scenario import Scenario
from sim.plan.effects import day_curve

# Rows of the store: measured on 30, 60, 150, 300, 1,000, 5,000 and 20,000 FTE, 2026-11-27: within 10 %,
# from 300 FTE on within 4 %. Events: on 30, 60, 300, 1,000 and 5,000 FTE. Bytes of an event in Parquet: on
# 150 (232), 1,000 (216), 5,000 (223) and 20,000 FTE (232 and 241); without the JSON, and as NDJSON with its
# two kinds of compression: on the midterm week of 5,000 FTE (docs/speed.md). The bytes in DuckDB and
# BigQuery: measured on an earlier state of the code, assumed to hold. All of them bound the questions
# asked, not the run. Bytes are per event and per store row.
STORE_ROWS_PER_ENROLMENT = 373
STORE_ROWS_OF_ANY_CAMPUS = 32_000  # catalogue, roles, rooms and the like
CAN_CLICK = 0.889  # share of enrolment-days asked for: some join late or drop, some courses are not in Canvas
OVERSHOOT = 0.03  # deadlines beyond the rates, as a share of what is asked, ...
OVERSHOOT_OF_FEW = 0.45  # ... and so much over the square root of the enrolments: cells of few students
VISITS_PER_ENROLMENT = 0.416  # on an average day: a student's visits, shared out among the courses
STAFF_EVENTS_PER_ENROLMENT, STAFF_EVENTS_OF_ANY_CAMPUS = 53.5, 16_000  # content and grades
SYSTEM_EVENTS_PER_ENROLMENT = 0.32
API_SHARE = 0.52  # of students' events: page views that may have a twin
JSON_BYTES_PER_EVENT = 1930
PARQUET_BYTES_PER_EVENT = {True: 228, False: 96}  # with and without the whole JSON
# CPU seconds: what events and rows add as docs/speed.md has it, the rest fitted to whole runs by two workers
# of 1,000 FTE (53 CPU seconds), 5,000 (141), 20,000 (522) and 50,000 (1,468). They are of two cores of 2024;
# what is told goes by the pace of the machine that tells it.
CPU_SECONDS_PER_MILLION = {True: 7.5, False: 4.0}
CPU_SECONDS_OF_A_DAY = 0.06  # of a campus day beside its events: its part of the plan, its files
CPU_SECONDS_OF_A_WORKER = 2.0  # until it draws, where there are several
SECONDS_PER_MILLION_ROWS = 0.8  # store, by one process: generated, written and read back
SECONDS_PER_MILLION_IN_REPORT = 0.4  # events: plan, warehouse, its checks, report
SECONDS_OF_ANY_RUN = 5.5  # imports, the least store, plan, warehouse, report and the pages beside it
# Marts: files of days, queries, and what each event adds; DuckDB shares none of it out among workers of ours.
SECONDS_OF_A_DAY_IN_MARTS, SECONDS_OF_ANY_MARTS, SECONDS_PER_MILLION_IN_MARTS = 0.05, 5.0, 1.7
BYTES_OF_PAGES = 15_000_000  # report, dictionary, cookbook, plan, counts, what the warehouse file has itself
BYTES_OF_ANY_MARTS, MART_BYTES_PER_EVENT = 5_000_000, 11
SOUND_FTE = 100  # below it cells have too few students for the pack's margins to show
# By destination: of an event with and without the JSON column, of a row of the store. NDJSON always has whole
# documents. BigQuery's are logical bytes: 8 of a number or time, 2 and its UTF-8 of a text.
SINK_BYTES: dict[str, tuple[dict[bool, int], int]] = {
    "parquet": (PARQUET_BYTES_PER_EVENT, 12),
    "ndjson": ({True: JSON_BYTES_PER_EVENT, False: JSON_BYTES_PER_EVENT}, 400),
    "ndjson gzip": ({True: 232, False: 232}, 26),
    "ndjson zstd": ({True: 120, False: 120}, 26),
    "duckdb": ({True: 1160, False: 650}, 28),
    "bigquery": ({True: 3530, False: 1560}, 112),
}
# CPU seconds of one piece of work on one core of the machine that the seconds above are of, an AMD EPYC: the
# least of 400, on three occasions, and no more of it while the machine was busy. 2026-11-26.
REFERENCE_SECONDS = 0.000157
LEAST_PACE, MOST_PACE = 0.25, 8.0  # beyond these the clock is not to be believed
_KEYS, _DRAWS, _TIMES = 1 << 14, 4, 12  # two milliseconds in all
LARGE_BYTES = 5 * 10**9  # a run above this asks first
HEADROOM = 1.1
# List price of active logical storage in the US multi-region, as Google's page
# https://cloud.google.com/bigquery/pricing gave it in August 2025: to be checked before money is spent.
# Loading Parquet files costs nothing.
PRICE_AS_OF = "2025-08"
USD_PER_GIB_MONTH = 0.02
FREE_GIB = 10.0
GIB = 2**30


@dataclass(frozen=True)
class Estimate:
    """Sizes of a run."""

    students: int
    enrolments: int
    store_rows: int
    events_by: dict[str, int]  # who or what brings them
    event_json: bool
    fte: int
    workers: int
    days: int  # campus days
    marts: bool  # data marts are made too
    seconds: float  # on an idle machine of the pace given

    @property
    def events(self) -> int:
        """All of them."""
        return sum(self.events_by.values())

    @property
    def bytes(self) -> int:
        """Of the run's folder."""
        marts = BYTES_OF_ANY_MARTS + MART_BYTES_PER_EVENT * self.events if self.marts else 0
        return self.sink_bytes()["parquet"] + BYTES_OF_PAGES + marts

    def sink_bytes(self) -> dict[str, int]:
        """Bytes by kind of destination; BigQuery's are the logical ones it charges for."""
        return {
            sink: round(self.events * of_event[self.event_json] + self.store_rows * of_row)
            for sink, (of_event, of_row) in SINK_BYTES.items()
        }

    @property
    def usd_per_month(self) -> float:
        """What BigQuery charges by list price for keeping it a month, once beyond what is free."""
        gib = self.sink_bytes()["bigquery"] / GIB
        return round(max(gib - FREE_GIB, 0.0) * USD_PER_GIB_MONTH, 2)

    def facts(self) -> dict[str, Any]:
        """Everything, as plain data."""
        return {
            "students": self.students,
            "enrolments": self.enrolments,
            "store_rows": self.store_rows,
            "events": self.events,
            "events_by": self.events_by,
            "event_json": self.event_json,
            "minutes": round(self.seconds / 60, 1),
            "sound": self.fte >= SOUND_FTE,
            "bytes": self.sink_bytes(),
            "run_bytes": self.bytes,
            "bigquery_usd_per_month": self.usd_per_month,
            "price": {
                "usd_per_gib_month": USD_PER_GIB_MONTH,
                "free_gib": FREE_GIB,
                "as_of": PRICE_AS_OF,
                "what": "list price of active logical storage, US multi-region; check it",
            },
        }

    def lines(self) -> list[str]:
        """What it will be, for people, in a terminal of 80 columns."""
        who, done_by = f"about {self.students:,} students", workers_text(self.workers)
        lines = [
            f"{who}, {intword(self.store_rows)} store rows, {intword(self.events)} events;",
            f"{naturalsize(self.bytes)} on disk; {about(self.seconds)} with {done_by} on an idle machine",
        ]
        if self.fte < SOUND_FTE:
            lines.append(f"below {SOUND_FTE} FTE courses are too small: shares of the pack cannot hold")
        return lines

    def costs(self) -> list[str]:
        """Sizes by destination, and what BigQuery charges, for people."""
        sizes = ", ".join(f"{sink} {naturalsize(size)}" for sink, size in self.sink_bytes().items())
        return [
            f"size by destination: {sizes}",
            (
                f"BigQuery storage: about {self.usd_per_month:.2f} USD a month by the list price of "
                f"{PRICE_AS_OF} ({USD_PER_GIB_MONTH} USD per GiB beyond {FREE_GIB:.0f} free; check it); "
                "loading is free"
            ),
        ]


def workers_text(workers: int) -> str:
    """How many of them."""
    return number_of(workers, "worker")


def about(seconds: float) -> str:
    """A time that is no better known than its first digits: "about 25 seconds", "about 6 minutes"."""
    if seconds < 100:
        return f"about {number_of(max(round(seconds / 5), 1) * 5, 'second')}"
    return f"about {naturaldelta(round(seconds / 60) * 60)}"


def mean_courses(pack: Pack) -> float:
    """Enrolments per student by the pack's careers and loads."""
    career, load = pack.categorical("person", "career").shares(), pack.categorical("person", "load")
    rows = pack.table("course_load")
    total = 0.0
    for c, name, n, share in zip(rows["career"], rows["load"], rows["courses"], rows["share"], strict=True):
        total += career[c] * load.shares(c)[name] * float(n) * float(share)
    return total


def _events(pack: Pack, enrolments: int, curve: float) -> dict[str, int]:
    """Events by who brings them; ``curve``: the term's days, as average ones."""
    asked = enrolments * float(pack.table("rate_base")["factor"][0]) * curve * CAN_CLICK
    overshoot = asked * (OVERSHOOT + OVERSHOOT_OF_FEW / max(enrolments, 1) ** 0.5)
    device = pack.table("device")
    in_app = sum(
        float(share)
        for name, share in zip(device["device"], device["share"], strict=True)
        if name == "mobile_app"
    )
    twin = in_app * pack.number("twin.app_share") + (1 - in_app) * pack.number("twin.other_share")
    sessions = pack.number("login_share") + pack.number("logout_share")
    return {
        "rates": round(asked),
        "deadlines beyond them": round(overshoot),
        "logins and logouts": round(enrolments * curve * VISITS_PER_ENROLMENT * sessions),
        "API twins": round((asked + overshoot) * API_SHARE * twin),
        "staff": round(enrolments * STAFF_EVENTS_PER_ENROLMENT + STAFF_EVENTS_OF_ANY_CAMPUS),
        "system": round(enrolments * SYSTEM_EVENTS_PER_ENROLMENT),
    }


@cache
def machine_pace() -> float:
    """CPU time that work takes here, as a multiple of what it takes on the reference: 2.0 is half as fast."""
    keys = rng.key(0, "machine pace", np.arange(_KEYS))
    return min(max(min(_timed(keys) for _ in range(_TIMES)) / REFERENCE_SECONDS, LEAST_PACE), MOST_PACE)


def _timed(keys: U64) -> float:
    began = process_time()
    for index in range(_DRAWS):
        rng.bits(keys, index)
    return process_time() - began


def estimate(
    scenario: Scenario,
    pack: Pack,
    calendar: Calendar,
    workers: int,
    *,
    marts: bool = True,
    pace: float = 1.0,
) -> Estimate:
    """Rough sizes of a whole run, with its marts or without; ``pace`` as ``machine_pace`` tells it."""
    students = student_count(scenario.fte, pack)
    enrolments = round(students * mean_courses(pack))
    term = calendar.term.term_type
    curve = sum(
        day_curve(pack, term, int(day), str(kind))
        for day, kind in zip(calendar.curve_day, calendar.kind_of(calendar.days), strict=True)
    )
    by = _events(pack, enrolments, curve)
    events, with_json = sum(by.values()), scenario.output.event_json
    store_rows = STORE_ROWS_OF_ANY_CAMPUS + enrolments * STORE_ROWS_PER_ENROLMENT * scenario.terms
    seconds = _seconds(events / 1e6, store_rows / 1e6, len(calendar.days), workers, with_json=with_json)
    if marts:
        seconds += _seconds_of_marts(events / 1e6, len(calendar.days))
    return Estimate(
        students=students,
        enrolments=enrolments,
        store_rows=store_rows,
        events_by=by,
        event_json=with_json,
        fte=scenario.fte,
        workers=workers,
        days=len(calendar.days),
        marts=marts,
        seconds=seconds * pace,
    )


def _seconds(events_m: float, rows_m: float, days: int, workers: int, *, with_json: bool) -> float:
    """Wall seconds of a run of so many millions: what one process does, then what all of them share."""
    alone = SECONDS_OF_ANY_RUN + SECONDS_PER_MILLION_ROWS * rows_m + SECONDS_PER_MILLION_IN_REPORT * events_m
    shared = CPU_SECONDS_OF_A_DAY * days + CPU_SECONDS_PER_MILLION[with_json] * events_m
    return alone + shared / workers + (CPU_SECONDS_OF_A_WORKER if workers > 1 else 0)


def _seconds_of_marts(events_m: float, days: int) -> float:
    """Wall seconds of the marts of a run."""
    fixed = SECONDS_OF_ANY_MARTS + SECONDS_OF_A_DAY_IN_MARTS * days
    return fixed + SECONDS_PER_MILLION_IN_MARTS * events_m


def check_disk(run_dir: Path, wanted: Estimate) -> None:
    """Raise InputError when the run would not fit on the disk of ``run_dir``."""
    folder = run_dir.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if wanted.bytes * HEADROOM > free:
        raise InputError(
            f"--out {run_dir}: the run needs about {naturalsize(wanted.bytes)}, "
            f"free there: {naturalsize(free)}; "
            "choose another disk, a smaller --fte, or event_json = false"
        )
