-- Courses that use a tool at all, by how they are taught: more than one of their students clicked in it.
WITH
course AS (
  SELECT course_offering_id, MIN(teaching_mode) AS teaching_mode FROM fit.seat GROUP BY 1
),
used AS (
  SELECT course_offering_id, tool
  FROM fit.placed_click
  WHERE course_offering_id IS NOT NULL
  GROUP BY 1, 2
  HAVING COUNT(DISTINCT person_id) > 1
),
every AS (
  SELECT teaching_mode, COUNT(*) AS num_records FROM course GROUP BY 1
)
SELECT u.tool, c.teaching_mode, COUNT(*) AS num_using, MIN(e.num_records) AS num_records
FROM used AS u
JOIN course AS c ON c.course_offering_id = u.course_offering_id
JOIN every AS e ON e.teaching_mode = c.teaching_mode
GROUP BY 1, 2
ORDER BY 1, 2
