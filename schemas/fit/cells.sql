-- Clicks by CIP family, course level and tool over the term. What few people did is NULL; how much courses of a cell
-- differ tells how certain the figure is.
WITH
seats AS (
  SELECT cip, course_level, COUNT(DISTINCT person_id) AS num_people, COUNT(DISTINCT course_offering_id) AS num_courses
  FROM fit.seat
  GROUP BY 1, 2
),
by_course AS (
  SELECT cip, course_level, tool, course_offering_id, SUM(num_events) AS num_events
  FROM fit.placed_click
  WHERE cip IS NOT NULL
  GROUP BY 1, 2, 3, 4
),
by_person AS (
  SELECT cip, course_level, tool, COUNT(DISTINCT person_id) AS num_people
  FROM fit.placed_click
  WHERE cip IS NOT NULL
  GROUP BY 1, 2, 3
)
SELECT
  c.cip,
  c.course_level,
  c.tool,
  IF(MIN(p.num_people) < @threshold, NULL, SUM(c.num_events)) AS num_events,
  IF(MIN(p.num_people) < @threshold, NULL, SUM(c.num_events * c.num_events)) AS num_events_squared,
  MIN(s.num_courses) AS num_courses,
  IF(MIN(p.num_people) < @threshold, NULL, MIN(p.num_people)) AS num_people
FROM by_course AS c
JOIN by_person AS p ON p.cip = c.cip AND p.course_level = c.course_level AND p.tool = c.tool
JOIN seats AS s ON s.cip = c.cip AND s.course_level = c.course_level
WHERE s.num_people >= @threshold
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
