WITH
active AS (
  SELECT
    udp_course_offering_id AS course_offering_id,
    udp_person_id AS person_id,
    MAX(last_event_time) AS last_activity
  FROM mart_helper.event__course_offering__person_day
  WHERE event_date <= @run_date
  GROUP BY udp_course_offering_id, udp_person_id
)
SELECT
  a.course_offering_id AS udp_course_offering_id,
  o.lms_id AS lms_course_offering_id,
  a.person_id AS udp_person_id,
  k.lms_ext_id AS lms_person_id,
  p.role,
  p.role_status,
  p.enrollment_status,
  o.academic_organization_array,
  o.academic_organization_display,
  o.term_name AS academic_term_name,
  o.term_begin_date,
  o.term_end_date,
  o.title AS course_offering_title,
  o.start_date AS course_start_date,
  o.end_date AS course_end_date,
  o.instructor_display,
  o.instructor_name_array,
  o.instructor_email_address_array,
  a.last_activity
FROM active AS a
JOIN mart_helper.context__course_offering AS o ON o.course_offering_id = a.course_offering_id
LEFT JOIN mart_helper.context__course_offering__person AS p
  ON p.course_offering_id = a.course_offering_id AND p.person_id = a.person_id
LEFT JOIN context_store_keymap.person AS k ON k.id = a.person_id
