-- Week by week and, beside it, over this and all earlier weeks: one computation for both. Shares, times and scores
-- are whole numbers (millionths, seconds, hundred-thousandths), so that their sums are the same in any order.
WITH
measured AS (
  SELECT
    course_section_global_id,
    global_user_id,
    academic_program,
    term_name,
    week_end_date,
    FALSE AS is_cumulative,
    CAST(ROUND(SAFE_DIVIDE(1000000 * submissions, assignments_due)) AS INT64) AS share,
    CAST(ROUND(navigation_time * 60) AS INT64) AS seconds,
    num_sessions AS sessions
  FROM mart_student_activity_score.student_course_section_metrics
  UNION ALL
  SELECT
    course_section_global_id,
    global_user_id,
    academic_program,
    term_name,
    week_end_date,
    TRUE AS is_cumulative,
    CAST(ROUND(SAFE_DIVIDE(1000000 * submissions_cumulative, assignments_due_cumulative)) AS INT64) AS share,
    CAST(ROUND(navigation_time_cumulative * 60) AS INT64) AS seconds,
    num_sessions_cumulative AS sessions
  FROM mart_student_activity_score.student_course_section_metrics
),
spread AS (
  SELECT
    course_section_global_id,
    week_end_date,
    is_cumulative,
    COUNT(*) AS num_students,
    SAFE_DIVIDE(SUM(share), COUNT(share)) AS avg_share,
    IF(MIN(share) < MAX(share), SQRT(SAFE_DIVIDE(GREATEST(SUM(share * share) - SAFE_DIVIDE(CAST(SUM(share) AS FLOAT64) * CAST(SUM(share) AS FLOAT64), COUNT(share)), 0), COUNT(share) - 1)), NULL) AS sd_share,
    SAFE_DIVIDE(SUM(seconds), COUNT(seconds)) AS avg_seconds,
    IF(MIN(seconds) < MAX(seconds), SQRT(SAFE_DIVIDE(GREATEST(SUM(seconds * seconds) - SAFE_DIVIDE(CAST(SUM(seconds) AS FLOAT64) * CAST(SUM(seconds) AS FLOAT64), COUNT(seconds)), 0), COUNT(seconds) - 1)), NULL) AS sd_seconds,
    SAFE_DIVIDE(SUM(sessions), COUNT(sessions)) AS avg_sessions,
    IF(MIN(sessions) < MAX(sessions), SQRT(SAFE_DIVIDE(GREATEST(SUM(sessions * sessions) - SAFE_DIVIDE(CAST(SUM(sessions) AS FLOAT64) * CAST(SUM(sessions) AS FLOAT64), COUNT(sessions)), 0), COUNT(sessions) - 1)), NULL) AS sd_sessions
  FROM measured
  GROUP BY course_section_global_id, week_end_date, is_cumulative
),
scored AS (
  SELECT
    m.course_section_global_id,
    m.global_user_id,
    m.academic_program,
    m.term_name,
    m.week_end_date,
    m.is_cumulative,
    s.num_students,
    CAST(
      ROUND(
        100000 * (
          5 * IFNULL(SAFE_DIVIDE(m.share - s.avg_share, s.sd_share), 0)
          + 2 * IFNULL(SAFE_DIVIDE(m.seconds - s.avg_seconds, s.sd_seconds), 0)
          + IFNULL(SAFE_DIVIDE(m.sessions - s.avg_sessions, s.sd_sessions), 0)
        )
      ) AS INT64
    ) AS score
  FROM measured AS m
  JOIN spread AS s
    ON s.course_section_global_id = m.course_section_global_id
      AND s.week_end_date = m.week_end_date
      AND s.is_cumulative = m.is_cumulative
),
score_spread AS (
  SELECT
    course_section_global_id,
    week_end_date,
    is_cumulative,
    SAFE_DIVIDE(SUM(score), COUNT(score)) AS avg_score,
    IF(MIN(score) < MAX(score), SQRT(SAFE_DIVIDE(GREATEST(SUM(score * score) - SAFE_DIVIDE(CAST(SUM(score) AS FLOAT64) * CAST(SUM(score) AS FLOAT64), COUNT(score)), 0), COUNT(score) - 1)), NULL) AS sd_score
  FROM scored
  GROUP BY course_section_global_id, week_end_date, is_cumulative
),
-- A score lies at or below PERCENTILE_CONT of k eighths exactly when its rank, counted from 0, is at most k eighths
-- of one less than the number of scores.
ranked AS (
  SELECT
    *,
    RANK() OVER (PARTITION BY academic_program, term_name, week_end_date, is_cumulative ORDER BY score) - 1 AS place,
    COUNT(*) OVER (PARTITION BY academic_program, term_name, week_end_date, is_cumulative) - 1 AS last_place,
    MIN(score) OVER (PARTITION BY academic_program, term_name, week_end_date, is_cumulative) AS lowest,
    MAX(score) OVER (PARTITION BY academic_program, term_name, week_end_date, is_cumulative) AS highest
  FROM scored
),
final AS (
  SELECT
    r.course_section_global_id,
    r.global_user_id,
    r.week_end_date,
    r.is_cumulative,
    r.num_students >= 10 AS has_10_or_more,
    SAFE_DIVIDE(r.score, 100000) AS score,
    SAFE_DIVIDE(r.score - s.avg_score, s.sd_score) AS z,
    CASE
      WHEN r.lowest = r.highest THEN NULL
      WHEN 8 * r.place <= r.last_place THEN 0.125
      WHEN 8 * r.place <= 2 * r.last_place THEN 0.25
      WHEN 8 * r.place <= 3 * r.last_place THEN 0.375
      WHEN 8 * r.place <= 4 * r.last_place THEN 0.5
      WHEN 8 * r.place <= 5 * r.last_place THEN 0.625
      WHEN 8 * r.place <= 6 * r.last_place THEN 0.75
      WHEN 8 * r.place <= 7 * r.last_place THEN 0.875
      ELSE 1.0
    END AS octile
  FROM ranked AS r
  JOIN score_spread AS s
    ON s.course_section_global_id = r.course_section_global_id
      AND s.week_end_date = r.week_end_date
      AND s.is_cumulative = r.is_cumulative
)
SELECT
  m.university_id,
  m.global_user_id,
  m.canvas_user_id,
  m.term_name,
  m.session_name,
  m.campus_name,
  m.academic_program,
  m.course_code,
  m.course_global_id,
  m.course_canvas_id,
  m.course_section_code,
  m.course_section_global_id,
  m.course_section_canvas_id,
  m.week_number,
  m.week_start_date,
  m.week_end_date,
  w.has_10_or_more AS course_has_10_or_more_students,
  w.score AS student_activity_score,
  w.z AS student_activity_score_z,
  w.octile AS student_activity_score_octile,
  c.score AS student_activity_score_cumulative,
  c.z AS student_activity_score_z_cumulative,
  c.octile AS student_activity_score_octile_cumulative
FROM mart_student_activity_score.student_course_section_metrics AS m
JOIN final AS w
  ON w.course_section_global_id = m.course_section_global_id
    AND w.global_user_id = m.global_user_id
    AND w.week_end_date = m.week_end_date
    AND NOT w.is_cumulative
JOIN final AS c
  ON c.course_section_global_id = m.course_section_global_id
    AND c.global_user_id = m.global_user_id
    AND c.week_end_date = m.week_end_date
    AND c.is_cumulative
