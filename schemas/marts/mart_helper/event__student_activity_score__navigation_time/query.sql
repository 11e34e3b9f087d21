SELECT
  event_date,
  udp_course_offering_id,
  udp_person_id,
  navigation_time_seconds,
  num_sessions_30min AS num_sessions
FROM mart_helper.event__course_offering__person_day
WHERE event_date >= @begin_date AND event_date <= @end_date
