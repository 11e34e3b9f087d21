SELECT udp_course_offering_id, udp_person_id, learner_activity_id, DATE(due_date) AS due_date, response_date
FROM mart_helper.context__taskforce__assignments_submissions
WHERE is_counted AND is_submitted
