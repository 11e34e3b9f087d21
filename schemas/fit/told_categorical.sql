-- One categorical field out of the distributions that a tenant publishes; records stand for people there. What is not
-- among the values told is what the whole has beyond them; it was guarded when it was published.
WITH
told AS (
  SELECT
    IFNULL(dependency_1_value, '') AS given_1_value,
    IFNULL(dependency_2_value, '') AS given_2_value,
    IF(num_records < @threshold OR field_value NOT IN ({values}), NULL, field_value) AS field_value,
    field_value IS NULL AND num_records >= @threshold AS is_null,
    num_records,
    total_records
  FROM udp_distributions.context_store_distributions
  WHERE entity = {entity}
    AND field_name = {field}
    AND distribution_type = 'categorical'
    AND number_of_dependencies = {dependencies}
),
rest AS (
  SELECT given_1_value, given_2_value, MAX(total_records) - SUM(num_records) AS num_records
  FROM told
  GROUP BY 1, 2
)
SELECT given_1_value, given_2_value, field_value, is_null, num_records, num_records AS num_people
FROM told
UNION ALL
SELECT given_1_value, given_2_value, NULL, FALSE, num_records, GREATEST(num_records, @threshold)
FROM rest
WHERE num_records > 0
ORDER BY 1, 2, 3, 4
