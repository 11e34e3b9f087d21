-- Courses of a student in a term, by career and load.
WITH
student AS (
{student}
),
taken AS (
  SELECT person_id, COUNT(DISTINCT course_offering_id) AS courses FROM fit.seat GROUP BY 1
)
SELECT s.career, s.`load`, t.courses, COUNT(*) AS num_records, COUNT(DISTINCT s.person_id) AS num_people
FROM student AS s
JOIN taken AS t ON t.person_id = s.person_id
WHERE s.`load` IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
