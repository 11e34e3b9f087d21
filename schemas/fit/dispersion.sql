-- How unlike students of one course are, and courses of one cell: second moments of clicks of a whole term, of those who
-- stayed all of it, in courses of thirty students and more. Clicks of a student count against the course's mean.
WITH
clicks AS (
  SELECT person_id, course_offering_id, SUM(num_events) AS num_events
  FROM fit.placed_click
  WHERE course_offering_id IS NOT NULL
  GROUP BY 1, 2
),
seat AS (
  SELECT s.person_id, s.course_offering_id, s.cip, s.course_level, IFNULL(c.num_events, 0) AS num_events
  FROM fit.seat AS s
  LEFT JOIN clicks AS c ON c.person_id = s.person_id AND c.course_offering_id = s.course_offering_id
  WHERE s.last_day >= s.days AND s.first_day <= 1
),
course AS (
  SELECT
    cip,
    course_level,
    course_offering_id,
    COUNT(*) AS students,
    AVG(num_events) AS mean_events,
    VAR_SAMP(num_events) AS variance
  FROM seat
  GROUP BY 1, 2, 3
  HAVING COUNT(*) >= 30 AND AVG(num_events) > 0
)
SELECT
  COUNT(*) AS num_courses,
  SUM(students) AS num_people,
  SAFE_DIVIDE(SUM(students * SAFE_DIVIDE(variance - mean_events, mean_events * mean_events)), SUM(students))
    AS squared_variation,
  (SELECT SAFE_DIVIDE(COUNTIF(num_events = 0), COUNT(*)) FROM seat) AS never_active
FROM course
