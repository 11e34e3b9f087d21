WITH
major AS (
  SELECT x.person_id, x.academic_term_id, STRING_AGG(m.description, '; ' ORDER BY m.description) AS name
  FROM context_store_entity.person__academic_major__academic_term AS x
  JOIN context_store_entity.academic_major AS m ON m.academic_major_id = x.academic_major_id
  GROUP BY x.person_id, x.academic_term_id
),
minor AS (
  SELECT x.person_id, x.academic_term_id, STRING_AGG(m.description, '; ' ORDER BY m.description) AS name
  FROM context_store_entity.person__academic_minor__academic_term AS x
  JOIN context_store_entity.academic_minor AS m ON m.academic_minor_id = x.academic_minor_id
  GROUP BY x.person_id, x.academic_term_id
),
race AS (
  SELECT
    person_id,
    CASE
      WHEN is_hispanic_latino THEN 'HispanicOrLatino'
      WHEN
        IF(is_american_indian_alaska_native, 1, 0)
        + IF(is_asian, 1, 0)
        + IF(is_black_african_american, 1, 0)
        + IF(is_hawaiian_pacific_islander, 1, 0)
        + IF(is_white, 1, 0)
        + IF(is_other_race, 1, 0) > 1
        THEN 'TwoOrMoreRaces'
      WHEN is_american_indian_alaska_native THEN 'AmericanIndian'
      WHEN is_asian THEN 'Asian'
      WHEN is_black_african_american THEN 'Black'
      WHEN is_hawaiian_pacific_islander THEN 'NativePacificIslander'
      WHEN is_white THEN 'White'
      ELSE 'NotSpecified'
    END AS race_indication
  FROM context_store_entity.person
)
SELECT
  x.person_id,
  x.academic_term_id,
  x.athletic_participant_sport,
  x.cen_academic_level,
  x.cen_academic_load,
  x.eot_academic_load,
  x.gpa_academic_term,
  x.gpa_cumulative,
  IF(x.in_honors_program, 1, 0) AS in_honors_program,
  x.registration_status,
  p.us_residency,
  p.is_english_first_language,
  p.is_first_generation_hed_student,
  r.race_indication,
  IF(r.race_indication = 'NotSpecified', NULL, r.race_indication <> 'White') AS is_minority,
  p.sex,
  c.description AS academic_career_name,
  p.directory_block,
  m.name AS academic_major_name,
  n.name AS academic_minor_name,
  t.name AS term_name,
  t.term_type,
  t.term_begin_date,
  t.term_end_date
FROM context_store_entity.person__academic_term AS x
JOIN context_store_entity.person AS p ON p.person_id = x.person_id
JOIN race AS r ON r.person_id = x.person_id
JOIN context_store_entity.academic_term AS t ON t.academic_term_id = x.academic_term_id
LEFT JOIN context_store_entity.academic_career AS c ON c.academic_career_id = x.academic_career_id
LEFT JOIN major AS m ON m.person_id = x.person_id AND m.academic_term_id = x.academic_term_id
LEFT JOIN minor AS n ON n.person_id = x.person_id AND n.academic_term_id = x.academic_term_id
