-- A row per student and course of the terms: its cell, and the days in term on which the student can click in it,
-- from first_day up to last_day, which is no longer one. Days of a longer or shorter term are aligned in whole
-- weeks: those of its first half from its beginning, the others from its end.
WITH
term AS (
  SELECT * FROM UNNEST([{terms}])
),
numbered AS (
  SELECT
    o.course_offering_id,
    o.academic_term_id,
    COALESCE(SUBSTR(o.cip_code2k, 1, 2), f.cip) AS cip,
    SAFE_CAST(REGEXP_EXTRACT(o.number, '^[0-9]+') AS INT64) AS course_number
  FROM context_store_entity.course_offering AS o
  LEFT JOIN UNNEST([{subjects}]) AS f ON f.subject = o.subject
  WHERE o.le_status IN ('available', 'completed')
),
course AS (
  SELECT n.course_offering_id, n.academic_term_id, n.cip, l.course_level
  FROM numbered AS n
  JOIN UNNEST([{levels}]) AS l ON n.course_number BETWEEN l.low AND l.high
),
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
  c.cip,
  c.course_level,
  s.teaching_mode,
  t.term_type,
  t.begin_date,
  t.days,
  t.shift,
  GREATEST(IFNULL(DATE_DIFF(s.entry_date, t.begin_date, DAY) + 1, t.first_day), t.first_day) AS first_day,
  LEAST(IFNULL(DATE_DIFF(s.exit_date, t.begin_date, DAY), t.last_day + 1), t.last_day + 1) AS last_day
FROM seat AS s
JOIN course AS c ON c.course_offering_id = s.course_offering_id
JOIN term AS t ON t.academic_term_id = c.academic_term_id
