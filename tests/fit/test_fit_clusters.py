"""What lies together in courses is alike: shares and averages are as certain as courses make them."""

from __future__ import annotations

from dataclasses import replace

import duckdb
import pytest

import schemas
from sim.fit.fields import as_certain
from sim.fit.texts import categorical_sql, continuous_sql
from sim.fit.warehouses.duckdb_source import DuckdbSource
from sim.fit.warehouses.source import FitRow

SQUARES = ("cluster_squares", "chance_squares")


def _field(name: str) -> schemas.FitField:
    found = next(field for field in schemas.fit_fields() if field.name == name)
    return replace(found, base="quiz")


def _counted(sql: str, quizzes: list[tuple[int, str, int]]) -> list[FitRow]:
    """Rows of a query on quizzes: course, type and number of questions of each."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA context_store_entity")
        connection.execute(
            "CREATE TABLE context_store_entity.quiz AS SELECT unnest(range(?)) AS quiz_id, "
            "unnest(?::BIGINT[]) AS course_offering_id, unnest(?::VARCHAR[]) AS type, "
            "unnest(?::BIGINT[]) AS quiz_item_count, NULL::BIGINT AS allowed_attempts, "
            "NULL::VARCHAR AS scoring_policy, NULL::BIGINT AS time_limit, NULL::VARCHAR AS show_results, "
            "NULL::VARCHAR AS correct_answers_display_policy, 'available' AS status",
            [len(quizzes), *map(list, zip(*quizzes, strict=True))],
        )
        return DuckdbSource(connection, "a test").rows(sql)


# Five quizzes in each of forty courses: alike in each, or each as chance has it.
ALIKE = [(course, "survey" if course % 2 else "assignment", 10 + 10 * (course % 2)) for course in range(40)]
MIXED = [(i // 5, "survey" if i % 2 else "assignment", 10 + 10 * (i % 2)) for i in range(200)]


def _certain(quizzes: list[tuple[int, str, int]], kind: str) -> int:
    if kind == "categorical":
        sql = categorical_sql(_field("quiz.type"), ["survey", "assignment"], 10)
    else:
        sql = continuous_sql(_field("quiz.quiz_item_count"), "quiz_item_count", 10)
    rows = _counted(sql, quizzes)
    assert sum(int(row["num_people"]) for row in rows) == len(quizzes)
    return as_certain(len(quizzes), *(sum(float(row[key]) for row in rows) for key in SQUARES))


@pytest.mark.parametrize("kind", ["categorical", "continuous"])
def test_quizzes_of_a_course_that_are_alike_count_as_one(kind: str) -> None:
    """Two hundred quizzes of forty courses are as certain as forty where each course has one kind of them."""
    assert _certain([quiz for quiz in ALIKE for _ in range(5)], kind) == 40
    assert _certain(MIXED, kind) == 200


def test_a_person_in_several_courses_counts_once() -> None:
    """Nine people with a value are nine in however many courses, and held back; sandboxes do not count."""
    people = [*((person, course) for person in range(9) for course in range(4)), (9, 4), (10, 4)]
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA context_store_entity")
        connection.execute(
            "CREATE TABLE context_store_entity.course_section AS "
            "SELECT i AS course_section_id, i AS le_current_course_offering_id, "
            "CASE WHEN i < 4 THEN i > 1 END AS is_graded FROM range(5) AS t(i)"
        )
        connection.execute(
            "CREATE TABLE context_store_entity.course_section_enrollment AS SELECT unnest(?) AS person_id, "
            "unnest(?) AS course_section_id, 'Observer' AS role, NULL::VARCHAR AS role_status, "
            "NULL::VARCHAR AS enrollment_status",
            [list(column) for column in zip(*people, strict=True)],
        )
        field = next(f for f in schemas.fit_fields() if f.name == "course_section_enrollment.role")
        rows = DuckdbSource(connection, "a test").rows(categorical_sql(field, ["Observer"], 10))
    assert [(row["field_value"], row["num_people"], row["num_records"]) for row in rows] == [(None, 9, 36)]


def test_the_fields_of_courses_have_their_clusters() -> None:
    """Every field that counts what courses hold, or who is in them, says so."""
    for field in schemas.fit_fields():
        inside = field.base == "enrollment" or field.unit not in ("person_id", "course_offering_id")
        assert field.cluster == ("course_offering_id" if inside else ""), field.name
