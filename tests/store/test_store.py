"""The context store: shapes, references, causality, shares. Fixed seeds; bounds are 5 sd (5.7e-7)."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pytest

import schemas
from context.scenario.scenario import Scenario
from context.store.store import read_table
from tests.samples.in_one_call import write_store
from tests.samples.store_db import loaded
from tests.samples.tiny import TINY, default_pack, drawn_of, store_of

THOUSAND = Scenario(name="thousand", fte=1000, seed=3)
ENTITIES = schemas.tables("context_store_entity")


@pytest.fixture(scope="module")
def db() -> duckdb.DuckDBPyConnection:
    """The tiny store in DuckDB, one schema per dataset."""
    return loaded(store_of(TINY))


def count(db: duckdb.DuckDBPyConnection, sql: str) -> int:
    """The one number that a query gives."""
    row = db.execute(sql).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("table", ENTITIES, ids=lambda t: t.name)
def test_tables_have_their_schema(table: schemas.Table, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every entity is there, with the columns and types of its schema once written and read."""
    root = tmp_path_factory.getbasetemp() / "store"
    if not root.exists():
        write_store(root, store_of(TINY))
    found = read_table(root, "context_store_entity", table.name).schema
    wanted = schemas.arrow_schema(table)
    assert found.names == wanted.names
    assert [field.type for field in found] == [field.type for field in wanted]


@pytest.mark.parametrize("table", ENTITIES, ids=lambda t: t.name)
def test_keys_are_unique(table: schemas.Table, db: duckdb.DuckDBPyConnection) -> None:
    """No key is null or twice there."""
    key = ", ".join(table.key)
    rows = count(db, f'SELECT COUNT(*) FROM context_store_entity."{table.name}"')
    assert rows == count(
        db, f'SELECT COUNT(*) FROM (SELECT DISTINCT {key} FROM context_store_entity."{table.name}")'
    )
    nulls = " OR ".join(f"{column} IS NULL" for column in table.key)
    assert count(db, f'SELECT COUNT(*) FROM context_store_entity."{table.name}" WHERE {nulls}') == 0


@pytest.mark.parametrize("table", schemas.tables("context_store_keymap"), ids=lambda t: t.name)
def test_keymaps_have_the_ids_that_they_are_said_to_have(
    table: schemas.Table, db: duckdb.DuckDBPyConnection
) -> None:
    """Canvas's internal id is the long one, of 17 digits with the shard before; a person's is not."""
    long = "lms_int_id LIKE '1977%' AND length(lms_int_id) = 17"
    others = count(
        db,
        f"SELECT COUNT(*) FROM context_store_keymap.\"{table.name}\" WHERE lms_int_id <> '' AND NOT ({long})",
    )
    says_long = "the long global id" in table.column("lms_int_id").description
    assert says_long == (others == 0) == (table.name != "person")


REFERENCES = [(t.name, c.name, c.references) for t in ENTITIES for c in t.columns if c.references]


@pytest.mark.parametrize(("table", "column", "target"), REFERENCES)
def test_no_orphans(table: str, column: str, target: str, db: duckdb.DuckDBPyConnection) -> None:
    """Every foreign key finds its row (law 4)."""
    other, key = target.split(".")
    assert (
        count(
            db,
            f'SELECT COUNT(*) FROM context_store_entity."{table}" a '
            f'LEFT JOIN context_store_entity."{other}" b '
            f'ON a."{column}" = b."{key}" WHERE a."{column}" IS NOT NULL AND b."{key}" IS NULL',
        )
        == 0
    )


@pytest.mark.parametrize("table", [t for t in ENTITIES if t.keymap], ids=lambda t: t.name)
def test_keymaps_match(table: schemas.Table, db: duckdb.DuckDBPyConnection) -> None:
    """A keymap has exactly the entity's ids, and its native ids are unique where they are not null."""
    name, key = table.name, table.key[0]
    pairs = f'context_store_entity."{name}" e FULL JOIN context_store_keymap."{name}" k ON e."{key}" = k.id'
    assert count(db, f'SELECT COUNT(*) FROM {pairs} WHERE e."{key}" IS NULL OR k.id IS NULL') == 0
    for column in ("sis_ext_id", "lms_int_id", "lms_ext_id"):
        query = f'SELECT COUNT({column}) - COUNT(DISTINCT {column}) FROM context_store_keymap."{name}"'
        assert count(db, query) == 0, column


OPTIONS = [(t.name, c.name, c.options) for t in ENTITIES for c in t.columns if c.options]


@pytest.mark.parametrize(("table", "column", "options"), OPTIONS)
def test_values_are_options(table: str, column: str, options: str, db: duckdb.DuckDBPyConnection) -> None:
    """Coded columns hold members of their option set."""
    found = db.execute(
        f'SELECT DISTINCT "{column}" FROM context_store_entity."{table}" WHERE "{column}" IS NOT NULL'
    )
    values = {part for (value,) in found.fetchall() for part in str(value).split(",")}
    assert values <= set(schemas.option_set(options))


CAUSES = {
    "handed in after the release": "SELECT COUNT(*) FROM context_store_entity.learner_activity_result r "
    "JOIN context_store_entity.learner_activity a USING (learner_activity_id) "
    "WHERE r.response_date < COALESCE(a.unlocked_date, a.created_date)",
    "graded after handed in": "SELECT COUNT(*) FROM context_store_entity.learner_activity_result "
    "WHERE graded_date <= response_date",
    "handed in while enrolled": "SELECT COUNT(*) FROM context_store_entity.learner_activity_result r "
    "JOIN context_store_entity.learner_activity a USING (learner_activity_id) "
    "JOIN context_store_entity.course_section s ON s.le_current_course_offering_id = a.course_offering_id "
    "JOIN context_store_entity.course_section_enrollment e ON e.course_section_id = s.course_section_id "
    "AND e.person_id = r.person_id AND e.role = 'Student' "
    "WHERE r.response_date < e.entry_date OR CAST(r.response_date AS DATE) > e.exit_date",
    "posted after the topic": "SELECT COUNT(*) FROM context_store_entity.discussion_entry e "
    "JOIN context_store_entity.discussion d USING (discussion_id) WHERE e.created_date <= d.posted_date",
    "replied after the parent": "SELECT COUNT(*) FROM context_store_entity.discussion_entry e "
    "JOIN context_store_entity.discussion_entry p ON p.discussion_entry_id = e.parent_discussion_entry_id "
    "WHERE e.created_date <= p.created_date OR e.discussion_id <> p.discussion_id",
    "a graded row has a score": "SELECT COUNT(*) FROM context_store_entity.learner_activity_result "
    "WHERE (graded_date IS NULL) <> (score IS NULL)",
    "scores fit the points": "SELECT COUNT(*) FROM context_store_entity.learner_activity_result r "
    "JOIN context_store_entity.learner_activity a USING (learner_activity_id) "
    "WHERE r.published_score < 0 OR r.published_score > a.points_possible",
    "nobody in a course twice": "SELECT COUNT(*) FROM (SELECT person_id, s.le_current_course_offering_id "
    "FROM context_store_entity.course_section_enrollment e "
    "JOIN context_store_entity.course_section s USING (course_section_id) "
    "WHERE e.role = 'Student' AND s.is_graded GROUP BY ALL HAVING COUNT(*) > 1)",
    "better scores, no worse letters": "SELECT COUNT(*) FROM context_store_entity.course_grade a "
    "JOIN context_store_entity.course_grade b USING (course_section_id) "
    "JOIN context_store_entity.person__academic_term pa ON pa.person_id = a.person_id "
    "JOIN context_store_entity.person__academic_term pb ON pb.person_id = b.person_id "
    "WHERE a.le_final_score > b.le_final_score AND a.grade_points_per_credit < b.grade_points_per_credit "
    "AND (pa.ps_student_level = 'Undergraduate') = (pb.ps_student_level = 'Undergraduate')",
    "group weights add up to 100 or to nothing": "SELECT COUNT(*) FROM (SELECT SUM(group_weight) AS w "
    "FROM context_store_entity.learner_activity_group GROUP BY course_offering_id) WHERE w NOT IN (0, 100)",
    "GPA times its hours are the points": "SELECT COUNT(*) FROM "
    "(SELECT t.person_id, t.gpa_credits_units_hours AS h, SUM(o.available_credits) AS c "
    "FROM context_store_entity.person__academic_term t "
    "JOIN context_store_entity.course_grade g USING (person_id) "
    "JOIN context_store_entity.course_section s USING (course_section_id) "
    "JOIN context_store_entity.course_offering o ON o.course_offering_id = s.course_offering_id "
    "WHERE g.grade_points IS NOT NULL GROUP BY ALL) WHERE h <> c",
    "pass or fail here and there": "SELECT COUNT(*) FROM context_store_entity.course_grade g "
    "JOIN context_store_entity.course_section_enrollment e USING (course_section_id, person_id) "
    "WHERE e.role = 'Student' AND g.grade_on_official_transcript IS NOT NULL "
    "AND g.grade_on_official_transcript <> 'W' "
    "AND (e.grading_basis = 'PNP') <> (g.grade_on_official_transcript IN ('P', 'NP'))",
    "work by hand has a grader": "SELECT COUNT(*) FROM context_store_entity.learner_activity_result "
    "WHERE grade_state = 'human_graded' AND grader_id IS NULL OR grade_state = 'auto_graded' "
    "AND (type IS NULL OR type NOT IN ('online_quiz', 'external_tool'))",
    "nobody hands in during the outage": "SELECT COUNT(*) FROM context_store_entity.learner_activity_result "
    "WHERE response_date >= '2026-10-14 17:00:00' AND response_date < '2026-10-14 19:30:00'",
}


@pytest.mark.parametrize("law", CAUSES)
def test_causality(law: str, db: duckdb.DuckDBPyConnection) -> None:
    """Law 5 in the store: the query counts offences, and finds none."""
    assert count(db, CAUSES[law]) == 0


def test_gpa_follows_from_grades(db: duckdb.DuckDBPyConnection) -> None:
    """A term GPA is the credit-weighted mean of grade points, to the hundredth."""
    query = """
        SELECT COUNT(*) FROM context_store_entity.person__academic_term t JOIN (
            SELECT g.person_id, SUM(g.grade_points) AS points, SUM(o.available_credits) AS credits
            FROM context_store_entity.course_grade g
            JOIN context_store_entity.course_section s USING (course_section_id)
            JOIN context_store_entity.course_offering o ON o.course_offering_id = s.course_offering_id
            WHERE g.grade_points IS NOT NULL GROUP BY ALL) m USING (person_id)
        WHERE ABS(t.gpa_academic_term - m.points / m.credits) > 0.0051 OR t.gpa_academic_term IS NULL"""
    assert count(db, query) == 0


def test_same_seed_same_store() -> None:
    """Law 1: generated twice, the store is the same; with another seed it is another."""
    from context.generate import generate
    from tests.samples.tiny import calendar_of

    again = generate(TINY, default_pack(), calendar_of(TINY, default_pack()))
    for (_, name, table), (_, _, other) in zip(store_of(TINY).datasets(), again.datasets(), strict=True):
        assert table.equals(other), name
    other_seed = store_of(TINY.model_copy(update={"seed": 12}))
    assert not other_seed.entity["person"].equals(store_of(TINY).entity["person"])


def _share(values: np.ndarray, wanted: dict[str | None, float], names: tuple[str | None, ...]) -> None:
    """Each value's share within 5 sd of what the pack says."""
    n = len(values)
    for code, name in enumerate(names):
        share = wanted.get(name, 0.0)
        got = int((values == code).sum())
        assert abs(got - n * share) <= 5 * (n * share * (1 - share)) ** 0.5 + 1e-9, name


def test_role_status_given_role() -> None:
    """role_status has the pack's shares given each role, nulls included."""
    e = drawn_of(THOUSAND).enrolments
    law = default_pack().categorical("course_section_enrollment", "role_status")
    for role in ("Student", "Teacher", "Faculty"):
        rows = (e.role == e.roles.index(role)) & e.primary  # components follow their lectures
        _share(e.role_status[rows], law.shares(role), e.role_statuses)


def test_enrollment_status_given_both() -> None:
    """enrollment_status has the pack's shares given role_status and role."""
    e = drawn_of(THOUSAND).enrolments
    law = default_pack().categorical("course_section_enrollment", "enrollment_status")
    for status in ("Enrolled", "Dropped", "Withdrawn"):
        rows = e.takes & (e.role_status == e.role_statuses.index(status))
        _share(e.enrollment_status[rows], law.shares(status, "Student"), e.enrollment_statuses)


def test_role_shares() -> None:
    """Roles of enrolments come in the founding shares, to a rounding."""
    e = drawn_of(THOUSAND).enrolments
    shares = default_pack().categorical("course_section_enrollment", "role").shares()
    for role, share in shares.items():
        got = float((e.role == e.roles.index(str(role))).mean())
        assert got == pytest.approx(share, abs=0.003), role


def test_size_follows_fte() -> None:
    """Full-time equivalents of the students made are those asked for, within half a percent."""
    s, pack = drawn_of(THOUSAND).students, default_pack()
    part = np.where(s.career == 0, pack.number("fte.part_time_ug"), pack.number("fte.part_time_grad"))
    assert float(np.where(s.load == 0, 1.0, part).sum()) == pytest.approx(1000, rel=0.005)


def test_activities_per_group() -> None:
    """Activities per group: 6.477 on average, sd 7.517, 1 to 50 (mean within 5 sd, sd within 15 %)."""
    d = drawn_of(Scenario(name="big", fte=4000, seed=3))
    sizes = np.bincount(d.content.activities.group)
    assert abs(sizes.mean() - 6.477) < 5 * 7.517 / len(sizes) ** 0.5
    assert sizes.std() == pytest.approx(7.517, rel=0.15)
    assert (sizes.min(), sizes.max() <= 50) == (1, True)


def test_scores_have_three_parts() -> None:
    """Scores of assignments vary between students, between activities and for no reason, as published."""
    d = drawn_of(Scenario(name="big", fte=4000, seed=3))
    r, a = d.results, d.content.activities
    rows = np.flatnonzero(
        (r.graded_ms > 0) & (a.kind[r.activity] == 0) & (a.points_hundredths[r.activity] > 0)
    )
    percent = 100 * r.score_hundredths[rows] / a.points_hundredths[r.activity[rows]]
    student = d.enrolments.person[r.enrolment[rows]]
    by_student = np.bincount(student, percent) / np.maximum(np.bincount(student), 1)
    ability = d.students.ability[: len(by_student)]
    seen = np.bincount(student, minlength=len(by_student)) > 20
    assert np.corrcoef(by_student[seen], ability[seen])[0, 1] > 0.8
    activity = r.activity[rows]
    mean_of = np.bincount(activity, percent) / np.maximum(np.bincount(activity), 1)
    many = np.bincount(activity) > 30
    assert 2 < mean_of[many].std() < 9
    assert 80 < percent.mean() < 90


def test_gpa_by_family() -> None:
    """Mean undergraduate grade points of the larger CIP families lie within 0.1 of the pack's."""
    d = drawn_of(Scenario(name="big", fte=4000, seed=3))
    g, e = d.grades, d.enrolments
    has = g.letter >= 0
    cip = d.catalogue.offering_cip[d.catalogue.section_offering[e.section[g.enrolment]]]
    undergraduate = d.students.career[e.person[g.enrolment]] == 0
    checked = 0
    for code, gpa in enumerate(default_pack().table("cip")["gpa"]):
        rows = has & undergraduate & (cip == code)
        if rows.sum() >= 300:
            checked += 1
            assert g.points_hundredths[g.letter[rows]].mean() / 100 == pytest.approx(gpa, abs=0.1)
    assert checked >= 8


def test_people_are_invented() -> None:
    """Addresses end in .example, and no address is twice there."""
    emails = store_of(TINY).entity["person_email"]["email_address"]
    assert pa.compute.all(pa.compute.ends_with(emails, ".example")).as_py()
    assert len(set(emails.to_pylist())) == len(emails)
