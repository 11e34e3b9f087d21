-- What depends on types, which are known only when DuckDB binds a query.

-- CAST AS STRING: no trailing zeros of NUMERIC, no point after whole FLOAT64.
CREATE TEMP MACRO bq_text(x) AS CASE
    WHEN typeof(x) LIKE 'DECIMAL%' AND contains(CAST(x AS VARCHAR), '.')
        THEN rtrim(rtrim(CAST(x AS VARCHAR), '0'), '.')
    WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN regexp_replace(CAST(x AS VARCHAR), '\.0$', '')
    ELSE CAST(x AS VARCHAR)
END;

-- STRING(json) without quotes, STRING(timestamp) as CAST has it.
CREATE TEMP MACRO bq_string(x) AS CASE
    WHEN typeof(x) = 'JSON' THEN json_extract_string(to_json(x), '$')
    ELSE bq_text(x)
END;

-- CAST AS INT64: texts must be whole numbers, halves go away from zero.
CREATE TEMP MACRO bq_whole(x) AS
    typeof(x) <> 'VARCHAR' OR regexp_full_match(CAST(x AS VARCHAR), '\s*[+-]?[0-9]+\s*');
CREATE TEMP MACRO bq_rounded(x) AS CASE
    WHEN typeof(x) IN ('DOUBLE', 'FLOAT') THEN CAST(round(TRY_CAST(x AS DOUBLE)) AS BIGINT)
    ELSE CAST(x AS BIGINT)
END;
CREATE TEMP MACRO bq_int64(x) AS CASE
    WHEN x IS NULL OR bq_whole(x) THEN bq_rounded(x)
    ELSE error('Bad int64 value: ' || CAST(x AS VARCHAR))
END;
CREATE TEMP MACRO bq_safe_int64(x) AS CASE WHEN bq_whole(x) THEN TRY(bq_rounded(x)) END;

-- SAFE_CAST AS BOOL: texts must be true or false.
CREATE TEMP MACRO bq_safe_bool(x) AS CASE
    WHEN typeof(x) <> 'VARCHAR' OR lower(CAST(x AS VARCHAR)) IN ('true', 'false') THEN TRY_CAST(x AS BOOLEAN)
END;

-- Dividing by zero is an error, or NULL after SAFE.
CREATE TEMP MACRO bq_divide(x, y) AS CASE WHEN y = 0 THEN error('division by zero') ELSE x / y END;
CREATE TEMP MACRO bq_safe_divide(x, y) AS CASE WHEN y <> 0 THEN x / y END;
CREATE TEMP MACRO bq_div(x, y) AS CASE WHEN y = 0 THEN error('division by zero') ELSE x // y END;
CREATE TEMP MACRO bq_safe_div(x, y) AS CASE WHEN y <> 0 THEN x // y END;
CREATE TEMP MACRO bq_mod(x, y) AS CASE WHEN y = 0 THEN error('division by zero') ELSE x % y END;
CREATE TEMP MACRO bq_safe_mod(x, y) AS CASE WHEN y <> 0 THEN x % y END;
