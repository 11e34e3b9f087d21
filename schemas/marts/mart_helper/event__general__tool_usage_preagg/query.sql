-- The eText reader sends no edApp; its objects tell it, and its address is the one that Unizin documents.
SELECT
  DATE(e.event_time) AS event_date,
  COALESCE(
    e.ed_app.id, IF(STARTS_WITH(e.object.id, 'urn:unizin:engage:'), 'https://engage.unizin.org', 'unknown')
  ) AS ed_app_id,
  DATETIME_TRUNC(e.event_time, HOUR) AS event_hour,
  COUNT(*) AS num_events,
  MIN(e.event_time) AS earliest_event_time,
  MAX(e.event_time) AS latest_event_time
FROM event_store.expanded AS e
WHERE e.event_time >= DATETIME(@begin_date)
  AND e.event_time < DATETIME(DATE_ADD(@end_date, INTERVAL 1 DAY))
GROUP BY 1, 2, 3
