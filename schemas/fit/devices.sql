-- What a part of the people visit with, over two weeks: visits by the class of the user agent of their first click.
WITH
sampled AS (
  SELECT
    e.person.udp_id AS person_id,
    e.event_time,
    e.id,
    JSON_EXTRACT_SCALAR(e.extensions_json, "$['com.instructure.canvas']['user_agent']") AS user_agent
  FROM event_store.expanded AS e
  JOIN (SELECT DISTINCT person_id FROM fit.seat) AS s ON s.person_id = e.person.udp_id
  WHERE e.event_time >= DATETIME(DATE '{begin_date}')
    AND e.event_time < DATETIME(DATE '{end_date}')
    AND MOD(e.person.udp_id, @one_in) = 0
    AND IFNULL(STRPOS(e.membership.id, ':user:'), 0) = 0
),
spaced AS (
  SELECT
    person_id,
    user_agent,
    DATETIME_DIFF(event_time, LAG(event_time) OVER (PARTITION BY person_id ORDER BY event_time, id), MILLISECOND) AS gap_ms
  FROM sampled
  WHERE user_agent IS NOT NULL
),
visit AS (
  SELECT person_id, user_agent FROM spaced WHERE gap_ms IS NULL OR gap_ms >= 1800000
),
named AS (
  SELECT person_id, {class} AS class FROM visit
)
SELECT
  class.device AS device,
  class.browser AS browser,
  class.system AS system,
  COUNT(*) AS num_records,
  COUNT(DISTINCT person_id) AS num_people
FROM named
WHERE class.device IS NOT NULL
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
