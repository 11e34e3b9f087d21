-- Week by week and, beside it, over this and all earlier weeks. Shares, times and scores are whole numbers (millionths,
-- seconds, hundred-thousandths), so that their sums are the same in any order.
WITH
measured AS (
  SELECT
    *,
    CAST(ROUND(SAFE_DIVIDE(1000000 * submissions, assignments_due)) AS INT64) AS share,
    CAST(ROUND(navigation_time * 60) AS INT64) AS seconds,
    num_sessions AS sessions,
    CAST(ROUND(SAFE_DIVIDE(1000000 * submissions_cumulative, assignments_due_cumulative)) AS INT64) AS c_share,
    CAST(ROUND(navigation_time_cumulative * 60) AS INT64) AS c_seconds,
    num_sessions_cumulative AS c_sessions
  FROM mart_student_activity_score.student_course_metrics
),
-- Of each measure: how many students have it, its sum, the sum of its squares (sq_), and whether they differ.
totalled AS (
  SELECT
    course_global_id,
    week_end_date,
    COUNT(*) AS num_students,
    COUNT(share) AS n_share,
    SUM(share) AS share,
    SUM(share * share) AS sq_share,
    MIN(share) < MAX(share) AS is_spread_share,
    COUNT(seconds) AS n_seconds,
    SUM(seconds) AS seconds,
    SUM(seconds * seconds) AS sq_seconds,
    MIN(seconds) < MAX(seconds) AS is_spread_seconds,
    COUNT(sessions) AS n_sessions,
    SUM(sessions) AS sessions,
    SUM(sessions * sessions) AS sq_sessions,
    MIN(sessions) < MAX(sessions) AS is_spread_sessions,
    COUNT(c_share) AS n_c_share,
    SUM(c_share) AS c_share,
    SUM(c_share * c_share) AS sq_c_share,
    MIN(c_share) < MAX(c_share) AS is_spread_c_share,
    COUNT(c_seconds) AS n_c_seconds,
    SUM(c_seconds) AS c_seconds,
    SUM(c_seconds * c_seconds) AS sq_c_seconds,
    MIN(c_seconds) < MAX(c_seconds) AS is_spread_c_seconds,
    COUNT(c_sessions) AS n_c_sessions,
    SUM(c_sessions) AS c_sessions,
    SUM(c_sessions * c_sessions) AS sq_c_sessions,
    MIN(c_sessions) < MAX(c_sessions) AS is_spread_c_sessions
  FROM measured
  GROUP BY course_global_id, week_end_date
),
spread AS (
  SELECT
    course_global_id,
    week_end_date,
    num_students,
    SAFE_DIVIDE(share, n_share) AS avg_share,
    IF(is_spread_share, SQRT(SAFE_DIVIDE(GREATEST(sq_share - SAFE_DIVIDE(CAST(share AS FLOAT64) * CAST(share AS FLOAT64), n_share), 0), n_share - 1)), NULL) AS sd_share,
    SAFE_DIVIDE(seconds, n_seconds) AS avg_seconds,
    IF(is_spread_seconds, SQRT(SAFE_DIVIDE(GREATEST(sq_seconds - SAFE_DIVIDE(CAST(seconds AS FLOAT64) * CAST(seconds AS FLOAT64), n_seconds), 0), n_seconds - 1)), NULL) AS sd_seconds,
    SAFE_DIVIDE(sessions, n_sessions) AS avg_sessions,
    IF(is_spread_sessions, SQRT(SAFE_DIVIDE(GREATEST(sq_sessions - SAFE_DIVIDE(CAST(sessions AS FLOAT64) * CAST(sessions AS FLOAT64), n_sessions), 0), n_sessions - 1)), NULL) AS sd_sessions,
    SAFE_DIVIDE(c_share, n_c_share) AS avg_c_share,
    IF(is_spread_c_share, SQRT(SAFE_DIVIDE(GREATEST(sq_c_share - SAFE_DIVIDE(CAST(c_share AS FLOAT64) * CAST(c_share AS FLOAT64), n_c_share), 0), n_c_share - 1)), NULL) AS sd_c_share,
    SAFE_DIVIDE(c_seconds, n_c_seconds) AS avg_c_seconds,
    IF(is_spread_c_seconds, SQRT(SAFE_DIVIDE(GREATEST(sq_c_seconds - SAFE_DIVIDE(CAST(c_seconds AS FLOAT64) * CAST(c_seconds AS FLOAT64), n_c_seconds), 0), n_c_seconds - 1)), NULL) AS sd_c_seconds,
    SAFE_DIVIDE(c_sessions, n_c_sessions) AS avg_c_sessions,
    IF(is_spread_c_sessions, SQRT(SAFE_DIVIDE(GREATEST(sq_c_sessions - SAFE_DIVIDE(CAST(c_sessions AS FLOAT64) * CAST(c_sessions AS FLOAT64), n_c_sessions), 0), n_c_sessions - 1)), NULL) AS sd_c_sessions
  FROM totalled
),
-- Deviations from the average of course and week, in standard deviations, 0 where all are alike; with their weights.
scored AS (
  SELECT
    m.*,
    s.num_students,
    CAST(
      ROUND(
        100000 * (
          5 * IFNULL(SAFE_DIVIDE(m.share - s.avg_share, s.sd_share), 0)
          + 2 * IFNULL(SAFE_DIVIDE(m.seconds - s.avg_seconds, s.sd_seconds), 0)
          + IFNULL(SAFE_DIVIDE(m.sessions - s.avg_sessions, s.sd_sessions), 0)
        )
      ) AS INT64
    ) AS score,
    CAST(
      ROUND(
        100000 * (
          5 * IFNULL(SAFE_DIVIDE(m.c_share - s.avg_c_share, s.sd_c_share), 0)
          + 2 * IFNULL(SAFE_DIVIDE(m.c_seconds - s.avg_c_seconds, s.sd_c_seconds), 0)
          + IFNULL(SAFE_DIVIDE(m.c_sessions - s.avg_c_sessions, s.sd_c_sessions), 0)
        )
      ) AS INT64
    ) AS c_score
  FROM measured AS m
  JOIN spread AS s ON s.course_global_id = m.course_global_id AND s.week_end_date = m.week_end_date
),
score_total AS (
  SELECT
    course_global_id,
    week_end_date,
    COUNT(score) AS n_score,
    SUM(score) AS score,
    SUM(score * score) AS sq_score,
    MIN(score) < MAX(score) AS is_spread_score,
    COUNT(c_score) AS n_c_score,
    SUM(c_score) AS c_score,
    SUM(c_score * c_score) AS sq_c_score,
    MIN(c_score) < MAX(c_score) AS is_spread_c_score
  FROM scored
  GROUP BY course_global_id, week_end_date
),
score_spread AS (
  SELECT
    course_global_id,
    week_end_date,
    SAFE_DIVIDE(score, n_score) AS avg_score,
    IF(is_spread_score, SQRT(SAFE_DIVIDE(GREATEST(sq_score - SAFE_DIVIDE(CAST(score AS FLOAT64) * CAST(score AS FLOAT64), n_score), 0), n_score - 1)), NULL) AS sd_score,
    SAFE_DIVIDE(c_score, n_c_score) AS avg_c_score,
    IF(is_spread_c_score, SQRT(SAFE_DIVIDE(GREATEST(sq_c_score - SAFE_DIVIDE(CAST(c_score AS FLOAT64) * CAST(c_score AS FLOAT64), n_c_score), 0), n_c_score - 1)), NULL) AS sd_c_score
  FROM score_total
),
-- A score lies at or below PERCENTILE_CONT of k eighths exactly when its place, counted from 0, is at most k eighths
-- of the last place: the score at the last such place is where the octile ends.
placed AS (
  SELECT
    academic_program,
    term_name,
    week_end_date,
    MIN(score) < MAX(score) AS is_spread,
    MIN(c_score) < MAX(c_score) AS is_c_spread,
    COUNT(*) - 1 AS last_place,
    ARRAY_AGG(score IGNORE NULLS ORDER BY score) AS scores,
    ARRAY_AGG(c_score IGNORE NULLS ORDER BY c_score) AS c_scores
  FROM scored
  GROUP BY academic_program, term_name, week_end_date
),
octile AS (
  SELECT
    academic_program,
    term_name,
    week_end_date,
    is_spread,
    is_c_spread,
    scores[SAFE_OFFSET(DIV(last_place, 8))] AS end_of_first,
    scores[SAFE_OFFSET(DIV(2 * last_place, 8))] AS end_of_second,
    scores[SAFE_OFFSET(DIV(3 * last_place, 8))] AS end_of_third,
    scores[SAFE_OFFSET(DIV(4 * last_place, 8))] AS end_of_fourth,
    scores[SAFE_OFFSET(DIV(5 * last_place, 8))] AS end_of_fifth,
    scores[SAFE_OFFSET(DIV(6 * last_place, 8))] AS end_of_sixth,
    scores[SAFE_OFFSET(DIV(7 * last_place, 8))] AS end_of_seventh,
    c_scores[SAFE_OFFSET(DIV(last_place, 8))] AS c_end_of_first,
    c_scores[SAFE_OFFSET(DIV(2 * last_place, 8))] AS c_end_of_second,
    c_scores[SAFE_OFFSET(DIV(3 * last_place, 8))] AS c_end_of_third,
    c_scores[SAFE_OFFSET(DIV(4 * last_place, 8))] AS c_end_of_fourth,
    c_scores[SAFE_OFFSET(DIV(5 * last_place, 8))] AS c_end_of_fifth,
    c_scores[SAFE_OFFSET(DIV(6 * last_place, 8))] AS c_end_of_sixth,
    c_scores[SAFE_OFFSET(DIV(7 * last_place, 8))] AS c_end_of_seventh
  FROM placed
)
SELECT
  r.university_id,
  r.global_user_id,
  r.canvas_user_id,
  r.term_name,
  r.session_name,
  r.campus_name,
  r.academic_program,
  r.course_code,
  r.course_global_id,
  r.course_canvas_id,
  r.week_number,
  r.week_start_date,
  r.week_end_date,
  r.num_students >= 10 AS course_has_10_or_more_students,
  SAFE_DIVIDE(r.score, 100000) AS student_activity_score,
  SAFE_DIVIDE(r.score - s.avg_score, s.sd_score) AS student_activity_score_z,
  CASE
    WHEN NOT o.is_spread THEN NULL
    WHEN r.score <= o.end_of_first THEN 0.125
    WHEN r.score <= o.end_of_second THEN 0.25
    WHEN r.score <= o.end_of_third THEN 0.375
    WHEN r.score <= o.end_of_fourth THEN 0.5
    WHEN r.score <= o.end_of_fifth THEN 0.625
    WHEN r.score <= o.end_of_sixth THEN 0.75
    WHEN r.score <= o.end_of_seventh THEN 0.875
    ELSE 1.0
  END AS student_activity_score_octile,
  SAFE_DIVIDE(r.c_score, 100000) AS student_activity_score_cumulative,
  SAFE_DIVIDE(r.c_score - s.avg_c_score, s.sd_c_score) AS student_activity_score_z_cumulative,
  CASE
    WHEN NOT o.is_c_spread THEN NULL
    WHEN r.c_score <= o.c_end_of_first THEN 0.125
    WHEN r.c_score <= o.c_end_of_second THEN 0.25
    WHEN r.c_score <= o.c_end_of_third THEN 0.375
    WHEN r.c_score <= o.c_end_of_fourth THEN 0.5
    WHEN r.c_score <= o.c_end_of_fifth THEN 0.625
    WHEN r.c_score <= o.c_end_of_sixth THEN 0.75
    WHEN r.c_score <= o.c_end_of_seventh THEN 0.875
    ELSE 1.0
  END AS student_activity_score_octile_cumulative
FROM scored AS r
JOIN score_spread AS s ON s.course_global_id = r.course_global_id AND s.week_end_date = r.week_end_date
JOIN octile AS o
  ON o.week_end_date = r.week_end_date
    AND IFNULL(o.academic_program, '') = IFNULL(r.academic_program, '')
    AND IFNULL(o.term_name, '') = IFNULL(r.term_name, '')
    AND (o.academic_program IS NULL) = (r.academic_program IS NULL)
    AND (o.term_name IS NULL) = (r.term_name IS NULL)
