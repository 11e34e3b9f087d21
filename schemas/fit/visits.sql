-- Visits of a person on a day on which there are any.
WITH
person_day AS (
  SELECT person_id, DATE(local_time) AS visit_date, COUNT(*) AS visits
  FROM fit.visit
  WHERE is_start
  GROUP BY 1, 2
)
SELECT visits, COUNT(*) AS num_records, COUNT(DISTINCT person_id) AS num_people
FROM person_day
GROUP BY 1
ORDER BY 1
