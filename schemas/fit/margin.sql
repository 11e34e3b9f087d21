-- Clicks along some axes of the rates, with the sum of the squares of what each person did; NULL for few people.
WITH
by_person AS (
  SELECT {axes}, person_id, SUM(num_events) AS num_events
  FROM fit.{clicks}
  WHERE {where}
  GROUP BY {places}, {last_place}
)
SELECT
  {axes},
  IF(COUNT(*) < @threshold, NULL, SUM(num_events)) AS num_events,
  IF(COUNT(*) < @threshold, NULL, SUM(num_events * num_events)) AS num_events_squared,
  IF(COUNT(*) < @threshold, NULL, COUNT(*)) AS num_people
FROM by_person
GROUP BY {places}
ORDER BY {places}
