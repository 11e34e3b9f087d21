-- One pass over the events of a range of days. A day needs 30 minutes before it and nothing after it: a session
-- counts on the day on which it begins, a pause on the day on which it ends, so that days add up to the term.
WITH
-- Kinds by one small number, since it goes through the window: 0 no navigation, 1 the second event of a look, 2 a
-- look, 3 at a tool, 4 at a file.
acted AS (
  SELECT
    e.person.udp_id AS person_id,
    e.course_offering.udp_id AS course_offering_id,
    e.event_time,
    CASE
      WHEN IFNULL(e.type, '') <> 'NavigationEvent' THEN 0
      WHEN STRPOS(e.membership.id, ':user:') > 0 THEN 1
      WHEN e.object.name IN ('context_external_tool', 'lti/tool_proxy') THEN 3
      WHEN e.object.name = 'attachment' THEN 4
      ELSE 2
    END AS kind
  FROM event_store.expanded AS e
  WHERE e.event_time >= DATETIME_SUB(DATETIME(@begin_date), INTERVAL 30 MINUTE)
    AND e.event_time < DATETIME(DATE_ADD(@end_date, INTERVAL 1 DAY))
    AND e.person.udp_id IS NOT NULL
    AND e.course_offering.udp_id IS NOT NULL
  UNION ALL
  -- Submissions to assignments come without a course: it is found by what was submitted.
  SELECT
    e.person.udp_id AS person_id,
    s.udp_course_offering_id AS course_offering_id,
    e.event_time,
    0 AS kind
  FROM event_store.expanded AS e
  JOIN mart_helper.context__course_offering__submission AS s
    ON s.lms_int_submission_id = SPLIT(e.object.id, ':')[SAFE_OFFSET(4)]
      AND s.response_date >= DATETIME_SUB(DATETIME(@begin_date), INTERVAL 30 MINUTE)
  WHERE e.event_time >= DATETIME_SUB(DATETIME(@begin_date), INTERVAL 30 MINUTE)
    AND e.event_time < DATETIME(DATE_ADD(@end_date, INTERVAL 1 DAY))
    AND e.type = 'AssignableEvent'
    AND STARTS_WITH(e.object.id, 'urn:instructure:canvas:submission:')
    AND e.person.udp_id IS NOT NULL
    AND e.course_offering.udp_id IS NULL
),
before AS (
  SELECT
    *,
    LAG(event_time) OVER (PARTITION BY person_id, course_offering_id ORDER BY event_time, kind) AS earlier_time,
    LAG(kind) OVER (PARTITION BY person_id, course_offering_id ORDER BY event_time, kind) AS earlier_kind
  FROM acted
),
-- The first event of all has a pause longer than any.
paused AS (
  SELECT
    *,
    IFNULL(DATETIME_DIFF(event_time, earlier_time, SECOND), 1800) AS pause_seconds
  FROM before
  WHERE event_time >= DATETIME(@begin_date)
)
SELECT
  DATE(event_time) AS event_date,
  course_offering_id AS udp_course_offering_id,
  person_id AS udp_person_id,
  MIN(event_time) AS first_event_time,
  MAX(event_time) AS last_event_time,
  COUNT(*) AS num_events,
  COUNTIF(kind >= 2) AS num_views,
  COUNTIF(kind = 3) AS num_tool_launches,
  COUNTIF(kind = 4) AS num_file_views,
  COUNTIF(pause_seconds >= 600) AS num_sessions_10min,
  COUNTIF(pause_seconds >= 1200) AS num_sessions_20min,
  COUNTIF(pause_seconds >= 1800) AS num_sessions_30min,
  SUM(IF(pause_seconds < 600, pause_seconds, 0)) AS total_time_seconds_10min,
  SUM(IF(pause_seconds < 1200, pause_seconds, 0)) AS total_time_seconds_20min,
  SUM(IF(pause_seconds < 1800, pause_seconds, 0)) AS total_time_seconds_30min,
  SUM(IF(pause_seconds < 1800 AND earlier_kind > 0, pause_seconds, 0)) AS navigation_time_seconds
FROM paused
GROUP BY 1, 2, 3
