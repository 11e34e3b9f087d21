WITH
viewed AS (
  SELECT
    DATE(e.event_time) AS event_date,
    e.course_offering.udp_id AS course_offering_id,
    e.object.id AS object_id,
    e.person.udp_id AS person_id,
    COUNT(*) AS num_views
  FROM event_store.expanded AS e
  WHERE e.event_time >= DATETIME(@begin_date)
    AND e.event_time < DATETIME(DATE_ADD(@end_date, INTERVAL 1 DAY))
    AND e.type = 'NavigationEvent'
    AND e.object.name = 'attachment'
    AND e.person.udp_id IS NOT NULL
    AND e.course_offering.udp_id IS NOT NULL
    AND IFNULL(STRPOS(e.membership.id, ':user:'), 0) = 0
  GROUP BY 1, 2, 3, 4
)
SELECT
  v.event_date,
  v.course_offering_id AS udp_course_offering_id,
  k.id AS udp_file_id,
  v.person_id AS udp_person_id,
  v.num_views
FROM viewed AS v
JOIN context_store_keymap.file AS k ON CONCAT('urn:instructure:canvas:attachment:', k.lms_int_id) = v.object_id
