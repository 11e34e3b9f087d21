-- Courses of the terms: their cells, and the days in term on which somebody can click in them.
WITH
term AS (
  SELECT * FROM UNNEST([{terms}])
),
numbered AS (
  SELECT
    o.course_offering_id,
    o.academic_term_id,
    COALESCE(SUBSTR(o.cip_code2k, 1, 2), f.cip) AS cip,
    SAFE_CAST(REGEXP_EXTRACT(o.number, '^[0-9]+') AS INT64) AS course_number
  FROM context_store_entity.course_offering AS o
  LEFT JOIN UNNEST([{subjects}]) AS f ON f.subject = o.subject
  WHERE o.le_status IN ('available', 'completed')
)
SELECT
  n.course_offering_id,
  n.cip,
  l.course_level,
  t.term_type,
  t.begin_date,
  t.days,
  t.shift,
  t.first_day,
  t.last_day
FROM numbered AS n
JOIN UNNEST([{levels}]) AS l ON n.course_number BETWEEN l.low AND l.high
JOIN term AS t ON t.academic_term_id = n.academic_term_id
