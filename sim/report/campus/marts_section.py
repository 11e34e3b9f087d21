"""The report's section on the data marts: read from them through the warehouse, where there are any."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from context.errors import RunError, first_line
from sim.sql.warehouse import open_run

if TYPE_CHECKING:
    from sim.report.campus.frame import Chart

_NEEDED = {"level1_aggregated", "course_final"}
# The course with most students, of those that anybody opened; of several the first.
_COURSE = """
    SELECT course_offering_id AS course, code, title, num_students FROM mart_helper.context__course_offering
    WHERE course_offering_id IN (
        SELECT udp_course_offering_id FROM mart_taskforce.level1_aggregated WHERE num_sessions_30min > 0)
    ORDER BY num_students DESC, course LIMIT 1"""
_PROFILE = """
    SELECT week_in_term::VARCHAR AS name, sum(num_sessions_30min) / count(*) AS number
    FROM mart_taskforce.level1_aggregated WHERE udp_course_offering_id = ?
    GROUP BY week_in_term ORDER BY week_in_term"""
_WORK = """
    SELECT week_in_term::VARCHAR AS name, sum(num_submissions) / count(*) AS number
    FROM mart_taskforce.level1_aggregated WHERE udp_course_offering_id = ?
    GROUP BY week_in_term ORDER BY week_in_term"""
# Points of a grade are hundredths here, so that their sum is the same in any order.
_OCTILES = """
    WITH graded AS (
        SELECT s.le_current_course_offering_id AS course, g.person_id AS person,
               CAST(round(g.grade_points_per_credit * 100) AS BIGINT) AS points
        FROM context_store_entity.course_grade g
        JOIN context_store_entity.course_section s USING (course_section_id)
        WHERE g.grade_points_per_credit IS NOT NULL)
    SELECT CAST(f.student_activity_score_octile_cumulative * 8 AS INT)::VARCHAR AS name,
           sum(points) / count(*) / 100 AS number
    FROM mart_student_activity_score.course_final f
    JOIN graded ON graded.course = f.course_global_id AND graded.person = f.global_user_id
    WHERE f.week_end_date = (SELECT max(week_end_date) FROM mart_student_activity_score.course_final)
      AND f.student_activity_score_octile_cumulative IS NOT NULL
    GROUP BY 1 ORDER BY 1"""
_OCTILE_NOTE = "Octiles of the activity score over the whole term, 1 being the least active eighth"
_INACTIVE = """
    SELECT week_in_term::VARCHAR AS name, count(*) FILTER (num_sessions_30min = 0) AS number
    FROM mart_taskforce.level1_aggregated GROUP BY week_in_term ORDER BY week_in_term"""


@dataclass(frozen=True)
class MartFigures:
    """What the section shows; rows have a name and a number."""

    course: str
    profile: list[dict[str, Any]]  # sessions a student, by week
    work: list[dict[str, Any]]  # submissions a student, by week
    octiles: list[dict[str, Any]]  # average points, by octile of the activity score
    inactive: list[dict[str, Any]]  # students in courses without any session, by week


def mart_figures(run_dir: Path) -> MartFigures | None:
    """Read the marts of a run; None where it has none. Raises InputError, RunError."""
    with open_run(run_dir) as connection:
        there = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        if not _NEEDED.issubset(name for (name,) in there):
            return None
        try:
            course = connection.execute(_COURSE).fetchone()
            key = course[0] if course else None
            return MartFigures(
                f"{course[1] or ''} {course[2]}, {course[3]:,} students".strip() if course else "",
                *(_rows(connection, query, [key]) for query in (_PROFILE, _WORK)),
                *(_rows(connection, query, []) for query in (_OCTILES, _INACTIVE)),
            )
        except duckdb.Error as error:
            raise RunError(f"{run_dir}: no report of marts: {first_line(error)}") from error


def mart_charts(figures: MartFigures) -> list[tuple[str, str, Chart]]:
    """(heading, note, chart) of each of the section's parts that has something to show."""
    from sim.report.campus import charts  # a second to import

    parts = (
        ("Sessions a student by week", figures.course, figures.profile, "week", 1),
        ("Submissions a student by week", figures.course, figures.work, "week", 1),
        ("Average grade points by activity", _OCTILE_NOTE, figures.octiles, "octile", 2),
        ("Inactive students by week", "Students in courses without any session", figures.inactive, "week", 0),
    )  # fmt: skip
    return [
        (heading, note, charts.binned(rows, heading, unit, digits=digits))
        for heading, note, rows, unit, digits in parts
        if rows
    ]


def _rows(connection: duckdb.DuckDBPyConnection, query: str, values: list[Any]) -> list[dict[str, Any]]:
    names = ("name", "number")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query, values).fetchall()]
