-- Learner activities per group: a field of its own, no column of the store.
SELECT g.learner_activity_group_id, g.course_offering_id, COUNT(a.learner_activity_id) AS activities
FROM context_store_entity.learner_activity_group AS g
JOIN context_store_entity.learner_activity AS a ON a.learner_activity_group_id = g.learner_activity_group_id
WHERE g.status = 'available'
GROUP BY 1, 2
