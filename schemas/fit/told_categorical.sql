-- One categorical field out of the distributions that a tenant publishes; records stand for people there.
SELECT
  IFNULL(dependency_1_value, '') AS given_1_value,
  IFNULL(dependency_2_value, '') AS given_2_value,
  IF(num_records < @threshold OR field_value NOT IN ({values}), NULL, field_value) AS field_value,
  field_value IS NULL AND num_records >= @threshold AS is_null,
  num_records,
  num_records AS num_people
FROM udp_distributions.context_store_distributions
WHERE entity = {entity}
  AND field_name = {field}
  AND distribution_type = 'categorical'
  AND number_of_dependencies = {dependencies}
ORDER BY 1, 2, 3, 4
