-- One pass over the events of a range of days. A day needs 30 minutes before it and nothing after it: a session
-- counts on the day on which it begins, a pause on the day on which it ends, so that days add up to the term.
WITH
-- Submissions to assignments come without a course: it is found by what was submitted.
submission AS (
  SELECT
    CONCAT('urn:instructure:canvas:submission:', k.lms_int_id) AS object_id,
    a.course_offering_id
  FROM context_store_entity.learner_activity_result AS r
  JOIN context_store_keymap.learner_activity_result AS k ON k.id = r.learner_activity_result_id
  JOIN context_store_entity.learner_activity AS a ON a.learner_activity_id = r.learner_activity_id
  WHERE r.response_date >= DATETIME_SUB(DATETIME(@begin_date), INTERVAL 30 MINUTE)
),
acted AS (
  SELECT
    e.person.udp_id AS person_id,
    e.course_offering.udp_id AS course_offering_id,
    e.event_time,
    e.type = 'NavigationEvent' AS is_navigation,
    IFNULL(e.type = 'NavigationEvent' AND IFNULL(STRPOS(e.membership.id, ':user:'), 0) > 0, FALSE) AS is_twin,
    IFNULL(e.object.name IN ('context_external_tool', 'lti/tool_proxy'), FALSE) AS is_launch,
    IFNULL(e.object.name = 'attachment', FALSE) AS is_file
  FROM event_store.expanded AS e
  WHERE e.event_time >= DATETIME_SUB(DATETIME(@begin_date), INTERVAL 30 MINUTE)
    AND e.event_time < DATETIME(DATE_ADD(@end_date, INTERVAL 1 DAY))
    AND e.person.udp_id IS NOT NULL
    AND e.course_offering.udp_id IS NOT NULL
  UNION ALL
  SELECT
    e.person.udp_id AS person_id,
    s.course_offering_id,
    e.event_time,
    FALSE AS is_navigation,
    FALSE AS is_twin,
    FALSE AS is_launch,
    FALSE AS is_file
  FROM event_store.expanded AS e
  JOIN submission AS s ON s.object_id = e.object.id
  WHERE e.event_time >= DATETIME_SUB(DATETIME(@begin_date), INTERVAL 30 MINUTE)
    AND e.event_time < DATETIME(DATE_ADD(@end_date, INTERVAL 1 DAY))
    AND e.type = 'AssignableEvent'
    AND e.person.udp_id IS NOT NULL
    AND e.course_offering.udp_id IS NULL
),
before AS (
  SELECT
    *,
    LAG(event_time) OVER (
      PARTITION BY person_id, course_offering_id ORDER BY event_time, is_navigation
    ) AS earlier_time,
    LAG(is_navigation) OVER (
      PARTITION BY person_id, course_offering_id ORDER BY event_time, is_navigation
    ) AS was_navigation
  FROM acted
),
-- The first event of all has a pause longer than any.
paused AS (
  SELECT *, IFNULL(DATETIME_DIFF(event_time, earlier_time, SECOND), 1800) AS pause_seconds
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
  COUNTIF(is_navigation AND NOT is_twin) AS num_views,
  COUNTIF(is_navigation AND NOT is_twin AND is_launch) AS num_tool_launches,
  COUNTIF(is_navigation AND NOT is_twin AND is_file) AS num_file_views,
  COUNTIF(pause_seconds >= 600) AS num_sessions_10min,
  COUNTIF(pause_seconds >= 1200) AS num_sessions_20min,
  COUNTIF(pause_seconds >= 1800) AS num_sessions_30min,
  SUM(IF(pause_seconds < 600, pause_seconds, 0)) AS total_time_seconds_10min,
  SUM(IF(pause_seconds < 1200, pause_seconds, 0)) AS total_time_seconds_20min,
  SUM(IF(pause_seconds < 1800, pause_seconds, 0)) AS total_time_seconds_30min,
  SUM(IF(pause_seconds < 1800 AND was_navigation, pause_seconds, 0)) AS navigation_time_seconds
FROM paused
GROUP BY 1, 2, 3
