-- Sections of a course, without those of its components.
WITH
course AS (
  SELECT course_offering_id, COUNT(*) AS sections
  FROM context_store_entity.course_section
  WHERE is_graded
  GROUP BY 1
)
SELECT sections, COUNT(*) AS num_records, COUNT(*) AS num_people
FROM course
GROUP BY 1
ORDER BY 1
