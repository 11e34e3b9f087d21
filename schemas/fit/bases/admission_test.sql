-- Results of admission tests.
SELECT person_id, CONCAT(test_type, ' ', subtest) AS test, score
FROM context_store_entity.admission_test_score
