SELECT
  p.course_offering_id AS udp_course_offering_id,
  o.lms_id AS lms_course_offering_id,
  p.person_id AS udp_person_id,
  p.lms_person_id AS lms_person_id,
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
  a.last_activity,
  IF(a.last_activity IS NULL, 1, 0) AS has_no_activity,
  DATE_DIFF(@run_date, DATE(a.last_activity), DAY) AS days_since_last_activity,
  CASE
    WHEN a.last_activity IS NULL THEN NULL
    WHEN DATE_DIFF(@run_date, DATE(a.last_activity), DAY) >= 5 THEN 1
    ELSE 0
  END AS is_5_days,
  CASE
    WHEN a.last_activity IS NULL THEN NULL
    WHEN DATE_DIFF(@run_date, DATE(a.last_activity), DAY) >= 7 THEN 1
    ELSE 0
  END AS is_7_days,
  CASE
    WHEN a.last_activity IS NULL THEN NULL
    WHEN DATE_DIFF(@run_date, DATE(a.last_activity), DAY) >= 10 THEN 1
    ELSE 0
  END AS is_10_days,
  CASE
    WHEN a.last_activity IS NULL THEN NULL
    WHEN DATE_DIFF(@run_date, DATE(a.last_activity), DAY) >= 14 THEN 1
    ELSE 0
  END AS is_14_days
FROM mart_helper.context__course_offering__person AS p
JOIN mart_helper.context__course_offering AS o ON o.course_offering_id = p.course_offering_id
LEFT JOIN mart_course_offering.last_activity AS a
  ON a.udp_course_offering_id = p.course_offering_id AND a.udp_person_id = p.person_id
-- Of terms that are current on the run date, who is active there and has done nothing for five days.
WHERE p.is_active
  AND @run_date >= o.open_date
  AND @run_date <= o.close_date
  AND (a.last_activity IS NULL OR DATE_DIFF(@run_date, DATE(a.last_activity), DAY) >= 5)
