-- Flagged hours in a row are one run: their hour less their place among the flagged ones is the same.
WITH
placed AS (
  SELECT
    ed_app_id,
    ed_app_reporting,
    run_hour,
    MAX(run_hour) OVER () AS last_hour,
    low_events_flag OR low_hourly_events_flag AS is_low,
    ROW_NUMBER() OVER (PARTITION BY ed_app_id ORDER BY run_hour) AS place,
    ROW_NUMBER() OVER (
      PARTITION BY ed_app_id, low_events_flag OR low_hourly_events_flag ORDER BY run_hour
    ) AS place_among_its_kind
  FROM mart_general.tool_usage_metrics_archive
)
SELECT
  ed_app_id,
  ed_app_reporting,
  MIN(run_hour) AS start_run_hour,
  MAX(run_hour) AS end_run_hour,
  COUNT(*) AS num_hours,
  MAX(run_hour) = MAX(last_hour) AS is_ongoing
FROM placed
WHERE is_low
GROUP BY ed_app_id, ed_app_reporting, place - place_among_its_kind
