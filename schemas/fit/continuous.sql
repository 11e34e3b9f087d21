-- One continuous field. Minimum and maximum are those beyond which so few people are that nobody could be told;
-- what lies beyond counts as they do. How far the clusters that records lie in (courses) are from the average tells how
-- many records by themselves would be as certain.
WITH
base AS (
{base}
),
given AS (
  SELECT {unit} AS unit, {cluster} AS `cluster`, CAST({value} AS FLOAT64) AS field_value
  FROM base
  WHERE {value} IS NOT NULL AND {where}
),
extreme AS (
  SELECT unit, MIN(field_value) AS low, MAX(field_value) AS high FROM given GROUP BY unit
),
placed AS (
  SELECT
    low,
    high,
    ROW_NUMBER() OVER (ORDER BY low, unit) AS from_below,
    ROW_NUMBER() OVER (ORDER BY high DESC, unit) AS from_above
  FROM extreme
),
bounds AS (
  SELECT
    MIN(IF(from_below >= @threshold, low, NULL)) AS low,
    MAX(IF(from_above >= @threshold, high, NULL)) AS high,
    COUNT(*) AS num_people
  FROM placed
),
kept AS (
  SELECT
    g.`cluster`,
    LEAST(GREATEST(g.field_value, b.low), b.high) AS field_value,
    ROW_NUMBER() OVER (ORDER BY g.field_value, g.unit) AS place,
    COUNT(*) OVER () AS num_records
  FROM given AS g
  CROSS JOIN bounds AS b
  WHERE b.num_people >= 2 * @threshold
),
part AS (
  SELECT `cluster`, COUNT(*) AS num_records, SUM(field_value) AS total FROM kept GROUP BY 1
),
mean AS (
  SELECT AVG(field_value) AS average FROM kept
),
spread AS (
  SELECT SUM((p.total - p.num_records * m.average) * (p.total - p.num_records * m.average)) AS cluster_squares
  FROM part AS p
  CROSS JOIN mean AS m
)
SELECT
  COUNT(*) AS num_records,
  MIN(b.num_people) AS num_people,
  AVG(k.field_value) AS avg_field_value,
  STDDEV_POP(k.field_value) AS sd_field_value,
  MIN(b.low) AS min_field_value,
  MAX(b.high) AS max_field_value,
  MIN(IF(2 * k.place >= k.num_records, k.field_value, NULL)) AS median_field_value,
  MIN(s.cluster_squares) AS cluster_squares,
  COUNT(*) * VAR_POP(k.field_value) AS chance_squares
FROM kept AS k
CROSS JOIN bounds AS b
CROSS JOIN spread AS s
