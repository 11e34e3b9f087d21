-- Every course offering, once.
WITH
-- A section belongs to the offering in which it sits in Canvas. An offering that cross-listing has emptied
-- keeps the organisations and instructors of the sections that were made for it.
taught AS (
  SELECT
    COALESCE(le_current_course_offering_id, course_offering_id) AS course_offering_id,
    course_section_id,
    academic_organization_id
  FROM context_store_entity.course_section
),
filled AS (
  SELECT DISTINCT course_offering_id
  FROM taught
),
membership AS (
  SELECT course_offering_id, course_section_id, academic_organization_id
  FROM taught
  UNION ALL
  SELECT s.course_offering_id, s.course_section_id, s.academic_organization_id
  FROM context_store_entity.course_section AS s
  LEFT JOIN filled AS f ON f.course_offering_id = s.course_offering_id
  WHERE f.course_offering_id IS NULL
),
-- Teachers and Faculty who are still there; a person with two such enrolments is one instructor.
teaching AS (
  SELECT DISTINCT m.course_offering_id, e.person_id
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
    t.course_offering_id,
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
    course_offering_id,
    COUNT(*) AS num_instructors,
    ARRAY_AGG(name IGNORE NULLS ORDER BY name, person_id) AS name_array,
    ARRAY_AGG(lms_id IGNORE NULLS ORDER BY name, person_id) AS lms_id_array,
    STRING_AGG(name, '; ' ORDER BY name, person_id) AS display,
    ARRAY_AGG(email_address IGNORE NULLS ORDER BY name, person_id) AS email_address_array,
    STRING_AGG(email_address, '; ' ORDER BY name, person_id) AS email_address_display
  FROM instructor
  GROUP BY course_offering_id
),
-- Each organisation once, by its name.
named_organization AS (
  SELECT DISTINCT m.course_offering_id, o.name
  FROM membership AS m
  JOIN context_store_entity.academic_organization AS o
    ON o.academic_organization_id = m.academic_organization_id
  WHERE o.name IS NOT NULL
),
organizations AS (
  SELECT
    course_offering_id,
    ARRAY_AGG(name IGNORE NULLS ORDER BY name) AS name_array,
    STRING_AGG(name, '; ' ORDER BY name) AS display
  FROM named_organization
  GROUP BY course_offering_id
),
-- A person who is in two sections, or student and observer, is one.
students AS (
  SELECT t.course_offering_id, COUNT(DISTINCT e.person_id) AS num_students
  FROM taught AS t
  JOIN context_store_entity.course_section_enrollment AS e ON e.course_section_id = t.course_section_id
  WHERE e.role IN ('Student', 'Observer')
    AND IFNULL(e.role_status, 'NoData') NOT IN ('Dropped', 'Withdrawn', 'Not-enrolled')
  GROUP BY t.course_offering_id
)
SELECT
  o.course_offering_id,
  k.sis_ext_id AS sis_id,
  o.title,
  k.lms_ext_id AS lms_id,
  k.lms_int_id,
  o.academic_term_id,
  kt.lms_ext_id AS lms_academic_term_id,
  t.name AS term_name,
  t.term_type,
  COALESCE(t.term_begin_date, t.le_term_begin_date) AS term_begin_date,
  COALESCE(t.term_end_date, t.le_term_end_date) AS term_end_date,
  LEAST(
    COALESCE(t.term_begin_date, t.le_term_begin_date),
    COALESCE(t.le_term_begin_date, t.term_begin_date)
  ) AS open_date,
  GREATEST(
    COALESCE(t.term_end_date, t.le_term_end_date),
    COALESCE(t.le_term_end_date, t.term_end_date)
  ) AS close_date,
  s.session_name,
  COALESCE(
    s.session_begin_date, t.term_begin_date, t.le_term_begin_date, o.start_date, o.le_start_date
  ) AS first_date,
  COALESCE(s.session_end_date, t.term_end_date, t.le_term_end_date, o.end_date, o.le_end_date) AS last_date,
  COALESCE(o.start_date, o.le_start_date) AS start_date,
  COALESCE(o.end_date, o.le_end_date) AS end_date,
  o.subject,
  o.number,
  COALESCE(o.code, CONCAT(o.subject, ' ', o.number), o.le_code) AS code,
  LOWER(o.le_status) AS status,
  o.available_credits,
  c.name AS campus_name,
  a.description AS academic_career_name,
  o.learning_environment_organization_id,
  g.name_array AS academic_organization_array,
  g.display AS academic_organization_display,
  i.name_array AS instructor_name_array,
  i.lms_id_array AS instructor_lms_id_array,
  i.display AS instructor_display,
  i.email_address_array AS instructor_email_address_array,
  i.email_address_display AS instructor_email_address_display,
  IFNULL(i.num_instructors, 0) AS num_instructors,
  IFNULL(n.num_students, 0) AS num_students
FROM context_store_entity.course_offering AS o
LEFT JOIN context_store_keymap.course_offering AS k ON k.id = o.course_offering_id
LEFT JOIN context_store_entity.academic_term AS t ON t.academic_term_id = o.academic_term_id
LEFT JOIN context_store_keymap.academic_term AS kt ON kt.id = o.academic_term_id
LEFT JOIN context_store_entity.academic_session AS s ON s.academic_session_id = o.academic_session_id
LEFT JOIN context_store_entity.campus AS c ON c.campus_id = o.campus_id
LEFT JOIN context_store_entity.academic_career AS a ON a.academic_career_id = o.academic_career_id
LEFT JOIN organizations AS g ON g.course_offering_id = o.course_offering_id
LEFT JOIN instructors AS i ON i.course_offering_id = o.course_offering_id
LEFT JOIN students AS n ON n.course_offering_id = o.course_offering_id
