-- A row for every student of a course and every week of its term, whether anything happened or not.
WITH
period AS (
  SELECT DISTINCT course_offering_id, week_in_term, week_start_date, week_end_date
  FROM mart_helper.context__taskforce__weeks
),
due AS (
  SELECT
    a.udp_person_id AS person_id,
    a.udp_course_offering_id AS course_offering_id,
    p.week_end_date,
    COUNT(*) AS assignments_due,
    COUNTIF(p.is_new) AS new_assignments_due
  FROM mart_helper.context__student_activity_score__assignments AS a
  JOIN mart_helper.context__taskforce__weeks AS p
    ON p.course_offering_id = a.udp_course_offering_id AND p.event_date = a.due_date
  GROUP BY a.udp_person_id, a.udp_course_offering_id, p.week_end_date
),
handed_in AS (
  SELECT
    b.udp_person_id AS person_id,
    b.udp_course_offering_id AS course_offering_id,
    p.week_end_date,
    COUNT(*) AS submissions,
    COUNTIF(p.is_new) AS new_submissions
  FROM mart_helper.context__student_activity_score__submissions AS b
  JOIN mart_helper.context__taskforce__weeks AS p
    ON p.course_offering_id = b.udp_course_offering_id AND p.event_date = b.due_date
  GROUP BY b.udp_person_id, b.udp_course_offering_id, p.week_end_date
),
navigated AS (
  SELECT
    n.udp_person_id AS person_id,
    n.udp_course_offering_id AS course_offering_id,
    p.week_end_date,
    SUM(n.navigation_time_seconds) AS navigation_time_seconds,
    SUM(n.num_sessions) AS num_sessions,
    SUM(IF(p.is_new, n.navigation_time_seconds, 0)) AS new_navigation_time_seconds,
    SUM(IF(p.is_new, n.num_sessions, 0)) AS new_num_sessions
  FROM mart_helper.event__student_activity_score__navigation_time AS n
  JOIN mart_helper.context__taskforce__weeks AS p
    ON p.course_offering_id = n.udp_course_offering_id AND p.event_date = n.event_date
  GROUP BY n.udp_person_id, n.udp_course_offering_id, p.week_end_date
),
-- Few columns, since they are put into order.
active AS (
  SELECT
    s.person_id,
    s.course_offering_id,
    s.sis_person_id,
    s.lms_person_id,
    p.week_in_term,
    p.week_start_date,
    p.week_end_date,
    IFNULL(n.navigation_time_seconds, 0) AS navigation_time_seconds,
    IFNULL(n.num_sessions, 0) AS num_sessions,
    IFNULL(d.assignments_due, 0) AS assignments_due,
    IFNULL(h.submissions, 0) AS submissions,
    SUM(IFNULL(d.new_assignments_due, 0)) OVER so_far AS assignments_due_so_far,
    SUM(IFNULL(h.new_submissions, 0)) OVER so_far AS submissions_so_far,
    SUM(IFNULL(n.new_navigation_time_seconds, 0)) OVER so_far AS navigation_time_seconds_so_far,
    SUM(IFNULL(n.new_num_sessions, 0)) OVER so_far AS num_sessions_so_far
  FROM mart_helper.context__course_offering__person AS s
  JOIN period AS p ON p.course_offering_id = s.course_offering_id
  LEFT JOIN due AS d
    ON d.person_id = s.person_id
      AND d.course_offering_id = s.course_offering_id
      AND d.week_end_date = p.week_end_date
  LEFT JOIN handed_in AS h
    ON h.person_id = s.person_id
      AND h.course_offering_id = s.course_offering_id
      AND h.week_end_date = p.week_end_date
  LEFT JOIN navigated AS n
    ON n.person_id = s.person_id
      AND n.course_offering_id = s.course_offering_id
      AND n.week_end_date = p.week_end_date
  WHERE s.is_student
  WINDOW so_far AS (
    PARTITION BY s.person_id, s.course_offering_id
    ORDER BY p.week_end_date
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
)
SELECT
  a.sis_person_id AS university_id,
  a.person_id AS global_user_id,
  a.lms_person_id AS canvas_user_id,
  o.term_name,
  o.session_name,
  a.week_in_term AS week_number,
  o.campus_name,
  g.description AS academic_program,
  o.sis_id AS course_code,
  o.course_offering_id AS course_global_id,
  o.lms_id AS course_canvas_id,
  SAFE_DIVIDE(a.navigation_time_seconds, 60) AS navigation_time,
  a.num_sessions,
  a.assignments_due,
  a.submissions,
  a.assignments_due_so_far AS assignments_due_cumulative,
  a.submissions_so_far AS submissions_cumulative,
  SAFE_DIVIDE(a.navigation_time_seconds_so_far, 60) AS navigation_time_cumulative,
  a.num_sessions_so_far AS num_sessions_cumulative,
  a.week_start_date,
  a.week_end_date
FROM active AS a
JOIN mart_helper.context__course_offering AS o ON o.course_offering_id = a.course_offering_id
LEFT JOIN context_store_entity.person__academic_term AS t
  ON t.person_id = a.person_id AND t.academic_term_id = o.academic_term_id
LEFT JOIN context_store_entity.academic_program AS g ON g.academic_program_id = t.academic_program_id
