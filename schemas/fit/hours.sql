-- Visits by the hour in which they start, on days from Monday to Friday and at weekends.
SELECT
  EXTRACT(HOUR FROM local_time) AS hour,
  EXTRACT(DAYOFWEEK FROM local_time) IN (1, 7) AS is_weekend,
  COUNT(*) AS num_records,
  COUNT(DISTINCT person_id) AS num_people
FROM fit.visit
WHERE is_start
GROUP BY 1, 2
ORDER BY 1, 2
