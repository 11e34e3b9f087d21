-- Clicks by role, CIP family, course level and tool over the term. What few people did is NULL; how much courses of a
-- cell differ tells how certain the figure is.
WITH
seats AS (
  SELECT
    role,
    cip,
    course_level,
    COUNT(DISTINCT person_id) AS num_people,
    COUNT(DISTINCT course_offering_id) AS num_courses
  FROM fit.{seats}
  GROUP BY 1, 2, 3
),
by_course AS (
  SELECT role, cip, course_level, tool, course_offering_id, SUM(num_events) AS num_events
  FROM fit.{clicks}
  WHERE cip IS NOT NULL
  GROUP BY 1, 2, 3, 4, 5
),
by_person AS (
  SELECT role, cip, course_level, tool, COUNT(DISTINCT person_id) AS num_people
  FROM fit.{clicks}
  WHERE cip IS NOT NULL
  GROUP BY 1, 2, 3, 4
)
SELECT
  c.role,
  c.cip,
  c.course_level,
  c.tool,
  IF(MIN(p.num_people) < @threshold, NULL, SUM(c.num_events)) AS num_events,
  IF(MIN(p.num_people) < @threshold, NULL, SUM(c.num_events * c.num_events)) AS num_events_squared,
  MIN(s.num_courses) AS num_courses,
  IF(MIN(p.num_people) < @threshold, NULL, MIN(p.num_people)) AS num_people
FROM by_course AS c
JOIN by_person AS p ON p.role = c.role AND p.cip = c.cip AND p.course_level = c.course_level AND p.tool = c.tool
JOIN seats AS s ON s.role = c.role AND s.cip = c.cip AND s.course_level = c.course_level
WHERE s.num_people >= @threshold
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
