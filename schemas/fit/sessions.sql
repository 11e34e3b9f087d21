-- When instruction ends, by the session that most courses of a term are in.
SELECT s.instr_end_date, COUNT(*) AS num_courses
FROM context_store_entity.academic_session AS s
JOIN context_store_entity.course_offering AS o ON o.academic_session_id = s.academic_session_id
WHERE s.academic_term_id = @term AND s.instr_end_date IS NOT NULL
GROUP BY 1
ORDER BY num_courses DESC, s.instr_end_date
