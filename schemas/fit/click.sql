-- What people clicked on some dates: a row per person, course, day and tool, and whether it is work, as only staff does
-- it (grade, post), which is told by its object. Some pages name no course (calendars, files of one's own), nor does the
-- document of a submission, which is found by its id. Each event's extensions are read once, and their tool is looked up
-- among the few combinations that there are.
WITH
clicked AS (
  SELECT
    e.person.udp_id AS person_id,
    e.course_offering.udp_id AS course_offering_id,
    IF(e.course_offering.udp_id IS NULL, e.object.id, NULL) AS object_id,
    DATE(TIMESTAMP(e.event_time), @time_zone) AS click_date,
    e.type,
    e.action,
    IF(
      e.type IN ({work_types}),
      CONCAT(e.object.type, ' ', IFNULL(REGEXP_EXTRACT(e.object.id, '^urn:instructure:canvas:([^:]+):'), '')),
      NULL
    ) AS object_kind,
    e.object.extensions AS extensions
  FROM event_store.expanded AS e
  WHERE e.event_time >= DATETIME(DATE '{begin_date}')
    AND e.event_time < DATETIME(DATE '{end_date}')
    AND e.person.udp_id IS NOT NULL
),
told AS (
  SELECT person_id, course_offering_id, object_id, click_date, type, action, object_kind, {extensions}
  FROM clicked
),
counted AS (
  SELECT
    person_id,
    course_offering_id,
    object_id,
    click_date,
    type,
    action,
    object_kind,
    {names},
    COUNT(*) AS num_events
  FROM told
  GROUP BY person_id, course_offering_id, object_id, click_date, type, action, object_kind, {names}
),
kind AS (
  SELECT DISTINCT type, action, object_kind, {names} FROM counted
),
named AS (
  SELECT type, action, object_kind, {names}, {tool} AS tool, {work} AS work_tool FROM kind
)
SELECT
  c.person_id,
  COALESCE(c.course_offering_id, s.course_offering_id) AS course_offering_id,
  c.click_date,
  COALESCE(n.tool, n.work_tool) AS tool,
  n.tool IS NULL AS is_work,
  SUM(c.num_events) AS num_events
FROM counted AS c
JOIN named AS n
  ON n.type = c.type AND n.action = c.action AND IFNULL(n.object_kind, '') = IFNULL(c.object_kind, '') AND {same}
LEFT JOIN fit.submission AS s ON s.object_id = c.object_id
WHERE COALESCE(n.tool, n.work_tool) <> 'login'
GROUP BY 1, 2, 3, 4, 5
