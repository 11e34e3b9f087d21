"""Counts that workers keep: they say what a plain loop over the events finds, and what the files hold."""

from __future__ import annotations

import os
from collections import Counter as Count
from datetime import datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.compute as pc
import pytest

from context.errors import InputError, RunError
from context.terms.premises import premises
from sim.caliper.kinds import KINDS, tool_sql
from sim.counts.record import read_counts
from sim.counts.recount import recount, uncounted
from sim.counts.unit import Counter
from sim.draw.day import draw_day
from sim.folder.claim import verified
from sim.folder.manifest import Manifest, load_manifest
from sim.run import run
from sim.sql.session_tables import session_sql
from sim.sql.warehouse import open_run
from tests.samples.tiny import SMALL, default_pack, finished_run, tiny

DAYS = (-3, 51, 113)


def counted(day: int) -> tuple[dict[str, Any], list[tuple[Any, ...]]]:
    """(the record of a day of the tiny campus, its events row by row: kind, tool, role, counted, ...)."""
    campus = tiny()
    world, zone = campus.world, ZoneInfo(campus.scenario.time_zone)
    batch, tally = draw_day(campus.engine, day)
    record = Counter(campus.engine).record(day, batch, tally).to_pylist()[0]
    midnight = datetime.combine(campus.calendar.date_of(day), datetime.min.time())
    rows = []
    for i in range(len(batch)):
        kind, seat, course = KINDS[batch.kind[i]], int(batch.enrolment[i]), int(batch.course[i])
        student = bool(world.enrolments.is_student[seat]) if seat >= 0 else True
        role = "system" if batch.person[i] < 0 else "student" if student else "staff"
        clicks = kind.role == "Student" and seat >= 0 and student
        wall = datetime.fromtimestamp(int(batch.time_ms[i]) // 1000, zone).replace(tzinfo=None)
        code = int(batch.tool[i])
        tool = world.tools[code] if code < len(world.tools) else None
        rows.append((kind.name, tool, role, clicks, (wall - midnight) // timedelta(hours=1), course))
    return record, rows


def found(rows: list[dict[str, Any]], *keys: str) -> dict[tuple[Any, ...], int]:
    """A list of the record as counts by its other fields."""
    (number,) = {"events", "clicks", "drawn"} & rows[0].keys()
    return {tuple(row[key] for key in keys): row[number] for row in rows if row[number]}


@pytest.mark.parametrize("day", DAYS)
def test_counts_are_those_of_a_plain_loop(day: int) -> None:
    """By kind and role, by hour of the wall's clock and tool, by course and tool, by cell."""
    record, rows = counted(day)
    world, rates = tiny().world, tiny().pack.rates
    assert record["events"] == len(rows)
    assert found(record["kinds"], "kind", "role", "counted") == Count(row[0:1] + row[2:4] for row in rows)
    assert found(record["hours"], "hour", "tool", "counted") == Count((r[4], r[1], r[3]) for r in rows)
    clicks = [row for row in rows if row[3]]
    names = Count((int(world.courses.udp_id[row[5]]), row[1]) for row in clicks)
    assert found(record["courses"], "course", "tool") == names
    cells = Count(
        (row[1], rates.cips[world.courses.cip[row[5]]], rates.levels[world.courses.level[row[5]]])
        for row in clicks
    )
    assert found(record["cells"], "tool", "cip", "level") == cells


def test_asked_is_the_plans() -> None:
    """The record has what the plan asks of its day, and the overshoot, to the millionth."""
    record, _ = counted(51)
    plan = tiny().plan.days[51]
    assert sum(cell["asked_micro"] for cell in record["cells"]) == plan.asked_micro.sum()
    assert sum(cell["overshoot_micro"] for cell in record["cells"]) == plan.overshoot_micro.sum()


def test_seats_are_the_enrolled() -> None:
    """Everybody enrolled on a day is either leaving in some week or never, and all their clicks are there."""
    record, rows = counted(51)
    e = tiny().world.enrolments
    enrolled = (e.is_student & (e.first_day <= 51) & (e.last_day > 51)).sum()
    assert sum(row["seats"] for row in record["leaving"]) == enrolled
    assert sum(row["clicks"] for row in record["leaving"]) == sum(1 for row in rows if row[3])
    assert any(row["weeks_left"] is not None for row in record["leaving"])


def test_a_tally_that_differs_is_refused() -> None:
    """Counts that do not add up to what was drawn are a fault, not a figure."""
    campus = tiny()
    batch, tally = draw_day(campus.engine, 51)
    with pytest.raises(RunError, match="clicks drawn"):
        Counter(campus.engine).record(51, batch.take(slice(0, len(batch) // 2)), tally)


def test_counts_are_what_the_files_hold() -> None:
    """Conservation: every unit's record has its rows, and by tool and day SQL finds the same in the files."""
    root = finished_run()
    manifest = load_manifest(root)
    records = read_counts(root, manifest.units)
    assert records["events"].to_pylist() == [unit.rows for unit in manifest.units.values()]
    domains = dict(zip(*(default_pack().table("tool")[name] for name in ("lti_domain", "tool")), strict=True))
    case = tool_sql({domain: tool for domain, tool in domains.items() if domain})
    with open_run(root) as connection:
        sql = session_sql(
            connection, f"SELECT {case} AS name, COUNT(*) AS n FROM event_store.expanded GROUP BY 1"
        )
        drawn = dict(connection.execute(sql).fetchall())
    tools = Count[str]()
    for row in pc.list_flatten(records["hours"]).to_pylist():
        if row["counted"]:
            tools[row["tool"]] += row["events"]
    assert tools == {tool: n for tool, n in drawn.items() if tool not in (None, "login")}


def copied(folder: Path) -> tuple[Path, Manifest]:
    """A finished run of the test's own, sharing files until they are written anew."""
    root = Path(copytree(finished_run(), folder / "run", copy_function=os.link))
    return root, load_manifest(root)


def test_a_run_without_counts_is_counted_again(tmp_path: Path) -> None:
    """A run from before counts were kept gets the very same records, by drawing and without its files."""
    root, manifest = copied(tmp_path)
    before = {day: unit.counts for day, unit in manifest.units.items()}
    for unit in list(manifest.units.values())[40:44]:
        assert unit.counts is not None
        (root / unit.counts.path).unlink()
        unit.counts = None
    missing = uncounted(manifest)
    assert len(missing) == 4
    assert list(recount(root, manifest, default_pack())) == missing
    assert {day: unit.counts for day, unit in load_manifest(root).units.items()} == before


def test_others_runs_are_not_counted(tmp_path: Path) -> None:
    """Where another version made the events, or another pack, they can't be drawn here, and that is said."""
    root, manifest = copied(tmp_path)
    next(iter(manifest.units.values())).counts = None
    with pytest.raises(InputError, match=r"made by Termtide 0\.0\.0 without counts"):
        list(recount(root, manifest.model_copy(update={"termtide": "0.0.0"}), default_pack()))
    other = manifest.pack.model_copy(update={"digest": "0" * 64})
    with pytest.raises(InputError, match="another pack"):
        list(recount(root, manifest.model_copy(update={"pack": other}), default_pack()))
    unit = next(iter(manifest.units.values()))
    unit.files[0].rows += 1
    with pytest.raises(RunError, match="other events"):
        list(recount(root, manifest, default_pack()))


@pytest.mark.usefixtures("bare_report")
def test_a_damaged_record_costs_no_events(tmp_path: Path) -> None:
    """A record that is not whole is lost alone: the unit's events stay, and the run counts it again."""
    root, manifest = copied(tmp_path)
    name, unit = list(manifest.units.items())[30]
    assert unit.counts is not None
    path = root / unit.counts.path
    good = path.read_bytes()
    path.unlink()
    path.write_bytes(good[:-9])
    whole = verified(root, manifest)
    assert whole.units[name].counts is None
    assert whole.units[name].files == unit.files
    assert whole.state == "events"
    events = {file.path: (root / file.path).stat().st_ino for file in unit.files}
    outcome = run(premises(SMALL, default_pack()), root)
    assert outcome.manifest.units == manifest.units
    assert path.read_bytes() == good
    assert {file.path: (root / file.path).stat().st_ino for file in unit.files} == events
