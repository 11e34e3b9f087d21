-- Visits of a part of the people: clicks of one of them with less than half an hour between.
WITH
sampled AS (
  SELECT
    e.person.udp_id AS person_id,
    DATETIME(TIMESTAMP(e.event_time), @time_zone) AS local_time,
    e.event_time,
    e.type,
    e.action
  FROM event_store.expanded AS e
  JOIN (SELECT DISTINCT person_id FROM fit.seat) AS s ON s.person_id = e.person.udp_id
  WHERE e.event_time >= DATETIME(DATE '{begin_date}')
    AND e.event_time < DATETIME(DATE '{end_date}')
    AND e.type IN ('NavigationEvent', 'SessionEvent', 'AssignableEvent', 'AssessmentEvent', 'MessageEvent', 'ThreadEvent')
    AND MOD(e.person.udp_id, @one_in) = 0
    AND IFNULL(STRPOS(e.membership.id, ':user:'), 0) = 0
),
spaced AS (
  SELECT
    *,
    DATETIME_DIFF(
      event_time, LAG(event_time) OVER (PARTITION BY person_id ORDER BY event_time, type, action), MILLISECOND
    ) AS gap_ms
  FROM sampled
)
SELECT
  person_id,
  event_time,
  local_time,
  type,
  action,
  gap_ms,
  gap_ms IS NULL OR gap_ms >= 1800000 AS is_start
FROM spaced
