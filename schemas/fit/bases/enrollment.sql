-- Who is in which section, in what role.
SELECT person_id, role, role_status, enrollment_status
FROM context_store_entity.course_section_enrollment
