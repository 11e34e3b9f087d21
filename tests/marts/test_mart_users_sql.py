"""SQL as users of the platform wrote it against the marts: it runs unchanged and finds rows."""

from __future__ import annotations

import pytest

from tests.samples.marts_tiny import bigquery

QUERIES = {
    "views of files by their long id": """
        SELECT k.id, COUNT(DISTINCT t.udp_person_id) AS people
        FROM `mart_general.lms_tool` AS t
        JOIN `context_store_keymap.file` AS k ON k.lms_int_id = t.asset_type_id
        WHERE t.canvas_tool = 'File' AND t.role = 'Learner' AND t.event_time >= '2026-09-21'
        GROUP BY k.id""",
    "views that are no launches": """
        SELECT academic_term_name, asset_type, COUNT(*) AS views
        FROM mart_general.lms_tool WHERE asset_type <> 'context_external_tool' GROUP BY 1, 2""",
    "launches by tool": """
        SELECT tool_name, launch_app_url, launch_app_domain, launch_app_name, COUNT(*) AS launches
        FROM mart_general.lti_tool
        WHERE role = 'Learner' AND is_lti_tool AND NOT is_redirect_tool AND tool_name IS NOT NULL
        GROUP BY 1, 2, 3, 4""",
    "courses that are open": """
        SELECT o.udp_course_offering_id FROM mart_course_offering.status AS o
        WHERE o.status IN ('available', 'completed') AND o.num_students > 0""",
    "time of students": """
        SELECT udp_person_id, SUM(total_time_seconds_20min) / 60 AS minutes
        FROM mart_course_offering.interaction_sessions
        WHERE role = 'Student' AND role_status = 'Enrolled' AND academic_term_name = 'Fall 2026'
        GROUP BY udp_person_id""",
    "files and who saw them": """
        SELECT display_name, student FROM mart_course_offering.file_interactions,
        UNNEST(student_udp_id_array) AS student WHERE num_views > 1""",
    "instructors by the short id": """
        SELECT CAST(e.lms_course_offering_id AS INT64) AS course, e.instructor_display
        FROM mart_helper.context__course_offering__enrollment AS e
        WHERE e.instructor_display LIKE '%, %' AND e.instructor_email_address_display IS NOT NULL""",
    "titles by the SIS id": """
        SELECT c.course_offering_id, c.sis_id, c.title FROM mart_helper.context__course_offering AS c
        WHERE c.sis_id IS NOT NULL""",
    "scores and sessions": """
        SELECT udp_person_id, 100 * avg_published_score AS percent, num_sessions_10min, num_file_views
        FROM mart_taskforce.level1_aggregated WHERE avg_published_score BETWEEN 0 AND 1""",
    "term of a week": """
        SELECT DISTINCT l.udp_course_offering_id, t.academic_term_name
        FROM mart_taskforce.level1_aggregated AS l
        JOIN mart_course_offering.interaction_sessions AS t USING (udp_course_offering_id)""",
    "courses by instructor": """
        SELECT p.course_title, i FROM mart_taskforce.course_profile AS p, UNNEST(p.instructor_name_array) AS i
        WHERE p.num_students > 0 AND p.delivery_mode = 'FaceToFace'""",
    "students of low activity": """
        SELECT university_id, average_student_activity_score FROM mart_student_activity_score.final
        WHERE average_student_activity_score_octile = 0.125 AND week_number = 6""",
    "grades day by day": """
        SELECT run_date, AVG(le_current_score) AS score FROM mart_course_offering.daily_course_grade_record
        WHERE run_date BETWEEN '2026-10-01' AND '2026-10-31' GROUP BY run_date""",
}


@pytest.mark.parametrize("name", QUERIES)
def test_users_sql(name: str) -> None:
    """A query that was written for the platform finds rows here."""
    assert bigquery(QUERIES[name]).num_rows > 0
