-- Events of submissions say no course: here it is, once for all days, by the id that they have.
SELECT
  r.learner_activity_result_id,
  k.lms_int_id AS lms_int_submission_id,
  a.course_offering_id AS udp_course_offering_id,
  r.response_date
FROM context_store_entity.learner_activity_result AS r
JOIN context_store_keymap.learner_activity_result AS k ON k.id = r.learner_activity_result_id
JOIN context_store_entity.learner_activity AS a ON a.learner_activity_id = r.learner_activity_id
WHERE r.response_date IS NOT NULL
