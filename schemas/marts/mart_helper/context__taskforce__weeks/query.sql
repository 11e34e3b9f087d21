-- Weeks run from the one in which the session, term or course begins to the one in which it ends, both whole.
SELECT
  o.course_offering_id,
  event_date,
  DATE_DIFF(event_date, o.first_date, WEEK) AS week_in_term,
  DATE_TRUNC(event_date, WEEK) AS week_start_date,
  DATE_ADD(DATE_TRUNC(event_date, WEEK), INTERVAL 6 DAY) AS week_end_date,
  TRUE AS is_new
FROM mart_helper.context__course_offering AS o
CROSS JOIN UNNEST(
  GENERATE_DATE_ARRAY(DATE_TRUNC(o.first_date, WEEK), DATE_ADD(DATE_TRUNC(o.last_date, WEEK), INTERVAL 6 DAY))
) AS event_date
