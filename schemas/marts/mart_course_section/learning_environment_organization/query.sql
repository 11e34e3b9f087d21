-- Each account with its path from the root, which is the first level.
WITH
account AS (
  SELECT
    a.learning_environment_organization_id AS account_id,
    a.parent_learning_environment_organization_id AS parent_id,
    b.name AS parent_name,
    CASE a.depth WHEN 1 THEN a.name WHEN 2 THEN b.name WHEN 3 THEN c.name END AS level_2,
    CASE a.depth WHEN 2 THEN a.name WHEN 3 THEN b.name END AS level_3
  FROM context_store_entity.learning_environment_organization AS a
  LEFT JOIN context_store_entity.learning_environment_organization AS b
    ON b.learning_environment_organization_id = a.parent_learning_environment_organization_id
  LEFT JOIN context_store_entity.learning_environment_organization AS c
    ON c.learning_environment_organization_id = b.parent_learning_environment_organization_id
)
SELECT
  o.course_offering_id AS udp_course_offering_id,
  o.lms_id AS lms_course_offering_id,
  p.person_id AS udp_person_id,
  p.lms_person_id,
  p.course_section_id AS udp_course_section_id,
  s.lms_id AS lms_course_section_id,
  a.account_id AS udp_learning_environment_organization_id,
  k.lms_ext_id AS lms_learning_environment_organization_id,
  o.term_name AS academic_term_name,
  o.term_begin_date AS academic_term_start_date,
  o.title AS course_offering_title,
  o.start_date AS course_offering_start_date,
  o.subject AS course_offering_subject,
  o.number AS course_offering_number,
  o.code AS course_offering_code,
  s.instructor_display,
  a.parent_id AS parent_learning_environment_organization_id,
  a.parent_name AS parent_learning_environment_organization,
  a.level_2 AS sub_learning_environment_organization_2,
  a.level_3 AS sub_learning_environment_organization_3,
  s.num_students
FROM mart_helper.context__course_section__person AS p
JOIN mart_helper.context__course_section AS s ON s.course_section_id = p.course_section_id
JOIN mart_helper.context__course_offering AS o ON o.course_offering_id = p.course_offering_id
LEFT JOIN account AS a ON a.account_id = o.learning_environment_organization_id
LEFT JOIN context_store_keymap.learning_environment_organization AS k ON k.id = a.account_id
