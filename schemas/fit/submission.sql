-- Documents of submissions, which name no course: the keymap knows whose they are.
SELECT CONCAT('urn:instructure:canvas:submission:', k.lms_int_id) AS object_id, a.course_offering_id
FROM context_store_keymap.learner_activity_result AS k
JOIN context_store_entity.learner_activity_result AS r ON r.learner_activity_result_id = k.id
JOIN context_store_entity.learner_activity AS a ON a.learner_activity_id = r.learner_activity_id
