-- A row per student and course of the terms: its cell, and the days in term on which the student can click in it,
-- from first_day up to last_day, which is no longer one. Days of a longer or shorter term are aligned in whole
-- weeks: those of its first half from its beginning, the others from its end.
WITH
seat AS (
  SELECT
    e.person_id,
    s.le_current_course_offering_id AS course_offering_id,
    MIN(e.entry_date) AS entry_date,
    IF(COUNTIF(e.exit_date IS NULL) > 0, NULL, MAX(e.exit_date)) AS exit_date,
    MIN(CASE s.delivery_mode WHEN 'Online' THEN 'online' WHEN 'BlendedLearning' THEN 'hybrid' ELSE 'in_person' END)
      AS teaching_mode
  FROM context_store_entity.course_section_enrollment AS e
  JOIN context_store_entity.course_section AS s ON s.course_section_id = e.course_section_id
  WHERE e.role = 'Student' AND s.is_graded
  GROUP BY 1, 2
)
SELECT
  s.person_id,
  s.course_offering_id,
  'Student' AS role,
  c.cip,
  c.course_level,
  s.teaching_mode,
  c.term_type,
  c.begin_date,
  c.days,
  c.shift,
  GREATEST(IFNULL(DATE_DIFF(s.entry_date, c.begin_date, DAY) + 1, c.first_day), c.first_day) AS first_day,
  LEAST(IFNULL(DATE_DIFF(s.exit_date, c.begin_date, DAY), c.last_day + 1), c.last_day + 1) AS last_day
FROM seat AS s
JOIN fit.course AS c ON c.course_offering_id = s.course_offering_id
