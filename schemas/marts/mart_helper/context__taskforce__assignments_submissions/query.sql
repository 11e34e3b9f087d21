-- A student has an assignment when it is for everyone, or when there is a result of theirs.
WITH
quiz AS (
  SELECT DISTINCT learner_activity_id
  FROM context_store_entity.quiz
  WHERE learner_activity_id IS NOT NULL
),
assignment AS (
  SELECT
    a.learner_activity_id,
    a.course_offering_id,
    q.learner_activity_id IS NOT NULL AS is_quiz,
    CASE
      WHEN IFNULL(g.group_weight, 0) <= 0 THEN 'unweighted'
      WHEN g.group_weight <= 2 THEN 'tiny'
      WHEN g.group_weight <= 5 THEN 'small'
      WHEN g.group_weight <= 10 THEN 'medium'
      WHEN g.group_weight <= 25 THEN 'large'
      ELSE 'major'
    END AS weight_bucket,
    a.due_date,
    COALESCE(a.unlocked_date, a.created_date) AS opened_date,
    IFNULL(a.visibility, 'everyone') <> 'only_visible_to_overrides' AS is_for_everyone,
    IFNULL(a.points_possible, 0) AS points_possible,
    IFNULL(a.allowable_submission_types, ' ') NOT IN (
      'on_paper', 'Assignments', 'not_graded', 'none', ' ', '', 'external_tool'
    ) AS is_online
  FROM context_store_entity.learner_activity AS a
  LEFT JOIN context_store_entity.learner_activity_group AS g
    ON g.learner_activity_group_id = a.learner_activity_group_id
  LEFT JOIN quiz AS q ON q.learner_activity_id = a.learner_activity_id
  WHERE a.status = 'published'
),
result AS (
  SELECT learner_activity_id, person_id, response_date, published_score, IFNULL(is_excused, FALSE) AS is_excused
  FROM context_store_entity.learner_activity_result
  WHERE IFNULL(grading_status, 'unsubmitted') <> 'deleted'
)
SELECT
  a.course_offering_id AS udp_course_offering_id,
  s.person_id AS udp_person_id,
  a.learner_activity_id,
  a.is_quiz,
  a.weight_bucket,
  DATE(COALESCE(a.due_date, r.response_date, a.opened_date)) AS activity_date,
  a.due_date,
  r.response_date,
  a.due_date IS NOT NULL AND a.points_possible <> 0 AND a.is_online AS is_counted,
  r.response_date IS NOT NULL AS is_submitted,
  IFNULL(
    a.due_date < DATETIME(DATE_ADD(@run_date, INTERVAL 1 DAY))
      AND a.is_online
      AND r.response_date IS NULL
      AND NOT IFNULL(r.is_excused, FALSE),
    FALSE
  ) AS is_missing,
  IFNULL(r.response_date > a.due_date, FALSE) AS is_late,
  DATETIME_DIFF(a.due_date, r.response_date, SECOND) AS time_buffer_seconds,
  CAST(
    ROUND(SAFE_DIVIDE(CAST(r.published_score AS FLOAT64), CAST(a.points_possible AS FLOAT64)) * 1000000) AS INT64
  ) AS published_score_micro
FROM assignment AS a
JOIN mart_helper.context__course_offering__person AS s
  ON s.course_offering_id = a.course_offering_id AND s.is_student
LEFT JOIN result AS r ON r.learner_activity_id = a.learner_activity_id AND r.person_id = s.person_id
WHERE a.is_for_everyone OR r.person_id IS NOT NULL
