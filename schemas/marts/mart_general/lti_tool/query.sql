-- Launches by LTI 1 name their address, those by LTI 2 the tool alone: it is known by the first word of its name.
-- Few links are launched many times, so that each link's extensions are taken apart once.
WITH
launched AS (
  SELECT
    e.event_time,
    e.course_offering.udp_id AS course_offering_id,
    e.person.udp_id AS person_id,
    e.membership.roles[SAFE_OFFSET(0)] AS role,
    IFNULL(e.object.extensions, '') AS extensions
  FROM event_store.expanded AS e
  WHERE e.event_time >= DATETIME(@begin_date)
    AND e.event_time < DATETIME(DATE_ADD(@end_date, INTERVAL 1 DAY))
    AND e.type = 'NavigationEvent'
    AND e.object.name IN ('context_external_tool', 'lti/tool_proxy')
    AND IFNULL(STRPOS(e.membership.id, ':user:'), 0) = 0
),
told AS (
  SELECT DISTINCT extensions
  FROM launched
),
link AS (
  SELECT
    extensions,
    JSON_VALUE(extensions, '$."com.instructure.canvas".url') AS url,
    JSON_VALUE(extensions, '$."com.instructure.canvas".domain') AS domain,
    JSON_VALUE(extensions, '$."com.instructure.canvas".asset_name') AS app_name
  FROM told
),
known AS (
  SELECT
    l.extensions,
    COALESCE(l.url, l.domain) AS url,
    l.domain,
    l.app_name,
    COALESCE(t.tool_name, l.app_name) AS tool_name,
    IFNULL(t.is_lti_tool, TRUE) AS is_lti_tool,
    IFNULL(t.is_redirect_tool, FALSE) AS is_redirect_tool
  FROM link AS l
  LEFT JOIN mart_helper.context__lti_tool_name AS t
    ON t.domain_part = LOWER(
      COALESCE(SPLIT(l.domain, '.')[SAFE_OFFSET(0)], SPLIT(l.app_name, ' ')[SAFE_OFFSET(0)])
    )
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
  l.url AS launch_app_url,
  l.domain AS launch_app_domain,
  l.app_name AS launch_app_name,
  l.tool_name,
  l.is_lti_tool,
  l.is_redirect_tool
FROM launched AS x
JOIN known AS l ON l.extensions = x.extensions
LEFT JOIN mart_helper.context__course_offering AS o ON o.course_offering_id = x.course_offering_id
LEFT JOIN mart_helper.context__course_offering__person AS p
  ON p.course_offering_id = x.course_offering_id AND p.person_id = x.person_id
LEFT JOIN mart_helper.context__course_section AS s ON s.course_section_id = p.course_section_id
LEFT JOIN context_store_keymap.person AS kp ON kp.id = x.person_id
