"""The report's section on the data marts: read from them through the warehouse, where there are any."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import duckdb

from context.errors import RunError
from sim.sql.warehouse import open_run

_NEEDED = {"level1_aggregated", "course_final"}
# The course with most students; of several the first.
_COURSE = """
    SELECT course_offering_id AS course, code, title, num_students FROM mart_helper.context__course_offering
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
            raise RunError(f"{run_dir}: no report of marts: {str(error).splitlines()[0]}") from error


def section(figures: MartFigures | None) -> str:
    """The section as HTML, nothing without marts."""
    if figures is None:
        return ""
    from sim.report import charts  # a second to import

    parts = (
        (f"Sessions a student by week: {figures.course}", figures.profile),
        (f"Submissions a student by week: {figures.course}", figures.work),
        ("Average grade points by octile of the activity score, over the whole term", figures.octiles),
        ("Students in courses without any session, by week", figures.inactive),
    )
    shown = [
        f'<div><p class="note">{escape(title)}</p>{charts.counted(rows, title.partition(":")[0])}</div>'
        for title, rows in parts
        if rows
    ]
    note = "Data marts, as users of the platform query them; week 0 is the one in which the session begins."
    halves = "".join(f"<div>{''.join(shown[i::2])}</div>" for i in range(2))
    return f'<section><h2>Marts</h2><p class="note">{note}</p><div class="columns">{halves}</div></section>'


def _rows(connection: duckdb.DuckDBPyConnection, query: str, values: list[Any]) -> list[dict[str, Any]]:
    names = ("name", "number")
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query, values).fetchall()]
