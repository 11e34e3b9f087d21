-- Terms in which somebody studies.
SELECT
  t.academic_term_id,
  t.name,
  t.term_type,
  COALESCE(t.term_begin_date, t.le_term_begin_date) AS begin_date,
  COALESCE(t.term_end_date, t.le_term_end_date) AS end_date,
  COUNT(DISTINCT e.person_id) AS num_people
FROM context_store_entity.academic_term AS t
JOIN context_store_entity.course_offering AS o ON o.academic_term_id = t.academic_term_id
JOIN context_store_entity.course_section AS s ON s.course_offering_id = o.course_offering_id
JOIN context_store_entity.course_section_enrollment AS e ON e.course_section_id = s.course_section_id
WHERE e.role = 'Student' AND COALESCE(t.term_begin_date, t.le_term_begin_date) IS NOT NULL
GROUP BY 1, 2, 3, 4, 5
HAVING COUNT(DISTINCT e.person_id) >= @threshold
ORDER BY begin_date, academic_term_id
