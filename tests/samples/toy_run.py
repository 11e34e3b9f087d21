"""A run folder small enough to know by heart, for tests of what reads one."""

from __future__ import annotations

import atexit
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from shutil import copytree, rmtree
from tempfile import mkdtemp
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

import schemas
from context.files import Written
from context.scenario.scenario import Scenario
from sim.folder.claim import claim
from sim.folder.digest import events_digest, table_digest
from sim.folder.manifest import Manifest, TableEntry
from sim.sinks.parquet import ParquetSink
from sim.sinks.units import Unit
from sim.sql.warehouse import build_warehouse
from tests.samples.in_one_call import write_unit

ZONE = ZoneInfo("America/Detroit")
SHARD = 10**13
KEY = "com.instructure.canvas"
SCENARIO = Scenario(name="toy", fte=3, seed=7)
FIRST_DAY = date(2026, 8, 31)  # a Monday, day 0 of Fall 2026


@dataclass(frozen=True)
class ToyPack:
    """What a run notes of its pack."""

    name: str = "toy_pack"
    version: str = "1"
    digest: str = "p" * 64


def event(number: int, time: datetime, **parts: Any) -> dict[str, Any]:
    """A row of event_store.expanded: a page view of an assignment by person 1 in course 1, unless told."""
    person, course = parts.pop("person", 1), parts.pop("course", 1)
    asset = {
        "asset_type": "assignment",
        "asset_name": "Problem Set 1",
        "asset_subtype": None,
        **parts.pop("asset", {}),
    }
    utc = time.astimezone(UTC).replace(tzinfo=None)
    row: dict[str, Any] = {
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012x}",
        "type": "NavigationEvent",
        "action": "NavigatedTo",
        "event_time": utc,
        "actor": {"id": f"urn:instructure:canvas:user:{SHARD * 17 + person}", "type": "Person"},
        "object": {
            "id": f"urn:instructure:canvas:assignment:{SHARD * 17 + 500}",
            "type": "AssignableDigitalResource",
            "name": asset["asset_name"],
            "extensions": json.dumps({KEY: asset}),
        },
        "group": {
            "id": f"urn:instructure:canvas:course:{SHARD * 17 + 100 + course}",
            "type": "CourseOffering",
        },
        "membership": {
            "id": f"urn:instructure:canvas:course:{SHARD * 17 + 100 + course}:Learner:{SHARD * 17 + person}",
            "type": "Membership",
            "roles": ["Learner"],
        },
        "ed_app": {
            "id": "http://lms.termtide.example/",
            "json": '{"id": "http://lms.termtide.example/", "type": "SoftwareApplication"}',
        },
        "extensions_json": json.dumps(
            {KEY: {"request_url": f"https://lms.termtide.example/courses/{course}"}}
        ),
        "course_offering": {"udp_id": course, "canvas_id": str(100 + course), "sis_id": f"S{course}"},
        "person": {"udp_id": person, "canvas_id": str(person), "sis_id": f"P{person}"},
        **parts,
    }
    row.setdefault(
        "event", json.dumps({"id": row["id"], "type": row["type"], "eventTime": f"{utc.isoformat()}Z"})
    )
    return row


def submission(number: int, time: datetime) -> dict[str, Any]:
    """A submission, whose document names neither course nor membership."""
    return event(
        number,
        time,
        person=2,
        type="AssignableEvent",
        action="Submitted",
        object={"id": f"urn:instructure:canvas:submission:{SHARD * 17 + 900}", "type": "Attempt"},
        group=None,
        membership=None,
        course_offering=None,
    )


def login(number: int, time: datetime) -> dict[str, Any]:
    """A login: no course, no membership."""
    return event(
        number,
        time,
        type="SessionEvent",
        action="LoggedIn",
        object={"id": "http://lms.termtide.example/", "type": "SoftwareApplication"},
        group=None,
        membership=None,
        course_offering=None,
    )


def expanded(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table of event_store.expanded, in order of time and id."""
    schema = schemas.arrow_schema(schemas.table("event_store", "expanded"))
    return pa.Table.from_pylist(sorted(rows, key=lambda row: (row["event_time"], row["id"])), schema=schema)


def unit(day: date, rows: Iterable[Mapping[str, Any]]) -> Unit:
    """A unit with its documents."""
    table = expanded(rows)
    return Unit(day, table, table.column("event").combine_chunks())


def day_events(day: date) -> list[dict[str, Any]]:
    """Five events from 9:00 to 21:00 local, the last of them on the next UTC date; odd ones in course 2."""
    start = datetime(day.year, day.month, day.day, 9, tzinfo=ZONE)
    base = (day - FIRST_DAY).days * 100
    rows = [
        event(base + i, start + timedelta(hours=3 * i), person=1 + i % 2, course=1 + i % 2) for i in range(4)
    ]
    return [*rows, login(base + 4, start + timedelta(hours=12))]


def days() -> list[date]:
    """The toy's campus days: three."""
    return [FIRST_DAY + timedelta(i) for i in range(3)]


ENTITIES: dict[str, list[dict[str, Any]]] = {
    "academic_term": [
        {
            "academic_term_id": 1,
            "name": "Fall 2026",
            "term_type": "Fall",
            "term_begin_date": FIRST_DAY,
            "term_end_date": date(2026, 12, 22),
        }
    ],
    "course_offering": [
        {
            "course_offering_id": 1,
            "academic_term_id": 1,
            "subject": "MATH",
            "number": "101",
            "cip_code2k": "27.0101",
        },
        {
            "course_offering_id": 2,
            "academic_term_id": 1,
            "subject": "ENGL",
            "number": "210",
            "cip_code2k": "23.0101",
        },
    ],
    "course_section": [
        {"course_section_id": 11, "course_offering_id": 1},
        {"course_section_id": 12, "course_offering_id": 2},
    ],
    "person": [
        {"person_id": i, "name": name} for i, name in enumerate(["Ada One", "Ben Two", "Cy Three"], 1)
    ],
    "course_section_enrollment": [
        {"course_section_enrollment_id": 1, "course_section_id": 11, "person_id": 1, "role": "Student"},
        {"course_section_enrollment_id": 2, "course_section_id": 12, "person_id": 2, "role": "Student"},
        {"course_section_enrollment_id": 3, "course_section_id": 11, "person_id": 3, "role": "Teacher"},
        {"course_section_enrollment_id": 4, "course_section_id": 11, "person_id": 2, "role": "Student"},
    ],
    "learner_activity": [{"learner_activity_id": 500, "course_offering_id": 2}],
    "learner_activity_result": [
        {"learner_activity_result_id": 900, "learner_activity_id": 500, "person_id": 2}
    ],
    "course_grade": [
        {"course_section_id": 11, "person_id": 1, "grade_on_official_transcript": "A", "le_final_score": 95},
        {"course_section_id": 12, "person_id": 2, "grade_on_official_transcript": "B+", "le_final_score": 88},
        {"course_section_id": 11, "person_id": 2, "grade_on_official_transcript": "W"},
    ],
}
KEYMAPS: dict[str, list[dict[str, Any]]] = {
    "course_offering": [
        {"id": i, "lms_int_id": str(SHARD * 17 + 100 + i), "lms_ext_id": str(100 + i)} for i in (1, 2)
    ],
    "learner_activity_result": [{"id": 900, "lms_int_id": str(SHARD * 17 + 900), "lms_ext_id": "900"}],
    "person": [{"id": i, "lms_int_id": f"hash{i}", "lms_ext_id": str(i)} for i in (1, 2, 3)],
}


def store_tables() -> dict[str, pa.Table]:
    """The context store by "dataset.table"."""
    found = {}
    for dataset, tables in (("context_store_entity", ENTITIES), ("context_store_keymap", KEYMAPS)):
        for name, rows in tables.items():
            found[f"{dataset}.{name}"] = pa.Table.from_pylist(
                rows, schema=schemas.arrow_schema(schemas.table(dataset, name))
            )
    return found


def plan_table(families: tuple[int, int] = (0, 1)) -> pa.Table:
    """Asked a day: 2 assignment views in the first family's 100 level, 2.5 in the second's 200 level."""
    cells = pa.struct(
        [
            ("cip", pa.int16()),
            ("level", pa.int8()),
            ("tool", pa.int16()),
            ("students", pa.int32()),
            ("asked_micro", pa.int64()),
            ("anchored", pa.int32()),
            ("overshoot_micro", pa.int64()),
        ]
    )

    def cell(level: int, asked_micro: int) -> dict[str, int]:
        facts = {"level": level, "tool": 7, "students": 1, "anchored": 0, "overshoot_micro": 250_000 * level}
        return {"cip": families[level], "asked_micro": asked_micro, **facts}

    rows = [
        {"day": i, "date": day, "kind": "class", "cells": [cell(0, 2_000_000), cell(1, 2_500_000)]}
        for i, day in enumerate(days())
    ]
    schema = pa.schema(
        [("day", pa.int16()), ("date", pa.date32()), ("kind", pa.string()), ("cells", pa.list_(cells))]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def entry_of(run_dir: Path, path: Path, table: pa.Table) -> TableEntry:
    """What a manifest says of a table's file."""
    written = Written.of(path.relative_to(run_dir).as_posix(), path, table.num_rows)
    return TableEntry(**vars(written), digest=table_digest(table))


@cache
def _whole() -> Path:
    """A run with its warehouse, made once per test process."""
    root = Path(mkdtemp(prefix="termtide-toy-"))
    atexit.register(rmtree, root, ignore_errors=True)
    write_run(root / "run")
    build_warehouse(root / "run")
    return root / "run"


def write_whole_run(run_dir: Path) -> Path:
    """A complete run but for its report, for a test of its own to change; returns its folder."""
    copytree(_whole(), run_dir, dirs_exist_ok=True)
    return run_dir


def write_run(
    run_dir: Path, scenario: Scenario = SCENARIO, more: Iterable[Mapping[str, Any]] = ()
) -> Manifest:
    """A complete run but for its warehouse and report; ``more`` are further events of the first day."""
    manifest = claim(run_dir, scenario, ToyPack())
    for name, table in store_tables().items():
        path = run_dir / f"{name.replace('.', '/')}.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(table, path, store_schema=False)
        manifest.store[name] = entry_of(run_dir, path, table)
    pq.write_table(plan_table(), run_dir / "plan.parquet")
    manifest.plan = entry_of(run_dir, run_dir / "plan.parquet", plan_table())
    sink = ParquetSink(run_dir)
    for day in days():
        part = unit(day, [*day_events(day), *(more if day == FIRST_DAY else ())])
        manifest.add_unit(str(day), write_unit(sink, part), part.table.num_rows, events_digest(part.table))
    manifest.state = "events"
    manifest.save(run_dir)
    return manifest
