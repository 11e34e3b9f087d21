-- Event rates out of the distributions that a tenant publishes; a pack has those of students.
SELECT
  term_type,
  cip_category AS cip,
  course_level,
  day_in_term,
  tool,
  CAST(avg_events_per_person AS FLOAT64) AS rate,
  num_people,
  num_courses
FROM udp_distributions.event_store_distributions
WHERE {whose}
ORDER BY 1, 2, 3, 4, 5
