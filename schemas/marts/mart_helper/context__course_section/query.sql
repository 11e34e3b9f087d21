-- Every course section, once.
WITH
membership AS (
  SELECT course_section_id, academic_organization_id
  FROM context_store_entity.course_section
),
-- Teachers and Faculty who are still there; a person with two such enrolments is one instructor.
teaching AS (
  SELECT DISTINCT e.course_section_id, e.person_id
  FROM membership AS m
  JOIN context_store_entity.course_section_enrollment AS e ON e.course_section_id = m.course_section_id
  WHERE e.role IN ('Teacher', 'Faculty')
    AND IFNULL(e.role_status, 'NoData') NOT IN ('Dropped', 'Withdrawn', 'Not-enrolled')
),
ranked_email AS (
  SELECT
    person_id,
    email_address,
    ROW_NUMBER() OVER (
      PARTITION BY person_id
      ORDER BY IF(IFNULL(is_preferred, FALSE), 0, 1), person_email_id
    ) AS place
  FROM context_store_entity.person_email
),
instructor AS (
  SELECT
    t.course_section_id,
    t.person_id,
    COALESCE(CONCAT(p.last_name, ', ', p.first_name), p.le_sortable_name, p.name, '') AS name,
    k.lms_ext_id AS lms_id,
    m.email_address
  FROM teaching AS t
  JOIN context_store_entity.person AS p ON p.person_id = t.person_id
  LEFT JOIN context_store_keymap.person AS k ON k.id = t.person_id
  LEFT JOIN ranked_email AS m ON m.person_id = t.person_id AND m.place = 1
),
instructors AS (
  SELECT
    course_section_id,
    COUNT(*) AS num_instructors,
    ARRAY_AGG(name IGNORE NULLS ORDER BY name, person_id) AS name_array,
    ARRAY_AGG(lms_id IGNORE NULLS ORDER BY name, person_id) AS lms_id_array,
    STRING_AGG(name, '; ' ORDER BY name, person_id) AS display,
    ARRAY_AGG(email_address IGNORE NULLS ORDER BY name, person_id) AS email_address_array,
    STRING_AGG(email_address, '; ' ORDER BY name, person_id) AS email_address_display
  FROM instructor
  GROUP BY course_section_id
),
-- Each organisation once, by its name.
named_organization AS (
  SELECT DISTINCT m.course_section_id, o.name
  FROM membership AS m
  JOIN context_store_entity.academic_organization AS o
    ON o.academic_organization_id = m.academic_organization_id
  WHERE o.name IS NOT NULL
),
organizations AS (
  SELECT
    course_section_id,
    ARRAY_AGG(name IGNORE NULLS ORDER BY name) AS name_array,
    STRING_AGG(name, '; ' ORDER BY name) AS display
  FROM named_organization
  GROUP BY course_section_id
),
-- A person who is in two sections, or student and observer, is one.
students AS (
  SELECT m.course_section_id, COUNT(DISTINCT e.person_id) AS num_students
  FROM membership AS m
  JOIN context_store_entity.course_section_enrollment AS e ON e.course_section_id = m.course_section_id
  WHERE e.role IN ('Student', 'Observer')
    AND IFNULL(e.role_status, 'NoData') NOT IN ('Dropped', 'Withdrawn', 'Not-enrolled')
  GROUP BY m.course_section_id
)
SELECT
  s.course_section_id,
  k.lms_ext_id AS lms_id,
  k.sis_ext_id AS sis_id,
  COALESCE(s.le_current_course_offering_id, s.course_offering_id) AS course_offering_id,
  s.le_name AS name,
  s.section_number,
  s.type,
  s.delivery_mode,
  s.start_date,
  s.end_date,
  LOWER(s.status) AS status,
  s.is_graded,
  s.is_honors,
  s.max_enrollment,
  g.name_array AS academic_organization_array,
  g.display AS academic_organization_display,
  i.name_array AS instructor_name_array,
  i.lms_id_array AS instructor_lms_id_array,
  i.display AS instructor_display,
  i.email_address_array AS instructor_email_address_array,
  i.email_address_display AS instructor_email_address_display,
  IFNULL(i.num_instructors, 0) AS num_instructors,
  IFNULL(n.num_students, 0) AS num_students
FROM context_store_entity.course_section AS s
LEFT JOIN context_store_keymap.course_section AS k ON k.id = s.course_section_id
LEFT JOIN organizations AS g ON g.course_section_id = s.course_section_id
LEFT JOIN instructors AS i ON i.course_section_id = s.course_section_id
LEFT JOIN students AS n ON n.course_section_id = s.course_section_id
