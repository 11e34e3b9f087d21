-- A row for every student of a course and every day of the term, over that day and the six before it, whether anything happened or not.
WITH
period AS (
  SELECT DISTINCT course_offering_id, week_in_term, week_start_date, week_end_date
  FROM mart_helper.context__taskforce_rolling__days
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
-- Assignments and what became of them; sums and counts are whole numbers, so that their order does not matter.
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
    COUNTIF(a.weight_bucket <> 'unweighted' AND a.is_submitted) AS num_weighted_submissions,
    COUNTIF(a.due_date IS NULL AND a.is_submitted) AS num_submissions_without_due_date,
    COUNTIF(a.due_date IS NOT NULL AND a.is_submitted) AS num_submissions_with_due_date,
    COUNTIF(a.is_submitted) AS num_submissions,
    COUNTIF(a.weight_bucket = 'tiny') AS num_tiny_assignments,
    COUNTIF(a.weight_bucket = 'small') AS num_small_assignments,
    COUNTIF(a.weight_bucket = 'medium') AS num_medium_assignments,
    COUNTIF(a.weight_bucket = 'large') AS num_large_assignments,
    COUNTIF(a.weight_bucket = 'major') AS num_major_assignments,
    COUNTIF(a.weight_bucket = 'unweighted') AS num_unweighted_assignments,
    COUNTIF(a.weight_bucket <> 'unweighted') AS num_weighted_assignments,
    COUNTIF(a.due_date IS NULL) AS num_assignments_without_due_date,
    COUNTIF(a.due_date IS NOT NULL) AS num_assignments_with_due_date,
    COUNT(*) AS num_assignments,
    COUNTIF(a.weight_bucket = 'tiny' AND a.is_missing) AS num_tiny_missing_submissions,
    COUNTIF(a.weight_bucket = 'small' AND a.is_missing) AS num_small_missing_submissions,
    COUNTIF(a.weight_bucket = 'medium' AND a.is_missing) AS num_medium_missing_submissions,
    COUNTIF(a.weight_bucket = 'large' AND a.is_missing) AS num_large_missing_submissions,
    COUNTIF(a.weight_bucket = 'major' AND a.is_missing) AS num_major_missing_submissions,
    COUNTIF(a.weight_bucket = 'unweighted' AND a.is_missing) AS num_unweighted_missing_submissions,
    COUNTIF(a.weight_bucket <> 'unweighted' AND a.is_missing) AS num_weighted_missing_submissions,
    COUNTIF(a.due_date IS NULL AND a.is_missing) AS num_missing_submissions_without_due_date,
    COUNTIF(a.due_date IS NOT NULL AND a.is_missing) AS num_missing_submissions_with_due_date,
    COUNTIF(a.is_missing) AS num_missing_submissions,
    COUNTIF(a.weight_bucket = 'tiny' AND a.is_late) AS num_tiny_late_submissions,
    COUNTIF(a.weight_bucket = 'small' AND a.is_late) AS num_small_late_submissions,
    COUNTIF(a.weight_bucket = 'medium' AND a.is_late) AS num_medium_late_submissions,
    COUNTIF(a.weight_bucket = 'large' AND a.is_late) AS num_large_late_submissions,
    COUNTIF(a.weight_bucket = 'major' AND a.is_late) AS num_major_late_submissions,
    COUNTIF(a.weight_bucket = 'unweighted' AND a.is_late) AS num_unweighted_late_submissions,
    COUNTIF(a.weight_bucket <> 'unweighted' AND a.is_late) AS num_weighted_late_submissions,
    COUNTIF(a.due_date IS NULL AND a.is_late) AS num_late_submissions_without_due_date,
    COUNTIF(a.due_date IS NOT NULL AND a.is_late) AS num_late_submissions_with_due_date,
    COUNTIF(a.is_late) AS num_late_submissions,
    SUM(IF(a.weight_bucket = 'tiny', a.time_buffer_seconds, NULL)) AS avg_tiny_time_buffer_hours_sum,
    COUNT(IF(a.weight_bucket = 'tiny', a.time_buffer_seconds, NULL)) AS avg_tiny_time_buffer_hours_count,
    SUM(IF(a.weight_bucket = 'small', a.time_buffer_seconds, NULL)) AS avg_small_time_buffer_hours_sum,
    COUNT(IF(a.weight_bucket = 'small', a.time_buffer_seconds, NULL)) AS avg_small_time_buffer_hours_count,
    SUM(IF(a.weight_bucket = 'medium', a.time_buffer_seconds, NULL)) AS avg_medium_time_buffer_hours_sum,
    COUNT(IF(a.weight_bucket = 'medium', a.time_buffer_seconds, NULL)) AS avg_medium_time_buffer_hours_count,
    SUM(IF(a.weight_bucket = 'large', a.time_buffer_seconds, NULL)) AS avg_large_time_buffer_hours_sum,
    COUNT(IF(a.weight_bucket = 'large', a.time_buffer_seconds, NULL)) AS avg_large_time_buffer_hours_count,
    SUM(IF(a.weight_bucket = 'major', a.time_buffer_seconds, NULL)) AS avg_major_time_buffer_hours_sum,
    COUNT(IF(a.weight_bucket = 'major', a.time_buffer_seconds, NULL)) AS avg_major_time_buffer_hours_count,
    SUM(IF(a.weight_bucket = 'unweighted', a.time_buffer_seconds, NULL)) AS avg_unweighted_time_buffer_hours_sum,
    COUNT(IF(a.weight_bucket = 'unweighted', a.time_buffer_seconds, NULL)) AS avg_unweighted_time_buffer_hours_count,
    SUM(IF(a.weight_bucket <> 'unweighted', a.time_buffer_seconds, NULL)) AS avg_weighted_time_buffer_hours_sum,
    COUNT(IF(a.weight_bucket <> 'unweighted', a.time_buffer_seconds, NULL)) AS avg_weighted_time_buffer_hours_count,
    SUM(IF(a.due_date IS NULL, a.time_buffer_seconds, NULL)) AS avg_time_buffer_hours_without_due_date_sum,
    COUNT(IF(a.due_date IS NULL, a.time_buffer_seconds, NULL)) AS avg_time_buffer_hours_without_due_date_count,
    SUM(IF(a.due_date IS NOT NULL, a.time_buffer_seconds, NULL)) AS avg_time_buffer_hours_with_due_date_sum,
    COUNT(IF(a.due_date IS NOT NULL, a.time_buffer_seconds, NULL)) AS avg_time_buffer_hours_with_due_date_count,
    SUM(a.time_buffer_seconds) AS avg_time_buffer_hours_sum,
    COUNT(a.time_buffer_seconds) AS avg_time_buffer_hours_count,
    SUM(IF(a.weight_bucket = 'tiny', a.published_score_micro, NULL)) AS avg_tiny_published_score_sum,
    COUNT(IF(a.weight_bucket = 'tiny', a.published_score_micro, NULL)) AS avg_tiny_published_score_count,
    SUM(IF(a.weight_bucket = 'tiny' AND p.is_new, a.published_score_micro, NULL)) AS avg_tiny_published_score_new_sum,
    COUNT(IF(a.weight_bucket = 'tiny' AND p.is_new, a.published_score_micro, NULL)) AS avg_tiny_published_score_new_count,
    SUM(IF(a.weight_bucket = 'small', a.published_score_micro, NULL)) AS avg_small_published_score_sum,
    COUNT(IF(a.weight_bucket = 'small', a.published_score_micro, NULL)) AS avg_small_published_score_count,
    SUM(IF(a.weight_bucket = 'small' AND p.is_new, a.published_score_micro, NULL)) AS avg_small_published_score_new_sum,
    COUNT(IF(a.weight_bucket = 'small' AND p.is_new, a.published_score_micro, NULL)) AS avg_small_published_score_new_count,
    SUM(IF(a.weight_bucket = 'medium', a.published_score_micro, NULL)) AS avg_medium_published_score_sum,
    COUNT(IF(a.weight_bucket = 'medium', a.published_score_micro, NULL)) AS avg_medium_published_score_count,
    SUM(IF(a.weight_bucket = 'medium' AND p.is_new, a.published_score_micro, NULL)) AS avg_medium_published_score_new_sum,
    COUNT(IF(a.weight_bucket = 'medium' AND p.is_new, a.published_score_micro, NULL)) AS avg_medium_published_score_new_count,
    SUM(IF(a.weight_bucket = 'large', a.published_score_micro, NULL)) AS avg_large_published_score_sum,
    COUNT(IF(a.weight_bucket = 'large', a.published_score_micro, NULL)) AS avg_large_published_score_count,
    SUM(IF(a.weight_bucket = 'large' AND p.is_new, a.published_score_micro, NULL)) AS avg_large_published_score_new_sum,
    COUNT(IF(a.weight_bucket = 'large' AND p.is_new, a.published_score_micro, NULL)) AS avg_large_published_score_new_count,
    SUM(IF(a.weight_bucket = 'major', a.published_score_micro, NULL)) AS avg_major_published_score_sum,
    COUNT(IF(a.weight_bucket = 'major', a.published_score_micro, NULL)) AS avg_major_published_score_count,
    SUM(IF(a.weight_bucket = 'major' AND p.is_new, a.published_score_micro, NULL)) AS avg_major_published_score_new_sum,
    COUNT(IF(a.weight_bucket = 'major' AND p.is_new, a.published_score_micro, NULL)) AS avg_major_published_score_new_count,
    SUM(IF(a.weight_bucket = 'unweighted', a.published_score_micro, NULL)) AS avg_unweighted_published_score_sum,
    COUNT(IF(a.weight_bucket = 'unweighted', a.published_score_micro, NULL)) AS avg_unweighted_published_score_count,
    SUM(IF(a.weight_bucket = 'unweighted' AND p.is_new, a.published_score_micro, NULL)) AS avg_unweighted_published_score_new_sum,
    COUNT(IF(a.weight_bucket = 'unweighted' AND p.is_new, a.published_score_micro, NULL)) AS avg_unweighted_published_score_new_count,
    SUM(IF(a.weight_bucket <> 'unweighted', a.published_score_micro, NULL)) AS avg_weighted_published_score_sum,
    COUNT(IF(a.weight_bucket <> 'unweighted', a.published_score_micro, NULL)) AS avg_weighted_published_score_count,
    SUM(IF(a.weight_bucket <> 'unweighted' AND p.is_new, a.published_score_micro, NULL)) AS avg_weighted_published_score_new_sum,
    COUNT(IF(a.weight_bucket <> 'unweighted' AND p.is_new, a.published_score_micro, NULL)) AS avg_weighted_published_score_new_count,
    SUM(IF(a.due_date IS NULL, a.published_score_micro, NULL)) AS avg_published_score_without_due_date_sum,
    COUNT(IF(a.due_date IS NULL, a.published_score_micro, NULL)) AS avg_published_score_without_due_date_count,
    SUM(IF(a.due_date IS NULL AND p.is_new, a.published_score_micro, NULL)) AS avg_published_score_without_due_date_new_sum,
    COUNT(IF(a.due_date IS NULL AND p.is_new, a.published_score_micro, NULL)) AS avg_published_score_without_due_date_new_count,
    SUM(IF(a.due_date IS NOT NULL, a.published_score_micro, NULL)) AS avg_published_score_with_due_date_sum,
    COUNT(IF(a.due_date IS NOT NULL, a.published_score_micro, NULL)) AS avg_published_score_with_due_date_count,
    SUM(IF(a.due_date IS NOT NULL AND p.is_new, a.published_score_micro, NULL)) AS avg_published_score_with_due_date_new_sum,
    COUNT(IF(a.due_date IS NOT NULL AND p.is_new, a.published_score_micro, NULL)) AS avg_published_score_with_due_date_new_count,
    SUM(a.published_score_micro) AS avg_published_score_sum,
    COUNT(a.published_score_micro) AS avg_published_score_count,
    SUM(IF(p.is_new, a.published_score_micro, NULL)) AS avg_published_score_new_sum,
    COUNT(IF(p.is_new, a.published_score_micro, NULL)) AS avg_published_score_new_count
  FROM mart_helper.context__taskforce__assignments_submissions AS a
  JOIN mart_helper.context__taskforce_rolling__days AS p
    ON p.course_offering_id = a.udp_course_offering_id AND p.event_date = a.activity_date
  GROUP BY a.udp_person_id, a.udp_course_offering_id, p.week_end_date
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
  JOIN mart_helper.context__taskforce_rolling__days AS p
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
  JOIN mart_helper.context__taskforce_rolling__days AS p
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
  JOIN mart_helper.context__taskforce_rolling__days AS p
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
  IFNULL(w.num_weighted_submissions, 0) AS num_weighted_submissions,
  IFNULL(w.num_submissions_without_due_date, 0) AS num_submissions_without_due_date,
  IFNULL(w.num_submissions_with_due_date, 0) AS num_submissions_with_due_date,
  IFNULL(w.num_submissions, 0) AS num_submissions,
  IFNULL(w.num_tiny_assignments, 0) AS num_tiny_assignments,
  IFNULL(w.num_small_assignments, 0) AS num_small_assignments,
  IFNULL(w.num_medium_assignments, 0) AS num_medium_assignments,
  IFNULL(w.num_large_assignments, 0) AS num_large_assignments,
  IFNULL(w.num_major_assignments, 0) AS num_major_assignments,
  IFNULL(w.num_unweighted_assignments, 0) AS num_unweighted_assignments,
  IFNULL(w.num_weighted_assignments, 0) AS num_weighted_assignments,
  IFNULL(w.num_assignments_without_due_date, 0) AS num_assignments_without_due_date,
  IFNULL(w.num_assignments_with_due_date, 0) AS num_assignments_with_due_date,
  IFNULL(w.num_assignments, 0) AS num_assignments,
  IFNULL(w.num_tiny_missing_submissions, 0) AS num_tiny_missing_submissions,
  IFNULL(w.num_small_missing_submissions, 0) AS num_small_missing_submissions,
  IFNULL(w.num_medium_missing_submissions, 0) AS num_medium_missing_submissions,
  IFNULL(w.num_large_missing_submissions, 0) AS num_large_missing_submissions,
  IFNULL(w.num_major_missing_submissions, 0) AS num_major_missing_submissions,
  IFNULL(w.num_unweighted_missing_submissions, 0) AS num_unweighted_missing_submissions,
  IFNULL(w.num_weighted_missing_submissions, 0) AS num_weighted_missing_submissions,
  IFNULL(w.num_missing_submissions_without_due_date, 0) AS num_missing_submissions_without_due_date,
  IFNULL(w.num_missing_submissions_with_due_date, 0) AS num_missing_submissions_with_due_date,
  IFNULL(w.num_missing_submissions, 0) AS num_missing_submissions,
  IFNULL(w.num_tiny_late_submissions, 0) AS num_tiny_late_submissions,
  IFNULL(w.num_small_late_submissions, 0) AS num_small_late_submissions,
  IFNULL(w.num_medium_late_submissions, 0) AS num_medium_late_submissions,
  IFNULL(w.num_large_late_submissions, 0) AS num_large_late_submissions,
  IFNULL(w.num_major_late_submissions, 0) AS num_major_late_submissions,
  IFNULL(w.num_unweighted_late_submissions, 0) AS num_unweighted_late_submissions,
  IFNULL(w.num_weighted_late_submissions, 0) AS num_weighted_late_submissions,
  IFNULL(w.num_late_submissions_without_due_date, 0) AS num_late_submissions_without_due_date,
  IFNULL(w.num_late_submissions_with_due_date, 0) AS num_late_submissions_with_due_date,
  IFNULL(w.num_late_submissions, 0) AS num_late_submissions,
  SAFE_DIVIDE(w.avg_tiny_time_buffer_hours_sum, 3600 * w.avg_tiny_time_buffer_hours_count) AS avg_tiny_time_buffer_hours,
  SAFE_DIVIDE(w.avg_small_time_buffer_hours_sum, 3600 * w.avg_small_time_buffer_hours_count) AS avg_small_time_buffer_hours,
  SAFE_DIVIDE(w.avg_medium_time_buffer_hours_sum, 3600 * w.avg_medium_time_buffer_hours_count) AS avg_medium_time_buffer_hours,
  SAFE_DIVIDE(w.avg_large_time_buffer_hours_sum, 3600 * w.avg_large_time_buffer_hours_count) AS avg_large_time_buffer_hours,
  SAFE_DIVIDE(w.avg_major_time_buffer_hours_sum, 3600 * w.avg_major_time_buffer_hours_count) AS avg_major_time_buffer_hours,
  SAFE_DIVIDE(w.avg_unweighted_time_buffer_hours_sum, 3600 * w.avg_unweighted_time_buffer_hours_count) AS avg_unweighted_time_buffer_hours,
  SAFE_DIVIDE(w.avg_weighted_time_buffer_hours_sum, 3600 * w.avg_weighted_time_buffer_hours_count) AS avg_weighted_time_buffer_hours,
  SAFE_DIVIDE(w.avg_time_buffer_hours_without_due_date_sum, 3600 * w.avg_time_buffer_hours_without_due_date_count) AS avg_time_buffer_hours_without_due_date,
  SAFE_DIVIDE(w.avg_time_buffer_hours_with_due_date_sum, 3600 * w.avg_time_buffer_hours_with_due_date_count) AS avg_time_buffer_hours_with_due_date,
  SAFE_DIVIDE(w.avg_time_buffer_hours_sum, 3600 * w.avg_time_buffer_hours_count) AS avg_time_buffer_hours,
  SAFE_DIVIDE(w.avg_tiny_published_score_sum, 1000000 * w.avg_tiny_published_score_count) AS avg_tiny_published_score,
  SAFE_DIVIDE(w.avg_small_published_score_sum, 1000000 * w.avg_small_published_score_count) AS avg_small_published_score,
  SAFE_DIVIDE(w.avg_medium_published_score_sum, 1000000 * w.avg_medium_published_score_count) AS avg_medium_published_score,
  SAFE_DIVIDE(w.avg_large_published_score_sum, 1000000 * w.avg_large_published_score_count) AS avg_large_published_score,
  SAFE_DIVIDE(w.avg_major_published_score_sum, 1000000 * w.avg_major_published_score_count) AS avg_major_published_score,
  SAFE_DIVIDE(w.avg_unweighted_published_score_sum, 1000000 * w.avg_unweighted_published_score_count) AS avg_unweighted_published_score,
  SAFE_DIVIDE(w.avg_weighted_published_score_sum, 1000000 * w.avg_weighted_published_score_count) AS avg_weighted_published_score,
  SAFE_DIVIDE(w.avg_published_score_without_due_date_sum, 1000000 * w.avg_published_score_without_due_date_count) AS avg_published_score_without_due_date,
  SAFE_DIVIDE(w.avg_published_score_with_due_date_sum, 1000000 * w.avg_published_score_with_due_date_count) AS avg_published_score_with_due_date,
  SAFE_DIVIDE(w.avg_published_score_sum, 1000000 * w.avg_published_score_count) AS avg_published_score,
  SAFE_DIVIDE(SUM(w.avg_tiny_published_score_new_sum) OVER so_far, 1000000 * SUM(w.avg_tiny_published_score_new_count) OVER so_far) AS avg_tiny_published_score_cumulative,
  SAFE_DIVIDE(SUM(w.avg_small_published_score_new_sum) OVER so_far, 1000000 * SUM(w.avg_small_published_score_new_count) OVER so_far) AS avg_small_published_score_cumulative,
  SAFE_DIVIDE(SUM(w.avg_medium_published_score_new_sum) OVER so_far, 1000000 * SUM(w.avg_medium_published_score_new_count) OVER so_far) AS avg_medium_published_score_cumulative,
  SAFE_DIVIDE(SUM(w.avg_large_published_score_new_sum) OVER so_far, 1000000 * SUM(w.avg_large_published_score_new_count) OVER so_far) AS avg_large_published_score_cumulative,
  SAFE_DIVIDE(SUM(w.avg_major_published_score_new_sum) OVER so_far, 1000000 * SUM(w.avg_major_published_score_new_count) OVER so_far) AS avg_major_published_score_cumulative,
  SAFE_DIVIDE(SUM(w.avg_unweighted_published_score_new_sum) OVER so_far, 1000000 * SUM(w.avg_unweighted_published_score_new_count) OVER so_far) AS avg_unweighted_published_score_cumulative,
  SAFE_DIVIDE(SUM(w.avg_weighted_published_score_new_sum) OVER so_far, 1000000 * SUM(w.avg_weighted_published_score_new_count) OVER so_far) AS avg_weighted_published_score_cumulative,
  SAFE_DIVIDE(SUM(w.avg_published_score_without_due_date_new_sum) OVER so_far, 1000000 * SUM(w.avg_published_score_without_due_date_new_count) OVER so_far) AS avg_published_score_without_due_date_cumulative,
  SAFE_DIVIDE(SUM(w.avg_published_score_with_due_date_new_sum) OVER so_far, 1000000 * SUM(w.avg_published_score_with_due_date_new_count) OVER so_far) AS avg_published_score_with_due_date_cumulative,
  SAFE_DIVIDE(SUM(w.avg_published_score_new_sum) OVER so_far, 1000000 * SUM(w.avg_published_score_new_count) OVER so_far) AS avg_published_score_cumulative,
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
FROM student_period AS s
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
WINDOW so_far AS (
  PARTITION BY s.person_id, s.course_offering_id
  ORDER BY s.week_end_date
  ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
)
