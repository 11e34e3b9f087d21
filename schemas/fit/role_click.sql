-- Clicks of people in courses in which they have a role other than a student's, by cell and day in term.
WITH
placed AS (
  SELECT
    c.person_id,
    c.course_offering_id,
    s.role,
    s.cip,
    s.course_level,
    s.term_type,
    DATE_DIFF(c.click_date, s.begin_date, DAY) AS day_number,
    s.days,
    s.shift,
    c.tool,
    c.num_events
  FROM fit.click AS c
  JOIN fit.role_seat AS s ON s.person_id = c.person_id AND s.course_offering_id = c.course_offering_id
)
SELECT
  person_id,
  course_offering_id,
  role,
  cip,
  course_level,
  term_type,
  day_number + IF(2 * day_number > days, shift, 0) AS day_in_term,
  tool,
  num_events
FROM placed
