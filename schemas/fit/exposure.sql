-- People of each role and cell by day in term. Weights of the fit: no pack has them, or anything of a cell that few are in.
SELECT
  s.role,
  s.cip,
  s.course_level,
  s.term_type,
  day_number + IF(2 * day_number > s.days, s.shift, 0) AS day_in_term,
  COUNT(*) AS num_records
FROM fit.{seats} AS s
CROSS JOIN UNNEST(GENERATE_ARRAY(s.first_day, s.last_day - 1)) AS day_number
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5
