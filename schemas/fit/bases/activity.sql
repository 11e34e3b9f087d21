-- Learner activities that were not thrown away.
SELECT
  learner_activity_id,
  course_offering_id,
  grade_type,
  CASE WHEN has_peer_reviews THEN 'true' WHEN NOT has_peer_reviews THEN 'false' END AS has_peer_reviews
FROM context_store_entity.learner_activity
WHERE status <> 'deleted'
