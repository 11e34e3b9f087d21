-- Sections that are taught for a grade.
SELECT course_section_id, course_offering_id, delivery_mode
FROM context_store_entity.course_section
WHERE is_graded
