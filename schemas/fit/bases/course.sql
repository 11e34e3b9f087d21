-- Courses of the catalogue that students can see, with how much each holds. Graded discussions count as work.
WITH
section AS (
  SELECT DISTINCT le_current_course_offering_id AS course_offering_id
  FROM context_store_entity.course_section
  WHERE is_graded
),
discussion AS (
  SELECT
    course_offering_id,
    COUNTIF(IFNULL(type, '') <> 'Announcement' AND learner_activity_id IS NULL) AS discussions,
    COUNTIF(type = 'Announcement') AS announcements
  FROM context_store_entity.discussion
  WHERE learner_group_id IS NULL
  GROUP BY course_offering_id
),
module AS (
  SELECT course_offering_id, COUNT(*) AS modules FROM context_store_entity.module GROUP BY course_offering_id
),
learner_activity_group AS (
  SELECT course_offering_id, COUNT(*) AS activity_groups
  FROM context_store_entity.learner_activity_group
  WHERE status = 'available'
  GROUP BY course_offering_id
)
SELECT
  o.course_offering_id,
  CAST(CAST(o.available_credits AS INT64) AS STRING) AS available_credits,
  NULLIF(d.discussions, 0) AS discussions,
  d.announcements,
  m.modules,
  g.activity_groups
FROM context_store_entity.course_offering AS o
JOIN section AS s ON s.course_offering_id = o.course_offering_id
LEFT JOIN discussion AS d ON d.course_offering_id = o.course_offering_id
LEFT JOIN module AS m ON m.course_offering_id = o.course_offering_id
LEFT JOIN learner_activity_group AS g ON g.course_offering_id = o.course_offering_id
WHERE o.le_status IN ('available', 'completed')
