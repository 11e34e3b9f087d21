-- One categorical field. What few people have goes without its name; a condition that few have is left out. How far the
-- clusters that records lie in (courses) go their own ways tells how many records by themselves would be as certain:
-- cluster_squares against what they would be if records were as chance picks them.
WITH
base AS (
{base}
),
given AS (
  SELECT
    {given_1} AS given_1_value,
    {given_2} AS given_2_value,
    {value} AS field_value,
    {unit} AS unit,
    {cluster} AS `cluster`
  FROM base
  WHERE {where}
),
part AS (
  SELECT given_1_value, given_2_value, field_value, `cluster`, COUNT(*) AS num_records
  FROM given
  GROUP BY 1, 2, 3, 4
),
sized AS (
  SELECT *, SUM(num_records) OVER (PARTITION BY given_1_value, given_2_value, `cluster`) AS size
  FROM part
),
either AS (
  SELECT
    given_1_value,
    given_2_value,
    field_value,
    COUNT(*) AS num_records,
    COUNT(DISTINCT unit) AS num_people,
    0 AS squares,
    0 AS products
  FROM given
  GROUP BY 1, 2, 3
  UNION ALL
  SELECT given_1_value, given_2_value, field_value, 0, 0, num_records * num_records, num_records * size
  FROM sized
),
counted AS (
  SELECT
    given_1_value,
    given_2_value,
    field_value,
    SUM(num_records) AS num_records,
    SUM(num_people) AS num_people,
    SUM(squares) AS squares,
    SUM(products) AS products
  FROM either
  GROUP BY 1, 2, 3
),
shared AS (
  SELECT
    *,
    num_records / SUM(num_records) OVER (PARTITION BY given_1_value, given_2_value) AS share,
    SUM(products) OVER (PARTITION BY given_1_value, given_2_value) AS size_squares
  FROM counted
),
allowed AS (
  SELECT
    given_1_value,
    given_2_value,
    field_value,
    field_value IS NULL AND num_people >= @threshold AS is_null,
    num_people < @threshold OR field_value NOT IN ({values}) AS is_few,
    num_records,
    num_people,
    squares - 2 * share * products + share * share * size_squares AS cluster_squares,
    num_records * (1 - share) AS chance_squares
  FROM shared
)
SELECT
  given_1_value,
  given_2_value,
  IF(is_few, NULL, field_value) AS field_value,
  is_null,
  SUM(num_records) AS num_records,
  SUM(num_people) AS num_people,
  SUM(cluster_squares) AS cluster_squares,
  SUM(chance_squares) AS chance_squares
FROM allowed
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4
