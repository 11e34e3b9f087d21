-- A row for each day of the term and each day of its window: that day and the six before it, none before the
-- session, term or course begins.
SELECT
  o.course_offering_id,
  DATE_SUB(week_end_date, INTERVAL days_before DAY) AS event_date,
  DATE_DIFF(week_end_date, o.first_date, WEEK) AS week_in_term,
  GREATEST(DATE_SUB(week_end_date, INTERVAL 6 DAY), o.first_date) AS week_start_date,
  week_end_date,
  days_before = 0 AS is_new
FROM mart_helper.context__course_offering AS o
CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(o.first_date, o.last_date)) AS week_end_date
CROSS JOIN UNNEST(GENERATE_ARRAY(0, 6)) AS days_before
WHERE DATE_SUB(week_end_date, INTERVAL days_before DAY) >= o.first_date
