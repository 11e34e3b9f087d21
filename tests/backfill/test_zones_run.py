"""Campuses behind UTC and ahead of it, over both clock changes: nobody acts outside of the enrolment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.caliper.batch import concatenate
from sim.caliper.kinds import KIND
from sim.draw.day import draw_day
from tests.samples.tiny import TINY, campus_of, default_pack

ZONES = (
    ("Pacific/Honolulu", "Fall 2026"),
    ("Pacific/Auckland", "Fall 2026"),
    ("America/Detroit", "Spring 2027"),
)
DAY_MS = 86_400_000


@pytest.mark.parametrize(("zone", "term"), ZONES)
def test_dates_hold_everywhere(zone: str, term: str, tmp_path: Path) -> None:
    """Events of a student lie between the local dates of joining and leaving, in any zone and term."""
    scenario = TINY.model_copy(update={"time_zone": zone, "term": term, "fte": 25, "incident": ()})
    campus = campus_of(scenario, default_pack(), tmp_path)
    calendar, world = campus.calendar, campus.world
    batch = concatenate([draw_day(campus.engine, int(day))[0] for day in calendar.days])
    table = campus.store.entity["course_section_enrollment"]
    start = np.datetime64(calendar.term.start, "D").astype(int)
    entry = table["entry_date"].cast("int32").to_numpy() - start
    left = table["exit_date"].cast("int32").fill_null(10**6).to_numpy() - start
    # Canvas names the student of what it grades by itself; who joins a club does so outside of any course.
    others = [KIND[name] for name in ("grade_change", "group_membership_created")]
    rows = np.flatnonzero((batch.enrolment >= 0) & ~np.isin(batch.kind, others))
    rows = rows[world.enrolments.is_student[batch.enrolment[rows]]]
    day = calendar.day_of(batch.time_ms[rows])
    enrolment = world.enrolments.row[batch.enrolment[rows]]
    assert (day >= entry[enrolment]).all()
    assert (day <= left[enrolment]).all()
    assert len(rows) > 10_000


@pytest.mark.parametrize("day", ["2026-10-31", "2026-11-01", "2026-11-02"])
def test_clock_change_loses_nothing(day: str) -> None:
    """Around the autumn clock change every day's visits start within its local midnights: 24 or 25 hours."""
    from datetime import date

    from tests.samples.tiny import tiny

    campus = tiny()
    number = campus.calendar.day_of_date(date.fromisoformat(day))
    begin, end = (campus.calendar.day_start_ms(number + i) for i in (0, 1))
    assert (end - begin) // 3_600_000 == (25 if day == "2026-11-01" else 24)
    batch, tally = draw_day(campus.engine, number)
    logins = batch.time_ms[batch.kind == KIND["login"]]
    assert ((logins >= begin) & (logins < end)).all()
    assert tally.ambient + tally.anchored + tally.staff + tally.logins + tally.twins == len(batch)
