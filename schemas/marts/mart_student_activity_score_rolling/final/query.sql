-- One row a student, term and week, whatever the number of courses. The campus is the student's own: that of the
-- courses would split a student who takes courses on two of them.
WITH
scored AS (
  SELECT
    global_user_id, term_name, week_end_date, FALSE AS is_cumulative, academic_program, university_id,
    canvas_user_id, week_number, week_start_date, course_has_10_or_more_students,
    CAST(ROUND(student_activity_score * 100000) AS INT64) AS score
  FROM mart_student_activity_score_rolling.course_final
  UNION ALL
  SELECT
    global_user_id, term_name, week_end_date, TRUE AS is_cumulative, academic_program, university_id,
    canvas_user_id, week_number, week_start_date, course_has_10_or_more_students,
    CAST(ROUND(student_activity_score_cumulative * 100000) AS INT64) AS score
  FROM mart_student_activity_score_rolling.course_final
),
averaged AS (
  SELECT
    global_user_id,
    term_name,
    week_end_date,
    is_cumulative,
    MIN(academic_program) AS academic_program,
    MIN(university_id) AS university_id,
    MIN(canvas_user_id) AS canvas_user_id,
    MIN(week_number) AS week_number,
    MIN(week_start_date) AS week_start_date,
    MAX(IF(course_has_10_or_more_students, 1, 0)) AS has_10_or_more,
    CAST(ROUND(SAFE_DIVIDE(SUM(score), COUNT(*))) AS INT64) AS score
  FROM scored
  GROUP BY global_user_id, term_name, week_end_date, is_cumulative
),
spread AS (
  SELECT
    academic_program,
    term_name,
    week_end_date,
    is_cumulative,
    SAFE_DIVIDE(SUM(score), COUNT(*)) AS avg_score,
    IF(
      MIN(score) < MAX(score),
      SQRT(SAFE_DIVIDE(GREATEST(SUM(score * score) - SAFE_DIVIDE(CAST(SUM(score) AS FLOAT64) * CAST(SUM(score) AS FLOAT64), COUNT(*)), 0), COUNT(*) - 1)),
      NULL
    ) AS sd_score
  FROM averaged
  GROUP BY academic_program, term_name, week_end_date, is_cumulative
),
ranked AS (
  SELECT
    *,
    RANK() OVER (PARTITION BY academic_program, term_name, week_end_date, is_cumulative ORDER BY score) - 1 AS place,
    COUNT(*) OVER (PARTITION BY academic_program, term_name, week_end_date, is_cumulative) - 1 AS last_place,
    MIN(score) OVER (PARTITION BY academic_program, term_name, week_end_date, is_cumulative) AS lowest,
    MAX(score) OVER (PARTITION BY academic_program, term_name, week_end_date, is_cumulative) AS highest
  FROM averaged
),
final AS (
  SELECT
    r.global_user_id,
    r.term_name,
    r.week_end_date,
    r.is_cumulative,
    r.academic_program,
    r.university_id,
    r.canvas_user_id,
    r.week_number,
    r.week_start_date,
    r.has_10_or_more = 1 AS has_10_or_more,
    SAFE_DIVIDE(r.score, 100000) AS score,
    SAFE_DIVIDE(r.score - s.avg_score, s.sd_score) AS z,
    CASE
      WHEN r.lowest = r.highest THEN NULL
      WHEN 8 * r.place <= r.last_place THEN 0.125
      WHEN 8 * r.place <= 2 * r.last_place THEN 0.25
      WHEN 8 * r.place <= 3 * r.last_place THEN 0.375
      WHEN 8 * r.place <= 4 * r.last_place THEN 0.5
      WHEN 8 * r.place <= 5 * r.last_place THEN 0.625
      WHEN 8 * r.place <= 6 * r.last_place THEN 0.75
      WHEN 8 * r.place <= 7 * r.last_place THEN 0.875
      ELSE 1.0
    END AS octile
  FROM ranked AS r
  JOIN spread AS s
    ON IFNULL(s.academic_program, '') = IFNULL(r.academic_program, '')
      AND IFNULL(s.term_name, '') = IFNULL(r.term_name, '')
      AND s.week_end_date = r.week_end_date
      AND s.is_cumulative = r.is_cumulative
),
home AS (
  SELECT t.name AS term_name, x.person_id, c.name AS campus_name
  FROM context_store_entity.person__academic_term AS x
  JOIN context_store_entity.academic_term AS t ON t.academic_term_id = x.academic_term_id
  LEFT JOIN context_store_entity.campus AS c ON c.campus_id = x.campus_id
)
SELECT
  w.university_id,
  w.global_user_id,
  w.canvas_user_id,
  w.term_name,
  h.campus_name,
  w.academic_program,
  w.week_number,
  w.week_start_date,
  w.week_end_date,
  w.has_10_or_more AS course_has_10_or_more_students,
  w.score AS average_student_activity_score,
  w.z AS average_student_activity_score_z,
  w.octile AS average_student_activity_score_octile,
  c.score AS average_student_activity_score_cumulative,
  c.z AS average_student_activity_score_z_cumulative,
  c.octile AS average_student_activity_score_octile_cumulative
FROM final AS w
JOIN final AS c
  ON c.global_user_id = w.global_user_id
    AND IFNULL(c.term_name, '') = IFNULL(w.term_name, '')
    AND c.week_end_date = w.week_end_date
    AND c.is_cumulative
LEFT JOIN home AS h ON h.person_id = w.global_user_id AND h.term_name = w.term_name
WHERE NOT w.is_cumulative
