"""What pulls visits to itself: classes and due times, by their laws and in the files of a term.

Bounds on the term are regression bounds: each lies at least six standard errors (a bootstrap over people)
from what is drawn at 5,000 FTE, towards no pull at all; the seed is fixed. A smaller term is held to two
thirds of each. Those on the laws alone are six binomial standard errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from context import rng
from context.scenario.calendar import Calendar
from sim.draw.dues import HOURS, Times, before_dues, chance_of_hour
from sim.plan.campus import EXAM_SOON, MEETS
from sim.world.reader import millis, row_numbers
from tests.samples.term_files import LARGE_FTE, TERM, TermFiles, make_term
from tests.samples.tiny import calendar_of, default_pack

I64 = npt.NDArray[np.int64]
HOUR_MS = 3_600_000
MIDNIGHT_LESS = 23 * 60 + 59  # 23:59, in minutes
PART = 1.0 if TERM.fte >= LARGE_FTE else 2 / 3  # of a bound: fewer courses have something due


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> TermFiles:
    """The term."""
    return make_term(tmp_path_factory)


@pytest.fixture(scope="module")
def connection(files: TermFiles) -> Iterator[duckdb.DuckDBPyConnection]:
    """Its counts."""
    with files.connect() as found:
        yield found


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    """Its calendar."""
    return calendar_of(TERM, default_pack())


def dues(files: TermFiles, calendar: Calendar) -> tuple[I64, I64, npt.NDArray[np.bool_]]:
    """(course, day, whether in the last minute of the day) of everything that is due and published."""
    table = pq.read_table(
        files.path.parent / "context_store_entity/learner_activity.parquet",
        columns=["course_offering_id", "due_date", "status"],
    )
    table = table.filter(pc.equal(table["status"], "published"))
    due, course = millis(table["due_date"]), row_numbers(table["course_offering_id"]) + 1
    course, due = course[due >= 0], due[due >= 0]
    day = calendar.day_of(due).astype(np.int64)
    ends = np.array([calendar.day_start_ms(int(one) + 1) for one in day])
    return course, day, ends - due <= 60_000


def evenings(
    connection: duckdb.DuckDBPyConnection, calendar: Calendar, columns: str, where: str
) -> dict[str, I64]:
    """Columns of the sample on class days, and whether each event lies in the last four hours of its day."""
    rows = connection.execute(f"""
        SELECT {columns}, day::BIGINT AS day, epoch_ms(time) AS ms
        FROM sample WHERE day BETWEEN 0 AND 104 AND {where}""").fetchnumpy()
    hour = (rows["ms"] + calendar.offset_ms[rows["day"] - calendar.first_day]) // HOUR_MS % 24
    kept = calendar.kind_of(rows["day"]) == "class"
    return {name: column[kept] for name, column in (rows | {"evening": hour >= 20}).items()}


def flags_of_days(files: TermFiles) -> dict[int, npt.NDArray[np.uint8]]:
    """Day -> [sections] what the plan says of each section's day."""
    plan = pq.read_table(files.path.parent / "plan.parquet", columns=["day", "section_flags"])
    return {
        day: np.array(flags, dtype=np.uint8)
        for day, flags in zip(*(column.to_pylist() for column in plan.columns), strict=True)
        if day is not None
    }


def test_pages_are_read_before_examinations(
    files: TermFiles, connection: duckdb.DuckDBPyConnection, calendar: Calendar
) -> None:
    """On the day of an examination and the three before it a section's pages are read much more.

    Against its other class days. 1.91 times as often is drawn; one standard error, by sections, is .046.
    """
    rows = connection.execute("""
        SELECT e.section::BIGINT AS section, c.day::BIGINT AS day, sum(n)::BIGINT AS n
        FROM clicks c JOIN exposure e USING (person, course)
        WHERE tool = 'pages' AND c.day BETWEEN 0 AND 115 GROUP BY ALL""").fetchnumpy()
    days = np.flatnonzero(calendar.kind_of(np.arange(116)) == "class")
    flags = flags_of_days(files)
    soon = np.stack([(flags[int(day)] & EXAM_SOON) > 0 for day in days])
    read, kept = np.zeros(soon.shape), np.isin(rows["day"], days)
    at = np.searchsorted(days, rows["day"][kept]), rows["section"][kept] - 1
    np.add.at(read, at, rows["n"][kept])
    before = soon.sum(axis=0)
    usual = np.where(soon, 0, read).sum(axis=0) / np.maximum(len(days) - before, 1)
    assert np.where(soon, read, 0).sum() > (1 + PART * 0.63) * (usual * before).sum()


def test_due_times_pull_clicks_of_their_course(
    files: TermFiles, connection: duckdb.DuckDBPyConnection, calendar: Calendar
) -> None:
    """With work due at 23:59 in a course, more of its day's clicks lie in the four hours before.

    Against class days of courses without anything due. Clicks hold what is handed in; those on home pages do
    not.
    """
    course, day, late = dues(files, calendar)
    rows = evenings(
        connection, calendar, "course::BIGINT AS course, tool = 'home' AS home", "tool <> 'login'"
    )
    code = rows["course"] * 1000 + rows["day"]
    with_due = np.isin(code, (course * 1000 + day)[late])
    without = ~np.isin(code, course * 1000 + day)
    for some, least in ((code > 0, 0.06), (rows["home"], 0.01)):
        share = [rows["evening"][some & days].mean() for days in (with_due, without)]
        # .095 and .057 drawn, one standard error is .0058 and .0076.
        assert share[0] - share[1] > PART * least


def test_due_times_pull_visits(
    files: TermFiles, connection: duckdb.DuckDBPyConnection, calendar: Calendar
) -> None:
    """With work due at 23:59 in any course, more of a student's logins lie in the four hours before.

    Against days of the students without anything due: a login stands at the start of a visit, whatever comes
    in it.
    """
    course, day, late = dues(files, calendar)
    seats = connection.execute("""
        SELECT person::BIGINT AS person, course::BIGINT AS course, first, last
        FROM exposure WHERE person % 10 = 0""").fetchnumpy()
    order = np.argsort(course, kind="stable")
    low, high = (np.searchsorted(course[order], seats["course"], side=side) for side in ("left", "right"))
    seat = np.repeat(np.arange(len(low)), high - low)
    at = order[np.concatenate([np.arange(a, b) for a, b in zip(low, high, strict=True)])]
    there = (seats["first"][seat] <= day[at]) & (day[at] < seats["last"][seat])
    mine, last_minute = (seats["person"][seat] * 1000 + day[at])[there], late[at][there]
    rows = evenings(connection, calendar, "person::BIGINT AS person", "tool = 'login'")
    code = rows["person"] * 1000 + rows["day"]
    share = [
        rows["evening"][days].mean() for days in (np.isin(code, mine[last_minute]), ~np.isin(code, mine))
    ]
    assert share[0] - share[1] > PART * 0.015  # .057 drawn, one standard error is .0049; .003 without a pull


def test_classes_pull_their_course(
    files: TermFiles, connection: duckdb.DuckDBPyConnection, calendar: Calendar
) -> None:
    """From ten minutes before to an hour after a class begins: a course's clicks, and its launches of Zoom.

    Against the same hour of class days on which the same sections do not meet.
    """
    rows = connection.execute("""
        SELECT s.day::BIGINT AS day, e.section::BIGINT AS section, epoch_ms(s.time) AS ms,
               s.tool = 'zoom' AS zoom, k.start_ms
        FROM sample s JOIN exposure e USING (person, course) JOIN classes k USING (section)
        WHERE s.day BETWEEN 0 AND 104 AND e.mode <> 'Online'""").fetchnumpy()
    kept = calendar.kind_of(rows["day"]) == "class"
    day, section, ms, zoom, start = (
        rows[name][kept] for name in ("day", "section", "ms", "zoom", "start_ms")
    )
    flags = flags_of_days(files)
    meets = np.zeros(len(day), dtype=np.bool_)
    for one in np.unique(day).tolist():
        rows_of_day = day == one
        meets[rows_of_day] = (flags[one][section[rows_of_day] - 1] & MEETS) > 0
    since = (ms + calendar.offset_ms[day - calendar.first_day]) % (24 * HOUR_MS) - start
    near = (since >= -HOUR_MS // 6) & (since < HOUR_MS)
    for some, least in ((np.ones(len(day), dtype=np.bool_), 0.09), (zoom, 0.4)):
        # .126 and .897 drawn, one standard error is .0047 and, over seeds, some .1: few of one in ten people
        # launch Zoom on other days.
        assert near[some & meets].mean() - near[some & ~meets].mean() > PART * least


def test_visits_for_what_is_due() -> None:
    """One thing due at 23:59: the pack's share of visits, at the pack's leads; two things: twice as many."""
    pack, n = default_pack(), 200_000
    key, person = rng.key(5, "due", np.arange(n)), np.zeros(n, dtype=np.int64)
    elsewhere = np.full(n, -1, dtype=np.int64)
    due = MIDNIGHT_LESS * 60_000
    for many in (1, 2):
        times = Times(np.full(many, due), np.full(many, 7, np.int32), np.array([0, many]))
        start, purpose = before_dues(pack, person, key, elsewhere, times)
        assert np.array_equal(purpose >= 0, start >= 0)
        hours = np.bincount(start[start >= 0] // HOUR_MS, minlength=HOURS) / n
        for hour in range(HOURS):
            wanted = many * pack.number("visits.due_pull") * chance_of_hour(pack, MIDNIGHT_LESS, hour)
            assert abs(hours[hour] - wanted) < 6 * sqrt(wanted / n), hour
    nothing = Times(np.empty(0, np.int64), np.empty(0, np.int32), np.zeros(2, np.int64))
    start, purpose = before_dues(pack, person, key, elsewhere, nothing)
    assert (start == -1).all()
    assert (purpose == -1).all()


def test_hours_of_the_law() -> None:
    """The chances of hours sum to the share that is handed in on the day of a due time."""
    law = default_pack().table("submission_lead")
    same_day = sum(
        float(share)
        for low, high, share in zip(
            law["lead_low_minutes"], law["lead_high_minutes"], law["share"], strict=True
        )
        if int(low) >= 0 and int(high) <= 1440
    )
    chances = [chance_of_hour(default_pack(), 24 * 60, hour) for hour in range(HOURS)]
    assert sum(chances) == pytest.approx(same_day, abs=1e-12)
    last_hour = sum(
        float(share)
        for low, high, share in zip(
            law["lead_low_minutes"], law["lead_high_minutes"], law["share"], strict=True
        )
        if int(low) >= 0 and int(high) <= 60
    )
    assert chances[23] == max(chances) == pytest.approx(last_hour)
