-- Events and work say their course, not their section: they count in every section of it that the student is in.
SELECT
  m.university_id,
  m.global_user_id,
  m.canvas_user_id,
  m.term_name,
  m.session_name,
  m.week_number,
  m.campus_name,
  m.academic_program,
  m.course_code,
  m.course_global_id,
  m.course_canvas_id,
  s.sis_id AS course_section_code,
  s.course_section_id AS course_section_global_id,
  s.lms_id AS course_section_canvas_id,
  m.navigation_time,
  m.num_sessions,
  m.assignments_due,
  m.submissions,
  m.assignments_due_cumulative,
  m.submissions_cumulative,
  m.navigation_time_cumulative,
  m.num_sessions_cumulative,
  m.week_start_date,
  m.week_end_date
FROM mart_student_activity_score.student_course_metrics AS m
JOIN mart_helper.context__course_section__person AS p
  ON p.course_offering_id = m.course_global_id AND p.person_id = m.global_user_id AND p.is_student
JOIN mart_helper.context__course_section AS s ON s.course_section_id = p.course_section_id
