-- A row for every student of a course and every week of its term, whether anything happened or not.
WITH
period AS (
  SELECT DISTINCT course_offering_id, week_in_term, week_start_date, week_end_date
  FROM mart_helper.context__taskforce__weeks
),
student_period AS (
  SELECT
    s.person_id,
    s.lms_person_id,
    s.course_offering_id,
    p.week_in_term,
    p.week_start_date,
    p.week_end_date
  FROM mart_helper.context__course_offering__person AS s
  JOIN period AS p ON p.course_offering_id = s.course_offering_id
  WHERE s.is_student
),
-- Assignments and what became of them; sums and counts are whole numbers, so that their order does not matter. What
-- is weighted, and what has a due date, is the rest: of all what is unweighted, or has none.
work AS (
  SELECT
    a.udp_person_id AS person_id,
    a.udp_course_offering_id AS course_offering_id,
    p.week_end_date,
    COUNTIF(a.weight_bucket = 'tiny' AND a.is_submitted) AS num_tiny_submissions,
    COUNTIF(a.weight_bucket = 'small' AND a.is_submitted) AS num_small_submissions,
    COUNTIF(a.weight_bucket = 'medium' AND a.is_submitted) AS num_medium_submissions,
    COUNTIF(a.weight_bucket = 'large' AND a.is_submitted) AS num_large_submissions,
    COUNTIF(a.weight_bucket = 'major' AND a.is_submitted) AS num_major_submissions,
    COUNTIF(a.weight_bucket = 'unweighted' AND a.is_submitted) AS num_unweighted_submissions,
    COUNTIF(a.due_date IS NULL AND a.is_submitted) AS num_submissions_without_due_date,
    COUNTIF(a.is_submitted) AS num_submissions,
    COUNTIF(a.weight_bucket = 'tiny') AS num_tiny_assignments,
    COUNTIF(a.weight_bucket = 'small') AS num_small_assignments,
    COUNTIF(a.weight_bucket = 'medium') AS num_medium_assignments,
    COUNTIF(a.weight_bucket = 'large') AS num_large_assignments,
    COUNTIF(a.weight_bucket = 'major') AS num_major_assignments,
    COUNTIF(a.weight_bucket = 'unweighted') AS num_unweighted_assignments,
    COUNTIF(a.due_date IS NULL) AS num_assignments_without_due_date,
    COUNT(*) AS num_assignments,
    COUNTIF(a.weight_bucket = 'tiny' AND a.is_missing) AS num_tiny_missing_submissions,
    COUNTIF(a.weight_bucket = 'small' AND a.is_missing) AS num_small_missing_submissions,
    COUNTIF(a.weight_bucket = 'medium' AND a.is_missing) AS num_medium_missing_submissions,
    COUNTIF(a.weight_bucket = 'large' AND a.is_missing) AS num_large_missing_submissions,
    COUNTIF(a.weight_bucket = 'major' AND a.is_missing) AS num_major_missing_submissions,
    COUNTIF(a.weight_bucket = 'unweighted' AND a.is_missing) AS num_unweighted_missing_submissions,
    COUNTIF(a.due_date IS NULL AND a.is_missing) AS num_missing_submissions_without_due_date,
    COUNTIF(a.is_missing) AS num_missing_submissions,
    COUNTIF(a.weight_bucket = 'tiny' AND a.is_late) AS num_tiny_late_submissions,
    COUNTIF(a.weight_bucket = 'small' AND a.is_late) AS num_small_late_submissions,
    COUNTIF(a.weight_bucket = 'medium' AND a.is_late) AS num_medium_late_submissions,
    COUNTIF(a.weight_bucket = 'large' AND a.is_late) AS num_large_late_submissions,
    COUNTIF(a.weight_bucket = 'major' AND a.is_late) AS num_major_late_submissions,
    COUNTIF(a.weight_bucket = 'unweighted' AND a.is_late) AS num_unweighted_late_submissions,
    COUNTIF(a.due_date IS NULL AND a.is_late) AS num_late_submissions_without_due_date,
    COUNTIF(a.is_late) AS num_late_submissions,
    SUM(IF(a.weight_bucket = 'tiny', a.time_buffer_seconds, NULL)) AS sum_tiny_time_buffer,
    COUNT(IF(a.weight_bucket = 'tiny', a.time_buffer_seconds, NULL)) AS n_tiny_time_buffer,
    SUM(IF(a.weight_bucket = 'small', a.time_buffer_seconds, NULL)) AS sum_small_time_buffer,
    COUNT(IF(a.weight_bucket = 'small', a.time_buffer_seconds, NULL)) AS n_small_time_buffer,
    SUM(IF(a.weight_bucket = 'medium', a.time_buffer_seconds, NULL)) AS sum_medium_time_buffer,
    COUNT(IF(a.weight_bucket = 'medium', a.time_buffer_seconds, NULL)) AS n_medium_time_buffer,
    SUM(IF(a.weight_bucket = 'large', a.time_buffer_seconds, NULL)) AS sum_large_time_buffer,
    COUNT(IF(a.weight_bucket = 'large', a.time_buffer_seconds, NULL)) AS n_large_time_buffer,
    SUM(IF(a.weight_bucket = 'major', a.time_buffer_seconds, NULL)) AS sum_major_time_buffer,
    COUNT(IF(a.weight_bucket = 'major', a.time_buffer_seconds, NULL)) AS n_major_time_buffer,
    SUM(IF(a.weight_bucket = 'unweighted', a.time_buffer_seconds, NULL)) AS sum_unweighted_time_buffer,
    COUNT(IF(a.weight_bucket = 'unweighted', a.time_buffer_seconds, NULL)) AS n_unweighted_time_buffer,
    SUM(IF(a.due_date IS NULL, a.time_buffer_seconds, NULL)) AS sum_time_buffer_without_due_date,
    COUNT(IF(a.due_date IS NULL, a.time_buffer_seconds, NULL)) AS n_time_buffer_without_due_date,
    SUM(a.time_buffer_seconds) AS sum_time_buffer,
    COUNT(a.time_buffer_seconds) AS n_time_buffer,
    SUM(IF(a.weight_bucket = 'tiny', a.published_score_micro, NULL)) AS sum_tiny_published_score,
    COUNT(IF(a.weight_bucket = 'tiny', a.published_score_micro, NULL)) AS n_tiny_published_score,
    SUM(IF(a.weight_bucket = 'small', a.published_score_micro, NULL)) AS sum_small_published_score,
    COUNT(IF(a.weight_bucket = 'small', a.published_score_micro, NULL)) AS n_small_published_score,
    SUM(IF(a.weight_bucket = 'medium', a.published_score_micro, NULL)) AS sum_medium_published_score,
    COUNT(IF(a.weight_bucket = 'medium', a.published_score_micro, NULL)) AS n_medium_published_score,
    SUM(IF(a.weight_bucket = 'large', a.published_score_micro, NULL)) AS sum_large_published_score,
    COUNT(IF(a.weight_bucket = 'large', a.published_score_micro, NULL)) AS n_large_published_score,
    SUM(IF(a.weight_bucket = 'major', a.published_score_micro, NULL)) AS sum_major_published_score,
    COUNT(IF(a.weight_bucket = 'major', a.published_score_micro, NULL)) AS n_major_published_score,
    SUM(IF(a.weight_bucket = 'unweighted', a.published_score_micro, NULL)) AS sum_unweighted_published_score,
    COUNT(IF(a.weight_bucket = 'unweighted', a.published_score_micro, NULL)) AS n_unweighted_published_score,
    SUM(IF(a.due_date IS NULL, a.published_score_micro, NULL)) AS sum_published_score_without_due_date,
    COUNT(IF(a.due_date IS NULL, a.published_score_micro, NULL)) AS n_published_score_without_due_date,
    SUM(a.published_score_micro) AS sum_published_score,
    COUNT(a.published_score_micro) AS n_published_score
  FROM mart_helper.context__taskforce__assignments_submissions AS a
  JOIN mart_helper.context__taskforce__weeks AS p
    ON p.course_offering_id = a.udp_course_offering_id AND p.event_date = a.activity_date
  GROUP BY a.udp_person_id, a.udp_course_offering_id, p.week_end_date
),
-- Every score once, in the week that it is new in, and then all so far; few columns, since they are put into order.
scored AS (
  SELECT
    a.udp_person_id AS person_id,
    a.udp_course_offering_id AS course_offering_id,
    p.week_end_date,
    SUM(IF(a.weight_bucket = 'tiny', a.published_score_micro, 0)) AS sum_tiny_published_score,
    COUNTIF(a.weight_bucket = 'tiny') AS n_tiny_published_score,
    SUM(IF(a.weight_bucket = 'small', a.published_score_micro, 0)) AS sum_small_published_score,
    COUNTIF(a.weight_bucket = 'small') AS n_small_published_score,
    SUM(IF(a.weight_bucket = 'medium', a.published_score_micro, 0)) AS sum_medium_published_score,
    COUNTIF(a.weight_bucket = 'medium') AS n_medium_published_score,
    SUM(IF(a.weight_bucket = 'large', a.published_score_micro, 0)) AS sum_large_published_score,
    COUNTIF(a.weight_bucket = 'large') AS n_large_published_score,
    SUM(IF(a.weight_bucket = 'major', a.published_score_micro, 0)) AS sum_major_published_score,
    COUNTIF(a.weight_bucket = 'major') AS n_major_published_score,
    SUM(IF(a.weight_bucket = 'unweighted', a.published_score_micro, 0)) AS sum_unweighted_published_score,
    COUNTIF(a.weight_bucket = 'unweighted') AS n_unweighted_published_score,
    SUM(IF(a.due_date IS NULL, a.published_score_micro, 0)) AS sum_published_score_without_due_date,
    COUNTIF(a.due_date IS NULL) AS n_published_score_without_due_date,
    SUM(a.published_score_micro) AS sum_published_score,
    COUNT(*) AS n_published_score
  FROM mart_helper.context__taskforce__assignments_submissions AS a
  JOIN mart_helper.context__taskforce__weeks AS p
    ON p.course_offering_id = a.udp_course_offering_id AND p.event_date = a.activity_date
  WHERE p.is_new AND a.published_score_micro IS NOT NULL
  GROUP BY a.udp_person_id, a.udp_course_offering_id, p.week_end_date
),
scored_so_far AS (
  SELECT
    s.person_id,
    s.lms_person_id,
    s.course_offering_id,
    s.week_in_term,
    s.week_start_date,
    s.week_end_date,
    SUM(IFNULL(c.sum_tiny_published_score, 0)) OVER so_far AS sum_tiny_published_score,
    SUM(IFNULL(c.n_tiny_published_score, 0)) OVER so_far AS n_tiny_published_score,
    SUM(IFNULL(c.sum_small_published_score, 0)) OVER so_far AS sum_small_published_score,
    SUM(IFNULL(c.n_small_published_score, 0)) OVER so_far AS n_small_published_score,
    SUM(IFNULL(c.sum_medium_published_score, 0)) OVER so_far AS sum_medium_published_score,
    SUM(IFNULL(c.n_medium_published_score, 0)) OVER so_far AS n_medium_published_score,
    SUM(IFNULL(c.sum_large_published_score, 0)) OVER so_far AS sum_large_published_score,
    SUM(IFNULL(c.n_large_published_score, 0)) OVER so_far AS n_large_published_score,
    SUM(IFNULL(c.sum_major_published_score, 0)) OVER so_far AS sum_major_published_score,
    SUM(IFNULL(c.n_major_published_score, 0)) OVER so_far AS n_major_published_score,
    SUM(IFNULL(c.sum_unweighted_published_score, 0)) OVER so_far AS sum_unweighted_published_score,
    SUM(IFNULL(c.n_unweighted_published_score, 0)) OVER so_far AS n_unweighted_published_score,
    SUM(IFNULL(c.sum_published_score_without_due_date, 0)) OVER so_far AS sum_published_score_without_due_date,
    SUM(IFNULL(c.n_published_score_without_due_date, 0)) OVER so_far AS n_published_score_without_due_date,
    SUM(IFNULL(c.sum_published_score, 0)) OVER so_far AS sum_published_score,
    SUM(IFNULL(c.n_published_score, 0)) OVER so_far AS n_published_score
  FROM student_period AS s
  LEFT JOIN scored AS c
    ON c.person_id = s.person_id
      AND c.course_offering_id = s.course_offering_id
      AND c.week_end_date = s.week_end_date
  WINDOW so_far AS (
    PARTITION BY s.person_id, s.course_offering_id
    ORDER BY s.week_end_date
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
),
entry AS (
  SELECT person_id, course_offering_id, discussion_id, DATE(created_date) AS entry_date, message_length
  FROM context_store_entity.discussion_entry
  WHERE IFNULL(status, 'active') <> 'deleted'
),
discussing AS (
  SELECT
    n.person_id,
    n.course_offering_id,
    p.week_end_date,
    COUNT(*) AS num_discussion_entries,
    COUNT(DISTINCT n.discussion_id) AS num_discussions,
    SUM(IFNULL(n.message_length, 0)) AS total_length
  FROM entry AS n
  JOIN mart_helper.context__taskforce__weeks AS p
    ON p.course_offering_id = n.course_offering_id AND p.event_date = n.entry_date
  GROUP BY n.person_id, n.course_offering_id, p.week_end_date
),
topic AS (
  SELECT course_offering_id, DATE(COALESCE(posted_date, created_date)) AS posted_date
  FROM context_store_entity.discussion
  WHERE status IN ('active', 'locked')
),
discussed AS (
  SELECT t.course_offering_id, p.week_end_date, COUNT(*) AS total_num_discussions
  FROM topic AS t
  JOIN mart_helper.context__taskforce__weeks AS p
    ON p.course_offering_id = t.course_offering_id AND p.event_date = t.posted_date
  GROUP BY t.course_offering_id, p.week_end_date
),
events AS (
  SELECT
    f.udp_person_id AS person_id,
    f.udp_course_offering_id AS course_offering_id,
    p.week_end_date,
    COUNTIF(f.num_views > 0) AS num_view_days,
    SUM(f.num_sessions_10min) AS num_sessions_10min,
    SUM(f.num_sessions_20min) AS num_sessions_20min,
    SUM(f.num_sessions_30min) AS num_sessions_30min,
    SUM(f.total_time_seconds_10min) AS total_time_seconds_10min,
    SUM(f.total_time_seconds_20min) AS total_time_seconds_20min,
    SUM(f.total_time_seconds_30min) AS total_time_seconds_30min,
    SUM(f.num_tool_launches) AS num_tool_launches,
    SUM(f.num_file_views) AS num_file_views
  FROM mart_helper.event__course_offering__person_day AS f
  JOIN mart_helper.context__taskforce__weeks AS p
    ON p.course_offering_id = f.udp_course_offering_id AND p.event_date = f.event_date
  WHERE f.event_date >= @begin_date AND f.event_date <= @end_date
  GROUP BY f.udp_person_id, f.udp_course_offering_id, p.week_end_date
)
SELECT
  s.person_id AS udp_person_id,
  s.lms_person_id,
  s.course_offering_id AS udp_course_offering_id,
  o.lms_id AS lms_course_offering_id,
  s.week_in_term,
  s.week_start_date,
  s.week_end_date,
  IFNULL(w.num_tiny_submissions, 0) AS num_tiny_submissions,
  IFNULL(w.num_small_submissions, 0) AS num_small_submissions,
  IFNULL(w.num_medium_submissions, 0) AS num_medium_submissions,
  IFNULL(w.num_large_submissions, 0) AS num_large_submissions,
  IFNULL(w.num_major_submissions, 0) AS num_major_submissions,
  IFNULL(w.num_unweighted_submissions, 0) AS num_unweighted_submissions,
  IFNULL(w.num_submissions - w.num_unweighted_submissions, 0) AS num_weighted_submissions,
  IFNULL(w.num_submissions_without_due_date, 0) AS num_submissions_without_due_date,
  IFNULL(w.num_submissions - w.num_submissions_without_due_date, 0) AS num_submissions_with_due_date,
  IFNULL(w.num_submissions, 0) AS num_submissions,
  IFNULL(w.num_tiny_assignments, 0) AS num_tiny_assignments,
  IFNULL(w.num_small_assignments, 0) AS num_small_assignments,
  IFNULL(w.num_medium_assignments, 0) AS num_medium_assignments,
  IFNULL(w.num_large_assignments, 0) AS num_large_assignments,
  IFNULL(w.num_major_assignments, 0) AS num_major_assignments,
  IFNULL(w.num_unweighted_assignments, 0) AS num_unweighted_assignments,
  IFNULL(w.num_assignments - w.num_unweighted_assignments, 0) AS num_weighted_assignments,
  IFNULL(w.num_assignments_without_due_date, 0) AS num_assignments_without_due_date,
  IFNULL(w.num_assignments - w.num_assignments_without_due_date, 0) AS num_assignments_with_due_date,
  IFNULL(w.num_assignments, 0) AS num_assignments,
  IFNULL(w.num_tiny_missing_submissions, 0) AS num_tiny_missing_submissions,
  IFNULL(w.num_small_missing_submissions, 0) AS num_small_missing_submissions,
  IFNULL(w.num_medium_missing_submissions, 0) AS num_medium_missing_submissions,
  IFNULL(w.num_large_missing_submissions, 0) AS num_large_missing_submissions,
  IFNULL(w.num_major_missing_submissions, 0) AS num_major_missing_submissions,
  IFNULL(w.num_unweighted_missing_submissions, 0) AS num_unweighted_missing_submissions,
  IFNULL(w.num_missing_submissions - w.num_unweighted_missing_submissions, 0) AS num_weighted_missing_submissions,
  IFNULL(w.num_missing_submissions_without_due_date, 0) AS num_missing_submissions_without_due_date,
  IFNULL(w.num_missing_submissions - w.num_missing_submissions_without_due_date, 0) AS num_missing_submissions_with_due_date,
  IFNULL(w.num_missing_submissions, 0) AS num_missing_submissions,
  IFNULL(w.num_tiny_late_submissions, 0) AS num_tiny_late_submissions,
  IFNULL(w.num_small_late_submissions, 0) AS num_small_late_submissions,
  IFNULL(w.num_medium_late_submissions, 0) AS num_medium_late_submissions,
  IFNULL(w.num_large_late_submissions, 0) AS num_large_late_submissions,
  IFNULL(w.num_major_late_submissions, 0) AS num_major_late_submissions,
  IFNULL(w.num_unweighted_late_submissions, 0) AS num_unweighted_late_submissions,
  IFNULL(w.num_late_submissions - w.num_unweighted_late_submissions, 0) AS num_weighted_late_submissions,
  IFNULL(w.num_late_submissions_without_due_date, 0) AS num_late_submissions_without_due_date,
  IFNULL(w.num_late_submissions - w.num_late_submissions_without_due_date, 0) AS num_late_submissions_with_due_date,
  IFNULL(w.num_late_submissions, 0) AS num_late_submissions,
  SAFE_DIVIDE(w.sum_tiny_time_buffer, 3600 * w.n_tiny_time_buffer) AS avg_tiny_time_buffer_hours,
  SAFE_DIVIDE(w.sum_small_time_buffer, 3600 * w.n_small_time_buffer) AS avg_small_time_buffer_hours,
  SAFE_DIVIDE(w.sum_medium_time_buffer, 3600 * w.n_medium_time_buffer) AS avg_medium_time_buffer_hours,
  SAFE_DIVIDE(w.sum_large_time_buffer, 3600 * w.n_large_time_buffer) AS avg_large_time_buffer_hours,
  SAFE_DIVIDE(w.sum_major_time_buffer, 3600 * w.n_major_time_buffer) AS avg_major_time_buffer_hours,
  SAFE_DIVIDE(w.sum_unweighted_time_buffer, 3600 * w.n_unweighted_time_buffer) AS avg_unweighted_time_buffer_hours,
  SAFE_DIVIDE(w.sum_time_buffer - IFNULL(w.sum_unweighted_time_buffer, 0), 3600 * (w.n_time_buffer - w.n_unweighted_time_buffer)) AS avg_weighted_time_buffer_hours,
  SAFE_DIVIDE(w.sum_time_buffer_without_due_date, 3600 * w.n_time_buffer_without_due_date) AS avg_time_buffer_hours_without_due_date,
  SAFE_DIVIDE(w.sum_time_buffer - IFNULL(w.sum_time_buffer_without_due_date, 0), 3600 * (w.n_time_buffer - w.n_time_buffer_without_due_date)) AS avg_time_buffer_hours_with_due_date,
  SAFE_DIVIDE(w.sum_time_buffer, 3600 * w.n_time_buffer) AS avg_time_buffer_hours,
  SAFE_DIVIDE(w.sum_tiny_published_score, 1000000 * w.n_tiny_published_score) AS avg_tiny_published_score,
  SAFE_DIVIDE(w.sum_small_published_score, 1000000 * w.n_small_published_score) AS avg_small_published_score,
  SAFE_DIVIDE(w.sum_medium_published_score, 1000000 * w.n_medium_published_score) AS avg_medium_published_score,
  SAFE_DIVIDE(w.sum_large_published_score, 1000000 * w.n_large_published_score) AS avg_large_published_score,
  SAFE_DIVIDE(w.sum_major_published_score, 1000000 * w.n_major_published_score) AS avg_major_published_score,
  SAFE_DIVIDE(w.sum_unweighted_published_score, 1000000 * w.n_unweighted_published_score) AS avg_unweighted_published_score,
  SAFE_DIVIDE(w.sum_published_score - IFNULL(w.sum_unweighted_published_score, 0), 1000000 * (w.n_published_score - w.n_unweighted_published_score)) AS avg_weighted_published_score,
  SAFE_DIVIDE(w.sum_published_score_without_due_date, 1000000 * w.n_published_score_without_due_date) AS avg_published_score_without_due_date,
  SAFE_DIVIDE(w.sum_published_score - IFNULL(w.sum_published_score_without_due_date, 0), 1000000 * (w.n_published_score - w.n_published_score_without_due_date)) AS avg_published_score_with_due_date,
  SAFE_DIVIDE(w.sum_published_score, 1000000 * w.n_published_score) AS avg_published_score,
  SAFE_DIVIDE(s.sum_tiny_published_score, 1000000 * s.n_tiny_published_score) AS avg_tiny_published_score_cumulative,
  SAFE_DIVIDE(s.sum_small_published_score, 1000000 * s.n_small_published_score) AS avg_small_published_score_cumulative,
  SAFE_DIVIDE(s.sum_medium_published_score, 1000000 * s.n_medium_published_score) AS avg_medium_published_score_cumulative,
  SAFE_DIVIDE(s.sum_large_published_score, 1000000 * s.n_large_published_score) AS avg_large_published_score_cumulative,
  SAFE_DIVIDE(s.sum_major_published_score, 1000000 * s.n_major_published_score) AS avg_major_published_score_cumulative,
  SAFE_DIVIDE(s.sum_unweighted_published_score, 1000000 * s.n_unweighted_published_score) AS avg_unweighted_published_score_cumulative,
  SAFE_DIVIDE(s.sum_published_score - s.sum_unweighted_published_score, 1000000 * (s.n_published_score - s.n_unweighted_published_score)) AS avg_weighted_published_score_cumulative,
  SAFE_DIVIDE(s.sum_published_score_without_due_date, 1000000 * s.n_published_score_without_due_date) AS avg_published_score_without_due_date_cumulative,
  SAFE_DIVIDE(s.sum_published_score - s.sum_published_score_without_due_date, 1000000 * (s.n_published_score - s.n_published_score_without_due_date)) AS avg_published_score_with_due_date_cumulative,
  SAFE_DIVIDE(s.sum_published_score, 1000000 * s.n_published_score) AS avg_published_score_cumulative,
  IFNULL(d.num_discussion_entries, 0) AS num_discussion_entries,
  IFNULL(d.num_discussions, 0) AS num_discussions,
  IFNULL(c.total_num_discussions, 0) AS total_num_discussions,
  SAFE_DIVIDE(d.total_length, d.num_discussion_entries) AS avg_discussion_entry_length,
  IFNULL(e.num_view_days, 0) AS num_view_days,
  IFNULL(e.num_sessions_10min, 0) AS num_sessions_10min,
  IFNULL(e.num_sessions_20min, 0) AS num_sessions_20min,
  IFNULL(e.num_sessions_30min, 0) AS num_sessions_30min,
  IFNULL(e.total_time_seconds_10min, 0) AS total_time_seconds_10min,
  IFNULL(e.total_time_seconds_20min, 0) AS total_time_seconds_20min,
  IFNULL(e.total_time_seconds_30min, 0) AS total_time_seconds_30min,
  IFNULL(e.num_tool_launches, 0) AS num_tool_launches,
  IFNULL(e.num_file_views, 0) AS num_file_views
FROM scored_so_far AS s
JOIN mart_helper.context__course_offering AS o ON o.course_offering_id = s.course_offering_id
LEFT JOIN work AS w
  ON w.person_id = s.person_id
    AND w.course_offering_id = s.course_offering_id
    AND w.week_end_date = s.week_end_date
LEFT JOIN discussing AS d
  ON d.person_id = s.person_id
    AND d.course_offering_id = s.course_offering_id
    AND d.week_end_date = s.week_end_date
LEFT JOIN discussed AS c ON c.course_offering_id = s.course_offering_id AND c.week_end_date = s.week_end_date
LEFT JOIN events AS e
  ON e.person_id = s.person_id
    AND e.course_offering_id = s.course_offering_id
    AND e.week_end_date = s.week_end_date
