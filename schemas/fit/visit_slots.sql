-- Clicks of a visit, logins and logouts left out; longer visits than the pack has count as its longest.
WITH
numbered AS (
  SELECT
    person_id,
    type,
    COUNTIF(is_start) OVER (
      PARTITION BY person_id ORDER BY event_time, type, action ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS visit_number
  FROM fit.visit
),
counted AS (
  SELECT person_id, visit_number, LEAST(COUNTIF(type <> 'SessionEvent'), @most) AS slots
  FROM numbered
  GROUP BY 1, 2
)
SELECT slots, COUNT(*) AS num_records, COUNT(DISTINCT person_id) AS num_people
FROM counted
WHERE slots > 0
GROUP BY 1
ORDER BY 1
