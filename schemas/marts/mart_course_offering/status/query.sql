-- The latest change of each course that says what state it is in.
WITH
changed AS (
  SELECT
    e.object.id AS object_id,
    LOWER(JSON_VALUE(e.object.extensions, '$."com.instructure.canvas".workflow_state')) AS status,
    ROW_NUMBER() OVER (PARTITION BY e.object.id ORDER BY e.event_time DESC, e.id DESC) AS place
  FROM event_store.expanded AS e
  WHERE e.event_time >= DATETIME(@begin_date)
    AND e.event_time < DATETIME(DATE_ADD(LEAST(@run_date, @end_date), INTERVAL 1 DAY))
    AND e.type = 'Event'
    AND e.action = 'Modified'
    AND e.object.type = 'CourseOffering'
)
SELECT
  o.course_offering_id AS udp_course_offering_id,
  o.lms_id AS lms_course_offering_id,
  o.term_name AS academic_term_name,
  o.term_begin_date AS academic_term_start_date,
  o.academic_organization_array,
  o.academic_organization_display,
  o.title AS course_offering_title,
  o.start_date AS course_offering_start_date,
  o.subject AS course_offering_subject,
  o.number AS course_offering_number,
  o.code AS course_offering_code,
  o.instructor_name_array,
  o.instructor_lms_id_array,
  o.instructor_display,
  o.instructor_email_address_array,
  o.instructor_email_address_display,
  o.num_students,
  COALESCE(c.status, o.status) AS status
FROM mart_helper.context__course_offering AS o
LEFT JOIN changed AS c ON c.object_id = CONCAT('urn:instructure:canvas:course:', o.lms_int_id) AND c.place = 1
