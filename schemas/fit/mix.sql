-- What parts of people's clicks tools have: with a person's clicks on a tool goes what the person clicks at all, so
-- that parts are far more certain than numbers. Sums of squares and products tell how certain; NULL for few people.
WITH
by_person AS (
  SELECT person_id, tool, SUM(num_events) AS num_events
  FROM fit.placed_click
  WHERE tool IN ({tools})
  GROUP BY 1, 2
),
whole AS (
  SELECT person_id, SUM(num_events) AS num_events FROM by_person GROUP BY 1
),
every AS (
  SELECT SUM(num_events * num_events) AS num_events_squared, SUM(num_events) AS num_events FROM whole
)
SELECT
  b.tool,
  IF(COUNT(*) < @threshold, NULL, SUM(b.num_events)) AS num_events,
  IF(COUNT(*) < @threshold, NULL, SUM(b.num_events * b.num_events)) AS num_events_squared,
  IF(COUNT(*) < @threshold, NULL, SUM(b.num_events * w.num_events)) AS product,
  MIN(e.num_events) AS all_events,
  MIN(e.num_events_squared) AS all_events_squared
FROM by_person AS b
JOIN whole AS w ON w.person_id = b.person_id
CROSS JOIN every AS e
GROUP BY 1
ORDER BY 1
