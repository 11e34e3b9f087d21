-- What the extensions of events say of their tools, once for each text: there are far fewer texts than events.
WITH
text AS (
  SELECT DISTINCT e.type, e.action, IFNULL(e.object.extensions, '') AS extensions
  FROM event_store.expanded AS e
  WHERE e.event_time >= DATETIME(DATE '{begin_date}')
    AND e.event_time < DATETIME(DATE '{end_date}')
    AND e.person.udp_id IS NOT NULL
),
known AS (
  SELECT
    type,
    action,
    extensions,
    {extensions}
  FROM text
),
named AS (
  SELECT type, action, extensions, {tool} AS tool FROM known
)
SELECT type, action, extensions, tool
FROM named
WHERE tool IS NOT NULL AND tool <> 'login'
