-- A section is described by the course in which it sits. Scores are those of its own students.
WITH
learner_activity_count AS (
  SELECT
    course_offering_id,
    COUNTIF(status = 'published') AS num_there,
    COUNTIF(status = 'unpublished') AS num_unpublished
  FROM context_store_entity.learner_activity
  GROUP BY course_offering_id
),
module_count AS (
  SELECT
    course_offering_id,
    COUNTIF(status = 'active') AS num_there,
    COUNTIF(status = 'unpublished') AS num_unpublished
  FROM context_store_entity.module
  GROUP BY course_offering_id
),
quiz_count AS (
  SELECT
    course_offering_id,
    COUNTIF(status = 'published') AS num_there,
    COUNTIF(status = 'unpublished') AS num_unpublished
  FROM context_store_entity.quiz
  GROUP BY course_offering_id
),
discussion_count AS (
  SELECT
    course_offering_id,
    COUNTIF(status = 'active') AS num_there,
    COUNTIF(status = 'unpublished') AS num_unpublished
  FROM context_store_entity.discussion
  GROUP BY course_offering_id
),
assignment_score AS (
  SELECT
    p.course_section_id,
    SUM(a.published_score_micro) AS total_micro,
    COUNT(a.published_score_micro) AS num_scores
  FROM mart_helper.context__taskforce__assignments_submissions AS a
  JOIN mart_helper.context__course_section__person AS p
    ON p.course_offering_id = a.udp_course_offering_id AND p.person_id = a.udp_person_id AND p.is_student
  GROUP BY p.course_section_id
),
quiz_score AS (
  SELECT
    p.course_section_id,
    CAST(
      ROUND(SAFE_DIVIDE(CAST(r.kept_score AS FLOAT64), CAST(r.quiz_points_possible AS FLOAT64)) * 1000000) AS INT64
    ) AS score_micro
  FROM context_store_entity.quiz_result AS r
  JOIN context_store_entity.quiz AS q ON q.quiz_id = r.quiz_id
  JOIN mart_helper.context__course_section__person AS p
    ON p.course_offering_id = q.course_offering_id AND p.person_id = r.person_id AND p.is_student
  WHERE q.status = 'published'
),
quiz_average AS (
  SELECT course_section_id, SUM(score_micro) AS total_micro, COUNT(score_micro) AS num_scores
  FROM quiz_score
  GROUP BY course_section_id
)
SELECT
  s.course_section_id,
  o.course_offering_id,
  o.academic_term_id,
  o.title AS course_title,
  o.subject AS course_subject,
  o.number AS course_number,
  o.code AS course_code,
  o.start_date AS course_start_date,
  o.end_date AS course_end_date,
  o.available_credits,
  s.delivery_mode,
  s.is_graded,
  s.is_honors,
  s.max_enrollment,
  s.type AS course_type,
  s.academic_organization_display AS program_name,
  o.academic_career_name,
  s.instructor_name_array,
  s.num_instructors,
  s.num_students,
  IFNULL(a.num_there, 0) AS num_published_assignments,
  IFNULL(a.num_unpublished, 0) AS num_unpublished_assignments,
  SAFE_DIVIDE(x.total_micro, 1000000 * x.num_scores) AS avg_assignment_score,
  IFNULL(m.num_there, 0) AS num_active_modules,
  IFNULL(m.num_unpublished, 0) AS num_unpublished_modules,
  IFNULL(q.num_there, 0) AS num_published_quizzes,
  IFNULL(q.num_unpublished, 0) AS num_unpublished_quizzes,
  SAFE_DIVIDE(y.total_micro, 1000000 * y.num_scores) AS avg_quiz_score,
  IFNULL(d.num_there, 0) AS num_active_discussions,
  IFNULL(d.num_unpublished, 0) AS num_unpublished_discussions,
  o.term_name,
  o.term_type,
  o.term_begin_date,
  o.term_end_date
FROM mart_helper.context__course_section AS s
JOIN mart_helper.context__course_offering AS o ON o.course_offering_id = s.course_offering_id
LEFT JOIN learner_activity_count AS a ON a.course_offering_id = o.course_offering_id
LEFT JOIN module_count AS m ON m.course_offering_id = o.course_offering_id
LEFT JOIN quiz_count AS q ON q.course_offering_id = o.course_offering_id
LEFT JOIN discussion_count AS d ON d.course_offering_id = o.course_offering_id
LEFT JOIN assignment_score AS x ON x.course_section_id = s.course_section_id
LEFT JOIN quiz_average AS y ON y.course_section_id = s.course_section_id
