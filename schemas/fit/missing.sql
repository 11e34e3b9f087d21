-- Work that was due and not handed in, by the part of the term.
WITH
due AS (
  SELECT
    r.person_id,
    r.response_date IS NULL AS is_missing,
    SAFE_DIVIDE(DATE_DIFF(DATE(a.due_date), t.term_begin_date, DAY), DATE_DIFF(t.term_end_date, t.term_begin_date, DAY) + 1)
      AS place
  FROM context_store_entity.learner_activity_result AS r
  JOIN context_store_entity.learner_activity AS a ON a.learner_activity_id = r.learner_activity_id
  JOIN context_store_entity.course_offering AS o ON o.course_offering_id = a.course_offering_id
  JOIN context_store_entity.academic_term AS t ON t.academic_term_id = o.academic_term_id
  WHERE a.due_date IS NOT NULL AND a.allowable_submission_types NOT IN ('on_paper', 'none')
)
SELECT
  b.low AS term_fraction_low,
  COUNTIF(d.is_missing) AS num_missing,
  COUNT(*) AS num_records,
  COUNT(DISTINCT d.person_id) AS num_people
FROM due AS d
JOIN UNNEST([{bins}]) AS b ON d.place >= b.low AND d.place < b.high
GROUP BY 1
ORDER BY 1
