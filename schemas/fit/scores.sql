-- Scores of what was handed in, in hundredths of the points possible: what students, pieces of work and chance have
-- in them. Two scores of one student, or of one piece of work, have in common what is theirs, so that the products of
-- their distances from the mean tell the variance of that (method of moments for crossed effects: Searle, Casella and
-- McCulloch, Variance Components, 1992).
WITH
given AS (
  SELECT
    r.person_id,
    r.learner_activity_id,
    CASE a.allowable_submission_types
      WHEN 'online_quiz' THEN 'quiz'
      WHEN 'discussion_topic' THEN 'discussion'
      ELSE 'assignment'
    END AS kind,
    100 * SAFE_DIVIDE(CAST(r.published_score AS FLOAT64), CAST(a.points_possible AS FLOAT64)) AS score
  FROM context_store_entity.learner_activity_result AS r
  JOIN context_store_entity.learner_activity AS a ON a.learner_activity_id = r.learner_activity_id
  WHERE r.published_score IS NOT NULL AND a.points_possible > 0 AND r.response_date IS NOT NULL
    AND a.grade_type IN ('points', 'percent')
),
kept AS (
  SELECT person_id, learner_activity_id, kind, LEAST(score, 100) AS score FROM given
),
mean AS (
  SELECT kind, AVG(score) AS mean_score FROM kept GROUP BY 1
),
centred AS (
  SELECT k.person_id, k.learner_activity_id, k.kind, k.score, k.score - m.mean_score AS distance
  FROM kept AS k
  JOIN mean AS m ON m.kind = k.kind
),
by_person AS (
  SELECT
    kind,
    person_id,
    SUM(distance) AS total,
    SUM(distance * distance) AS squares,
    COUNT(*) AS num_records
  FROM centred
  GROUP BY 1, 2
),
person_part AS (
  SELECT
    kind,
    SAFE_DIVIDE(SUM(total * total - squares), SUM(CAST(num_records * (num_records - 1) AS FLOAT64))) AS variance
  FROM by_person
  GROUP BY 1
),
by_activity AS (
  SELECT
    kind,
    learner_activity_id,
    SUM(distance) AS total,
    SUM(distance * distance) AS squares,
    COUNT(*) AS num_records
  FROM centred
  GROUP BY 1, 2
),
activity_part AS (
  SELECT
    kind,
    SAFE_DIVIDE(SUM(total * total - squares), SUM(CAST(num_records * (num_records - 1) AS FLOAT64))) AS variance
  FROM by_activity
  GROUP BY 1
),
whole AS (
  SELECT
    kind,
    COUNT(*) AS num_records,
    COUNT(DISTINCT person_id) AS num_people,
    AVG(score) AS mean,
    STDDEV_POP(score) AS sd,
    SAFE_DIVIDE(COUNTIF(score >= 100), COUNT(*)) AS full_marks_share
  FROM centred
  GROUP BY 1
)
SELECT
  w.kind,
  w.num_records,
  w.num_people,
  w.mean,
  w.sd,
  w.full_marks_share,
  p.variance AS person_variance,
  a.variance AS activity_variance
FROM whole AS w
JOIN person_part AS p ON p.kind = w.kind
JOIN activity_part AS a ON a.kind = w.kind
WHERE w.num_people >= @threshold
ORDER BY w.kind
