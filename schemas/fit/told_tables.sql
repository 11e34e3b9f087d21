-- All other tables of a pack out of the distributions that a tenant publishes.
SELECT table_name, row_key, column_name, CAST(value AS FLOAT64) AS value, num_records
FROM udp_distributions.pack_distributions
ORDER BY 1, 2, 3
