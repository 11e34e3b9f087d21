-- An event says its course, not its section: it counts for every section of the course that the person is in.
SELECT
  d.udp_course_offering_id,
  o.lms_id AS lms_course_offering_id,
  d.udp_person_id,
  p.lms_person_id AS lms_person_id,
  p.course_section_id AS udp_course_section_id,
  s.lms_id AS lms_course_section_id,
  o.academic_organization_display,
  o.academic_organization_array,
  o.term_name AS academic_term_name,
  o.title AS course_offering_title,
  d.event_date AS session_date,
  p.role,
  p.role_status,
  p.enrollment_status,
  d.num_sessions_10min,
  d.num_sessions_20min,
  d.num_sessions_30min,
  d.total_time_seconds_10min,
  d.total_time_seconds_20min,
  d.total_time_seconds_30min
FROM mart_helper.event__course_offering__person_day AS d
JOIN mart_helper.context__course_section__person AS p
  ON p.course_offering_id = d.udp_course_offering_id AND p.person_id = d.udp_person_id
JOIN mart_helper.context__course_section AS s ON s.course_section_id = p.course_section_id
JOIN mart_helper.context__course_offering AS o ON o.course_offering_id = d.udp_course_offering_id
WHERE d.event_date >= @begin_date AND d.event_date <= @end_date
