"""What analysts would find in the marts of a term: each a bound.

The small campus of the tests is enough for signs and orders, of which chance makes one in a million wrong or
fewer; the figures themselves are for a large term. MARTS_RUN=DIR, a run with its marts of 1,000 FTE or more
(``termtide run --fte 5000``), holds them to the narrow bounds.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from sim.report.campus.marts_section import mart_figures
from sim.sql.warehouse import open_run
from tests.samples.marts_tiny import whole_term

GRADES = """
    SELECT s.le_current_course_offering_id AS course, g.person_id AS person,
           g.grade_on_official_transcript AS letter, g.grade_points_per_credit AS points
    FROM context_store_entity.course_grade g
    JOIN context_store_entity.course_section s USING (course_section_id)"""
SCORES = f"""
    SELECT count(*), corr(f.student_activity_score_cumulative, g.points)
    FROM mart_student_activity_score.course_final f
    JOIN ({GRADES}) AS g ON g.course = f.course_global_id AND g.person = f.global_user_id
    WHERE f.week_end_date = (SELECT max(week_end_date) FROM mart_student_activity_score.course_final)
      AND g.points IS NOT NULL"""
# As of the middle of the term: silent for ten days, or never seen.
SILENT = f"""
    WITH seen AS (
        SELECT udp_course_offering_id AS course, udp_person_id AS person, max(event_date) AS last
        FROM mart_helper.event__course_offering__person_day
        WHERE event_date <= DATE '2026-10-15' GROUP BY 1, 2)
    SELECT coalesce(DATE '2026-10-15' - seen.last >= 10, true) AS silent, count(*),
           count(*) FILTER (p.role_status = 'Withdrawn' OR g.letter IN ('F', 'W')) / count(*)
    FROM mart_helper.context__course_offering__person p
    LEFT JOIN ({GRADES}) AS g ON g.course = p.course_offering_id AND g.person = p.person_id
    LEFT JOIN seen ON seen.course = p.course_offering_id AND seen.person = p.person_id
    WHERE p.role = 'Student' AND p.role_status IN ('Enrolled', 'Withdrawn') GROUP BY 1 ORDER BY 1"""
# The median day of a file's views against the place of its module, both as ranks in the course.
FILES = """
    WITH placed AS (
        SELECT i.file_id, m.course_offering_id AS course, min(m.position) AS place
        FROM context_store_entity.module_item i JOIN context_store_entity.module m USING (module_id)
        WHERE i.file_id IS NOT NULL AND m.status = 'active' GROUP BY 1, 2),
    viewed AS (
        SELECT udp_course_offering_id AS course, udp_file_id AS file_id,
               median(event_date - DATE '2026-08-01') AS day, count(*) AS n
        FROM mart_helper.event__file__person_day GROUP BY 1, 2),
    ranked AS (
        SELECT rank() OVER (PARTITION BY course ORDER BY place) AS place,
               rank() OVER (PARTITION BY course ORDER BY day) AS day,
               count(*) OVER (PARTITION BY course) AS files
        FROM placed JOIN viewed USING (course, file_id) WHERE n >= 3)
    SELECT count(*), corr(place / files, day / files) FROM ranked WHERE files >= 8"""
WEEKS = """
    SELECT week_in_term, sum(num_sessions_30min) / count(*), sum(num_submissions)
    FROM mart_taskforce.level1_aggregated GROUP BY 1 ORDER BY 1"""


@cache
def folder() -> tuple[Path, bool]:
    """The run, and whether it is a large one."""
    given = os.environ.get("MARTS_RUN")
    return (Path(given), True) if given else (whole_term(), False)


def rows(query: str) -> list[Any]:
    """Rows of a query on it."""
    with open_run(folder()[0]) as connection:
        return connection.execute(query).fetchall()


def test_score_goes_with_grades() -> None:
    """Activity and grades correlate as studies of learning environments report: .2 to .6.

    Macfadyen and Dawson (2010) have .2 to .5 for single counts of use. On the small campus the sign counts:
    among 100 enrolments a true correlation of .45 falls below 0 once in a million.
    """
    ((number, correlation),) = rows(SCORES)
    assert number > (3_000 if folder()[1] else 90)
    assert (0.2 < correlation < 0.6) if folder()[1] else (0 < correlation < 0.85)


def test_silence_foreshadows_the_end() -> None:
    """Who is silent for ten days in the middle of the term withdraws or fails three times as often."""
    active, silent = rows(SILENT)
    assert (active[0], silent[0]) == (False, True)
    assert silent[2] > (3 * active[2] if folder()[1] else active[2])
    if folder()[1]:
        assert 0.15 < silent[2] < 0.8
        assert active[2] < 0.1


def test_files_follow_their_modules() -> None:
    """Files of later modules are viewed later: the ranks of module and median day of views correlate."""
    ((number, correlation),) = rows(FILES)
    assert number > (2_000 if folder()[1] else 50)
    assert correlation > (0.8 if folder()[1] else 0.5)


def test_weeks_have_the_shape_of_the_term() -> None:
    """The term begins and ends thinner than its middle, and nothing is due in the break."""
    found = {week: (sessions, work) for week, sessions, work in rows(WEEKS)}
    middle = sum(found[week][0] for week in range(2, 13)) / 11
    assert found[0][0] < 0.9 * middle
    assert found[16][0] < 0.9 * middle
    assert found[13][0] < 0.6 * middle  # Thanksgiving
    assert found[13][1] < 0.1 * found[12][1]
    if folder()[1]:
        assert all(0.8 * middle < found[week][0] < 1.25 * middle for week in range(1, 13))


def test_views_fade_before_a_withdrawal() -> None:
    """The report's figure of who withdraws: a fraction of the others' views in the last week, more before.

    Some 20 seats: in the last week most click nothing for days: a mean of .1 with an sd of .05; that of
    the weeks from the fourth on, of about .6, has one of some .1.
    """
    figures = mart_figures(whole_term())
    assert figures is not None
    views = {int(row["name"]): float(row["number"]) for row in figures.leaving}
    before = [number for week, number in views.items() if week >= 3]
    assert views[0] < 40
    assert views[0] < sum(before) / len(before)
