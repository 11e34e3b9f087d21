-- event_store.events, the older form of the event store, column by column, in BigQuery's dialect. It was written
-- by the pipeline at once, so to say: store_time is event_time. A line a column; DuckDB has the same text but for
-- the spellings in schemas/_views.py.
SELECT
  REPLACE(id, 'urn:uuid:', '') AS id,
  type AS type,
  action AS action,
  TIMESTAMP(event_time) AS event_time,
  COALESCE(JSON_VALUE(ed_app.json, '$.id'), ed_app.id) AS ed_app,
  `group`.id AS course_offering_id,
  actor.id AS actor_id,
  event AS event,
  TIMESTAMP(event_time) AS store_time,
  course_offering.udp_id AS ucdm_course_offering_id,
  person.udp_id AS ucdm_actor_id
FROM event_store.expanded
