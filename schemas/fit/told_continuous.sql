-- One continuous field out of the distributions that a tenant publishes.
SELECT
  num_records,
  num_records AS num_people,
  CAST(avg_field_value AS FLOAT64) AS avg_field_value,
  CAST(sd_field_value AS FLOAT64) AS sd_field_value,
  CAST(min_field_value AS FLOAT64) AS min_field_value,
  CAST(max_field_value AS FLOAT64) AS max_field_value,
  CAST(median_field_value AS FLOAT64) AS median_field_value
FROM udp_distributions.context_store_distributions
WHERE entity = {entity}
  AND field_name = {field}
  AND distribution_type = 'continuous'
