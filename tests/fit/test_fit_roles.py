"""Event rates of those who do not study: by their role in the course, guarded as students' are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import schemas
from context.packs.pack import load_pack
from context.packs.spec import FIRST_DAY, LAST_DAYS
from sim.fit.counts import MERGED, CellCounts
from sim.fit.events import _roles, axes_of, told_clicks
from sim.fit.guard import GuardReport
from sim.fit.published import rate_table
from sim.fit.rates import fit_role
from sim.fit.texts import filled
from sim.fit.warehouses.duckdb_source import DuckdbSource
from sim.fit.warehouses.source import FitRow
from tests.samples.fitted_tiny import tiny_fit, tiny_pack
from tests.samples.tiny import default_pack, term_run

BEGIN = date(2026, 8, 24)
AXES = axes_of(default_pack(), "Fall", BEGIN)
LEVEL = AXES.levels[0]
# (first person, people, role, family): everybody has a course of their own, which has the same number.
GROUPS = [
    (100, 30, "Teacher", "11"),
    (200, 12, "Teacher", "26"),  # the least, merged with the next: three alone could be worked out
    (300, 3, "Teacher", "13"),
    (400, 4, "TeachingAssistant", "11"),
    (500, 20, "Warlock", "11"),
]
CLICKS = {"11": {3: 2, 10: 1}, "26": {3: 4, 10: 2}, "13": {3: 4, 10: 2}}  # by day in term
EVENT_TABLE = "udp_distributions.event_store_distributions"


@pytest.fixture
def store() -> Iterator[DuckdbSource]:
    """Enrollments of the groups, and of one who both studies and assists in a course; clicks of all."""
    seats = [
        (person, person, role, family)
        for first, people, role, family in GROUPS
        for person in range(first, first + people)
    ]
    clicks = [
        (person, person, BEGIN + timedelta(days=day), "grades", True, number)
        for person, _, _, family in seats
        for day, number in CLICKS[family].items()
    ]
    both = [(100, 100, "Observer", "11"), (600, 100, "TeachingAssistant", "11"), (600, 100, "Student", "11")]
    clicks += [(600, 100, BEGIN, "grades", True, 7), (600, 100, BEGIN, "files", False, 5)]
    with duckdb.connect() as connection:
        for dataset in ("context_store_entity", "fit"):
            connection.execute(f"CREATE SCHEMA {dataset}")
        connection.execute(
            "CREATE TABLE context_store_entity.course_section_enrollment "
            "(person_id BIGINT, course_section_id BIGINT, role VARCHAR, entry_date DATE, exit_date DATE)"
        )
        connection.execute(
            "CREATE TABLE context_store_entity.course_section (course_section_id BIGINT, "
            "le_current_course_offering_id BIGINT, delivery_mode VARCHAR, is_graded BOOLEAN)"
        )
        connection.execute(
            "CREATE TABLE fit.course (course_offering_id BIGINT, cip VARCHAR, course_level VARCHAR, "
            "term_type VARCHAR, begin_date DATE, days BIGINT, shift BIGINT, first_day BIGINT, "
            "last_day BIGINT)"
        )
        connection.execute(
            "CREATE TABLE fit.click (person_id BIGINT, course_offering_id BIGINT, click_date DATE, "
            "tool VARCHAR, is_work BOOLEAN, num_events BIGINT)"
        )
        enrollment = "INSERT INTO context_store_entity.course_section_enrollment VALUES (?, ?, ?, NULL, NULL)"
        connection.executemany(enrollment, [seat[:3] for seat in seats + both])
        section = "INSERT INTO context_store_entity.course_section VALUES (?, ?, 'FaceToFace', TRUE)"
        connection.executemany(section, [(course, course) for course, *_ in seats])
        course = f"INSERT INTO fit.course VALUES (?, ?, '{LEVEL}', 'Fall', '{BEGIN}', 116, 0, ?, ?)"
        days = FIRST_DAY, LAST_DAYS["Fall"]
        connection.executemany(course, [(course, family, *days) for course, _, _, family in seats])
        connection.executemany("INSERT INTO fit.click VALUES (?, ?, ?, ?, ?, ?)", clicks)
        yield DuckdbSource(connection, "a test")


def _counted(store: DuckdbSource, threshold: int = 10) -> dict[str, CellCounts]:
    return _roles(store, AXES, lambda _, sql: store.rows(sql), {"threshold": threshold})


def test_a_roles_rates_are_those_of_its_people(store: DuckdbSource) -> None:
    """Thirty teachers who grade twice on a day have a rate of 2 there, and 0 on days of no clicks."""
    counted = _counted(store)
    assert list(counted) == ["Teacher"]  # four assistants are too few, and warlocks are no role
    report = GuardReport(10)
    rates, told = fit_role("Teacher", counted["Teacher"], report)
    axes = counted["Teacher"].axes
    grades, level, merged = axes.tools.index("grades"), axes.levels.index(LEVEL), axes.cips.index(MERGED)
    for place, by_day in (
        ((axes.cips.index("11"), level), CLICKS["11"]),
        ((merged, axes.levels.index(MERGED)), CLICKS["26"]),
    ):
        expected = np.array([by_day.get(day, 0) for day in axes.days])
        assert np.allclose(rates[place][:, grades], expected, rtol=1e-3), place
        assert told[place][grades]
    assert rates[..., [tool for tool in range(len(axes.tools)) if tool != grades]].max() == 0
    assert report.held_back.keys() <= {
        f"rates of Teacher by {cell}" for cell in ("day and tool", "family, level and tool")
    }


def test_families_of_few_are_merged_so_that_none_is_a_difference(store: DuckdbSource) -> None:
    """Where three teach in a family, they are merged with the least of the others, not alone."""
    _counted(store)
    rows = store.rows("SELECT cip, COUNT(DISTINCT person_id) AS n FROM fit.role_seat GROUP BY 1 ORDER BY 1")
    assert {row["cip"]: row["n"] for row in rows} == {"11": 30, MERGED: 15}


def test_whoever_studies_in_a_course_is_a_student_there(store: DuckdbSource) -> None:
    """Students' clicks are in no other role, and work is none of a student's clicks."""
    for name in ("seat", "placed_click"):
        store.keep(name, filled(schemas.fit_query(name), {}, {}))
    assert list(_counted(store, threshold=1)) == ["Teacher", "TeachingAssistant"]
    rows = store.rows("SELECT person_id, role, tool, num_events FROM fit.placed_click")
    assert rows == [{"person_id": 600, "role": "Student", "tool": "files", "num_events": 5}]
    seats = store.rows("SELECT person_id, role FROM fit.role_seat WHERE person_id IN (100, 600)")
    assert seats == [{"person_id": 100, "role": "Teacher"}]  # who observes as well


def test_published_rates_of_teachers_are_their_events() -> None:
    """Over a run's term, rates of teachers expect the grades and looks at work that its events have."""
    count = tiny_fit().clicks.roles["Teacher"]  # type: ignore[union-attr]
    rows = rate_table(tiny_fit(), load_pack(tiny_pack()))
    rows = rows.filter(pc.equal(rows["role"], "Teacher"))
    assert "people" not in rows["tool"].to_pylist()  # in which fewer than ten teachers did anything
    rows = rows.filter(pc.equal(rows["tool"], "grades"))
    exposure = dict(zip(count.axes.days, count.students.sum(axis=(0, 1)), strict=True))
    cells = zip(rows["day_in_term"].to_pylist(), rows["avg_events_per_person"].to_pylist(), strict=True)
    expected = sum(float(rate) * exposure[day] for day, rate in cells)
    with duckdb.connect() as connection:
        root = term_run()
        counted = connection.execute(
            f"""SELECT COUNT(*) FROM '{root}/event_store/expanded/*/*.parquet' AS e
            WHERE (type = 'GradeEvent' OR referrer.id LIKE '%/gradebook' AND type = 'NavigationEvent')
              AND EXISTS (
                SELECT 1 FROM '{root}/context_store_entity/course_section_enrollment.parquet' AS r
                JOIN '{root}/context_store_entity/course_section.parquet' AS s USING (course_section_id)
                WHERE r.person_id = e.person.udp_id AND r.role = 'Teacher'
                  AND s.le_current_course_offering_id = e.course_offering.udp_id)"""
        ).fetchone()
    assert counted is not None
    assert counted[0] > 1_000
    assert expected == pytest.approx(counted[0], rel=0.02)


def _told(connection: duckdb.DuckDBPyConnection) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """[cip, level, tool] Events that published tables stand for."""
    source, missing = DuckdbSource(connection, "a test"), dict[str, str]()

    def ask(block: str, sql: str) -> list[FitRow] | None:
        if lacking := source.lacks(sql):
            missing[block] = lacking
            return None
        return source.rows(sql)

    found = told_clicks(default_pack(), GuardReport(10), ask, missing, None, None)
    assert missing == {}
    assert found is not None
    assert found.counted is not None
    return found.counted.cell


def test_a_pack_is_made_of_students_rates_alone() -> None:
    """Rows of other roles change nothing of a pack; a table without roles, as there were, is students'."""
    row = {
        "term_type": "Fall",
        "cip_category": "11",
        "course_level": LEVEL,
        "day_in_term": 5,
        "tool": "grades",
    }
    given = [
        row | {"role": role, "avg_events_per_person": rate, "num_people": 20, "num_courses": 5}
        for role, rate in (("Student", 1), ("Teacher", 9))
    ]
    schema = schemas.arrow_schema(schemas.table(*EVENT_TABLE.split(".")))
    schema = pa.schema([field.with_nullable(nullable=True) for field in schema])
    with duckdb.connect() as connection:
        connection.register("given", pa.Table.from_pylist(given, schema=schema))
        connection.execute("CREATE SCHEMA udp_distributions")
        connection.execute(f"CREATE TABLE {EVENT_TABLE} AS SELECT * FROM given")
        whole = _told(connection)
        connection.execute(f"DELETE FROM {EVENT_TABLE} WHERE role <> 'Student'")
        connection.execute(f"ALTER TABLE {EVENT_TABLE} DROP COLUMN role")
        assert whole.sum() == 20
        assert np.array_equal(_told(connection), whole)
