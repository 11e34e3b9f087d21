-- One row a look: the second event that an API call makes of it, which has no role, is left out.
WITH
viewed AS (
  SELECT
    e.event_time,
    e.course_offering.udp_id AS course_offering_id,
    e.person.udp_id AS person_id,
    e.membership.roles[SAFE_OFFSET(0)] AS role,
    e.object.name AS object_name,
    CASE
      WHEN STARTS_WITH(e.object.id, 'urn:instructure:canvas:quizzes:quiz:') THEN 'quizzes:quiz'
      ELSE SPLIT(e.object.id, ':')[SAFE_OFFSET(3)]
    END AS urn_type,
    CASE
      WHEN STARTS_WITH(e.object.id, 'urn:instructure:canvas:quizzes:quiz:') THEN SPLIT(e.object.id, ':')[SAFE_OFFSET(5)]
      ELSE SPLIT(e.object.id, ':')[SAFE_OFFSET(4)]
    END AS asset_id
  FROM event_store.expanded AS e
  WHERE e.event_time >= DATETIME(@begin_date)
    AND e.event_time < DATETIME(DATE_ADD(@end_date, INTERVAL 1 DAY))
    AND e.type = 'NavigationEvent'
    AND STARTS_WITH(e.object.id, 'urn:instructure:canvas:')
    AND IFNULL(STRPOS(e.membership.id, ':user:'), 0) = 0
)
SELECT
  x.course_offering_id AS udp_course_offering_id,
  o.lms_id AS lms_course_offering_id,
  o.sis_id AS sis_course_offering_id,
  x.person_id AS udp_person_id,
  kp.lms_ext_id AS lms_person_id,
  kp.sis_ext_id AS sis_person_id,
  x.role,
  p.role_status,
  p.enrollment_status,
  o.term_name AS academic_term_name,
  o.term_begin_date AS academic_term_start_date,
  o.academic_organization_array,
  o.academic_organization_display,
  o.title AS course_offering_title,
  o.start_date AS course_offering_start_date,
  o.subject AS course_offering_subject,
  o.number AS course_offering_number,
  o.code AS course_offering_code,
  o.num_students,
  p.course_section_id AS udp_course_section_id,
  s.lms_id AS lms_course_section_id,
  x.event_time,
  CASE x.urn_type
    WHEN 'assignment' THEN 'Learner activity'
    WHEN 'discussion' THEN 'Discussion'
    WHEN 'attachment' THEN 'File'
    WHEN 'content_tag' THEN 'Module item'
    WHEN 'quizzes:quiz' THEN 'Quiz'
    WHEN 'wikiPage' THEN 'Wiki page'
    WHEN 'context_external_tool' THEN 'External tool'
    WHEN 'lti/tool_proxy' THEN 'External tool'
    WHEN 'course' THEN 'Course'
    ELSE 'Other'
  END AS canvas_tool,
  CASE x.urn_type
    WHEN 'discussion' THEN 'discussion_topic'
    WHEN 'wikiPage' THEN 'wiki_page'
    ELSE x.urn_type
  END AS asset_type,
  x.asset_id AS asset_type_id,
  IF(x.urn_type IN ('course', 'user'), x.object_name, NULL) AS asset_subtype,
  IF(x.urn_type IN ('course', 'user'), x.asset_id, NULL) AS asset_subtype_id
FROM viewed AS x
LEFT JOIN mart_helper.context__course_offering AS o ON o.course_offering_id = x.course_offering_id
LEFT JOIN mart_helper.context__course_offering__person AS p
  ON p.course_offering_id = x.course_offering_id AND p.person_id = x.person_id
LEFT JOIN mart_helper.context__course_section AS s ON s.course_section_id = p.course_section_id
LEFT JOIN context_store_keymap.person AS kp ON kp.id = x.person_id
