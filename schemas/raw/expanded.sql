-- event_store.expanded of raw events, in BigQuery's dialect: what the platform makes of Caliper documents, from lines
-- of a stream (raw.documents) or from the table of a BigQuery subscription (raw.messages), each event once however
-- often it came. Tools name people and courses by ids of their own: the keymaps of the context store turn them
-- into the platform's. Make both tables (`termtide schema ddl raw`), fill one, and select from this view.
WITH documents AS (
  SELECT event FROM raw.documents
  UNION DISTINCT
  SELECT data AS event FROM raw.messages
),
named AS (
  SELECT
    event,
    JSON_VALUE(event, '$.id') AS id,
    REGEXP_EXTRACT(JSON_VALUE(event, '$.actor.id'), r'^urn:instructure:canvas:user:(\d+)$') AS canvas_person,
    REGEXP_EXTRACT(JSON_VALUE(event, '$.actor.id'), r'^urn:unizin:engage:.*:user:(\d+)$') AS engage_person,
    REGEXP_EXTRACT(JSON_VALUE(event, '$.actor.id'), r'/caliper/info/user/(.+)$') AS login,
    REGEXP_EXTRACT(
      COALESCE(JSON_VALUE(event, '$.group.id'), JSON_VALUE(event, '$.membership.organization.id')),
      r'^urn:instructure:canvas:course:(\d+)'
    ) AS canvas_course,
    REGEXP_EXTRACT(JSON_VALUE(event, '$.group.id'), r'^urn:unizin:engage:.*:course:(\d+)') AS engage_course,
    JSON_VALUE(event, '$.object.extensions."kaf:course_id"') AS kaltura_course
  FROM documents
),
people AS (
  -- Canvas writes people with the number of its shard before their own, as it does in courses' lms_int_id.
  SELECT id, sis_ext_id, CAST(shard + CAST(lms_ext_id AS INT64) AS STRING) AS canvas_id
  FROM context_store_keymap.person
  CROSS JOIN (
    SELECT MAX(DIV(CAST(lms_int_id AS INT64), 10000000000000)) * 10000000000000 AS shard
    FROM context_store_keymap.course_offering
  )
),
logins AS (
  SELECT REGEXP_EXTRACT(email_address, r'^[^@]*') AS login, MIN(person_id) AS person_id
  FROM context_store_entity.person_email
  GROUP BY login
),
known AS (
  SELECT
    named.*,
    COALESCE(canvas_people.id, CAST(engage_person AS INT64), logins.person_id) AS person_id,
    COALESCE(canvas_courses.id, CAST(engage_course AS INT64), kaltura_courses.id) AS course_id
  FROM named
  LEFT JOIN people AS canvas_people ON canvas_people.canvas_id = named.canvas_person
  LEFT JOIN logins ON logins.login = named.login
  LEFT JOIN context_store_keymap.course_offering AS canvas_courses
    ON canvas_courses.lms_int_id = named.canvas_course
  LEFT JOIN context_store_keymap.course_offering AS kaltura_courses
    ON kaltura_courses.lms_ext_id = named.kaltura_course
)
SELECT
  known.id AS id,
  JSON_VALUE(event, '$.type') AS type,
  JSON_VALUE(event, '$.action') AS action,
  DATETIME(TIMESTAMP(JSON_VALUE(event, '$.eventTime'))) AS event_time,
  event,
  IF(JSON_QUERY(event, '$.actor') IS NULL, NULL, STRUCT(
    JSON_VALUE(event, '$.actor.id') AS id,
    JSON_VALUE(event, '$.actor.type') AS type,
    JSON_VALUE(event, '$.actor.name') AS name,
    JSON_QUERY(event, '$.actor.extensions') AS extensions
  )) AS actor,
  IF(JSON_QUERY(event, '$.object') IS NULL, NULL, STRUCT(
    JSON_VALUE(event, '$.object.id') AS id,
    JSON_VALUE(event, '$.object.type') AS type,
    JSON_VALUE(event, '$.object.name') AS name,
    JSON_QUERY(event, '$.object.extensions') AS extensions
  )) AS object,
  IF(JSON_QUERY(event, '$.group') IS NULL, NULL, STRUCT(
    JSON_VALUE(event, '$.group.id') AS id,
    JSON_VALUE(event, '$.group.type') AS type,
    JSON_QUERY(event, '$.group.extensions') AS extensions
  )) AS `group`,
  IF(JSON_QUERY(event, '$.membership') IS NULL, NULL, STRUCT(
    JSON_VALUE(event, '$.membership.id') AS id,
    JSON_VALUE(event, '$.membership.type') AS type,
    JSON_VALUE_ARRAY(event, '$.membership.roles') AS roles
  )) AS membership,
  IF(JSON_QUERY(event, '$.target') IS NULL, NULL, STRUCT(
    JSON_VALUE(event, '$.target.id') AS id,
    JSON_VALUE(event, '$.target.type') AS type,
    JSON_QUERY(event, '$.target.extensions') AS extensions
  )) AS target,
  IF(JSON_QUERY(event, '$.generated') IS NULL, NULL, STRUCT(
    JSON_VALUE(event, '$.generated.id') AS id,
    JSON_VALUE(event, '$.generated.type') AS type,
    JSON_QUERY(event, '$.generated.extensions') AS extensions
  )) AS generated,
  IF(JSON_VALUE(event, '$.referrer') IS NULL, NULL, STRUCT(
    JSON_VALUE(event, '$.referrer') AS id,
    CAST(NULL AS STRING) AS type,
    CAST(NULL AS STRING) AS extensions
  )) AS referrer,
  IF(JSON_QUERY(event, '$.session') IS NULL, NULL, STRUCT(
    JSON_VALUE(event, '$.session.id') AS id,
    JSON_VALUE(event, '$.session.type') AS type
  )) AS session,
  IF(JSON_QUERY(event, '$.federatedSession') IS NULL, NULL, STRUCT(
    JSON_VALUE(event, '$.federatedSession.id') AS id,
    JSON_VALUE(event, '$.federatedSession.type') AS type,
    JSON_QUERY(event, '$.federatedSession.extensions') AS extensions
  )) AS federated_session,
  JSON_QUERY(event, '$.federatedSession') AS federated_session_json,
  IF(JSON_QUERY(event, '$.edApp') IS NULL, NULL, STRUCT(
    JSON_VALUE(event, '$.edApp.id') AS id,
    JSON_QUERY(event, '$.edApp') AS json
  )) AS ed_app,
  JSON_QUERY(event, '$.extensions') AS extensions_json,
  IF(course.id IS NULL, NULL, STRUCT(
    course.id AS udp_id,
    course.lms_int_id AS canvas_id,
    course.sis_ext_id AS sis_id,
    IF(engage_course IS NULL, NULL, CAST(course.id AS STRING)) AS engage_id
  )) AS course_offering,
  IF(person.id IS NULL, NULL, STRUCT(
    person.id AS udp_id,
    person.canvas_id AS canvas_id,
    person.sis_ext_id AS sis_id,
    IF(engage_person IS NULL, NULL, CAST(person.id AS STRING)) AS engage_id
  )) AS person
FROM known
LEFT JOIN people AS person ON person.id = known.person_id
LEFT JOIN context_store_keymap.course_offering AS course ON course.id = known.course_id
