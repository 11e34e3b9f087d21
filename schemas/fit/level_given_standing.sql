-- Levels of the courses of students, by their standing.
WITH
student AS (
{student}
)
SELECT s.standing, t.course_level AS level, COUNT(*) AS num_records, COUNT(DISTINCT s.person_id) AS num_people
FROM student AS s
JOIN fit.seat AS t ON t.person_id = s.person_id
GROUP BY 1, 2
ORDER BY 1, 2
