-- Clicks of students in their courses by cell and day in term, and those that name no course by their day.
WITH
student AS (
  SELECT DISTINCT person_id, term_type, begin_date, days, shift FROM fit.seat
),
placed AS (
  SELECT
    c.person_id,
    c.course_offering_id,
    s.cip,
    s.course_level,
    s.term_type,
    DATE_DIFF(c.click_date, s.begin_date, DAY) AS day_number,
    s.days,
    s.shift,
    c.tool,
    c.num_events
  FROM fit.click AS c
  JOIN fit.seat AS s ON s.person_id = c.person_id AND s.course_offering_id = c.course_offering_id
  WHERE NOT c.is_work
  UNION ALL
  SELECT
    c.person_id,
    NULL,
    NULL,
    NULL,
    s.term_type,
    DATE_DIFF(c.click_date, s.begin_date, DAY) AS day_number,
    s.days,
    s.shift,
    c.tool,
    c.num_events
  FROM fit.click AS c
  JOIN student AS s
    ON s.person_id = c.person_id
    AND c.click_date BETWEEN DATE_SUB(s.begin_date, INTERVAL 14 DAY) AND DATE_ADD(s.begin_date, INTERVAL s.days DAY)
  WHERE c.course_offering_id IS NULL AND NOT c.is_work
)
SELECT
  person_id,
  course_offering_id,
  'Student' AS role,
  cip,
  course_level,
  term_type,
  day_number + IF(2 * day_number > days, shift, 0) AS day_in_term,
  tool,
  num_events
FROM placed
