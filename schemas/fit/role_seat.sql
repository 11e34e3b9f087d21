-- A row per course and person who has a role other than a student's in it: as fit.seat has one per student. Of several
-- roles in a course the first counts, by their order; whoever studies in it is left to the students. Families and levels
-- in which fewer people than the threshold have the role are merged, and the least of the others with them where those
-- are too few even so; where still too few, they are left out.
WITH
known AS (
  SELECT * FROM UNNEST([{roles}])
),
person AS (
  SELECT
    e.person_id,
    s.le_current_course_offering_id AS course_offering_id,
    MIN(r.place) AS place,
    MIN(e.entry_date) AS entry_date,
    IF(COUNTIF(e.exit_date IS NULL) > 0, NULL, MAX(e.exit_date)) AS exit_date
  FROM context_store_entity.course_section_enrollment AS e
  JOIN context_store_entity.course_section AS s ON s.course_section_id = e.course_section_id
  JOIN known AS r ON r.role = e.role
  GROUP BY 1, 2
),
seat AS (
  SELECT
    p.person_id,
    p.course_offering_id,
    r.role,
    IF(c.cip IN ({cips}), c.cip, {merged}) AS cip,
    c.course_level,
    c.term_type,
    c.begin_date,
    c.days,
    c.shift,
    GREATEST(IFNULL(DATE_DIFF(p.entry_date, c.begin_date, DAY) + 1, c.first_day), c.first_day) AS first_day,
    LEAST(IFNULL(DATE_DIFF(p.exit_date, c.begin_date, DAY), c.last_day + 1), c.last_day + 1) AS last_day
  FROM person AS p
  JOIN known AS r ON r.place = p.place
  JOIN fit.course AS c ON c.course_offering_id = p.course_offering_id
  WHERE r.role <> 'Student'
),
cell AS (
  SELECT
    role,
    cip,
    course_level,
    COUNT(DISTINCT person_id) AS num_people,
    IF(cip = {merged}, 0, COUNT(DISTINCT person_id)) AS own
  FROM seat
  GROUP BY 1, 2, 3
),
ranked AS (
  SELECT
    role,
    cip,
    course_level,
    own,
    SUM(num_people) OVER (
      PARTITION BY role ORDER BY own, cip, course_level ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) - num_people AS lesser
  FROM cell
),
merged AS (
  SELECT role, cip, course_level, own < @threshold OR (lesser > 0 AND lesser < @threshold) AS is_merged FROM ranked
),
placed AS (
  SELECT
    s.person_id,
    s.course_offering_id,
    s.role,
    IF(m.is_merged, {merged}, s.cip) AS cip,
    IF(m.is_merged, {merged}, s.course_level) AS course_level,
    s.term_type,
    s.begin_date,
    s.days,
    s.shift,
    s.first_day,
    s.last_day
  FROM seat AS s
  JOIN merged AS m ON m.role = s.role AND m.cip = s.cip AND m.course_level = s.course_level
),
enough AS (
  SELECT role, cip, course_level
  FROM placed
  GROUP BY 1, 2, 3
  HAVING COUNT(DISTINCT person_id) >= @threshold
)
SELECT p.*
FROM placed AS p
JOIN enough AS n ON n.role = p.role AND n.cip = p.cip AND n.course_level = p.course_level
