-- Seconds between two clicks of a visit.
SELECT
  LEAST(GREATEST(DIV(gap_ms + 500, 1000), 1), 1800) AS seconds,
  COUNT(*) AS num_records,
  COUNT(DISTINCT person_id) AS num_people
FROM fit.visit
WHERE NOT is_start AND type <> 'SessionEvent'
GROUP BY 1
ORDER BY 1
