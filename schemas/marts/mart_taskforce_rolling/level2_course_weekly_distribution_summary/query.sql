-- Sums are of whole numbers, averages of level 1 being taken in seconds, thousandths or millionths, so that they are the
-- same in any order; only the last steps are divisions and roots.
WITH
measured AS (
  SELECT
    udp_course_offering_id,
    week_in_term,
    week_start_date,
    week_end_date,
    num_tiny_submissions AS num_tiny_submissions,
    num_small_submissions AS num_small_submissions,
    num_medium_submissions AS num_medium_submissions,
    num_large_submissions AS num_large_submissions,
    num_major_submissions AS num_major_submissions,
    num_unweighted_submissions AS num_unweighted_submissions,
    num_weighted_submissions AS num_weighted_submissions,
    num_submissions_without_due_date AS num_submissions_without_due_date,
    num_submissions_with_due_date AS num_submissions_with_due_date,
    num_submissions AS num_submissions,
    num_tiny_assignments AS num_tiny_assignments,
    num_small_assignments AS num_small_assignments,
    num_medium_assignments AS num_medium_assignments,
    num_large_assignments AS num_large_assignments,
    num_major_assignments AS num_major_assignments,
    num_unweighted_assignments AS num_unweighted_assignments,
    num_weighted_assignments AS num_weighted_assignments,
    num_assignments_without_due_date AS num_assignments_without_due_date,
    num_assignments_with_due_date AS num_assignments_with_due_date,
    num_assignments AS num_assignments,
    num_tiny_missing_submissions AS num_tiny_missing_submissions,
    num_small_missing_submissions AS num_small_missing_submissions,
    num_medium_missing_submissions AS num_medium_missing_submissions,
    num_large_missing_submissions AS num_large_missing_submissions,
    num_major_missing_submissions AS num_major_missing_submissions,
    num_unweighted_missing_submissions AS num_unweighted_missing_submissions,
    num_weighted_missing_submissions AS num_weighted_missing_submissions,
    num_missing_submissions_without_due_date AS num_missing_submissions_without_due_date,
    num_missing_submissions_with_due_date AS num_missing_submissions_with_due_date,
    num_missing_submissions AS num_missing_submissions,
    num_tiny_late_submissions AS num_tiny_late_submissions,
    num_small_late_submissions AS num_small_late_submissions,
    num_medium_late_submissions AS num_medium_late_submissions,
    num_large_late_submissions AS num_large_late_submissions,
    num_major_late_submissions AS num_major_late_submissions,
    num_unweighted_late_submissions AS num_unweighted_late_submissions,
    num_weighted_late_submissions AS num_weighted_late_submissions,
    num_late_submissions_without_due_date AS num_late_submissions_without_due_date,
    num_late_submissions_with_due_date AS num_late_submissions_with_due_date,
    num_late_submissions AS num_late_submissions,
    CAST(ROUND(avg_tiny_time_buffer_hours * 3600) AS INT64) AS avg_tiny_time_buffer_hours,
    CAST(ROUND(avg_small_time_buffer_hours * 3600) AS INT64) AS avg_small_time_buffer_hours,
    CAST(ROUND(avg_medium_time_buffer_hours * 3600) AS INT64) AS avg_medium_time_buffer_hours,
    CAST(ROUND(avg_large_time_buffer_hours * 3600) AS INT64) AS avg_large_time_buffer_hours,
    CAST(ROUND(avg_major_time_buffer_hours * 3600) AS INT64) AS avg_major_time_buffer_hours,
    CAST(ROUND(avg_unweighted_time_buffer_hours * 3600) AS INT64) AS avg_unweighted_time_buffer_hours,
    CAST(ROUND(avg_weighted_time_buffer_hours * 3600) AS INT64) AS avg_weighted_time_buffer_hours,
    CAST(ROUND(avg_time_buffer_hours_without_due_date * 3600) AS INT64) AS avg_time_buffer_hours_without_due_date,
    CAST(ROUND(avg_time_buffer_hours_with_due_date * 3600) AS INT64) AS avg_time_buffer_hours_with_due_date,
    CAST(ROUND(avg_time_buffer_hours * 3600) AS INT64) AS avg_time_buffer_hours,
    CAST(ROUND(avg_tiny_published_score * 1000000) AS INT64) AS avg_tiny_published_score,
    CAST(ROUND(avg_small_published_score * 1000000) AS INT64) AS avg_small_published_score,
    CAST(ROUND(avg_medium_published_score * 1000000) AS INT64) AS avg_medium_published_score,
    CAST(ROUND(avg_large_published_score * 1000000) AS INT64) AS avg_large_published_score,
    CAST(ROUND(avg_major_published_score * 1000000) AS INT64) AS avg_major_published_score,
    CAST(ROUND(avg_unweighted_published_score * 1000000) AS INT64) AS avg_unweighted_published_score,
    CAST(ROUND(avg_weighted_published_score * 1000000) AS INT64) AS avg_weighted_published_score,
    CAST(ROUND(avg_published_score_without_due_date * 1000000) AS INT64) AS avg_published_score_without_due_date,
    CAST(ROUND(avg_published_score_with_due_date * 1000000) AS INT64) AS avg_published_score_with_due_date,
    CAST(ROUND(avg_published_score * 1000000) AS INT64) AS avg_published_score,
    CAST(ROUND(avg_tiny_published_score_cumulative * 1000000) AS INT64) AS avg_tiny_published_score_cumulative,
    CAST(ROUND(avg_small_published_score_cumulative * 1000000) AS INT64) AS avg_small_published_score_cumulative,
    CAST(ROUND(avg_medium_published_score_cumulative * 1000000) AS INT64) AS avg_medium_published_score_cumulative,
    CAST(ROUND(avg_large_published_score_cumulative * 1000000) AS INT64) AS avg_large_published_score_cumulative,
    CAST(ROUND(avg_major_published_score_cumulative * 1000000) AS INT64) AS avg_major_published_score_cumulative,
    CAST(ROUND(avg_unweighted_published_score_cumulative * 1000000) AS INT64) AS avg_unweighted_published_score_cumulative,
    CAST(ROUND(avg_weighted_published_score_cumulative * 1000000) AS INT64) AS avg_weighted_published_score_cumulative,
    CAST(ROUND(avg_published_score_without_due_date_cumulative * 1000000) AS INT64) AS avg_published_score_without_due_date_cumulative,
    CAST(ROUND(avg_published_score_with_due_date_cumulative * 1000000) AS INT64) AS avg_published_score_with_due_date_cumulative,
    CAST(ROUND(avg_published_score_cumulative * 1000000) AS INT64) AS avg_published_score_cumulative,
    num_discussion_entries AS num_discussion_entries,
    num_discussions AS num_discussions,
    total_num_discussions AS total_num_discussions,
    CAST(ROUND(avg_discussion_entry_length * 1000) AS INT64) AS avg_discussion_entry_length,
    num_view_days AS num_view_days,
    num_sessions_10min AS num_sessions_10min,
    num_sessions_20min AS num_sessions_20min,
    num_sessions_30min AS num_sessions_30min,
    total_time_seconds_10min AS total_time_seconds_10min,
    total_time_seconds_20min AS total_time_seconds_20min,
    total_time_seconds_30min AS total_time_seconds_30min,
    num_tool_launches AS num_tool_launches,
    num_file_views AS num_file_views
  FROM mart_taskforce_rolling.level1_aggregated
)
SELECT
  udp_course_offering_id,
  week_in_term,
  week_start_date,
  week_end_date,
  SAFE_DIVIDE(SUM(num_tiny_submissions), COUNT(num_tiny_submissions)) AS avg_num_tiny_submissions,
  CASE
      WHEN COUNT(num_tiny_submissions) < 2 THEN NULL
      WHEN MIN(num_tiny_submissions) = MAX(num_tiny_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_tiny_submissions * num_tiny_submissions) - SAFE_DIVIDE(CAST(SUM(num_tiny_submissions) AS FLOAT64) * CAST(SUM(num_tiny_submissions) AS FLOAT64), COUNT(num_tiny_submissions)), 0), COUNT(num_tiny_submissions) - 1))
    END AS sd_num_tiny_submissions,
  SUM(num_tiny_submissions) AS total_tiny_submissions,
  COUNTIF(num_tiny_submissions > 0) AS num_students_tiny_submissions,
  SAFE_DIVIDE(SUM(num_small_submissions), COUNT(num_small_submissions)) AS avg_num_small_submissions,
  CASE
      WHEN COUNT(num_small_submissions) < 2 THEN NULL
      WHEN MIN(num_small_submissions) = MAX(num_small_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_small_submissions * num_small_submissions) - SAFE_DIVIDE(CAST(SUM(num_small_submissions) AS FLOAT64) * CAST(SUM(num_small_submissions) AS FLOAT64), COUNT(num_small_submissions)), 0), COUNT(num_small_submissions) - 1))
    END AS sd_num_small_submissions,
  SUM(num_small_submissions) AS total_small_submissions,
  COUNTIF(num_small_submissions > 0) AS num_students_small_submissions,
  SAFE_DIVIDE(SUM(num_medium_submissions), COUNT(num_medium_submissions)) AS avg_num_medium_submissions,
  CASE
      WHEN COUNT(num_medium_submissions) < 2 THEN NULL
      WHEN MIN(num_medium_submissions) = MAX(num_medium_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_medium_submissions * num_medium_submissions) - SAFE_DIVIDE(CAST(SUM(num_medium_submissions) AS FLOAT64) * CAST(SUM(num_medium_submissions) AS FLOAT64), COUNT(num_medium_submissions)), 0), COUNT(num_medium_submissions) - 1))
    END AS sd_num_medium_submissions,
  SUM(num_medium_submissions) AS total_medium_submissions,
  COUNTIF(num_medium_submissions > 0) AS num_students_medium_submissions,
  SAFE_DIVIDE(SUM(num_large_submissions), COUNT(num_large_submissions)) AS avg_num_large_submissions,
  CASE
      WHEN COUNT(num_large_submissions) < 2 THEN NULL
      WHEN MIN(num_large_submissions) = MAX(num_large_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_large_submissions * num_large_submissions) - SAFE_DIVIDE(CAST(SUM(num_large_submissions) AS FLOAT64) * CAST(SUM(num_large_submissions) AS FLOAT64), COUNT(num_large_submissions)), 0), COUNT(num_large_submissions) - 1))
    END AS sd_num_large_submissions,
  SUM(num_large_submissions) AS total_large_submissions,
  COUNTIF(num_large_submissions > 0) AS num_students_large_submissions,
  SAFE_DIVIDE(SUM(num_major_submissions), COUNT(num_major_submissions)) AS avg_num_major_submissions,
  CASE
      WHEN COUNT(num_major_submissions) < 2 THEN NULL
      WHEN MIN(num_major_submissions) = MAX(num_major_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_major_submissions * num_major_submissions) - SAFE_DIVIDE(CAST(SUM(num_major_submissions) AS FLOAT64) * CAST(SUM(num_major_submissions) AS FLOAT64), COUNT(num_major_submissions)), 0), COUNT(num_major_submissions) - 1))
    END AS sd_num_major_submissions,
  SUM(num_major_submissions) AS total_major_submissions,
  COUNTIF(num_major_submissions > 0) AS num_students_major_submissions,
  SAFE_DIVIDE(SUM(num_unweighted_submissions), COUNT(num_unweighted_submissions)) AS avg_num_unweighted_submissions,
  CASE
      WHEN COUNT(num_unweighted_submissions) < 2 THEN NULL
      WHEN MIN(num_unweighted_submissions) = MAX(num_unweighted_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_unweighted_submissions * num_unweighted_submissions) - SAFE_DIVIDE(CAST(SUM(num_unweighted_submissions) AS FLOAT64) * CAST(SUM(num_unweighted_submissions) AS FLOAT64), COUNT(num_unweighted_submissions)), 0), COUNT(num_unweighted_submissions) - 1))
    END AS sd_num_unweighted_submissions,
  SUM(num_unweighted_submissions) AS total_unweighted_submissions,
  COUNTIF(num_unweighted_submissions > 0) AS num_students_unweighted_submissions,
  SAFE_DIVIDE(SUM(num_weighted_submissions), COUNT(num_weighted_submissions)) AS avg_num_weighted_submissions,
  CASE
      WHEN COUNT(num_weighted_submissions) < 2 THEN NULL
      WHEN MIN(num_weighted_submissions) = MAX(num_weighted_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_weighted_submissions * num_weighted_submissions) - SAFE_DIVIDE(CAST(SUM(num_weighted_submissions) AS FLOAT64) * CAST(SUM(num_weighted_submissions) AS FLOAT64), COUNT(num_weighted_submissions)), 0), COUNT(num_weighted_submissions) - 1))
    END AS sd_num_weighted_submissions,
  SUM(num_weighted_submissions) AS total_weighted_submissions,
  COUNTIF(num_weighted_submissions > 0) AS num_students_weighted_submissions,
  SAFE_DIVIDE(SUM(num_submissions_without_due_date), COUNT(num_submissions_without_due_date)) AS avg_num_submissions_without_due_date,
  CASE
      WHEN COUNT(num_submissions_without_due_date) < 2 THEN NULL
      WHEN MIN(num_submissions_without_due_date) = MAX(num_submissions_without_due_date) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_submissions_without_due_date * num_submissions_without_due_date) - SAFE_DIVIDE(CAST(SUM(num_submissions_without_due_date) AS FLOAT64) * CAST(SUM(num_submissions_without_due_date) AS FLOAT64), COUNT(num_submissions_without_due_date)), 0), COUNT(num_submissions_without_due_date) - 1))
    END AS sd_num_submissions_without_due_date,
  SUM(num_submissions_without_due_date) AS total_submissions_without_due_date,
  COUNTIF(num_submissions_without_due_date > 0) AS num_students_submissions_without_due_date,
  SAFE_DIVIDE(SUM(num_submissions_with_due_date), COUNT(num_submissions_with_due_date)) AS avg_num_submissions_with_due_date,
  CASE
      WHEN COUNT(num_submissions_with_due_date) < 2 THEN NULL
      WHEN MIN(num_submissions_with_due_date) = MAX(num_submissions_with_due_date) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_submissions_with_due_date * num_submissions_with_due_date) - SAFE_DIVIDE(CAST(SUM(num_submissions_with_due_date) AS FLOAT64) * CAST(SUM(num_submissions_with_due_date) AS FLOAT64), COUNT(num_submissions_with_due_date)), 0), COUNT(num_submissions_with_due_date) - 1))
    END AS sd_num_submissions_with_due_date,
  SUM(num_submissions_with_due_date) AS total_submissions_with_due_date,
  COUNTIF(num_submissions_with_due_date > 0) AS num_students_submissions_with_due_date,
  SAFE_DIVIDE(SUM(num_submissions), COUNT(num_submissions)) AS avg_num_submissions,
  CASE
      WHEN COUNT(num_submissions) < 2 THEN NULL
      WHEN MIN(num_submissions) = MAX(num_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_submissions * num_submissions) - SAFE_DIVIDE(CAST(SUM(num_submissions) AS FLOAT64) * CAST(SUM(num_submissions) AS FLOAT64), COUNT(num_submissions)), 0), COUNT(num_submissions) - 1))
    END AS sd_num_submissions,
  SUM(num_submissions) AS total_submissions,
  COUNTIF(num_submissions > 0) AS num_students_submissions,
  SAFE_DIVIDE(SUM(num_tiny_assignments), COUNT(num_tiny_assignments)) AS avg_num_tiny_assignments,
  CASE
      WHEN COUNT(num_tiny_assignments) < 2 THEN NULL
      WHEN MIN(num_tiny_assignments) = MAX(num_tiny_assignments) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_tiny_assignments * num_tiny_assignments) - SAFE_DIVIDE(CAST(SUM(num_tiny_assignments) AS FLOAT64) * CAST(SUM(num_tiny_assignments) AS FLOAT64), COUNT(num_tiny_assignments)), 0), COUNT(num_tiny_assignments) - 1))
    END AS sd_num_tiny_assignments,
  SUM(num_tiny_assignments) AS total_tiny_assignments,
  COUNTIF(num_tiny_assignments > 0) AS num_students_tiny_assignments,
  SAFE_DIVIDE(SUM(num_small_assignments), COUNT(num_small_assignments)) AS avg_num_small_assignments,
  CASE
      WHEN COUNT(num_small_assignments) < 2 THEN NULL
      WHEN MIN(num_small_assignments) = MAX(num_small_assignments) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_small_assignments * num_small_assignments) - SAFE_DIVIDE(CAST(SUM(num_small_assignments) AS FLOAT64) * CAST(SUM(num_small_assignments) AS FLOAT64), COUNT(num_small_assignments)), 0), COUNT(num_small_assignments) - 1))
    END AS sd_num_small_assignments,
  SUM(num_small_assignments) AS total_small_assignments,
  COUNTIF(num_small_assignments > 0) AS num_students_small_assignments,
  SAFE_DIVIDE(SUM(num_medium_assignments), COUNT(num_medium_assignments)) AS avg_num_medium_assignments,
  CASE
      WHEN COUNT(num_medium_assignments) < 2 THEN NULL
      WHEN MIN(num_medium_assignments) = MAX(num_medium_assignments) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_medium_assignments * num_medium_assignments) - SAFE_DIVIDE(CAST(SUM(num_medium_assignments) AS FLOAT64) * CAST(SUM(num_medium_assignments) AS FLOAT64), COUNT(num_medium_assignments)), 0), COUNT(num_medium_assignments) - 1))
    END AS sd_num_medium_assignments,
  SUM(num_medium_assignments) AS total_medium_assignments,
  COUNTIF(num_medium_assignments > 0) AS num_students_medium_assignments,
  SAFE_DIVIDE(SUM(num_large_assignments), COUNT(num_large_assignments)) AS avg_num_large_assignments,
  CASE
      WHEN COUNT(num_large_assignments) < 2 THEN NULL
      WHEN MIN(num_large_assignments) = MAX(num_large_assignments) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_large_assignments * num_large_assignments) - SAFE_DIVIDE(CAST(SUM(num_large_assignments) AS FLOAT64) * CAST(SUM(num_large_assignments) AS FLOAT64), COUNT(num_large_assignments)), 0), COUNT(num_large_assignments) - 1))
    END AS sd_num_large_assignments,
  SUM(num_large_assignments) AS total_large_assignments,
  COUNTIF(num_large_assignments > 0) AS num_students_large_assignments,
  SAFE_DIVIDE(SUM(num_major_assignments), COUNT(num_major_assignments)) AS avg_num_major_assignments,
  CASE
      WHEN COUNT(num_major_assignments) < 2 THEN NULL
      WHEN MIN(num_major_assignments) = MAX(num_major_assignments) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_major_assignments * num_major_assignments) - SAFE_DIVIDE(CAST(SUM(num_major_assignments) AS FLOAT64) * CAST(SUM(num_major_assignments) AS FLOAT64), COUNT(num_major_assignments)), 0), COUNT(num_major_assignments) - 1))
    END AS sd_num_major_assignments,
  SUM(num_major_assignments) AS total_major_assignments,
  COUNTIF(num_major_assignments > 0) AS num_students_major_assignments,
  SAFE_DIVIDE(SUM(num_unweighted_assignments), COUNT(num_unweighted_assignments)) AS avg_num_unweighted_assignments,
  CASE
      WHEN COUNT(num_unweighted_assignments) < 2 THEN NULL
      WHEN MIN(num_unweighted_assignments) = MAX(num_unweighted_assignments) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_unweighted_assignments * num_unweighted_assignments) - SAFE_DIVIDE(CAST(SUM(num_unweighted_assignments) AS FLOAT64) * CAST(SUM(num_unweighted_assignments) AS FLOAT64), COUNT(num_unweighted_assignments)), 0), COUNT(num_unweighted_assignments) - 1))
    END AS sd_num_unweighted_assignments,
  SUM(num_unweighted_assignments) AS total_unweighted_assignments,
  COUNTIF(num_unweighted_assignments > 0) AS num_students_unweighted_assignments,
  SAFE_DIVIDE(SUM(num_weighted_assignments), COUNT(num_weighted_assignments)) AS avg_num_weighted_assignments,
  CASE
      WHEN COUNT(num_weighted_assignments) < 2 THEN NULL
      WHEN MIN(num_weighted_assignments) = MAX(num_weighted_assignments) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_weighted_assignments * num_weighted_assignments) - SAFE_DIVIDE(CAST(SUM(num_weighted_assignments) AS FLOAT64) * CAST(SUM(num_weighted_assignments) AS FLOAT64), COUNT(num_weighted_assignments)), 0), COUNT(num_weighted_assignments) - 1))
    END AS sd_num_weighted_assignments,
  SUM(num_weighted_assignments) AS total_weighted_assignments,
  COUNTIF(num_weighted_assignments > 0) AS num_students_weighted_assignments,
  SAFE_DIVIDE(SUM(num_assignments_without_due_date), COUNT(num_assignments_without_due_date)) AS avg_num_assignments_without_due_date,
  CASE
      WHEN COUNT(num_assignments_without_due_date) < 2 THEN NULL
      WHEN MIN(num_assignments_without_due_date) = MAX(num_assignments_without_due_date) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_assignments_without_due_date * num_assignments_without_due_date) - SAFE_DIVIDE(CAST(SUM(num_assignments_without_due_date) AS FLOAT64) * CAST(SUM(num_assignments_without_due_date) AS FLOAT64), COUNT(num_assignments_without_due_date)), 0), COUNT(num_assignments_without_due_date) - 1))
    END AS sd_num_assignments_without_due_date,
  SUM(num_assignments_without_due_date) AS total_assignments_without_due_date,
  COUNTIF(num_assignments_without_due_date > 0) AS num_students_assignments_without_due_date,
  SAFE_DIVIDE(SUM(num_assignments_with_due_date), COUNT(num_assignments_with_due_date)) AS avg_num_assignments_with_due_date,
  CASE
      WHEN COUNT(num_assignments_with_due_date) < 2 THEN NULL
      WHEN MIN(num_assignments_with_due_date) = MAX(num_assignments_with_due_date) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_assignments_with_due_date * num_assignments_with_due_date) - SAFE_DIVIDE(CAST(SUM(num_assignments_with_due_date) AS FLOAT64) * CAST(SUM(num_assignments_with_due_date) AS FLOAT64), COUNT(num_assignments_with_due_date)), 0), COUNT(num_assignments_with_due_date) - 1))
    END AS sd_num_assignments_with_due_date,
  SUM(num_assignments_with_due_date) AS total_assignments_with_due_date,
  COUNTIF(num_assignments_with_due_date > 0) AS num_students_assignments_with_due_date,
  SAFE_DIVIDE(SUM(num_assignments), COUNT(num_assignments)) AS avg_num_assignments,
  CASE
      WHEN COUNT(num_assignments) < 2 THEN NULL
      WHEN MIN(num_assignments) = MAX(num_assignments) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_assignments * num_assignments) - SAFE_DIVIDE(CAST(SUM(num_assignments) AS FLOAT64) * CAST(SUM(num_assignments) AS FLOAT64), COUNT(num_assignments)), 0), COUNT(num_assignments) - 1))
    END AS sd_num_assignments,
  SUM(num_assignments) AS total_assignments,
  COUNTIF(num_assignments > 0) AS num_students_assignments,
  SAFE_DIVIDE(SUM(num_tiny_missing_submissions), COUNT(num_tiny_missing_submissions)) AS avg_num_tiny_missing_submissions,
  CASE
      WHEN COUNT(num_tiny_missing_submissions) < 2 THEN NULL
      WHEN MIN(num_tiny_missing_submissions) = MAX(num_tiny_missing_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_tiny_missing_submissions * num_tiny_missing_submissions) - SAFE_DIVIDE(CAST(SUM(num_tiny_missing_submissions) AS FLOAT64) * CAST(SUM(num_tiny_missing_submissions) AS FLOAT64), COUNT(num_tiny_missing_submissions)), 0), COUNT(num_tiny_missing_submissions) - 1))
    END AS sd_num_tiny_missing_submissions,
  SUM(num_tiny_missing_submissions) AS total_tiny_missing_submissions,
  COUNTIF(num_tiny_missing_submissions > 0) AS num_students_tiny_missing_submissions,
  SAFE_DIVIDE(SUM(num_small_missing_submissions), COUNT(num_small_missing_submissions)) AS avg_num_small_missing_submissions,
  CASE
      WHEN COUNT(num_small_missing_submissions) < 2 THEN NULL
      WHEN MIN(num_small_missing_submissions) = MAX(num_small_missing_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_small_missing_submissions * num_small_missing_submissions) - SAFE_DIVIDE(CAST(SUM(num_small_missing_submissions) AS FLOAT64) * CAST(SUM(num_small_missing_submissions) AS FLOAT64), COUNT(num_small_missing_submissions)), 0), COUNT(num_small_missing_submissions) - 1))
    END AS sd_num_small_missing_submissions,
  SUM(num_small_missing_submissions) AS total_small_missing_submissions,
  COUNTIF(num_small_missing_submissions > 0) AS num_students_small_missing_submissions,
  SAFE_DIVIDE(SUM(num_medium_missing_submissions), COUNT(num_medium_missing_submissions)) AS avg_num_medium_missing_submissions,
  CASE
      WHEN COUNT(num_medium_missing_submissions) < 2 THEN NULL
      WHEN MIN(num_medium_missing_submissions) = MAX(num_medium_missing_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_medium_missing_submissions * num_medium_missing_submissions) - SAFE_DIVIDE(CAST(SUM(num_medium_missing_submissions) AS FLOAT64) * CAST(SUM(num_medium_missing_submissions) AS FLOAT64), COUNT(num_medium_missing_submissions)), 0), COUNT(num_medium_missing_submissions) - 1))
    END AS sd_num_medium_missing_submissions,
  SUM(num_medium_missing_submissions) AS total_medium_missing_submissions,
  COUNTIF(num_medium_missing_submissions > 0) AS num_students_medium_missing_submissions,
  SAFE_DIVIDE(SUM(num_large_missing_submissions), COUNT(num_large_missing_submissions)) AS avg_num_large_missing_submissions,
  CASE
      WHEN COUNT(num_large_missing_submissions) < 2 THEN NULL
      WHEN MIN(num_large_missing_submissions) = MAX(num_large_missing_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_large_missing_submissions * num_large_missing_submissions) - SAFE_DIVIDE(CAST(SUM(num_large_missing_submissions) AS FLOAT64) * CAST(SUM(num_large_missing_submissions) AS FLOAT64), COUNT(num_large_missing_submissions)), 0), COUNT(num_large_missing_submissions) - 1))
    END AS sd_num_large_missing_submissions,
  SUM(num_large_missing_submissions) AS total_large_missing_submissions,
  COUNTIF(num_large_missing_submissions > 0) AS num_students_large_missing_submissions,
  SAFE_DIVIDE(SUM(num_major_missing_submissions), COUNT(num_major_missing_submissions)) AS avg_num_major_missing_submissions,
  CASE
      WHEN COUNT(num_major_missing_submissions) < 2 THEN NULL
      WHEN MIN(num_major_missing_submissions) = MAX(num_major_missing_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_major_missing_submissions * num_major_missing_submissions) - SAFE_DIVIDE(CAST(SUM(num_major_missing_submissions) AS FLOAT64) * CAST(SUM(num_major_missing_submissions) AS FLOAT64), COUNT(num_major_missing_submissions)), 0), COUNT(num_major_missing_submissions) - 1))
    END AS sd_num_major_missing_submissions,
  SUM(num_major_missing_submissions) AS total_major_missing_submissions,
  COUNTIF(num_major_missing_submissions > 0) AS num_students_major_missing_submissions,
  SAFE_DIVIDE(SUM(num_unweighted_missing_submissions), COUNT(num_unweighted_missing_submissions)) AS avg_num_unweighted_missing_submissions,
  CASE
      WHEN COUNT(num_unweighted_missing_submissions) < 2 THEN NULL
      WHEN MIN(num_unweighted_missing_submissions) = MAX(num_unweighted_missing_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_unweighted_missing_submissions * num_unweighted_missing_submissions) - SAFE_DIVIDE(CAST(SUM(num_unweighted_missing_submissions) AS FLOAT64) * CAST(SUM(num_unweighted_missing_submissions) AS FLOAT64), COUNT(num_unweighted_missing_submissions)), 0), COUNT(num_unweighted_missing_submissions) - 1))
    END AS sd_num_unweighted_missing_submissions,
  SUM(num_unweighted_missing_submissions) AS total_unweighted_missing_submissions,
  COUNTIF(num_unweighted_missing_submissions > 0) AS num_students_unweighted_missing_submissions,
  SAFE_DIVIDE(SUM(num_weighted_missing_submissions), COUNT(num_weighted_missing_submissions)) AS avg_num_weighted_missing_submissions,
  CASE
      WHEN COUNT(num_weighted_missing_submissions) < 2 THEN NULL
      WHEN MIN(num_weighted_missing_submissions) = MAX(num_weighted_missing_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_weighted_missing_submissions * num_weighted_missing_submissions) - SAFE_DIVIDE(CAST(SUM(num_weighted_missing_submissions) AS FLOAT64) * CAST(SUM(num_weighted_missing_submissions) AS FLOAT64), COUNT(num_weighted_missing_submissions)), 0), COUNT(num_weighted_missing_submissions) - 1))
    END AS sd_num_weighted_missing_submissions,
  SUM(num_weighted_missing_submissions) AS total_weighted_missing_submissions,
  COUNTIF(num_weighted_missing_submissions > 0) AS num_students_weighted_missing_submissions,
  SAFE_DIVIDE(SUM(num_missing_submissions_without_due_date), COUNT(num_missing_submissions_without_due_date)) AS avg_num_missing_submissions_without_due_date,
  CASE
      WHEN COUNT(num_missing_submissions_without_due_date) < 2 THEN NULL
      WHEN MIN(num_missing_submissions_without_due_date) = MAX(num_missing_submissions_without_due_date) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_missing_submissions_without_due_date * num_missing_submissions_without_due_date) - SAFE_DIVIDE(CAST(SUM(num_missing_submissions_without_due_date) AS FLOAT64) * CAST(SUM(num_missing_submissions_without_due_date) AS FLOAT64), COUNT(num_missing_submissions_without_due_date)), 0), COUNT(num_missing_submissions_without_due_date) - 1))
    END AS sd_num_missing_submissions_without_due_date,
  SUM(num_missing_submissions_without_due_date) AS total_missing_submissions_without_due_date,
  COUNTIF(num_missing_submissions_without_due_date > 0) AS num_students_missing_submissions_without_due_date,
  SAFE_DIVIDE(SUM(num_missing_submissions_with_due_date), COUNT(num_missing_submissions_with_due_date)) AS avg_num_missing_submissions_with_due_date,
  CASE
      WHEN COUNT(num_missing_submissions_with_due_date) < 2 THEN NULL
      WHEN MIN(num_missing_submissions_with_due_date) = MAX(num_missing_submissions_with_due_date) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_missing_submissions_with_due_date * num_missing_submissions_with_due_date) - SAFE_DIVIDE(CAST(SUM(num_missing_submissions_with_due_date) AS FLOAT64) * CAST(SUM(num_missing_submissions_with_due_date) AS FLOAT64), COUNT(num_missing_submissions_with_due_date)), 0), COUNT(num_missing_submissions_with_due_date) - 1))
    END AS sd_num_missing_submissions_with_due_date,
  SUM(num_missing_submissions_with_due_date) AS total_missing_submissions_with_due_date,
  COUNTIF(num_missing_submissions_with_due_date > 0) AS num_students_missing_submissions_with_due_date,
  SAFE_DIVIDE(SUM(num_missing_submissions), COUNT(num_missing_submissions)) AS avg_num_missing_submissions,
  CASE
      WHEN COUNT(num_missing_submissions) < 2 THEN NULL
      WHEN MIN(num_missing_submissions) = MAX(num_missing_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_missing_submissions * num_missing_submissions) - SAFE_DIVIDE(CAST(SUM(num_missing_submissions) AS FLOAT64) * CAST(SUM(num_missing_submissions) AS FLOAT64), COUNT(num_missing_submissions)), 0), COUNT(num_missing_submissions) - 1))
    END AS sd_num_missing_submissions,
  SUM(num_missing_submissions) AS total_missing_submissions,
  COUNTIF(num_missing_submissions > 0) AS num_students_missing_submissions,
  SAFE_DIVIDE(SUM(num_tiny_late_submissions), COUNT(num_tiny_late_submissions)) AS avg_num_tiny_late_submissions,
  CASE
      WHEN COUNT(num_tiny_late_submissions) < 2 THEN NULL
      WHEN MIN(num_tiny_late_submissions) = MAX(num_tiny_late_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_tiny_late_submissions * num_tiny_late_submissions) - SAFE_DIVIDE(CAST(SUM(num_tiny_late_submissions) AS FLOAT64) * CAST(SUM(num_tiny_late_submissions) AS FLOAT64), COUNT(num_tiny_late_submissions)), 0), COUNT(num_tiny_late_submissions) - 1))
    END AS sd_num_tiny_late_submissions,
  SUM(num_tiny_late_submissions) AS total_tiny_late_submissions,
  COUNTIF(num_tiny_late_submissions > 0) AS num_students_tiny_late_submissions,
  SAFE_DIVIDE(SUM(num_small_late_submissions), COUNT(num_small_late_submissions)) AS avg_num_small_late_submissions,
  CASE
      WHEN COUNT(num_small_late_submissions) < 2 THEN NULL
      WHEN MIN(num_small_late_submissions) = MAX(num_small_late_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_small_late_submissions * num_small_late_submissions) - SAFE_DIVIDE(CAST(SUM(num_small_late_submissions) AS FLOAT64) * CAST(SUM(num_small_late_submissions) AS FLOAT64), COUNT(num_small_late_submissions)), 0), COUNT(num_small_late_submissions) - 1))
    END AS sd_num_small_late_submissions,
  SUM(num_small_late_submissions) AS total_small_late_submissions,
  COUNTIF(num_small_late_submissions > 0) AS num_students_small_late_submissions,
  SAFE_DIVIDE(SUM(num_medium_late_submissions), COUNT(num_medium_late_submissions)) AS avg_num_medium_late_submissions,
  CASE
      WHEN COUNT(num_medium_late_submissions) < 2 THEN NULL
      WHEN MIN(num_medium_late_submissions) = MAX(num_medium_late_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_medium_late_submissions * num_medium_late_submissions) - SAFE_DIVIDE(CAST(SUM(num_medium_late_submissions) AS FLOAT64) * CAST(SUM(num_medium_late_submissions) AS FLOAT64), COUNT(num_medium_late_submissions)), 0), COUNT(num_medium_late_submissions) - 1))
    END AS sd_num_medium_late_submissions,
  SUM(num_medium_late_submissions) AS total_medium_late_submissions,
  COUNTIF(num_medium_late_submissions > 0) AS num_students_medium_late_submissions,
  SAFE_DIVIDE(SUM(num_large_late_submissions), COUNT(num_large_late_submissions)) AS avg_num_large_late_submissions,
  CASE
      WHEN COUNT(num_large_late_submissions) < 2 THEN NULL
      WHEN MIN(num_large_late_submissions) = MAX(num_large_late_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_large_late_submissions * num_large_late_submissions) - SAFE_DIVIDE(CAST(SUM(num_large_late_submissions) AS FLOAT64) * CAST(SUM(num_large_late_submissions) AS FLOAT64), COUNT(num_large_late_submissions)), 0), COUNT(num_large_late_submissions) - 1))
    END AS sd_num_large_late_submissions,
  SUM(num_large_late_submissions) AS total_large_late_submissions,
  COUNTIF(num_large_late_submissions > 0) AS num_students_large_late_submissions,
  SAFE_DIVIDE(SUM(num_major_late_submissions), COUNT(num_major_late_submissions)) AS avg_num_major_late_submissions,
  CASE
      WHEN COUNT(num_major_late_submissions) < 2 THEN NULL
      WHEN MIN(num_major_late_submissions) = MAX(num_major_late_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_major_late_submissions * num_major_late_submissions) - SAFE_DIVIDE(CAST(SUM(num_major_late_submissions) AS FLOAT64) * CAST(SUM(num_major_late_submissions) AS FLOAT64), COUNT(num_major_late_submissions)), 0), COUNT(num_major_late_submissions) - 1))
    END AS sd_num_major_late_submissions,
  SUM(num_major_late_submissions) AS total_major_late_submissions,
  COUNTIF(num_major_late_submissions > 0) AS num_students_major_late_submissions,
  SAFE_DIVIDE(SUM(num_unweighted_late_submissions), COUNT(num_unweighted_late_submissions)) AS avg_num_unweighted_late_submissions,
  CASE
      WHEN COUNT(num_unweighted_late_submissions) < 2 THEN NULL
      WHEN MIN(num_unweighted_late_submissions) = MAX(num_unweighted_late_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_unweighted_late_submissions * num_unweighted_late_submissions) - SAFE_DIVIDE(CAST(SUM(num_unweighted_late_submissions) AS FLOAT64) * CAST(SUM(num_unweighted_late_submissions) AS FLOAT64), COUNT(num_unweighted_late_submissions)), 0), COUNT(num_unweighted_late_submissions) - 1))
    END AS sd_num_unweighted_late_submissions,
  SUM(num_unweighted_late_submissions) AS total_unweighted_late_submissions,
  COUNTIF(num_unweighted_late_submissions > 0) AS num_students_unweighted_late_submissions,
  SAFE_DIVIDE(SUM(num_weighted_late_submissions), COUNT(num_weighted_late_submissions)) AS avg_num_weighted_late_submissions,
  CASE
      WHEN COUNT(num_weighted_late_submissions) < 2 THEN NULL
      WHEN MIN(num_weighted_late_submissions) = MAX(num_weighted_late_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_weighted_late_submissions * num_weighted_late_submissions) - SAFE_DIVIDE(CAST(SUM(num_weighted_late_submissions) AS FLOAT64) * CAST(SUM(num_weighted_late_submissions) AS FLOAT64), COUNT(num_weighted_late_submissions)), 0), COUNT(num_weighted_late_submissions) - 1))
    END AS sd_num_weighted_late_submissions,
  SUM(num_weighted_late_submissions) AS total_weighted_late_submissions,
  COUNTIF(num_weighted_late_submissions > 0) AS num_students_weighted_late_submissions,
  SAFE_DIVIDE(SUM(num_late_submissions_without_due_date), COUNT(num_late_submissions_without_due_date)) AS avg_num_late_submissions_without_due_date,
  CASE
      WHEN COUNT(num_late_submissions_without_due_date) < 2 THEN NULL
      WHEN MIN(num_late_submissions_without_due_date) = MAX(num_late_submissions_without_due_date) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_late_submissions_without_due_date * num_late_submissions_without_due_date) - SAFE_DIVIDE(CAST(SUM(num_late_submissions_without_due_date) AS FLOAT64) * CAST(SUM(num_late_submissions_without_due_date) AS FLOAT64), COUNT(num_late_submissions_without_due_date)), 0), COUNT(num_late_submissions_without_due_date) - 1))
    END AS sd_num_late_submissions_without_due_date,
  SUM(num_late_submissions_without_due_date) AS total_late_submissions_without_due_date,
  COUNTIF(num_late_submissions_without_due_date > 0) AS num_students_late_submissions_without_due_date,
  SAFE_DIVIDE(SUM(num_late_submissions_with_due_date), COUNT(num_late_submissions_with_due_date)) AS avg_num_late_submissions_with_due_date,
  CASE
      WHEN COUNT(num_late_submissions_with_due_date) < 2 THEN NULL
      WHEN MIN(num_late_submissions_with_due_date) = MAX(num_late_submissions_with_due_date) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_late_submissions_with_due_date * num_late_submissions_with_due_date) - SAFE_DIVIDE(CAST(SUM(num_late_submissions_with_due_date) AS FLOAT64) * CAST(SUM(num_late_submissions_with_due_date) AS FLOAT64), COUNT(num_late_submissions_with_due_date)), 0), COUNT(num_late_submissions_with_due_date) - 1))
    END AS sd_num_late_submissions_with_due_date,
  SUM(num_late_submissions_with_due_date) AS total_late_submissions_with_due_date,
  COUNTIF(num_late_submissions_with_due_date > 0) AS num_students_late_submissions_with_due_date,
  SAFE_DIVIDE(SUM(num_late_submissions), COUNT(num_late_submissions)) AS avg_num_late_submissions,
  CASE
      WHEN COUNT(num_late_submissions) < 2 THEN NULL
      WHEN MIN(num_late_submissions) = MAX(num_late_submissions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_late_submissions * num_late_submissions) - SAFE_DIVIDE(CAST(SUM(num_late_submissions) AS FLOAT64) * CAST(SUM(num_late_submissions) AS FLOAT64), COUNT(num_late_submissions)), 0), COUNT(num_late_submissions) - 1))
    END AS sd_num_late_submissions,
  SUM(num_late_submissions) AS total_late_submissions,
  COUNTIF(num_late_submissions > 0) AS num_students_late_submissions,
  SAFE_DIVIDE(SUM(avg_tiny_time_buffer_hours), 3600 * COUNT(avg_tiny_time_buffer_hours)) AS avg_avg_tiny_time_buffer_hours,
  CASE
      WHEN COUNT(avg_tiny_time_buffer_hours) < 2 THEN NULL
      WHEN MIN(avg_tiny_time_buffer_hours) = MAX(avg_tiny_time_buffer_hours) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_tiny_time_buffer_hours * avg_tiny_time_buffer_hours) - SAFE_DIVIDE(CAST(SUM(avg_tiny_time_buffer_hours) AS FLOAT64) * CAST(SUM(avg_tiny_time_buffer_hours) AS FLOAT64), COUNT(avg_tiny_time_buffer_hours)), 0), COUNT(avg_tiny_time_buffer_hours) - 1)), 3600)
    END AS sd_avg_tiny_time_buffer_hours,
  COUNT(avg_tiny_time_buffer_hours) AS num_students_avg_tiny_time_buffer_hours,
  SAFE_DIVIDE(SUM(avg_small_time_buffer_hours), 3600 * COUNT(avg_small_time_buffer_hours)) AS avg_avg_small_time_buffer_hours,
  CASE
      WHEN COUNT(avg_small_time_buffer_hours) < 2 THEN NULL
      WHEN MIN(avg_small_time_buffer_hours) = MAX(avg_small_time_buffer_hours) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_small_time_buffer_hours * avg_small_time_buffer_hours) - SAFE_DIVIDE(CAST(SUM(avg_small_time_buffer_hours) AS FLOAT64) * CAST(SUM(avg_small_time_buffer_hours) AS FLOAT64), COUNT(avg_small_time_buffer_hours)), 0), COUNT(avg_small_time_buffer_hours) - 1)), 3600)
    END AS sd_avg_small_time_buffer_hours,
  COUNT(avg_small_time_buffer_hours) AS num_students_avg_small_time_buffer_hours,
  SAFE_DIVIDE(SUM(avg_medium_time_buffer_hours), 3600 * COUNT(avg_medium_time_buffer_hours)) AS avg_avg_medium_time_buffer_hours,
  CASE
      WHEN COUNT(avg_medium_time_buffer_hours) < 2 THEN NULL
      WHEN MIN(avg_medium_time_buffer_hours) = MAX(avg_medium_time_buffer_hours) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_medium_time_buffer_hours * avg_medium_time_buffer_hours) - SAFE_DIVIDE(CAST(SUM(avg_medium_time_buffer_hours) AS FLOAT64) * CAST(SUM(avg_medium_time_buffer_hours) AS FLOAT64), COUNT(avg_medium_time_buffer_hours)), 0), COUNT(avg_medium_time_buffer_hours) - 1)), 3600)
    END AS sd_avg_medium_time_buffer_hours,
  COUNT(avg_medium_time_buffer_hours) AS num_students_avg_medium_time_buffer_hours,
  SAFE_DIVIDE(SUM(avg_large_time_buffer_hours), 3600 * COUNT(avg_large_time_buffer_hours)) AS avg_avg_large_time_buffer_hours,
  CASE
      WHEN COUNT(avg_large_time_buffer_hours) < 2 THEN NULL
      WHEN MIN(avg_large_time_buffer_hours) = MAX(avg_large_time_buffer_hours) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_large_time_buffer_hours * avg_large_time_buffer_hours) - SAFE_DIVIDE(CAST(SUM(avg_large_time_buffer_hours) AS FLOAT64) * CAST(SUM(avg_large_time_buffer_hours) AS FLOAT64), COUNT(avg_large_time_buffer_hours)), 0), COUNT(avg_large_time_buffer_hours) - 1)), 3600)
    END AS sd_avg_large_time_buffer_hours,
  COUNT(avg_large_time_buffer_hours) AS num_students_avg_large_time_buffer_hours,
  SAFE_DIVIDE(SUM(avg_major_time_buffer_hours), 3600 * COUNT(avg_major_time_buffer_hours)) AS avg_avg_major_time_buffer_hours,
  CASE
      WHEN COUNT(avg_major_time_buffer_hours) < 2 THEN NULL
      WHEN MIN(avg_major_time_buffer_hours) = MAX(avg_major_time_buffer_hours) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_major_time_buffer_hours * avg_major_time_buffer_hours) - SAFE_DIVIDE(CAST(SUM(avg_major_time_buffer_hours) AS FLOAT64) * CAST(SUM(avg_major_time_buffer_hours) AS FLOAT64), COUNT(avg_major_time_buffer_hours)), 0), COUNT(avg_major_time_buffer_hours) - 1)), 3600)
    END AS sd_avg_major_time_buffer_hours,
  COUNT(avg_major_time_buffer_hours) AS num_students_avg_major_time_buffer_hours,
  SAFE_DIVIDE(SUM(avg_unweighted_time_buffer_hours), 3600 * COUNT(avg_unweighted_time_buffer_hours)) AS avg_avg_unweighted_time_buffer_hours,
  CASE
      WHEN COUNT(avg_unweighted_time_buffer_hours) < 2 THEN NULL
      WHEN MIN(avg_unweighted_time_buffer_hours) = MAX(avg_unweighted_time_buffer_hours) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_unweighted_time_buffer_hours * avg_unweighted_time_buffer_hours) - SAFE_DIVIDE(CAST(SUM(avg_unweighted_time_buffer_hours) AS FLOAT64) * CAST(SUM(avg_unweighted_time_buffer_hours) AS FLOAT64), COUNT(avg_unweighted_time_buffer_hours)), 0), COUNT(avg_unweighted_time_buffer_hours) - 1)), 3600)
    END AS sd_avg_unweighted_time_buffer_hours,
  COUNT(avg_unweighted_time_buffer_hours) AS num_students_avg_unweighted_time_buffer_hours,
  SAFE_DIVIDE(SUM(avg_weighted_time_buffer_hours), 3600 * COUNT(avg_weighted_time_buffer_hours)) AS avg_avg_weighted_time_buffer_hours,
  CASE
      WHEN COUNT(avg_weighted_time_buffer_hours) < 2 THEN NULL
      WHEN MIN(avg_weighted_time_buffer_hours) = MAX(avg_weighted_time_buffer_hours) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_weighted_time_buffer_hours * avg_weighted_time_buffer_hours) - SAFE_DIVIDE(CAST(SUM(avg_weighted_time_buffer_hours) AS FLOAT64) * CAST(SUM(avg_weighted_time_buffer_hours) AS FLOAT64), COUNT(avg_weighted_time_buffer_hours)), 0), COUNT(avg_weighted_time_buffer_hours) - 1)), 3600)
    END AS sd_avg_weighted_time_buffer_hours,
  COUNT(avg_weighted_time_buffer_hours) AS num_students_avg_weighted_time_buffer_hours,
  SAFE_DIVIDE(SUM(avg_time_buffer_hours_without_due_date), 3600 * COUNT(avg_time_buffer_hours_without_due_date)) AS avg_avg_time_buffer_hours_without_due_date,
  CASE
      WHEN COUNT(avg_time_buffer_hours_without_due_date) < 2 THEN NULL
      WHEN MIN(avg_time_buffer_hours_without_due_date) = MAX(avg_time_buffer_hours_without_due_date) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_time_buffer_hours_without_due_date * avg_time_buffer_hours_without_due_date) - SAFE_DIVIDE(CAST(SUM(avg_time_buffer_hours_without_due_date) AS FLOAT64) * CAST(SUM(avg_time_buffer_hours_without_due_date) AS FLOAT64), COUNT(avg_time_buffer_hours_without_due_date)), 0), COUNT(avg_time_buffer_hours_without_due_date) - 1)), 3600)
    END AS sd_avg_time_buffer_hours_without_due_date,
  COUNT(avg_time_buffer_hours_without_due_date) AS num_students_avg_time_buffer_hours_without_due_date,
  SAFE_DIVIDE(SUM(avg_time_buffer_hours_with_due_date), 3600 * COUNT(avg_time_buffer_hours_with_due_date)) AS avg_avg_time_buffer_hours_with_due_date,
  CASE
      WHEN COUNT(avg_time_buffer_hours_with_due_date) < 2 THEN NULL
      WHEN MIN(avg_time_buffer_hours_with_due_date) = MAX(avg_time_buffer_hours_with_due_date) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_time_buffer_hours_with_due_date * avg_time_buffer_hours_with_due_date) - SAFE_DIVIDE(CAST(SUM(avg_time_buffer_hours_with_due_date) AS FLOAT64) * CAST(SUM(avg_time_buffer_hours_with_due_date) AS FLOAT64), COUNT(avg_time_buffer_hours_with_due_date)), 0), COUNT(avg_time_buffer_hours_with_due_date) - 1)), 3600)
    END AS sd_avg_time_buffer_hours_with_due_date,
  COUNT(avg_time_buffer_hours_with_due_date) AS num_students_avg_time_buffer_hours_with_due_date,
  SAFE_DIVIDE(SUM(avg_time_buffer_hours), 3600 * COUNT(avg_time_buffer_hours)) AS avg_avg_time_buffer_hours,
  CASE
      WHEN COUNT(avg_time_buffer_hours) < 2 THEN NULL
      WHEN MIN(avg_time_buffer_hours) = MAX(avg_time_buffer_hours) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_time_buffer_hours * avg_time_buffer_hours) - SAFE_DIVIDE(CAST(SUM(avg_time_buffer_hours) AS FLOAT64) * CAST(SUM(avg_time_buffer_hours) AS FLOAT64), COUNT(avg_time_buffer_hours)), 0), COUNT(avg_time_buffer_hours) - 1)), 3600)
    END AS sd_avg_time_buffer_hours,
  COUNT(avg_time_buffer_hours) AS num_students_avg_time_buffer_hours,
  SAFE_DIVIDE(SUM(avg_tiny_published_score), 1000000 * COUNT(avg_tiny_published_score)) AS avg_avg_tiny_published_score,
  CASE
      WHEN COUNT(avg_tiny_published_score) < 2 THEN NULL
      WHEN MIN(avg_tiny_published_score) = MAX(avg_tiny_published_score) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_tiny_published_score * avg_tiny_published_score) - SAFE_DIVIDE(CAST(SUM(avg_tiny_published_score) AS FLOAT64) * CAST(SUM(avg_tiny_published_score) AS FLOAT64), COUNT(avg_tiny_published_score)), 0), COUNT(avg_tiny_published_score) - 1)), 1000000)
    END AS sd_avg_tiny_published_score,
  COUNT(avg_tiny_published_score) AS num_students_avg_tiny_published_score,
  SAFE_DIVIDE(SUM(avg_small_published_score), 1000000 * COUNT(avg_small_published_score)) AS avg_avg_small_published_score,
  CASE
      WHEN COUNT(avg_small_published_score) < 2 THEN NULL
      WHEN MIN(avg_small_published_score) = MAX(avg_small_published_score) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_small_published_score * avg_small_published_score) - SAFE_DIVIDE(CAST(SUM(avg_small_published_score) AS FLOAT64) * CAST(SUM(avg_small_published_score) AS FLOAT64), COUNT(avg_small_published_score)), 0), COUNT(avg_small_published_score) - 1)), 1000000)
    END AS sd_avg_small_published_score,
  COUNT(avg_small_published_score) AS num_students_avg_small_published_score,
  SAFE_DIVIDE(SUM(avg_medium_published_score), 1000000 * COUNT(avg_medium_published_score)) AS avg_avg_medium_published_score,
  CASE
      WHEN COUNT(avg_medium_published_score) < 2 THEN NULL
      WHEN MIN(avg_medium_published_score) = MAX(avg_medium_published_score) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_medium_published_score * avg_medium_published_score) - SAFE_DIVIDE(CAST(SUM(avg_medium_published_score) AS FLOAT64) * CAST(SUM(avg_medium_published_score) AS FLOAT64), COUNT(avg_medium_published_score)), 0), COUNT(avg_medium_published_score) - 1)), 1000000)
    END AS sd_avg_medium_published_score,
  COUNT(avg_medium_published_score) AS num_students_avg_medium_published_score,
  SAFE_DIVIDE(SUM(avg_large_published_score), 1000000 * COUNT(avg_large_published_score)) AS avg_avg_large_published_score,
  CASE
      WHEN COUNT(avg_large_published_score) < 2 THEN NULL
      WHEN MIN(avg_large_published_score) = MAX(avg_large_published_score) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_large_published_score * avg_large_published_score) - SAFE_DIVIDE(CAST(SUM(avg_large_published_score) AS FLOAT64) * CAST(SUM(avg_large_published_score) AS FLOAT64), COUNT(avg_large_published_score)), 0), COUNT(avg_large_published_score) - 1)), 1000000)
    END AS sd_avg_large_published_score,
  COUNT(avg_large_published_score) AS num_students_avg_large_published_score,
  SAFE_DIVIDE(SUM(avg_major_published_score), 1000000 * COUNT(avg_major_published_score)) AS avg_avg_major_published_score,
  CASE
      WHEN COUNT(avg_major_published_score) < 2 THEN NULL
      WHEN MIN(avg_major_published_score) = MAX(avg_major_published_score) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_major_published_score * avg_major_published_score) - SAFE_DIVIDE(CAST(SUM(avg_major_published_score) AS FLOAT64) * CAST(SUM(avg_major_published_score) AS FLOAT64), COUNT(avg_major_published_score)), 0), COUNT(avg_major_published_score) - 1)), 1000000)
    END AS sd_avg_major_published_score,
  COUNT(avg_major_published_score) AS num_students_avg_major_published_score,
  SAFE_DIVIDE(SUM(avg_unweighted_published_score), 1000000 * COUNT(avg_unweighted_published_score)) AS avg_avg_unweighted_published_score,
  CASE
      WHEN COUNT(avg_unweighted_published_score) < 2 THEN NULL
      WHEN MIN(avg_unweighted_published_score) = MAX(avg_unweighted_published_score) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_unweighted_published_score * avg_unweighted_published_score) - SAFE_DIVIDE(CAST(SUM(avg_unweighted_published_score) AS FLOAT64) * CAST(SUM(avg_unweighted_published_score) AS FLOAT64), COUNT(avg_unweighted_published_score)), 0), COUNT(avg_unweighted_published_score) - 1)), 1000000)
    END AS sd_avg_unweighted_published_score,
  COUNT(avg_unweighted_published_score) AS num_students_avg_unweighted_published_score,
  SAFE_DIVIDE(SUM(avg_weighted_published_score), 1000000 * COUNT(avg_weighted_published_score)) AS avg_avg_weighted_published_score,
  CASE
      WHEN COUNT(avg_weighted_published_score) < 2 THEN NULL
      WHEN MIN(avg_weighted_published_score) = MAX(avg_weighted_published_score) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_weighted_published_score * avg_weighted_published_score) - SAFE_DIVIDE(CAST(SUM(avg_weighted_published_score) AS FLOAT64) * CAST(SUM(avg_weighted_published_score) AS FLOAT64), COUNT(avg_weighted_published_score)), 0), COUNT(avg_weighted_published_score) - 1)), 1000000)
    END AS sd_avg_weighted_published_score,
  COUNT(avg_weighted_published_score) AS num_students_avg_weighted_published_score,
  SAFE_DIVIDE(SUM(avg_published_score_without_due_date), 1000000 * COUNT(avg_published_score_without_due_date)) AS avg_avg_published_score_without_due_date,
  CASE
      WHEN COUNT(avg_published_score_without_due_date) < 2 THEN NULL
      WHEN MIN(avg_published_score_without_due_date) = MAX(avg_published_score_without_due_date) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_published_score_without_due_date * avg_published_score_without_due_date) - SAFE_DIVIDE(CAST(SUM(avg_published_score_without_due_date) AS FLOAT64) * CAST(SUM(avg_published_score_without_due_date) AS FLOAT64), COUNT(avg_published_score_without_due_date)), 0), COUNT(avg_published_score_without_due_date) - 1)), 1000000)
    END AS sd_avg_published_score_without_due_date,
  COUNT(avg_published_score_without_due_date) AS num_students_avg_published_score_without_due_date,
  SAFE_DIVIDE(SUM(avg_published_score_with_due_date), 1000000 * COUNT(avg_published_score_with_due_date)) AS avg_avg_published_score_with_due_date,
  CASE
      WHEN COUNT(avg_published_score_with_due_date) < 2 THEN NULL
      WHEN MIN(avg_published_score_with_due_date) = MAX(avg_published_score_with_due_date) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_published_score_with_due_date * avg_published_score_with_due_date) - SAFE_DIVIDE(CAST(SUM(avg_published_score_with_due_date) AS FLOAT64) * CAST(SUM(avg_published_score_with_due_date) AS FLOAT64), COUNT(avg_published_score_with_due_date)), 0), COUNT(avg_published_score_with_due_date) - 1)), 1000000)
    END AS sd_avg_published_score_with_due_date,
  COUNT(avg_published_score_with_due_date) AS num_students_avg_published_score_with_due_date,
  SAFE_DIVIDE(SUM(avg_published_score), 1000000 * COUNT(avg_published_score)) AS avg_avg_published_score,
  CASE
      WHEN COUNT(avg_published_score) < 2 THEN NULL
      WHEN MIN(avg_published_score) = MAX(avg_published_score) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_published_score * avg_published_score) - SAFE_DIVIDE(CAST(SUM(avg_published_score) AS FLOAT64) * CAST(SUM(avg_published_score) AS FLOAT64), COUNT(avg_published_score)), 0), COUNT(avg_published_score) - 1)), 1000000)
    END AS sd_avg_published_score,
  COUNT(avg_published_score) AS num_students_avg_published_score,
  SAFE_DIVIDE(SUM(avg_tiny_published_score_cumulative), 1000000 * COUNT(avg_tiny_published_score_cumulative)) AS avg_avg_tiny_published_score_cumulative,
  CASE
      WHEN COUNT(avg_tiny_published_score_cumulative) < 2 THEN NULL
      WHEN MIN(avg_tiny_published_score_cumulative) = MAX(avg_tiny_published_score_cumulative) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_tiny_published_score_cumulative * avg_tiny_published_score_cumulative) - SAFE_DIVIDE(CAST(SUM(avg_tiny_published_score_cumulative) AS FLOAT64) * CAST(SUM(avg_tiny_published_score_cumulative) AS FLOAT64), COUNT(avg_tiny_published_score_cumulative)), 0), COUNT(avg_tiny_published_score_cumulative) - 1)), 1000000)
    END AS sd_avg_tiny_published_score_cumulative,
  COUNT(avg_tiny_published_score_cumulative) AS num_students_avg_tiny_published_score_cumulative,
  SAFE_DIVIDE(SUM(avg_small_published_score_cumulative), 1000000 * COUNT(avg_small_published_score_cumulative)) AS avg_avg_small_published_score_cumulative,
  CASE
      WHEN COUNT(avg_small_published_score_cumulative) < 2 THEN NULL
      WHEN MIN(avg_small_published_score_cumulative) = MAX(avg_small_published_score_cumulative) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_small_published_score_cumulative * avg_small_published_score_cumulative) - SAFE_DIVIDE(CAST(SUM(avg_small_published_score_cumulative) AS FLOAT64) * CAST(SUM(avg_small_published_score_cumulative) AS FLOAT64), COUNT(avg_small_published_score_cumulative)), 0), COUNT(avg_small_published_score_cumulative) - 1)), 1000000)
    END AS sd_avg_small_published_score_cumulative,
  COUNT(avg_small_published_score_cumulative) AS num_students_avg_small_published_score_cumulative,
  SAFE_DIVIDE(SUM(avg_medium_published_score_cumulative), 1000000 * COUNT(avg_medium_published_score_cumulative)) AS avg_avg_medium_published_score_cumulative,
  CASE
      WHEN COUNT(avg_medium_published_score_cumulative) < 2 THEN NULL
      WHEN MIN(avg_medium_published_score_cumulative) = MAX(avg_medium_published_score_cumulative) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_medium_published_score_cumulative * avg_medium_published_score_cumulative) - SAFE_DIVIDE(CAST(SUM(avg_medium_published_score_cumulative) AS FLOAT64) * CAST(SUM(avg_medium_published_score_cumulative) AS FLOAT64), COUNT(avg_medium_published_score_cumulative)), 0), COUNT(avg_medium_published_score_cumulative) - 1)), 1000000)
    END AS sd_avg_medium_published_score_cumulative,
  COUNT(avg_medium_published_score_cumulative) AS num_students_avg_medium_published_score_cumulative,
  SAFE_DIVIDE(SUM(avg_large_published_score_cumulative), 1000000 * COUNT(avg_large_published_score_cumulative)) AS avg_avg_large_published_score_cumulative,
  CASE
      WHEN COUNT(avg_large_published_score_cumulative) < 2 THEN NULL
      WHEN MIN(avg_large_published_score_cumulative) = MAX(avg_large_published_score_cumulative) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_large_published_score_cumulative * avg_large_published_score_cumulative) - SAFE_DIVIDE(CAST(SUM(avg_large_published_score_cumulative) AS FLOAT64) * CAST(SUM(avg_large_published_score_cumulative) AS FLOAT64), COUNT(avg_large_published_score_cumulative)), 0), COUNT(avg_large_published_score_cumulative) - 1)), 1000000)
    END AS sd_avg_large_published_score_cumulative,
  COUNT(avg_large_published_score_cumulative) AS num_students_avg_large_published_score_cumulative,
  SAFE_DIVIDE(SUM(avg_major_published_score_cumulative), 1000000 * COUNT(avg_major_published_score_cumulative)) AS avg_avg_major_published_score_cumulative,
  CASE
      WHEN COUNT(avg_major_published_score_cumulative) < 2 THEN NULL
      WHEN MIN(avg_major_published_score_cumulative) = MAX(avg_major_published_score_cumulative) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_major_published_score_cumulative * avg_major_published_score_cumulative) - SAFE_DIVIDE(CAST(SUM(avg_major_published_score_cumulative) AS FLOAT64) * CAST(SUM(avg_major_published_score_cumulative) AS FLOAT64), COUNT(avg_major_published_score_cumulative)), 0), COUNT(avg_major_published_score_cumulative) - 1)), 1000000)
    END AS sd_avg_major_published_score_cumulative,
  COUNT(avg_major_published_score_cumulative) AS num_students_avg_major_published_score_cumulative,
  SAFE_DIVIDE(SUM(avg_unweighted_published_score_cumulative), 1000000 * COUNT(avg_unweighted_published_score_cumulative)) AS avg_avg_unweighted_published_score_cumulative,
  CASE
      WHEN COUNT(avg_unweighted_published_score_cumulative) < 2 THEN NULL
      WHEN MIN(avg_unweighted_published_score_cumulative) = MAX(avg_unweighted_published_score_cumulative) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_unweighted_published_score_cumulative * avg_unweighted_published_score_cumulative) - SAFE_DIVIDE(CAST(SUM(avg_unweighted_published_score_cumulative) AS FLOAT64) * CAST(SUM(avg_unweighted_published_score_cumulative) AS FLOAT64), COUNT(avg_unweighted_published_score_cumulative)), 0), COUNT(avg_unweighted_published_score_cumulative) - 1)), 1000000)
    END AS sd_avg_unweighted_published_score_cumulative,
  COUNT(avg_unweighted_published_score_cumulative) AS num_students_avg_unweighted_published_score_cumulative,
  SAFE_DIVIDE(SUM(avg_weighted_published_score_cumulative), 1000000 * COUNT(avg_weighted_published_score_cumulative)) AS avg_avg_weighted_published_score_cumulative,
  CASE
      WHEN COUNT(avg_weighted_published_score_cumulative) < 2 THEN NULL
      WHEN MIN(avg_weighted_published_score_cumulative) = MAX(avg_weighted_published_score_cumulative) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_weighted_published_score_cumulative * avg_weighted_published_score_cumulative) - SAFE_DIVIDE(CAST(SUM(avg_weighted_published_score_cumulative) AS FLOAT64) * CAST(SUM(avg_weighted_published_score_cumulative) AS FLOAT64), COUNT(avg_weighted_published_score_cumulative)), 0), COUNT(avg_weighted_published_score_cumulative) - 1)), 1000000)
    END AS sd_avg_weighted_published_score_cumulative,
  COUNT(avg_weighted_published_score_cumulative) AS num_students_avg_weighted_published_score_cumulative,
  SAFE_DIVIDE(SUM(avg_published_score_without_due_date_cumulative), 1000000 * COUNT(avg_published_score_without_due_date_cumulative)) AS avg_avg_published_score_without_due_date_cumulative,
  CASE
      WHEN COUNT(avg_published_score_without_due_date_cumulative) < 2 THEN NULL
      WHEN MIN(avg_published_score_without_due_date_cumulative) = MAX(avg_published_score_without_due_date_cumulative) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_published_score_without_due_date_cumulative * avg_published_score_without_due_date_cumulative) - SAFE_DIVIDE(CAST(SUM(avg_published_score_without_due_date_cumulative) AS FLOAT64) * CAST(SUM(avg_published_score_without_due_date_cumulative) AS FLOAT64), COUNT(avg_published_score_without_due_date_cumulative)), 0), COUNT(avg_published_score_without_due_date_cumulative) - 1)), 1000000)
    END AS sd_avg_published_score_without_due_date_cumulative,
  COUNT(avg_published_score_without_due_date_cumulative) AS num_students_avg_published_score_without_due_date_cumulative,
  SAFE_DIVIDE(SUM(avg_published_score_with_due_date_cumulative), 1000000 * COUNT(avg_published_score_with_due_date_cumulative)) AS avg_avg_published_score_with_due_date_cumulative,
  CASE
      WHEN COUNT(avg_published_score_with_due_date_cumulative) < 2 THEN NULL
      WHEN MIN(avg_published_score_with_due_date_cumulative) = MAX(avg_published_score_with_due_date_cumulative) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_published_score_with_due_date_cumulative * avg_published_score_with_due_date_cumulative) - SAFE_DIVIDE(CAST(SUM(avg_published_score_with_due_date_cumulative) AS FLOAT64) * CAST(SUM(avg_published_score_with_due_date_cumulative) AS FLOAT64), COUNT(avg_published_score_with_due_date_cumulative)), 0), COUNT(avg_published_score_with_due_date_cumulative) - 1)), 1000000)
    END AS sd_avg_published_score_with_due_date_cumulative,
  COUNT(avg_published_score_with_due_date_cumulative) AS num_students_avg_published_score_with_due_date_cumulative,
  SAFE_DIVIDE(SUM(avg_published_score_cumulative), 1000000 * COUNT(avg_published_score_cumulative)) AS avg_avg_published_score_cumulative,
  CASE
      WHEN COUNT(avg_published_score_cumulative) < 2 THEN NULL
      WHEN MIN(avg_published_score_cumulative) = MAX(avg_published_score_cumulative) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_published_score_cumulative * avg_published_score_cumulative) - SAFE_DIVIDE(CAST(SUM(avg_published_score_cumulative) AS FLOAT64) * CAST(SUM(avg_published_score_cumulative) AS FLOAT64), COUNT(avg_published_score_cumulative)), 0), COUNT(avg_published_score_cumulative) - 1)), 1000000)
    END AS sd_avg_published_score_cumulative,
  COUNT(avg_published_score_cumulative) AS num_students_avg_published_score_cumulative,
  SAFE_DIVIDE(SUM(num_discussion_entries), COUNT(num_discussion_entries)) AS avg_num_discussion_entries,
  CASE
      WHEN COUNT(num_discussion_entries) < 2 THEN NULL
      WHEN MIN(num_discussion_entries) = MAX(num_discussion_entries) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_discussion_entries * num_discussion_entries) - SAFE_DIVIDE(CAST(SUM(num_discussion_entries) AS FLOAT64) * CAST(SUM(num_discussion_entries) AS FLOAT64), COUNT(num_discussion_entries)), 0), COUNT(num_discussion_entries) - 1))
    END AS sd_num_discussion_entries,
  SUM(num_discussion_entries) AS total_discussion_entries,
  COUNTIF(num_discussion_entries > 0) AS num_students_discussion_entries,
  SAFE_DIVIDE(SUM(num_discussions), COUNT(num_discussions)) AS avg_num_discussions,
  CASE
      WHEN COUNT(num_discussions) < 2 THEN NULL
      WHEN MIN(num_discussions) = MAX(num_discussions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_discussions * num_discussions) - SAFE_DIVIDE(CAST(SUM(num_discussions) AS FLOAT64) * CAST(SUM(num_discussions) AS FLOAT64), COUNT(num_discussions)), 0), COUNT(num_discussions) - 1))
    END AS sd_num_discussions,
  SUM(num_discussions) AS total_discussions,
  COUNTIF(num_discussions > 0) AS num_students_discussions,
  SAFE_DIVIDE(SUM(total_num_discussions), COUNT(total_num_discussions)) AS avg_total_num_discussions,
  CASE
      WHEN COUNT(total_num_discussions) < 2 THEN NULL
      WHEN MIN(total_num_discussions) = MAX(total_num_discussions) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(total_num_discussions * total_num_discussions) - SAFE_DIVIDE(CAST(SUM(total_num_discussions) AS FLOAT64) * CAST(SUM(total_num_discussions) AS FLOAT64), COUNT(total_num_discussions)), 0), COUNT(total_num_discussions) - 1))
    END AS sd_total_num_discussions,
  SUM(total_num_discussions) AS total_total_num_discussions,
  COUNTIF(total_num_discussions > 0) AS num_students_total_num_discussions,
  SAFE_DIVIDE(SUM(avg_discussion_entry_length), 1000 * COUNT(avg_discussion_entry_length)) AS avg_avg_discussion_entry_length,
  CASE
      WHEN COUNT(avg_discussion_entry_length) < 2 THEN NULL
      WHEN MIN(avg_discussion_entry_length) = MAX(avg_discussion_entry_length) THEN 0
      ELSE SAFE_DIVIDE(SQRT(SAFE_DIVIDE(GREATEST(SUM(avg_discussion_entry_length * avg_discussion_entry_length) - SAFE_DIVIDE(CAST(SUM(avg_discussion_entry_length) AS FLOAT64) * CAST(SUM(avg_discussion_entry_length) AS FLOAT64), COUNT(avg_discussion_entry_length)), 0), COUNT(avg_discussion_entry_length) - 1)), 1000)
    END AS sd_avg_discussion_entry_length,
  COUNT(avg_discussion_entry_length) AS num_students_avg_discussion_entry_length,
  SAFE_DIVIDE(SUM(num_view_days), COUNT(num_view_days)) AS avg_num_view_days,
  CASE
      WHEN COUNT(num_view_days) < 2 THEN NULL
      WHEN MIN(num_view_days) = MAX(num_view_days) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_view_days * num_view_days) - SAFE_DIVIDE(CAST(SUM(num_view_days) AS FLOAT64) * CAST(SUM(num_view_days) AS FLOAT64), COUNT(num_view_days)), 0), COUNT(num_view_days) - 1))
    END AS sd_num_view_days,
  SUM(num_view_days) AS total_view_days,
  COUNTIF(num_view_days > 0) AS num_students_view_days,
  SAFE_DIVIDE(SUM(num_sessions_10min), COUNT(num_sessions_10min)) AS avg_num_sessions_10min,
  CASE
      WHEN COUNT(num_sessions_10min) < 2 THEN NULL
      WHEN MIN(num_sessions_10min) = MAX(num_sessions_10min) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_sessions_10min * num_sessions_10min) - SAFE_DIVIDE(CAST(SUM(num_sessions_10min) AS FLOAT64) * CAST(SUM(num_sessions_10min) AS FLOAT64), COUNT(num_sessions_10min)), 0), COUNT(num_sessions_10min) - 1))
    END AS sd_num_sessions_10min,
  SUM(num_sessions_10min) AS total_sessions_10min,
  COUNTIF(num_sessions_10min > 0) AS num_students_sessions_10min,
  SAFE_DIVIDE(SUM(num_sessions_20min), COUNT(num_sessions_20min)) AS avg_num_sessions_20min,
  CASE
      WHEN COUNT(num_sessions_20min) < 2 THEN NULL
      WHEN MIN(num_sessions_20min) = MAX(num_sessions_20min) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_sessions_20min * num_sessions_20min) - SAFE_DIVIDE(CAST(SUM(num_sessions_20min) AS FLOAT64) * CAST(SUM(num_sessions_20min) AS FLOAT64), COUNT(num_sessions_20min)), 0), COUNT(num_sessions_20min) - 1))
    END AS sd_num_sessions_20min,
  SUM(num_sessions_20min) AS total_sessions_20min,
  COUNTIF(num_sessions_20min > 0) AS num_students_sessions_20min,
  SAFE_DIVIDE(SUM(num_sessions_30min), COUNT(num_sessions_30min)) AS avg_num_sessions_30min,
  CASE
      WHEN COUNT(num_sessions_30min) < 2 THEN NULL
      WHEN MIN(num_sessions_30min) = MAX(num_sessions_30min) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_sessions_30min * num_sessions_30min) - SAFE_DIVIDE(CAST(SUM(num_sessions_30min) AS FLOAT64) * CAST(SUM(num_sessions_30min) AS FLOAT64), COUNT(num_sessions_30min)), 0), COUNT(num_sessions_30min) - 1))
    END AS sd_num_sessions_30min,
  SUM(num_sessions_30min) AS total_sessions_30min,
  COUNTIF(num_sessions_30min > 0) AS num_students_sessions_30min,
  SAFE_DIVIDE(SUM(total_time_seconds_10min), COUNT(total_time_seconds_10min)) AS avg_total_time_seconds_10min,
  CASE
      WHEN COUNT(total_time_seconds_10min) < 2 THEN NULL
      WHEN MIN(total_time_seconds_10min) = MAX(total_time_seconds_10min) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(total_time_seconds_10min * total_time_seconds_10min) - SAFE_DIVIDE(CAST(SUM(total_time_seconds_10min) AS FLOAT64) * CAST(SUM(total_time_seconds_10min) AS FLOAT64), COUNT(total_time_seconds_10min)), 0), COUNT(total_time_seconds_10min) - 1))
    END AS sd_total_time_seconds_10min,
  SUM(total_time_seconds_10min) AS total_total_time_seconds_10min,
  COUNTIF(total_time_seconds_10min > 0) AS num_students_total_time_seconds_10min,
  SAFE_DIVIDE(SUM(total_time_seconds_20min), COUNT(total_time_seconds_20min)) AS avg_total_time_seconds_20min,
  CASE
      WHEN COUNT(total_time_seconds_20min) < 2 THEN NULL
      WHEN MIN(total_time_seconds_20min) = MAX(total_time_seconds_20min) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(total_time_seconds_20min * total_time_seconds_20min) - SAFE_DIVIDE(CAST(SUM(total_time_seconds_20min) AS FLOAT64) * CAST(SUM(total_time_seconds_20min) AS FLOAT64), COUNT(total_time_seconds_20min)), 0), COUNT(total_time_seconds_20min) - 1))
    END AS sd_total_time_seconds_20min,
  SUM(total_time_seconds_20min) AS total_total_time_seconds_20min,
  COUNTIF(total_time_seconds_20min > 0) AS num_students_total_time_seconds_20min,
  SAFE_DIVIDE(SUM(total_time_seconds_30min), COUNT(total_time_seconds_30min)) AS avg_total_time_seconds_30min,
  CASE
      WHEN COUNT(total_time_seconds_30min) < 2 THEN NULL
      WHEN MIN(total_time_seconds_30min) = MAX(total_time_seconds_30min) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(total_time_seconds_30min * total_time_seconds_30min) - SAFE_DIVIDE(CAST(SUM(total_time_seconds_30min) AS FLOAT64) * CAST(SUM(total_time_seconds_30min) AS FLOAT64), COUNT(total_time_seconds_30min)), 0), COUNT(total_time_seconds_30min) - 1))
    END AS sd_total_time_seconds_30min,
  SUM(total_time_seconds_30min) AS total_total_time_seconds_30min,
  COUNTIF(total_time_seconds_30min > 0) AS num_students_total_time_seconds_30min,
  SAFE_DIVIDE(SUM(num_tool_launches), COUNT(num_tool_launches)) AS avg_num_tool_launches,
  CASE
      WHEN COUNT(num_tool_launches) < 2 THEN NULL
      WHEN MIN(num_tool_launches) = MAX(num_tool_launches) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_tool_launches * num_tool_launches) - SAFE_DIVIDE(CAST(SUM(num_tool_launches) AS FLOAT64) * CAST(SUM(num_tool_launches) AS FLOAT64), COUNT(num_tool_launches)), 0), COUNT(num_tool_launches) - 1))
    END AS sd_num_tool_launches,
  SUM(num_tool_launches) AS total_tool_launches,
  COUNTIF(num_tool_launches > 0) AS num_students_tool_launches,
  SAFE_DIVIDE(SUM(num_file_views), COUNT(num_file_views)) AS avg_num_file_views,
  CASE
      WHEN COUNT(num_file_views) < 2 THEN NULL
      WHEN MIN(num_file_views) = MAX(num_file_views) THEN 0
      ELSE SQRT(SAFE_DIVIDE(GREATEST(SUM(num_file_views * num_file_views) - SAFE_DIVIDE(CAST(SUM(num_file_views) AS FLOAT64) * CAST(SUM(num_file_views) AS FLOAT64), COUNT(num_file_views)), 0), COUNT(num_file_views) - 1))
    END AS sd_num_file_views,
  SUM(num_file_views) AS total_file_views,
  COUNTIF(num_file_views > 0) AS num_students_file_views
FROM measured
GROUP BY udp_course_offering_id, week_in_term, week_start_date, week_end_date
