-- When students withdraw, as a part of the term, by the intervals of the pack.
WITH
withdrawn AS (
  SELECT
    e.person_id,
    SAFE_DIVIDE(DATE_DIFF(e.exit_date, t.term_begin_date, DAY), DATE_DIFF(t.term_end_date, t.term_begin_date, DAY) + 1)
      AS place
  FROM context_store_entity.course_section_enrollment AS e
  JOIN context_store_entity.course_section AS s ON s.course_section_id = e.course_section_id
  JOIN context_store_entity.course_offering AS o ON o.course_offering_id = s.course_offering_id
  JOIN context_store_entity.academic_term AS t ON t.academic_term_id = o.academic_term_id
  WHERE e.role = 'Student' AND e.role_status = 'Withdrawn' AND s.is_graded
)
SELECT b.low AS term_fraction_low, COUNT(*) AS num_records, COUNT(DISTINCT w.person_id) AS num_people
FROM withdrawn AS w
JOIN UNNEST([{bins}]) AS b ON w.place >= b.low AND w.place < b.high
GROUP BY 1
ORDER BY 1
