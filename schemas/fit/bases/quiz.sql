-- Quizzes of courses.
SELECT
  quiz_id,
  course_offering_id,
  type,
  CAST(allowed_attempts AS STRING) AS allowed_attempts,
  scoring_policy,
  CAST(time_limit AS STRING) AS time_limit,
  show_results,
  correct_answers_display_policy,
  quiz_item_count
FROM context_store_entity.quiz
WHERE status <> 'deleted'
