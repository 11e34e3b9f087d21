-- One categorical field. What few people have goes without its name; a condition that few have is left out.
WITH
base AS (
{base}
),
counted AS (
  SELECT
    {given_1} AS given_1_value,
    {given_2} AS given_2_value,
    {value} AS field_value,
    COUNT(*) AS num_records,
    COUNT(DISTINCT {unit}) AS num_people
  FROM base
  WHERE {where}
  GROUP BY 1, 2, 3
),
allowed AS (
  SELECT
    given_1_value,
    given_2_value,
    field_value,
    field_value IS NULL AND num_people >= @threshold AS is_null,
    num_people < @threshold OR field_value NOT IN ({values}) AS is_few,
    num_records,
    num_people
  FROM counted
)
SELECT
  given_1_value,
  given_2_value,
  IF(is_few, NULL, field_value) AS field_value,
  is_null,
  SUM(num_records) AS num_records,
  SUM(num_people) AS num_people
FROM allowed
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
