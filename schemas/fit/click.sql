-- What students clicked: a row per person, course, day and tool. Some pages name no course (calendars, files of
-- one's own), nor does the document of a submission, which is found through the keymap.
WITH
submission AS (
  SELECT CONCAT('urn:instructure:canvas:submission:', k.lms_int_id) AS object_id, a.course_offering_id
  FROM context_store_keymap.learner_activity_result AS k
  JOIN context_store_entity.learner_activity_result AS r ON r.learner_activity_result_id = k.id
  JOIN context_store_entity.learner_activity AS a ON a.learner_activity_id = r.learner_activity_id
),
clicked AS (
  SELECT
    e.person.udp_id AS person_id,
    e.course_offering.udp_id AS course_offering_id,
    IF(e.course_offering.udp_id IS NULL, e.object.id, NULL) AS object_id,
    DATE(TIMESTAMP(e.event_time), @time_zone) AS click_date,
    l.tool
  FROM event_store.expanded AS e
  JOIN fit.look AS l
    ON l.type = e.type AND l.action = e.action AND l.extensions = IFNULL(e.object.extensions, '')
  WHERE e.event_time >= DATETIME(DATE '{begin_date}')
    AND e.event_time < DATETIME(DATE '{end_date}')
    AND e.person.udp_id IS NOT NULL
)
SELECT
  k.person_id,
  COALESCE(k.course_offering_id, s.course_offering_id) AS course_offering_id,
  k.click_date,
  k.tool,
  COUNT(*) AS num_events
FROM clicked AS k
LEFT JOIN submission AS s ON s.object_id = k.object_id
GROUP BY 1, 2, 3, 4
