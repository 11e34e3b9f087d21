-- One row a student, term and week, whatever the number of courses. The campus is the student's own: that of the
-- courses would split a student who takes courses on two of them.
WITH
scored AS (
  SELECT
    *,
    CAST(ROUND(student_activity_score * 100000) AS INT64) AS score,
    CAST(ROUND(student_activity_score_cumulative * 100000) AS INT64) AS c_score
  FROM mart_student_activity_score.course_final
),
averaged AS (
  SELECT
    global_user_id,
    term_name,
    week_end_date,
    MIN(academic_program) AS academic_program,
    MIN(university_id) AS university_id,
    MIN(canvas_user_id) AS canvas_user_id,
    MIN(week_number) AS week_number,
    MIN(week_start_date) AS week_start_date,
    MAX(IF(course_has_10_or_more_students, 1, 0)) AS has_10_or_more,
    CAST(ROUND(SAFE_DIVIDE(SUM(score), COUNT(*))) AS INT64) AS score,
    CAST(ROUND(SAFE_DIVIDE(SUM(c_score), COUNT(*))) AS INT64) AS c_score
  FROM scored
  GROUP BY global_user_id, term_name, week_end_date
),
-- Where the octiles of a program end is read from its scores in their order, as in course_final.
placed AS (
  SELECT
    academic_program,
    term_name,
    week_end_date,
    SAFE_DIVIDE(SUM(score), COUNT(*)) AS avg_score,
    IF(
      MIN(score) < MAX(score),
      SQRT(SAFE_DIVIDE(GREATEST(SUM(score * score) - SAFE_DIVIDE(CAST(SUM(score) AS FLOAT64) * CAST(SUM(score) AS FLOAT64), COUNT(*)), 0), COUNT(*) - 1)),
      NULL
    ) AS sd_score,
    SAFE_DIVIDE(SUM(c_score), COUNT(*)) AS avg_c_score,
    IF(
      MIN(c_score) < MAX(c_score),
      SQRT(SAFE_DIVIDE(GREATEST(SUM(c_score * c_score) - SAFE_DIVIDE(CAST(SUM(c_score) AS FLOAT64) * CAST(SUM(c_score) AS FLOAT64), COUNT(*)), 0), COUNT(*) - 1)),
      NULL
    ) AS sd_c_score,
    MIN(score) < MAX(score) AS is_spread,
    MIN(c_score) < MAX(c_score) AS is_c_spread,
    COUNT(*) - 1 AS last_place,
    ARRAY_AGG(score IGNORE NULLS ORDER BY score) AS scores,
    ARRAY_AGG(c_score IGNORE NULLS ORDER BY c_score) AS c_scores
  FROM averaged
  GROUP BY academic_program, term_name, week_end_date
),
spread AS (
  SELECT
    academic_program,
    term_name,
    week_end_date,
    avg_score,
    sd_score,
    avg_c_score,
    sd_c_score,
    is_spread,
    is_c_spread,
    scores[SAFE_OFFSET(DIV(last_place, 8))] AS end_of_first,
    scores[SAFE_OFFSET(DIV(2 * last_place, 8))] AS end_of_second,
    scores[SAFE_OFFSET(DIV(3 * last_place, 8))] AS end_of_third,
    scores[SAFE_OFFSET(DIV(4 * last_place, 8))] AS end_of_fourth,
    scores[SAFE_OFFSET(DIV(5 * last_place, 8))] AS end_of_fifth,
    scores[SAFE_OFFSET(DIV(6 * last_place, 8))] AS end_of_sixth,
    scores[SAFE_OFFSET(DIV(7 * last_place, 8))] AS end_of_seventh,
    c_scores[SAFE_OFFSET(DIV(last_place, 8))] AS c_end_of_first,
    c_scores[SAFE_OFFSET(DIV(2 * last_place, 8))] AS c_end_of_second,
    c_scores[SAFE_OFFSET(DIV(3 * last_place, 8))] AS c_end_of_third,
    c_scores[SAFE_OFFSET(DIV(4 * last_place, 8))] AS c_end_of_fourth,
    c_scores[SAFE_OFFSET(DIV(5 * last_place, 8))] AS c_end_of_fifth,
    c_scores[SAFE_OFFSET(DIV(6 * last_place, 8))] AS c_end_of_sixth,
    c_scores[SAFE_OFFSET(DIV(7 * last_place, 8))] AS c_end_of_seventh
  FROM placed
),
home AS (
  SELECT t.name AS term_name, x.person_id, c.name AS campus_name
  FROM context_store_entity.person__academic_term AS x
  JOIN context_store_entity.academic_term AS t ON t.academic_term_id = x.academic_term_id
  LEFT JOIN context_store_entity.campus AS c ON c.campus_id = x.campus_id
)
SELECT
  a.university_id,
  a.global_user_id,
  a.canvas_user_id,
  a.term_name,
  h.campus_name,
  a.academic_program,
  a.week_number,
  a.week_start_date,
  a.week_end_date,
  a.has_10_or_more = 1 AS course_has_10_or_more_students,
  SAFE_DIVIDE(a.score, 100000) AS average_student_activity_score,
  SAFE_DIVIDE(a.score - s.avg_score, s.sd_score) AS average_student_activity_score_z,
  CASE
    WHEN NOT s.is_spread THEN NULL
    WHEN a.score <= s.end_of_first THEN 0.125
    WHEN a.score <= s.end_of_second THEN 0.25
    WHEN a.score <= s.end_of_third THEN 0.375
    WHEN a.score <= s.end_of_fourth THEN 0.5
    WHEN a.score <= s.end_of_fifth THEN 0.625
    WHEN a.score <= s.end_of_sixth THEN 0.75
    WHEN a.score <= s.end_of_seventh THEN 0.875
    ELSE 1.0
  END AS average_student_activity_score_octile,
  SAFE_DIVIDE(a.c_score, 100000) AS average_student_activity_score_cumulative,
  SAFE_DIVIDE(a.c_score - s.avg_c_score, s.sd_c_score) AS average_student_activity_score_z_cumulative,
  CASE
    WHEN NOT s.is_c_spread THEN NULL
    WHEN a.c_score <= s.c_end_of_first THEN 0.125
    WHEN a.c_score <= s.c_end_of_second THEN 0.25
    WHEN a.c_score <= s.c_end_of_third THEN 0.375
    WHEN a.c_score <= s.c_end_of_fourth THEN 0.5
    WHEN a.c_score <= s.c_end_of_fifth THEN 0.625
    WHEN a.c_score <= s.c_end_of_sixth THEN 0.75
    WHEN a.c_score <= s.c_end_of_seventh THEN 0.875
    ELSE 1.0
  END AS average_student_activity_score_octile_cumulative
FROM averaged AS a
JOIN spread AS s
  ON s.week_end_date = a.week_end_date
    AND IFNULL(s.academic_program, '') = IFNULL(a.academic_program, '')
    AND IFNULL(s.term_name, '') = IFNULL(a.term_name, '')
    AND (s.academic_program IS NULL) = (a.academic_program IS NULL)
    AND (s.term_name IS NULL) = (a.term_name IS NULL)
LEFT JOIN home AS h ON h.person_id = a.global_user_id AND h.term_name = a.term_name
