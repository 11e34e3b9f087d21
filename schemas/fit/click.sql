-- What students clicked on some dates: a row per person, course, day and tool. Some pages name no course (calendars,
-- files of one's own), nor does the document of a submission, which is found by its id. Each event's extensions are
-- read once, and their tool is looked up among the few combinations that there are.
WITH
clicked AS (
  SELECT
    e.person.udp_id AS person_id,
    e.course_offering.udp_id AS course_offering_id,
    IF(e.course_offering.udp_id IS NULL, e.object.id, NULL) AS object_id,
    DATE(TIMESTAMP(e.event_time), @time_zone) AS click_date,
    e.type,
    e.action,
    e.object.extensions AS extensions
  FROM event_store.expanded AS e
  WHERE e.event_time >= DATETIME(DATE '{begin_date}')
    AND e.event_time < DATETIME(DATE '{end_date}')
    AND e.person.udp_id IS NOT NULL
),
told AS (
  SELECT person_id, course_offering_id, object_id, click_date, type, action, {extensions}
  FROM clicked
),
counted AS (
  SELECT person_id, course_offering_id, object_id, click_date, type, action, {names}, COUNT(*) AS num_events
  FROM told
  GROUP BY person_id, course_offering_id, object_id, click_date, type, action, {names}
),
kind AS (
  SELECT DISTINCT type, action, {names} FROM counted
),
named AS (
  SELECT type, action, {names}, {tool} AS tool FROM kind
)
SELECT
  c.person_id,
  COALESCE(c.course_offering_id, s.course_offering_id) AS course_offering_id,
  c.click_date,
  n.tool,
  SUM(c.num_events) AS num_events
FROM counted AS c
JOIN named AS n ON n.type = c.type AND n.action = c.action AND {same}
LEFT JOIN fit.submission AS s ON s.object_id = c.object_id
WHERE n.tool IS NOT NULL AND n.tool <> 'login'
GROUP BY 1, 2, 3, 4
