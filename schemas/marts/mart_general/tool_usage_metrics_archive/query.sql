-- Every tool and every hour from its first event on: what an hourly refresh would have appended.
WITH
tool AS (
  SELECT ed_app_id, MIN(event_hour) AS first_hour
  FROM mart_helper.event__general__tool_usage_preagg
  WHERE event_date >= DATE '2021-01-01' AND event_date <= @run_date
  GROUP BY ed_app_id
),
tool_hour AS (
  SELECT t.ed_app_id, DATETIME_ADD(DATETIME(day), INTERVAL hour HOUR) AS run_hour
  FROM tool AS t
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(DATE(t.first_hour), @run_date)) AS day
  CROSS JOIN UNNEST(GENERATE_ARRAY(0, 23)) AS hour
  WHERE DATETIME_ADD(DATETIME(day), INTERVAL hour HOUR) >= t.first_hour
),
counted AS (
  SELECT
    h.ed_app_id,
    h.run_hour,
    IFNULL(p.num_events, 0) AS num_events,
    p.earliest_event_time,
    p.latest_event_time
  FROM tool_hour AS h
  LEFT JOIN mart_helper.event__general__tool_usage_preagg AS p
    ON p.ed_app_id = h.ed_app_id AND p.event_hour = h.run_hour
),
windowed AS (
  SELECT
    ed_app_id,
    run_hour,
    SUM(num_events) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS total_events,
    MIN(earliest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS earliest_event_time,
    MAX(latest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS latest_event_time,
    SUM(num_events) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 0 PRECEDING AND CURRENT ROW) AS total_events_1hour,
    MIN(earliest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 0 PRECEDING AND CURRENT ROW) AS earliest_event_time_1hour,
    MAX(latest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 0 PRECEDING AND CURRENT ROW) AS latest_event_time_1hour,
    SUM(num_events) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 5 PRECEDING AND CURRENT ROW) AS total_events_6hour,
    MIN(earliest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 5 PRECEDING AND CURRENT ROW) AS earliest_event_time_6hour,
    MAX(latest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 5 PRECEDING AND CURRENT ROW) AS latest_event_time_6hour,
    SUM(num_events) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 11 PRECEDING AND CURRENT ROW) AS total_events_12hour,
    MIN(earliest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 11 PRECEDING AND CURRENT ROW) AS earliest_event_time_12hour,
    MAX(latest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 11 PRECEDING AND CURRENT ROW) AS latest_event_time_12hour,
    SUM(num_events) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 23 PRECEDING AND CURRENT ROW) AS total_events_day,
    MIN(earliest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 23 PRECEDING AND CURRENT ROW) AS earliest_event_time_day,
    MAX(latest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 23 PRECEDING AND CURRENT ROW) AS latest_event_time_day,
    SUM(num_events) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 167 PRECEDING AND CURRENT ROW) AS total_events_week,
    MIN(earliest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 167 PRECEDING AND CURRENT ROW) AS earliest_event_time_week,
    MAX(latest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 167 PRECEDING AND CURRENT ROW) AS latest_event_time_week,
    SUM(num_events) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 719 PRECEDING AND CURRENT ROW) AS total_events_month,
    MIN(earliest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 719 PRECEDING AND CURRENT ROW) AS earliest_event_time_month,
    MAX(latest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 719 PRECEDING AND CURRENT ROW) AS latest_event_time_month,
    SUM(num_events) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 8759 PRECEDING AND CURRENT ROW) AS total_events_year,
    MIN(earliest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 8759 PRECEDING AND CURRENT ROW) AS earliest_event_time_year,
    MAX(latest_event_time) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 8759 PRECEDING AND CURRENT ROW) AS latest_event_time_year,
    LAG(num_events, 168) OVER (PARTITION BY ed_app_id ORDER BY run_hour) AS num_events_week_before,
    SUM(num_events) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 191 PRECEDING AND 24 PRECEDING) AS total_events_week_before,
    COUNT(*) OVER (PARTITION BY ed_app_id ORDER BY run_hour ROWS BETWEEN 191 PRECEDING AND 24 PRECEDING) AS num_hours_week_before
  FROM counted
)
SELECT
  ed_app_id,
  run_hour,
  total_events,
  total_events_1hour,
  total_events_6hour,
  total_events_12hour,
  total_events_day,
  total_events_week,
  total_events_month,
  total_events_year,
  earliest_event_time,
  latest_event_time,
  earliest_event_time_1hour,
  latest_event_time_1hour,
  earliest_event_time_6hour,
  latest_event_time_6hour,
  earliest_event_time_12hour,
  latest_event_time_12hour,
  earliest_event_time_day,
  latest_event_time_day,
  earliest_event_time_week,
  latest_event_time_week,
  earliest_event_time_month,
  latest_event_time_month,
  earliest_event_time_year,
  latest_event_time_year,
  DATETIME_DIFF(DATETIME_ADD(run_hour, INTERVAL 1 HOUR), DATETIME_TRUNC(latest_event_time, HOUR), HOUR) - 1
    AS hours_since_last_event,
  CASE
    WHEN STRPOS(ed_app_id, 'kaf.') > 0 THEN 'Kaltura'
    WHEN STRPOS(ed_app_id, 'engage') > 0 THEN 'Engage'
    WHEN STRPOS(ed_app_id, 'canvas') > 0 OR STRPOS(ed_app_id, 'instructure') > 0 OR STRPOS(ed_app_id, '://lms.') > 0
      THEN 'Canvas'
    ELSE ed_app_id
  END AS ed_app_reporting,
  IFNULL(
    total_events_day = 0 OR total_events_day * 4 * num_hours_week_before < total_events_week_before * 24, FALSE
  ) AS low_events_flag,
  IFNULL(
    num_events_week_before >= 20 AND total_events_1hour * 10 < num_events_week_before, FALSE
  ) AS low_hourly_events_flag
FROM windowed
