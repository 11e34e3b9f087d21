-- Views of a person count once, in each section of the course that the person is in; students are those who have not left.
WITH
viewed AS (
  SELECT
    p.course_section_id,
    d.udp_file_id AS file_id,
    d.udp_person_id AS person_id,
    SUM(d.num_views) AS num_views,
    MAX(IF(IFNULL(p.is_student, FALSE), 1, 0)) AS is_student
  FROM mart_helper.event__file__person_day AS d
  JOIN mart_helper.context__course_section__person AS p
    ON p.course_offering_id = d.udp_course_offering_id AND p.person_id = d.udp_person_id
  WHERE d.event_date >= @begin_date AND d.event_date <= @end_date
  GROUP BY 1, 2, 3
),
totalled AS (
  SELECT
    course_section_id,
    file_id,
    SUM(num_views) AS num_views,
    SUM(is_student) AS num_distinct_students,
    ARRAY_AGG(IF(is_student = 1, person_id, NULL) IGNORE NULLS ORDER BY person_id) AS student_udp_id_array
  FROM viewed
  GROUP BY course_section_id, file_id
)
SELECT
  o.course_offering_id AS udp_course_offering_id,
  t.course_section_id AS udp_course_section_id,
  s.lms_id AS lms_course_section_id,
  t.file_id AS udp_file_id,
  k.lms_int_id AS lms_int_file_id,
  t.num_views,
  t.num_distinct_students,
  s.num_students AS num_enrolled_students,
  t.student_udp_id_array,
  s.instructor_name_array,
  s.instructor_display,
  s.instructor_email_address_array,
  s.instructor_email_address_display,
  o.subject AS course_offering_subject,
  o.number AS course_offering_number,
  o.lms_id AS lms_course_offering_id,
  o.code AS course_offering_code,
  o.term_name AS academic_term_name,
  f.display_name,
  f.size
FROM totalled AS t
JOIN mart_helper.context__course_section AS s ON s.course_section_id = t.course_section_id
JOIN mart_helper.context__course_offering AS o ON o.course_offering_id = s.course_offering_id
JOIN context_store_entity.file AS f ON f.file_id = t.file_id
LEFT JOIN context_store_keymap.file AS k ON k.id = t.file_id
