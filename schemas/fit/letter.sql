-- Letter grades of those graded.
SELECT grade_on_official_transcript AS letter, COUNT(*) AS num_records, COUNT(DISTINCT person_id) AS num_people
FROM context_store_entity.course_grade
WHERE grade_on_official_transcript IS NOT NULL
GROUP BY 1
ORDER BY 1
