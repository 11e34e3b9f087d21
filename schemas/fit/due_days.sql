-- Courses of a term in which work is due, by the date on campus.
SELECT DATE(TIMESTAMP(a.due_date), @time_zone) AS due_day, COUNT(DISTINCT a.course_offering_id) AS num_courses
FROM context_store_entity.learner_activity AS a
JOIN context_store_entity.course_offering AS o ON o.course_offering_id = a.course_offering_id
WHERE o.academic_term_id = @term AND a.due_date IS NOT NULL
GROUP BY 1
HAVING COUNT(DISTINCT a.course_offering_id) >= @threshold
ORDER BY 1
