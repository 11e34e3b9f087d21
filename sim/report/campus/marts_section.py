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

_NEEDED = {"level1_aggregated", "course_final", "event__course_offering__person_day"}
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
_LEAVING_NOTE = (
    "Page views of those who withdraw, in per cent of what others of their course have in that week"
)
# Weeks are counted back from the day of withdrawal; those that reach to before the course began are left out.
# What others have is in millionths, for the sum's sake.
_LEAVING = """
    WITH seats AS (
        SELECT s.le_current_course_offering_id AS course, e.person_id AS person,
               CAST(max(e.exit_date) FILTER (e.role_status = 'Withdrawn') AS DATE) AS gone
        FROM context_store_entity.course_section_enrollment e
        JOIN context_store_entity.course_section s USING (course_section_id)
        WHERE e.role = 'Student' AND e.role_status <> 'Dropped' GROUP BY ALL),
      days AS (
        SELECT seats.*, d.event_date AS day, d.num_views AS n
        FROM mart_helper.event__course_offering__person_day d
        JOIN seats ON seats.course = d.udp_course_offering_id AND seats.person = d.udp_person_id),
      others AS (SELECT course, day, sum(n) AS n FROM days WHERE gone IS NULL GROUP BY ALL),
      stayed AS (SELECT course, count(*) AS students FROM seats WHERE gone IS NULL GROUP BY ALL),
      begun AS (SELECT course, min(day) AS day FROM others GROUP BY ALL),
      weeks AS (
        SELECT course, person, week, gone - 7 * week - 7 AS since, gone - 7 * week AS upto
        FROM seats JOIN begun USING (course), (SELECT range::INT AS week FROM range(8))
        WHERE gone - 7 * week - 7 >= begun.day),
      usual AS (
        SELECT week, sum(CAST(round(o.n * 1e6 / students) AS BIGINT)) AS n
        FROM weeks JOIN others AS o USING (course) JOIN stayed USING (course)
        WHERE o.day >= since AND o.day < upto GROUP BY ALL),
      own AS (
        SELECT week, sum(n) AS n FROM weeks JOIN days USING (course, person)
        WHERE day >= since AND day < upto GROUP BY ALL)
    SELECT week::VARCHAR AS name, coalesce(own.n, 0) * 1e8 / usual.n AS number
    FROM usual LEFT JOIN own USING (week) WHERE usual.n > 0 ORDER BY week"""


@dataclass(frozen=True)
class MartFigures:
    """What the section shows; rows have a name and a number."""

    course: str
    profile: list[dict[str, Any]]  # sessions a student, by week
    work: list[dict[str, Any]]  # submissions a student, by week
    octiles: list[dict[str, Any]]  # average points, by octile of the activity score
    inactive: list[dict[str, Any]]  # students in courses without any session, by week
    leaving: list[dict[str, Any]]  # views of those who withdraw against others', by weeks before


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
                *(_rows(connection, query, []) for query in (_OCTILES, _INACTIVE, _LEAVING)),
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
        ("Views before a withdrawal", _LEAVING_NOTE, figures.leaving, "weeks before", 0),
    )  # fmt: skip
    return [
        (heading, note, charts.binned(rows, heading, unit, digits=digits))
        for heading, note, rows, unit, digits in parts
        if rows
    ]


def _rows(connection: duckdb.DuckDBPyConnection, query: str, values: list[Any]) -> list[dict[str, Any]]:
    names = ("name", "number")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query, values).fetchall()]
