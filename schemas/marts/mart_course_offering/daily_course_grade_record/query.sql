-- What a refresh every day would have appended: while its session or term runs, every row of course_grade as it
-- stood on that morning. A course without any dates has no end: its rows go on.
WITH
standing AS (
  SELECT
    h.person_id,
    h.course_section_id,
    s.lms_id AS lms_course_section_id,
    s.course_offering_id,
    h.le_current_score,
    h.le_final_score,
    GREATEST(h.valid_from, @begin_date, IFNULL(o.first_date, h.valid_from)) AS first_run_date,
    LEAST(h.valid_to, @end_date, IFNULL(o.last_date, h.valid_to)) AS last_run_date
  FROM mart_helper.context__course_grade__history AS h
  JOIN mart_helper.context__course_section AS s ON s.course_section_id = h.course_section_id
  JOIN mart_helper.context__course_offering AS o ON o.course_offering_id = s.course_offering_id
)
SELECT
  x.person_id AS udp_person_id,
  k.lms_ext_id AS lms_person_id,
  x.course_offering_id AS udp_course_offering_id,
  o.lms_id AS lms_course_offering_id,
  o.academic_term_id AS udp_academic_term_id,
  o.lms_academic_term_id,
  o.term_name,
  x.le_current_score,
  x.le_final_score,
  run_date,
  DATETIME_ADD(DATETIME(run_date), INTERVAL 4 HOUR) AS run_time
FROM standing AS x
CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(x.first_run_date, x.last_run_date)) AS run_date
JOIN mart_helper.context__course_offering AS o ON o.course_offering_id = x.course_offering_id
LEFT JOIN context_store_keymap.person AS k ON k.id = x.person_id
WHERE x.first_run_date <= x.last_run_date
