-- Students by their latest term record, in the words of packs.
WITH
ranked AS (
  SELECT
    r.person_id,
    r.academic_term_id,
    r.academic_career_id,
    r.cen_academic_level,
    r.cen_academic_load,
    r.registration_status,
    r.in_honors_program,
    r.athletic_participant_sport,
    ROW_NUMBER() OVER (PARTITION BY r.person_id ORDER BY t.term_begin_date DESC, r.academic_term_id DESC) AS place,
    t.term_begin_date
  FROM context_store_entity.person__academic_term AS r
  JOIN context_store_entity.academic_term AS t ON t.academic_term_id = r.academic_term_id
),
aged AS (
  SELECT
    p.person_id,
    CAST(FLOOR(DATE_DIFF(r.term_begin_date, p.birth_date, DAY) / 365.2425) AS INT64) AS age
  FROM ranked AS r
  JOIN context_store_entity.person AS p ON p.person_id = r.person_id
  WHERE r.place = 1
)
SELECT
  r.person_id,
  c.description AS career,
  r.cen_academic_level AS standing,
  CASE
    WHEN r.cen_academic_load = 'FullTime' THEN 'FullTime'
    WHEN r.cen_academic_load IN ('ThreeQuartersTime', 'HalfTime', 'LessThanHalfTime', 'PartTime') THEN 'PartTime'
  END AS `load`,
  r.registration_status,
  CASE WHEN r.in_honors_program THEN 'true' WHEN NOT r.in_honors_program THEN 'false' END AS in_honors_program,
  r.athletic_participant_sport,
  p.sex,
  CASE
    WHEN IFNULL(p.is_hispanic_latino, FALSE) THEN 'Hispanic'
    WHEN IFNULL(p.is_other_race, FALSE) OR (
      IF(IFNULL(p.is_american_indian_alaska_native, FALSE), 1, 0)
      + IF(IFNULL(p.is_asian, FALSE), 1, 0)
      + IF(IFNULL(p.is_black_african_american, FALSE), 1, 0)
      + IF(IFNULL(p.is_hawaiian_pacific_islander, FALSE), 1, 0)
      + IF(IFNULL(p.is_white, FALSE), 1, 0)
    ) > 1 THEN 'Two or more'
    WHEN p.is_american_indian_alaska_native THEN 'American Indian/Alaska Native'
    WHEN p.is_asian THEN 'Asian'
    WHEN p.is_black_african_american THEN 'Black'
    WHEN p.is_hawaiian_pacific_islander THEN 'Native Hawaiian/Pacific Islander'
    WHEN p.is_white THEN 'White'
    WHEN p.us_residency = 'International' THEN 'Nonresident'
    ELSE 'Unknown'
  END AS race,
  CASE p.us_residency
    WHEN 'InState' THEN 'in_state'
    WHEN 'OutOfState' THEN 'out_of_state'
    WHEN 'International' THEN 'international'
  END AS us_residency,
  p.citizenship_one,
  CASE WHEN p.is_english_first_language THEN 'true' WHEN NOT p.is_english_first_language THEN 'false' END
    AS is_english_first_language,
  CASE WHEN p.is_first_generation_hed_student THEN 'true' WHEN NOT p.is_first_generation_hed_student THEN 'false' END
    AS is_first_generation_hed_student,
  CASE WHEN p.is_veteran THEN 'true' WHEN NOT p.is_veteran THEN 'false' END AS is_veteran,
  CASE WHEN p.directory_block THEN 'true' WHEN NOT p.directory_block THEN 'false' END AS directory_block,
  p.le_status,
  CASE
    WHEN a.age <= 17 THEN '17'
    WHEN a.age <= 19 THEN '18-19'
    WHEN a.age <= 21 THEN '20-21'
    WHEN a.age <= 24 THEN '22-24'
    WHEN a.age <= 29 THEN '25-29'
    WHEN a.age <= 45 THEN '30-45'
    WHEN a.age > 45 THEN '46-60'
  END AS age_band,
  p.hs_gpa,
  p.estimated_gross_family_income
FROM ranked AS r
JOIN context_store_entity.person AS p ON p.person_id = r.person_id
JOIN aged AS a ON a.person_id = r.person_id
LEFT JOIN context_store_entity.academic_career AS c ON c.academic_career_id = r.academic_career_id
WHERE r.place = 1
