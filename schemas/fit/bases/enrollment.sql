-- Who is in which section, in what role. Sections that Canvas alone knows (sandboxes) are left out: nobody has a status
-- in them.
SELECT
  e.person_id,
  e.role,
  e.role_status,
  e.enrollment_status,
  s.le_current_course_offering_id AS course_offering_id
FROM context_store_entity.course_section_enrollment AS e
JOIN context_store_entity.course_section AS s ON s.course_section_id = e.course_section_id
WHERE s.is_graded IS NOT NULL
