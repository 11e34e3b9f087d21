"""Like life: components, cross-listing, unpublished courses, sandboxes, groups, messages, conferences."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

import schemas
from context.courses.catalogue import OfferingKind, SectionKind
from tests.samples.store_db import loaded
from tests.samples.tiny import drawn_of, store_of
from tests.store.test_store import count
from tests.store.test_store_size import THOUSAND


@pytest.fixture(scope="module")
def db() -> duckdb.DuckDBPyConnection:
    """The store of 1,000 FTE in DuckDB; its entities are in the search path."""
    return loaded(store_of(THOUSAND))


# How a student is in a Canvas course: from when to when, by the enrolment that counts.
PRESENT = """(SELECT e.person_id, s.le_current_course_offering_id AS course_offering_id, e.role,
    MIN(e.created_date) AS since, MAX(coalesce(e.exit_date, DATE '2999-01-01')) AS until
    FROM course_section_enrollment e JOIN course_section s USING (course_section_id) GROUP BY ALL)"""
OFFENCES = {
    "a cross-listed section keeps its registrar's course": """SELECT COUNT(*) FROM course_section
        WHERE (le_original_course_offering_id IS NOT NULL)
          <> (course_offering_id <> le_current_course_offering_id)
          OR le_original_course_offering_id <> course_offering_id""",
    "a shell holds nothing": """SELECT COUNT(*) FROM learner_activity a
        JOIN course_section s ON s.le_original_course_offering_id = a.course_offering_id""",
    "cross-listed courses have one title, one number of credits and one teacher": """
        SELECT COUNT(*) FROM course_section s
        JOIN course_offering a ON a.course_offering_id = s.course_offering_id
        JOIN course_offering b ON b.course_offering_id = s.le_current_course_offering_id
        WHERE s.le_original_course_offering_id IS NOT NULL
          AND (a.title <> b.title OR a.available_credits <> b.available_credits OR NOT EXISTS (
            SELECT 1 FROM course_section o JOIN course_section_enrollment x USING (course_section_id)
            JOIN course_section_enrollment y USING (person_id)
            WHERE x.role = 'Teacher' AND y.role = 'Teacher'
            AND o.course_offering_id = b.course_offering_id
            AND y.course_section_id = s.course_section_id))""",
    "students of a component are in its lecture, with the same status and dates": """
        SELECT COUNT(*) FROM course_section_enrollment e JOIN course_section s USING (course_section_id)
        LEFT JOIN (SELECT e2.*, s2.course_offering_id FROM course_section_enrollment e2
              JOIN course_section s2 USING (course_section_id) WHERE s2.is_graded) l
          ON l.course_offering_id = s.course_offering_id AND l.person_id = e.person_id AND l.role = 'Student'
        WHERE NOT s.is_graded AND e.role = 'Student' AND (l.person_id IS NULL
          OR l.role_status <> e.role_status OR l.entry_date <> e.entry_date
          OR l.exit_date IS DISTINCT FROM e.exit_date)""",
    "every student of a divided lecture is in one component": """
        SELECT COUNT(*) FROM (SELECT e.person_id, s.course_offering_id, COUNT(*) FILTER (NOT s.is_graded) AS n
          FROM course_section_enrollment e JOIN course_section s USING (course_section_id)
          WHERE e.role = 'Student' AND s.course_offering_id IN
            (SELECT course_offering_id FROM course_section WHERE NOT is_graded) GROUP BY ALL) WHERE n <> 1""",
    "components give no grade and no credits": """SELECT COUNT(*) FROM course_section_enrollment e
        JOIN course_section s USING (course_section_id)
        LEFT JOIN course_grade g USING (course_section_id, person_id)
        WHERE NOT s.is_graded AND (g.person_id IS NOT NULL OR e.credits_taken <> 0)""",
    "every section has a teacher or an assistant": """SELECT COUNT(*) FROM course_section s
        WHERE NOT EXISTS (SELECT 1 FROM course_section_enrollment e
          WHERE e.course_section_id = s.course_section_id AND e.role IN ('Teacher', 'TeachingAssistant'))""",
    "nobody works in an unpublished course": """SELECT COUNT(*) FROM course_offering o WHERE le_status
        IN ('claimed', 'created') AND subject IS NOT NULL AND (course_offering_id IN
        (SELECT course_offering_id FROM learner_activity) OR course_offering_id IN
        (SELECT course_offering_id FROM file) OR course_offering_id IN
        (SELECT course_offering_id FROM conversation WHERE course_offering_id IS NOT NULL))""",
    "an unpublished course has letters without scores": """SELECT COUNT(*) FROM course_grade g
        JOIN course_section s USING (course_section_id)
        JOIN course_offering o ON o.course_offering_id = s.le_current_course_offering_id
        WHERE o.le_status IN ('claimed', 'created') AND g.le_final_score IS NOT NULL""",
    "a sandbox is Canvas's alone, in No Term": """SELECT COUNT(*) FROM course_offering o
        JOIN context_store_keymap.course_offering k ON k.id = o.course_offering_id
        JOIN academic_term t USING (academic_term_id)
        WHERE (o.subject IS NULL) <> (k.sis_ext_id IS NULL) OR (t.name = 'No Term') <> (k.sis_ext_id IS NULL)
          OR k.lms_ext_id IS NULL""",
    "members of a course's group are its students, while they are": f"""
        SELECT COUNT(*) FROM learner_group_membership m JOIN learner_group g USING (learner_group_id)
        LEFT JOIN {PRESENT} p ON p.person_id = m.person_id AND p.course_offering_id = g.course_offering_id
          AND p.role = 'Student' AND m.created_date >= p.since AND CAST(m.created_date AS DATE) <= p.until
        WHERE g.course_offering_id IS NOT NULL AND p.person_id IS NULL""",
    "nobody is in two groups of a set": """SELECT COUNT(*) FROM (SELECT person_id, group_category_id
        FROM learner_group_membership JOIN learner_group USING (learner_group_id)
        GROUP BY ALL HAVING COUNT(*) > 1)""",
    "members join no group before it is made, nor a deleted one": """
        SELECT COUNT(*) FROM learner_group_membership m JOIN learner_group g USING (learner_group_id)
        WHERE m.created_date < g.created_date OR g.status = 'deleted'""",
    "writers are in the course when they write": f"""
        SELECT COUNT(*) FROM conversation_message m JOIN conversation c USING (conversation_id)
        LEFT JOIN {PRESENT} p ON p.person_id = m.author_id AND p.course_offering_id = c.course_offering_id
          AND m.created_date >= p.since AND CAST(m.created_date AS DATE) <= p.until
        WHERE c.course_offering_id IS NOT NULL AND p.person_id IS NULL""",
    "messages are counted right": """SELECT COUNT(*) FROM conversation_message
        WHERE message_character_count <> length(body) OR message_size_bytes < message_character_count
          OR message_word_count <> len(regexp_extract_all(body, '\\S+'))""",
    "conversations have messages": """SELECT COUNT(*) FROM conversation
        WHERE conversation_id NOT IN (SELECT conversation_id FROM conversation_message)""",
    "guests are in the course of the conference": f"""
        SELECT COUNT(*) FROM participant_session_role r
        JOIN participant_session c USING (participant_session_id)
        LEFT JOIN {PRESENT} p ON p.person_id = r.person_id AND p.course_offering_id = c.course_offering_id
          AND r.created_date >= p.since AND CAST(r.updated_date AS DATE) <= p.until
        WHERE c.course_offering_id IS NOT NULL AND p.person_id IS NULL""",
    "a conference has one initiator, and nobody comes to one that was not held": """
        SELECT COUNT(*) FROM (SELECT participant_session_id, started_date,
          COUNT(*) FILTER (r.type = 'initiator') i, COUNT(*) FILTER (r.type = 'attendee') a
          FROM participant_session
          JOIN participant_session_role r USING (participant_session_id) GROUP BY ALL)
        WHERE i <> 1 OR (started_date IS NULL AND a > 0)""",
    "conferences begin before they end": """SELECT COUNT(*) FROM participant_session
        WHERE created_date > coalesce(start_date, started_date) OR ended_date <= started_date
          OR end_date <= start_date OR (duration IS NULL) <> (start_date IS NULL)""",
    "rooms hold their sections": """SELECT COUNT(*) FROM course_section JOIN room USING (room_id)
        WHERE max_enrollment > capacity OR delivery_mode = 'Online'""",
    "degrees were conferred before the term, or on students after it": """
        SELECT COUNT(*) FROM person__academic_degree d, academic_term t WHERE t.academic_term_id = 1
        AND conferral_date >= term_begin_date AND (conferral_date <= le_term_end_date
          OR person_id NOT IN (SELECT person_id FROM person__academic_term WHERE credits_earned > 0))""",
    "minors are not in the field of the major": """SELECT COUNT(*)
        FROM person__academic_minor__academic_term
        JOIN academic_minor n USING (academic_minor_id)
        JOIN person__academic_major__academic_term USING (person_id)
        JOIN academic_major m USING (academic_major_id)
        WHERE left(n.cip_code2k, 2) = left(m.cip_code2k, 2)""",
    "specializations are of the major": """SELECT COUNT(*)
        FROM person__academic_major_specialization__academic_term
        JOIN academic_major_specialization s USING (academic_major_specialization_id)
        JOIN person__academic_major__academic_term m USING (person_id)
        WHERE s.academic_major_id <> m.academic_major_id""",
    "telephones are fiction": """SELECT COUNT(*) FROM person_phone_number
        WHERE NOT regexp_full_match(phone_number, '\\([2-9][0-9]{2}\\) 555-01[0-9]{2}')""",
    "a person has one main affiliation, address and telephone": """SELECT COUNT(*) FROM (SELECT 1 FROM (
        SELECT person_id, is_primary AS main, 1 AS kind FROM institutional_affiliation
        UNION ALL SELECT person_id, is_preferred, 2 FROM person_email
        UNION ALL SELECT person_id, is_primary, 3 FROM person_phone_number)
        GROUP BY person_id, kind HAVING COUNT(*) FILTER (main) <> 1)""",
    "test totals are the sums of their parts": """SELECT COUNT(*) FROM (SELECT person_id,
        SUM(score) FILTER (subtest <> 'Total') AS parts, SUM(score) FILTER (subtest = 'Total') AS total
        FROM admission_test_score WHERE test_type = 'SAT' GROUP BY 1) WHERE parts <> total""",
    "roles in Canvas fit the roles": """SELECT COUNT(*) FROM course_section_enrollment e
        JOIN role r USING (role_id) WHERE (e.role = 'Student') <> (r.base_role_type = 'StudentEnrollment')
          OR (e.role IN ('Teacher', 'Faculty')) <> (r.base_role_type = 'TeacherEnrollment')""",
    "an incomplete gives no points and no credits yet": """SELECT COUNT(*) FROM course_grade
        WHERE grade_on_official_transcript = 'I' AND (grade_points IS NOT NULL OR is_course_grade_in_gpa)""",
    "whom the registrar doesn't know is in Canvas alone": """SELECT COUNT(*) FROM person p
        JOIN context_store_keymap.person k ON k.id = p.person_id
        WHERE (k.sis_ext_id IS NULL) <> (p.birth_date IS NULL) OR (k.sis_ext_id IS NULL AND p.person_id IN
        (SELECT person_id FROM course_section_enrollment WHERE role_status IS NOT NULL))""",
    "grading periods follow each other": """SELECT COUNT(*) FROM (SELECT start_date, close_date, end_date,
        LAG(end_date) OVER (PARTITION BY grading_period_group_id ORDER BY start_date) AS before
        FROM grading_period) WHERE start_date <> before + INTERVAL 1 SECOND OR close_date < end_date""",
    "weights of grading periods add up": """SELECT COUNT(*) FROM (SELECT SUM(weight) AS w
        FROM grading_period GROUP BY grading_period_group_id) WHERE w <> 100""",
}


@pytest.mark.parametrize("law", OFFENCES)
def test_life_is_consistent(law: str, db: duckdb.DuckDBPyConnection) -> None:
    """The query counts offences against what its name says, and finds none."""
    assert count(db, OFFENCES[law]) == 0


PRESENCES = {
    "cross-listed sections": "SELECT COUNT(*) FROM course_section WHERE le_original_course_offering_id > 0",
    "laboratories": "SELECT COUNT(*) FROM course_section WHERE type = 'Laboratory'",
    "discussion sections": "SELECT COUNT(*) FROM course_section WHERE type = 'Discussion'",
    "sandboxes": "SELECT COUNT(*) FROM course_offering WHERE le_code LIKE 'SANDBOX-%'",
    "unpublished courses with students": """SELECT COUNT(*) FROM course_section_enrollment
        JOIN course_section USING (course_section_id) JOIN course_offering o ON o.course_offering_id =
        le_current_course_offering_id WHERE o.le_status IN ('claimed', 'created') AND role = 'Student'""",
    "co-teachers": """SELECT COUNT(*) FROM (SELECT course_section_id FROM course_section_enrollment
        WHERE role = 'Teacher' GROUP BY 1 HAVING COUNT(*) > 1)""",
    "assistants of components": """SELECT COUNT(*) FROM course_section_enrollment JOIN course_section
        USING (course_section_id) WHERE role = 'TeachingAssistant' AND NOT is_graded""",
    "late adds": """SELECT COUNT(*) FROM course_section_enrollment, academic_term t
        WHERE t.academic_term_id = 1 AND role = 'Student' AND entry_date > term_begin_date""",
    "drops": "SELECT COUNT(*) FROM course_section_enrollment WHERE role_status = 'Dropped'",
    "withdrawals with a date": """SELECT COUNT(*) FROM course_section_enrollment
        WHERE role_status = 'Withdrawn' AND exit_date IS NOT NULL""",
    "incompletes": "SELECT COUNT(*) FROM course_grade WHERE grade_on_official_transcript = 'I'",
    "people of Canvas alone": "SELECT COUNT(*) FROM person WHERE birth_date IS NULL",
    "observers and designers": """SELECT COUNT(DISTINCT role) - 1 FROM course_section_enrollment
        WHERE role IN ('Observer', 'Designer')""",
    "groups": "SELECT COUNT(*) FROM learner_group",
    "wikis of groups": "SELECT COUNT(*) FROM wiki WHERE parent_type = 'Group'",
    "conferences of groups": "SELECT COUNT(*) FROM participant_session WHERE learner_group_id IS NOT NULL",
    "conversations in groups": "SELECT COUNT(*) FROM conversation WHERE learner_group_id IS NOT NULL",
}


@pytest.mark.parametrize("what", PRESENCES)
def test_life_is_there(what: str, db: duckdb.DuckDBPyConnection) -> None:
    """A campus of 1,000 FTE has all of these."""
    assert count(db, PRESENCES[what]) > 0


RISING = [
    (table.name, column)
    for table in schemas.tables("context_store_entity")
    for column in table.names
    if table.keymap and "LMS" in table.loaded_from and column in ("created_date", "le_created_date")
]


@pytest.mark.parametrize(("name", "column"), RISING)
def test_canvas_ids_rise_with_creation(name: str, column: str, db: duckdb.DuckDBPyConnection) -> None:
    """Of two objects the one that was made later has the higher Canvas id, local and global."""
    query = f"""SELECT COUNT(*) FROM (SELECT {column} AS made, CAST(lms_int_id AS BIGINT) AS long,
        LAG({column}) OVER (ORDER BY CAST(lms_ext_id AS BIGINT)) AS made_before,
        LAG(CAST(lms_int_id AS BIGINT)) OVER (ORDER BY CAST(lms_ext_id AS BIGINT)) AS long_before
        FROM {name} JOIN context_store_keymap.{name} k ON k.id = {name}_id) WHERE made < made_before"""
    assert count(db, query) == 0
    if name != "person":  # whose long id is opaque
        assert count(db, query.replace("WHERE", "WHERE long <= long_before OR")) == 0


def test_load_follows_from_credits(db: duckdb.DuckDBPyConnection) -> None:
    """Full time is 12 credits on the census day, 8 for graduates; most students meant to be so are."""
    query = """SELECT COUNT(*) FROM person__academic_term WHERE (cen_academic_load = 'FullTime') <>
        (credits_attempted >= CASE ps_student_level WHEN 'Undergraduate' THEN 12 ELSE 8 END)"""
    assert count(db, query) == 0
    full = count(db, "SELECT COUNT(*) FROM person__academic_term WHERE cen_academic_load = 'FullTime'")
    assert full > 0.8 * int((drawn_of(THOUSAND).students.load == 0).sum())


def test_shares_are_the_packs() -> None:
    """Sandboxes belong to the pack's share of instructors within 5 sd; kinds fit together."""
    c = drawn_of(THOUSAND).catalogue
    assert (
        (c.offering_kind == OfferingKind.SANDBOX).sum()
        == len(c.sandbox_owner)
        == (c.section_kind == SectionKind.OWN).sum()
    )
    assert (c.section_kind[: c.primaries] == SectionKind.PRIMARY).all()
    assert (
        c.offering_host[c.offering_kind != OfferingKind.SHELL]
        == np.flatnonzero(c.offering_kind != OfferingKind.SHELL)
    ).all()
    assert 0 < (c.offering_kind == OfferingKind.UNPUBLISHED).mean() < 0.12
