-- A person may have several enrolments in one course offering: the one that still holds and may do most stands for them.
WITH
ranked AS (
  SELECT
    s.course_offering_id,
    e.course_section_id,
    e.person_id,
    e.role,
    e.role_status,
    e.enrollment_status,
    ROW_NUMBER() OVER (
      PARTITION BY s.course_offering_id, e.person_id
      ORDER BY
        IF(IFNULL(e.role_status, 'NoData') IN ('Dropped', 'Withdrawn', 'Not-enrolled'), 1, 0),
        CASE e.role
          WHEN 'Teacher' THEN 1
          WHEN 'Faculty' THEN 2
          WHEN 'TeachingAssistant' THEN 3
          WHEN 'Designer' THEN 4
          WHEN 'Student' THEN 5
          WHEN 'Auditor' THEN 6
          WHEN 'Observer' THEN 7
          ELSE 8
        END,
        e.course_section_id,
        e.course_section_enrollment_id
    ) AS place,
    MAX(IF(
      e.role = 'Student' AND IFNULL(e.role_status, 'NoData') NOT IN ('Dropped', 'Withdrawn', 'Not-enrolled'), 1, 0
    )) OVER (PARTITION BY s.course_offering_id, e.person_id) AS is_student,
    MAX(IF(e.enrollment_status = 'Active', 1, 0)) OVER (PARTITION BY s.course_offering_id, e.person_id) AS is_active
  FROM context_store_entity.course_section_enrollment AS e
  JOIN mart_helper.context__course_section AS s ON s.course_section_id = e.course_section_id
)
SELECT
  r.course_offering_id,
  r.person_id,
  r.course_section_id,
  k.lms_ext_id AS lms_person_id,
  k.sis_ext_id AS sis_person_id,
  r.role,
  r.role_status,
  r.enrollment_status,
  r.is_student = 1 AS is_student,
  r.is_active = 1 AS is_active
FROM ranked AS r
LEFT JOIN context_store_keymap.person AS k ON k.id = r.person_id
WHERE r.place = 1
