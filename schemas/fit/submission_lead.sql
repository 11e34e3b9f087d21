-- When students hand in before the due time: minutes, by the intervals of the pack.
WITH
handed_in AS (
  SELECT r.person_id, DATETIME_DIFF(a.due_date, r.response_date, SECOND) AS lead_seconds
  FROM context_store_entity.learner_activity_result AS r
  JOIN context_store_entity.learner_activity AS a ON a.learner_activity_id = r.learner_activity_id
  WHERE r.response_date IS NOT NULL AND a.due_date IS NOT NULL AND r.attempt = 1
    AND a.allowable_submission_types NOT IN ('on_paper', 'none')
)
SELECT b.low AS lead_low_minutes, COUNT(*) AS num_records, COUNT(DISTINCT h.person_id) AS num_people
FROM handed_in AS h
JOIN UNNEST([{bins}]) AS b ON h.lead_seconds >= 60 * b.low AND h.lead_seconds < 60 * b.high
GROUP BY 1
ORDER BY 1
