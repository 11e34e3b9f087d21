-- BigQuery's functions that DuckDB has otherwise or not. Each macro that can fail (bq_...) has a twin for SAFE
-- (bqs_...), made from it: there failing gives NULL and every cast tries.

CREATE TEMP MACRO bq_fail(m) AS error(m);

-- Numbers.
CREATE TEMP MACRO bq_finite(r, fine, what) AS CASE WHEN fine AND NOT isfinite(r) THEN bq_fail('double overflow: ' || what) ELSE r END;
CREATE TEMP MACRO bq_add(x, y) AS bq_finite(x + y, isfinite(x) AND isfinite(y), x || ' + ' || y);
CREATE TEMP MACRO bq_subtract(x, y) AS bq_finite(x - y, isfinite(x) AND isfinite(y), x || ' - ' || y);
CREATE TEMP MACRO bq_multiply(x, y) AS bq_finite(x * y, isfinite(x) AND isfinite(y), x || ' * ' || y);
CREATE TEMP MACRO bq_divide(x, y) AS CASE WHEN y = 0 THEN bq_fail('division by zero: ' || bq_float_text(x) || ' / ' || bq_float_text(y)) ELSE bq_finite(x / y, isfinite(x) AND isfinite(y), x || ' / ' || y) END;
CREATE TEMP MACRO bq_div(x, y) AS CASE WHEN y = 0 THEN bq_fail('division by zero: DIV(' || x || ', ' || y || ')') ELSE x // y END;
CREATE TEMP MACRO bq_mod(x, y) AS CASE WHEN y = 0 THEN bq_fail('division by zero: MOD(' || x || ', ' || y || ')') ELSE x % y END;
CREATE TEMP MACRO bq_units(x) AS CAST(trunc(x) AS HUGEINT) * 1000000000::HUGEINT + CAST((x - trunc(x)) * 1000000000::DECIMAL(10, 0) AS HUGEINT);
-- So small that DuckDB's 38 digits hold all that comes up on the way; the rest is done exactly, row by row.
CREATE TEMP MACRO bq_small(x) AS abs(x) < 10000000000;
CREATE TEMP MACRO bq_numeric_multiply(x, y) AS CASE WHEN bq_small(x) AND bq_small(y) THEN CAST(x * y AS DECIMAL(38, 9)) WHEN x IS NOT NULL AND y IS NOT NULL THEN bq_in_range(fn_product(x, y), bq_numeric_text(x) || ' * ' || bq_numeric_text(y)) END;
CREATE TEMP MACRO bq_in_range(r, what) AS CASE WHEN r IS NULL THEN bq_fail('numeric overflow: ' || what) ELSE r END;
CREATE TEMP MACRO bq_halves(a, b) AS (a + sign(a) * (abs(b) // 2)) // abs(b) * sign(b);
CREATE TEMP MACRO bq_numeric_divide(x, y) AS CASE WHEN y = 0 THEN bq_fail('division by zero: ' || bq_numeric_text(x) || ' / 0') WHEN bq_small(x) AND bq_small(y) THEN bq_of_units(bq_halves(bq_units(x) * 1000000000::HUGEINT, bq_units(y))) WHEN x IS NOT NULL AND y IS NOT NULL THEN bq_in_range(fn_quotient(x, y), bq_numeric_text(x) || ' / ' || bq_numeric_text(y)) END;
CREATE TEMP MACRO bq_of_units(u) AS CAST(CAST(u // 1000000000::HUGEINT AS DECIMAL(38, 9)) + CAST(u % 1000000000::HUGEINT AS DECIMAL(10, 0)) * CAST(0.000000001 AS DECIMAL(10, 9)) AS DECIMAL(38, 9));
CREATE TEMP MACRO bq_numeric_div(x, y) AS CASE WHEN y = 0 THEN bq_fail('division by zero: DIV(' || bq_numeric_text(x) || ', 0)') ELSE CAST(bq_units(x) // bq_units(y) AS DECIMAL(38, 9)) END;
CREATE TEMP MACRO bq_numeric_mod(x, y) AS CASE WHEN y = 0 THEN bq_fail('division by zero: MOD(' || bq_numeric_text(x) || ', 0)') ELSE x % y END;
CREATE TEMP MACRO bq_narrow(x) AS CASE WHEN abs(x) > 9223372036854775807::HUGEINT AND x <> -9223372036854775808::HUGEINT THEN bq_fail('int64 overflow') ELSE TRY_CAST(x AS BIGINT) END;
CREATE TEMP MACRO bq_abs(x) AS CASE WHEN x = -9223372036854775808 THEN bq_fail('int64 overflow: ABS(' || x || ')') ELSE abs(x) END;
CREATE TEMP MACRO bq_sqrt(x) AS CASE WHEN x < 0 THEN bq_fail('Argument to SQRT cannot be negative: ' || x) ELSE sqrt(x) END;
CREATE TEMP MACRO bq_ln(x) AS CASE WHEN x <= 0 THEN bq_fail('Argument to LN must be positive: ' || x) ELSE ln(x) END;
CREATE TEMP MACRO bq_log10(x) AS CASE WHEN x <= 0 THEN bq_fail('Argument to LOG10 must be positive: ' || x) ELSE log10(x) END;
CREATE TEMP MACRO bq_log(x, b) AS CASE WHEN x <= 0 OR b <= 0 OR b = 1 THEN bq_fail('Invalid arguments of LOG: ' || x || ', ' || b) ELSE ln(x) / ln(b) END;
CREATE TEMP MACRO bq_exp(x) AS bq_finite(exp(x), isfinite(x), 'EXP(' || x || ')');
CREATE TEMP MACRO bq_pow(x, y) AS CASE WHEN (x < 0 AND isfinite(y) AND y <> trunc(y)) OR (x = 0 AND y < 0) THEN bq_fail('Floating point error in function: POW(' || x || ', ' || y || ')') ELSE bq_finite(pow(x, y), isfinite(x) AND isfinite(y), 'POW(' || x || ', ' || y || ')') END;
CREATE TEMP MACRO bq_domain(r, fine, what) AS CASE WHEN NOT fine THEN bq_fail('Argument out of range: ' || what) ELSE r END;
CREATE TEMP MACRO bq_bits(x, n) AS CASE WHEN n < 0 THEN bq_fail('Bitwise shift by a negative number: ' || n) ELSE n END;
CREATE TEMP MACRO bq_left_shift(x, n) AS CASE WHEN bq_bits(x, n) > 63 THEN 0 WHEN n = 0 THEN x ELSE bq_wrapped((CAST(x AS HUGEINT) & ((1::HUGEINT << (64 - n)) - 1)) * (1::HUGEINT << n)) END;
CREATE TEMP MACRO bq_wrapped(u) AS CAST(CASE WHEN u > 9223372036854775807::HUGEINT THEN u - 18446744073709551616::HUGEINT ELSE u END AS BIGINT);
CREATE TEMP MACRO bq_right_shift(x, n) AS CASE WHEN bq_bits(x, n) > 63 THEN 0 WHEN n = 0 THEN x ELSE bq_wrapped((CASE WHEN x < 0 THEN CAST(x AS HUGEINT) + 18446744073709551616::HUGEINT ELSE CAST(x AS HUGEINT) END) >> n) END;

-- Casts.
CREATE TEMP MACRO bq_float_text(x) AS CASE
    WHEN isnan(x) THEN 'NaN' WHEN x = 0 THEN '0' WHEN isinf(x) THEN CASE WHEN x > 0 THEN 'inf' ELSE '-inf' END
    WHEN CAST(printf('%.15g', x) AS DOUBLE) = x THEN printf('%.15g', x) ELSE printf('%.17g', x) END;
CREATE TEMP MACRO bq_numeric_text(x) AS rtrim(rtrim(CAST(CAST(x AS DECIMAL(38, 9)) AS VARCHAR), '0'), '.');
CREATE TEMP MACRO bq_second_text(x, pattern) AS CASE WHEN epoch_us(x) % 1000000 = 0 THEN strftime(x, pattern || '%H:%M:%S') WHEN epoch_us(x) % 1000 = 0 THEN strftime(x, pattern || '%H:%M:%S.%g') ELSE strftime(x, pattern || '%H:%M:%S.%f') END;
CREATE TEMP MACRO bq_datetime_text(x) AS bq_second_text(x, '%Y-%m-%d ');
CREATE TEMP MACRO bq_time_text(x) AS bq_second_text(DATE '1970-01-01' + x, '');
CREATE TEMP MACRO bq_timestamp_text(x) AS bq_datetime_text(timezone('UTC', x)) || '+00';
CREATE TEMP MACRO bq_zone_text(minutes) AS CASE WHEN minutes < 0 THEN '-' ELSE '+' END || lpad(CAST(abs(minutes) // 60 AS VARCHAR), 2, '0') || CASE WHEN minutes % 60 = 0 THEN '' ELSE ':' || lpad(CAST(abs(minutes) % 60 AS VARCHAR), 2, '0') END;
CREATE TEMP MACRO bq_offset_minutes(x, z) AS (epoch_us(bq_at(x, z)) - epoch_us(x)) // 60000000;
CREATE TEMP MACRO bq_timestamp_text_at(x, z) AS bq_datetime_text(bq_at(x, z)) || bq_zone_text(bq_offset_minutes(x, z));
CREATE TEMP MACRO bq_int64_of_text(x) AS CASE
    WHEN regexp_full_match(x, '\s*[+-]?[0-9]+\s*') THEN CASE WHEN TRY_CAST(x AS BIGINT) IS NULL THEN bq_fail('Bad int64 value: ' || x) ELSE TRY_CAST(x AS BIGINT) END
    WHEN regexp_full_match(x, '\s*[+-]?0[xX][0-9a-fA-F]{1,16}\s*') THEN bq_narrow(CASE WHEN contains(x, '-') THEN -1 ELSE 1 END * TRY_CAST(regexp_replace(x, '[+\-\s]', '', 'g') AS HUGEINT))
    WHEN x IS NOT NULL THEN bq_fail('Bad int64 value: ' || x) END;
CREATE TEMP MACRO bq_float_of_text(x) AS CASE
    WHEN regexp_full_match(x, '\s*[+-]?([0-9]+\.?[0-9]*([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|(?i:inf|infinity|nan))\s*') THEN TRY_CAST(trim(x) AS DOUBLE)
    WHEN x IS NOT NULL THEN bq_fail('Bad double value: ' || x) END;
CREATE TEMP MACRO bq_numeric_of_text(x) AS CASE
    WHEN regexp_full_match(x, '\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*') AND TRY_CAST(trim(x) AS DECIMAL(38, 9)) IS NOT NULL THEN TRY_CAST(trim(x) AS DECIMAL(38, 9))
    WHEN x IS NOT NULL THEN bq_fail('Invalid NUMERIC value: ' || x) END;
CREATE TEMP MACRO bq_bool_of_text(x) AS CASE WHEN lower(x) = 'true' THEN TRUE WHEN lower(x) = 'false' THEN FALSE WHEN x IS NOT NULL THEN bq_fail('Bad bool value: ' || x) END;
CREATE TEMP MACRO bq_int64_of_float(x) AS CASE WHEN NOT isfinite(x) OR TRY_CAST(round(x) AS BIGINT) IS NULL AND x IS NOT NULL THEN bq_fail('Invalid integer value: ' || bq_float_text(x)) ELSE TRY_CAST(round(x) AS BIGINT) END;
CREATE TEMP MACRO bq_numeric_of_float(x) AS CASE WHEN x IS NOT NULL AND TRY_CAST(x AS DECIMAL(38, 9)) IS NULL THEN bq_fail('Invalid NUMERIC value: ' || bq_float_text(x)) ELSE TRY_CAST(x AS DECIMAL(38, 9)) END;
-- TRY takes nothing that can fail on purpose, so it gets the value through a list.
CREATE TEMP MACRO bq_decoded(x) AS list_transform([x], lambda e: TRY(decode(e)))[1];
CREATE TEMP MACRO bq_text_of_bytes(x) AS CASE WHEN bq_decoded(x) IS NULL AND x IS NOT NULL THEN bq_fail('Invalid UTF-8 in a value of type BYTES') ELSE bq_decoded(x) END;
CREATE TEMP MACRO bq_checked(good, r, what, x) AS CASE WHEN good AND r IS NOT NULL THEN r WHEN x IS NOT NULL THEN bq_fail(what || ': ''' || x || '''') END;
CREATE TEMP MACRO bq_date_of_text(x) AS bq_checked(regexp_full_match(x, '\s*\d{4}-\d{1,2}-\d{1,2}([ Tt]\d{1,2}:\d{1,2}:\d{1,2}(\.\d{0,9})?)?\s*'), CAST(TRY_CAST(regexp_extract(x, '\d{4}-\d{1,2}-\d{1,2}') AS DATE) AS DATE), 'Invalid date', x);
CREATE TEMP MACRO bq_time_of_text(x) AS bq_checked(regexp_full_match(x, '([01]?\d|2[0-3]):[0-5]?\d:[0-5]?\d(\.\d{0,9})?'), TRY_CAST(bq_clock(x) AS TIME), 'Invalid time string', x);
-- Two digits each and at most six of a second, which is how DuckDB reads them.
CREATE TEMP MACRO bq_clock(x) AS regexp_replace(replace(regexp_replace(replace(x, ':', '::'), '(^|:)(\d)(:|\.|$)', '\10\2\3', 'g'), '::', ':'), '(\.\d{6})\d+', '\1');
CREATE TEMP MACRO bq_datetime_of_text(x) AS bq_checked(regexp_full_match(x, '\d{4}-\d{1,2}-\d{1,2}([ Tt]([01]?\d|2[0-3]):[0-5]?\d:[0-5]?\d(\.\d{0,9})?)?'), TRY_CAST(regexp_replace(replace(x, 't', 'T'), '(\.\d{6})\d+', '\1') AS TIMESTAMP), 'Invalid datetime string', x);
CREATE TEMP MACRO bq_zone_of_text(x) AS regexp_extract(x, '^\S{8,10}(?:[ Tt][\d:.]+)?\s?(.*)$', 1);
CREATE TEMP MACRO bq_civil_of_text(x) AS TRY_CAST(regexp_replace(replace(regexp_extract(x, '^(\d{4}-\d{1,2}-\d{1,2}(?:[ Tt][\d:]+(?:\.\d+)?)?)', 1), 't', 'T'), '(\.\d{6})\d+', '\1') AS TIMESTAMP);
CREATE TEMP MACRO bq_timestamp_of_text(x) AS bq_timestamp_of_text_at(x, 'UTC');
CREATE TEMP MACRO bq_timestamp_of_text_at(x, z) AS CASE WHEN z IS NULL THEN NULL ELSE bq_read_timestamp(x, z) END;
CREATE TEMP MACRO bq_read_timestamp(x, z) AS bq_checked(
    regexp_full_match(x, '\d{4}-\d{1,2}-\d{1,2}([ Tt]([01]?\d|2[0-3]):[0-5]?\d:[0-5]?\d(\.\d{0,9})?)?( ?([Zz]|[+-]\d{1,2}(:?\d\d)?)| [A-Za-z][\w/+:-]*)?'),
    CASE WHEN bq_zone_of_text(x) IN ('Z', 'z') THEN timezone('UTC', bq_civil_of_text(x)) ELSE bq_from_local(bq_civil_of_text(x), CASE WHEN bq_zone_of_text(x) = '' THEN z ELSE bq_zone_of_text(x) END) END, 'Invalid timestamp', x);

-- Zones: by name, or so many hours and minutes from UTC. A local hour that comes twice is the first of the two.
CREATE TEMP MACRO bq_is_offset(z) AS regexp_full_match(z, '(UTC)?[+-]\d{1,2}(:?\d\d)?');
CREATE TEMP MACRO bq_offset_us(z) AS CASE WHEN contains(z, '-') THEN -1 ELSE 1 END * (TRY_CAST(regexp_extract(z, '[+-](\d{1,2}?)(?::?(\d\d))?$', 1) AS BIGINT) * 3600000000 + COALESCE(TRY_CAST(regexp_extract(z, '[+-](\d{1,2}?)(?::?(\d\d))?$', 2) AS BIGINT), 0) * 60000000);
CREATE TEMP MACRO bq_at(x, z) AS CASE WHEN bq_is_offset(z) THEN timezone('UTC', x) + to_microseconds(bq_offset_us(z)) ELSE timezone(bq_zone(z), x) END;
CREATE TEMP MACRO bq_from_local(x, z) AS CASE WHEN bq_is_offset(z) THEN timezone('UTC', x - to_microseconds(bq_offset_us(z))) ELSE bq_first(x, timezone(bq_zone(z), x), bq_zone(z)) END;
CREATE TEMP MACRO bq_first(x, t, z) AS CASE WHEN timezone(z, t - INTERVAL 1 HOUR) = x THEN t - INTERVAL 1 HOUR WHEN timezone(z, t - INTERVAL 30 MINUTE) = x THEN t - INTERVAL 30 MINUTE ELSE t END;
CREATE TEMP MACRO bq_zone(z) AS CASE WHEN z IN ('Z', 'z') OR bq_is_offset(z) THEN 'UTC' ELSE z END;

-- Texts.
CREATE TEMP MACRO bq_start(s, p) AS CASE WHEN p = 0 THEN 1 WHEN p < 0 THEN CASE WHEN -p > length(s) THEN 1 ELSE length(s) + p + 1 END ELSE p END;
CREATE TEMP MACRO bq_substr(s, p) AS substr(s, bq_start(s, p));
CREATE TEMP MACRO bq_substr_n(s, p, n) AS CASE WHEN n < 0 THEN bq_fail('Third argument in SUBSTR() cannot be negative') ELSE substr(s, bq_start(s, p), CASE WHEN n > 2147483647 THEN 2147483647 ELSE n END) END;
CREATE TEMP MACRO bq_left(s, n) AS CASE WHEN s IS NULL THEN NULL WHEN n < 0 THEN bq_fail('Second argument in LEFT() cannot be negative') ELSE left(s, n) END;
CREATE TEMP MACRO bq_right(s, n) AS CASE WHEN s IS NULL THEN NULL WHEN n < 0 THEN bq_fail('Second argument in RIGHT() cannot be negative') WHEN n = 0 AND s IS NOT NULL THEN '' ELSE right(s, n) END;
CREATE TEMP MACRO bq_repeat(s, n) AS CASE WHEN n < 0 THEN bq_fail('Second argument in REPEAT() cannot be negative') ELSE repeat(s, n) END;
CREATE TEMP MACRO bq_pad_check(n, p, r, f) AS CASE WHEN n < 0 THEN bq_fail('Second argument (output size) for ' || f || ' cannot be negative') WHEN p = '' THEN bq_fail('Third argument (pad pattern) for ' || f || ' cannot be empty') ELSE r END;
CREATE TEMP MACRO bq_lpad(s, n, p) AS bq_pad_check(n, p, lpad(s, CAST(CASE WHEN n < 0 THEN 0 ELSE n END AS INTEGER), CASE WHEN p = '' THEN ' ' ELSE p END), 'LPAD');
CREATE TEMP MACRO bq_rpad(s, n, p) AS bq_pad_check(n, p, rpad(s, CAST(CASE WHEN n < 0 THEN 0 ELSE n END AS INTEGER), CASE WHEN p = '' THEN ' ' ELSE p END), 'RPAD');
CREATE TEMP MACRO bq_trim(s) AS regexp_replace(s, '^[\s\x0b\x{85}\p{Z}]+|[\s\x0b\x{85}\p{Z}]+$', '', 'g');
CREATE TEMP MACRO bq_ltrim(s) AS regexp_replace(s, '^[\s\x0b\x{85}\p{Z}]+', '');
CREATE TEMP MACRO bq_rtrim(s) AS regexp_replace(s, '[\s\x0b\x{85}\p{Z}]+$', '');
CREATE TEMP MACRO bq_letters(s) AS list_filter(string_split(s, ''), lambda e: e <> '');
CREATE TEMP MACRO bq_reverse(s) AS array_to_string(list_reverse(bq_letters(s)), '');
CREATE TEMP MACRO bq_occurs(s, t, places, n) AS CASE WHEN s IS NULL OR t IS NULL OR n IS NULL THEN NULL ELSE COALESCE(list_filter(places, lambda e: substr(s, e, length(t)) = t)[n], 0) END;
CREATE TEMP MACRO bq_instr(s, t, p, n) AS CASE WHEN p = 0 THEN bq_fail('Third argument (position) for INSTR cannot be 0') WHEN n <= 0 THEN bq_fail('Fourth argument (occurrence) for INSTR must be positive')
    WHEN p > 0 THEN bq_occurs(s, t, range(p, length(s) - length(t) + 2), n) WHEN p < 0 THEN bq_occurs(s, t, range(length(s) + p + 1 + CAST(t = '' AS INTEGER), 0, -1), n) END;
CREATE TEMP MACRO bq_title(s, parts, breaks) AS array_to_string(list_transform(parts, lambda e: CASE WHEN regexp_matches(e, breaks) THEN e ELSE upper(e[1]) || lower(e[2:]) END), '');
CREATE TEMP MACRO bq_translate(s, a, b) AS CASE WHEN len(list_distinct(bq_letters(a))) < len(bq_letters(a)) THEN bq_fail('Duplicate character in TRANSLATE source characters') ELSE translate(s, a, b) END;
CREATE TEMP MACRO bq_all_matches(s, whole, parts) AS CASE WHEN s <> '' AND len(whole) > 0 AND whole[-1] = '' THEN list_slice(parts, 1, len(parts) - 1) ELSE list_transform(parts, lambda e: COALESCE(e, '')) END;
CREATE TEMP MACRO bq_code_points(s) AS list_transform(bq_letters(s), lambda e: CAST(unicode(e) AS BIGINT));
CREATE TEMP MACRO bq_of_code_points(a) AS CASE WHEN list_contains(list_transform(a, lambda e: e IS NULL), TRUE) THEN NULL ELSE array_to_string(list_transform(a, lambda e: bq_chr(e)), '') END;
CREATE TEMP MACRO bq_chr(n) AS CASE WHEN n < 0 OR n > 1114111 OR n BETWEEN 55296 AND 57343 THEN bq_fail('Invalid codepoint ' || n) ELSE chr(CAST(n AS INTEGER)) END;
CREATE TEMP MACRO bq_ascii(s) AS CASE WHEN s = '' THEN 0 WHEN unicode(s) > 127 THEN bq_fail('Non-ASCII character at the start of ASCII''s argument') ELSE unicode(s) END;
CREATE TEMP MACRO bq_from_hex(s) AS CASE WHEN regexp_full_match(s, '[0-9a-fA-F]*') THEN unhex(CASE WHEN length(s) % 2 = 1 THEN '0' || s ELSE s END) WHEN s IS NOT NULL THEN bq_fail('Failed to decode invalid hexadecimal string: ' || s) END;
CREATE TEMP MACRO bq_from_base64(s) AS CASE WHEN regexp_full_match(s, '([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?') THEN from_base64(s) WHEN s IS NOT NULL THEN bq_fail('Failed to decode invalid base64 string: ' || s) END;

-- Arrays.
CREATE TEMP MACRO bq_item(a, i, first) AS CASE WHEN i < first OR i >= len(a) + first THEN bq_fail('Array index ' || i || ' is out of bounds') ELSE a[i + 1 - first] END;
CREATE TEMP MACRO bq_safe_item(a, i, first) AS CASE WHEN i >= first THEN a[i + 1 - first] END;
CREATE TEMP MACRO bq_first_item(a, i, what) AS CASE WHEN len(a) = 0 THEN bq_fail(what || ' cannot get an element from an empty array') ELSE a[i] END;
CREATE TEMP MACRO bq_series(a, b, s) AS CASE WHEN s = 0 THEN bq_fail('Sequence step cannot be 0') ELSE generate_series(a, b, s) END;
CREATE TEMP MACRO bq_no_nulls(a) AS CASE WHEN len(a) <> list_count(a) THEN bq_fail('Array cannot have a null element; error in writing field') ELSE a END;
CREATE TEMP MACRO bq_one(a) AS CASE WHEN len(a) > 1 THEN bq_fail('Scalar subquery produced more than one element') ELSE a[1] END;
CREATE TEMP MACRO bq_bucket(x, a) AS CASE WHEN x IS NULL OR a IS NULL THEN NULL WHEN list_count(a) <> len(a) THEN bq_fail('RANGE_BUCKET does not take an array with NULL') WHEN list_sort(a) <> a THEN bq_fail('RANGE_BUCKET takes a sorted array') ELSE len(list_filter(a, lambda e: e <= x)) END;

-- NUMERIC to so many digits: DuckDB wants the number of digits written.
CREATE TEMP MACRO bq_power_of_ten(n) AS CAST(rpad('1', CAST(CASE WHEN n > 28 THEN 29 WHEN n < 0 THEN 1 ELSE n + 1 END AS INTEGER), '0') AS HUGEINT);
CREATE TEMP MACRO bq_rounded(x, n) AS CASE WHEN n >= 9 THEN x WHEN n < -28 THEN CAST(0 AS DECIMAL(38, 9)) ELSE bq_of_units(bq_halves(bq_units(x), bq_power_of_ten(9 - n)) * bq_power_of_ten(9 - n)) END;
CREATE TEMP MACRO bq_truncated(x, n) AS CASE WHEN n >= 9 THEN x WHEN n < -28 THEN CAST(0 AS DECIMAL(38, 9)) ELSE bq_of_units(bq_units(x) // bq_power_of_ten(9 - n) * bq_power_of_ten(9 - n)) END;
CREATE TEMP MACRO bq_even(u, p) AS CASE WHEN abs(u % p) * 2 = p AND (u // p) % 2 = 0 THEN u // p ELSE bq_halves(u, p) END;
CREATE TEMP MACRO bq_rounded_even(x, n) AS CASE WHEN n >= 9 THEN x ELSE bq_of_units(bq_even(bq_units(x), bq_power_of_ten(9 - n)) * bq_power_of_ten(9 - n)) END;
CREATE TEMP MACRO bq_regexp_place(s, parts, p, n, e, ends) AS CASE WHEN parts IS NULL OR p IS NULL OR n IS NULL OR e IS NULL THEN NULL WHEN p < 1 THEN bq_fail('REGEXP_INSTR: position must be 1 or more') WHEN n < 1 THEN bq_fail('REGEXP_INSTR: occurrence must be 1 or more') WHEN e NOT IN (0, 1) THEN bq_fail('REGEXP_INSTR: occurrence position must be 0 or 1') WHEN p > length(s) OR len(parts) <= n THEN 0 ELSE p + length(replace(array_to_string(list_slice(parts, 1, n), ''), ends, '')) + CASE WHEN e = 1 THEN length(split_part(parts[n + 1], ends, 1)) ELSE 0 END END;
CREATE TEMP MACRO bq_regexp_nth(s, found, p, n) AS CASE WHEN p < 1 THEN bq_fail('REGEXP_EXTRACT: position must be 1 or more') WHEN n < 1 THEN bq_fail('REGEXP_EXTRACT: occurrence must be 1 or more') WHEN p > length(s) + 1 THEN NULL ELSE found[n] END;

-- NUMERIC(10, 2) and STRING(20).
CREATE TEMP MACRO bq_limited(x, most) AS CASE WHEN abs(x) >= most THEN bq_fail('numeric out of range: ' || bq_numeric_text(x)) ELSE x END;
CREATE TEMP MACRO bq_short(x, most) AS CASE WHEN length(x) > most THEN bq_fail('maximum length ' || most || ' exceeded: ' || length(x)) ELSE x END;

-- JSON.
CREATE TEMP MACRO bq_parse_json(x) AS CASE WHEN json_valid(x) THEN json(x) WHEN x IS NOT NULL THEN bq_fail('Invalid input to PARSE_JSON: ' || left(x, 60)) END;
CREATE TEMP MACRO bq_json_type(j) AS CASE json_type(j) WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' ELSE CASE WHEN j IS NOT NULL THEN 'number' END END;
CREATE TEMP MACRO bq_json_fail(j, wanted) AS bq_fail('The provided JSON input is not ' || wanted || ': ' || left(CAST(j AS VARCHAR), 60));
CREATE TEMP MACRO bq_json_int64(j) AS CASE WHEN bq_json_type(j) = 'number' AND TRY_CAST(CAST(j AS VARCHAR) AS DOUBLE) = round(TRY_CAST(CAST(j AS VARCHAR) AS DOUBLE)) AND TRY_CAST(CAST(j AS VARCHAR) AS BIGINT) IS NOT NULL THEN TRY_CAST(CAST(j AS VARCHAR) AS BIGINT) WHEN j IS NOT NULL THEN bq_json_fail(j, 'an integer') END;
CREATE TEMP MACRO bq_json_float64(j) AS CASE WHEN bq_json_type(j) = 'number' THEN TRY_CAST(CAST(j AS VARCHAR) AS DOUBLE) WHEN CAST(j AS VARCHAR) IN ('"NaN"', '"Infinity"', '"-Infinity"') THEN TRY_CAST(json_extract_string(j, '$') AS DOUBLE) WHEN j IS NOT NULL THEN bq_json_fail(j, 'a number') END;
CREATE TEMP MACRO bq_json_bool(j) AS CASE WHEN bq_json_type(j) = 'boolean' THEN CAST(j AS VARCHAR) = 'true' WHEN j IS NOT NULL THEN bq_json_fail(j, 'a boolean') END;
CREATE TEMP MACRO bq_json_string(j) AS CASE WHEN bq_json_type(j) = 'string' THEN json_extract_string(j, '$') WHEN j IS NOT NULL THEN bq_json_fail(j, 'a string') END;
CREATE TEMP MACRO bq_json_parts(j) AS CASE WHEN json_type(j) = 'ARRAY' THEN json_extract(j, '$[*]') END;
CREATE TEMP MACRO bq_json_elements(j) AS CASE WHEN json_type(j) = 'ARRAY' THEN json_extract(j, '$[*]') WHEN j IS NOT NULL THEN bq_json_fail(j, 'an array') END;
CREATE TEMP MACRO bq_json_scalars(j) AS CASE WHEN json_type(j) = 'ARRAY' AND len(list_filter(json_extract(j, '$[*]'), lambda e: json_type(e) IN ('OBJECT', 'ARRAY'))) = 0 THEN json_extract_string(j, '$[*]') END;
CREATE TEMP MACRO bq_json_int_text(x) AS CASE WHEN x BETWEEN -9007199254740992 AND 9007199254740992 THEN CAST(x AS VARCHAR) ELSE '"' || CAST(x AS VARCHAR) || '"' END;
CREATE TEMP MACRO bq_json_numeric_text(x) AS CASE WHEN x BETWEEN -9007199254740992 AND 9007199254740992 AND x = trunc(x) THEN bq_numeric_text(x) ELSE '"' || bq_numeric_text(x) || '"' END;
CREATE TEMP MACRO bq_json_float_text(x) AS CASE WHEN x = 0 THEN '0' WHEN isnan(x) THEN '"NaN"' WHEN isinf(x) THEN CASE WHEN x > 0 THEN '"Infinity"' ELSE '"-Infinity"' END ELSE bq_float_text(x) END;
CREATE TEMP MACRO bq_json_pretty(x) AS regexp_replace(json_pretty(CAST(x AS JSON)), '    ', '  ', 'g');
CREATE TEMP MACRO bq_json_keys(j, depth) AS CASE WHEN depth < 1 THEN bq_fail('max_depth must be positive') ELSE (SELECT COALESCE(list(DISTINCT k ORDER BY k), []) FROM (SELECT substr(replace(fullkey, '"', ''), 3) AS k FROM json_tree(j) WHERE key IS NOT NULL AND NOT contains(fullkey, '[')) WHERE len(string_split(k, '.')) <= depth) END;
CREATE TEMP MACRO bq_lax_text(j) AS CASE WHEN json_type(j) = 'VARCHAR' THEN json_extract_string(j, '$') WHEN bq_json_type(j) = 'number' THEN CAST(j AS VARCHAR) END;
CREATE TEMP MACRO bq_lax_bool(j) AS CASE WHEN json_type(j) = 'BOOLEAN' THEN CAST(j AS VARCHAR) = 'true' WHEN bq_json_type(j) = 'number' THEN TRY_CAST(CAST(j AS VARCHAR) AS DOUBLE) <> 0 ELSE bqs_bool_of_text(bq_lax_text(j)) END;
CREATE TEMP MACRO bq_lax_int64(j) AS CASE WHEN json_type(j) = 'BOOLEAN' THEN CASE WHEN CAST(j AS VARCHAR) = 'true' THEN CAST(1 AS BIGINT) ELSE CAST(0 AS BIGINT) END ELSE fn_big_int64(fn_big_read(bq_lax_text(j))) END;
CREATE TEMP MACRO bq_lax_float64(j) AS CASE WHEN bq_json_type(j) = 'number' THEN TRY_CAST(CAST(j AS VARCHAR) AS DOUBLE) ELSE bqs_float_of_text(bq_lax_text(j)) END;

-- Formats of times.
CREATE TEMP MACRO bq_short_offset(m) AS CASE WHEN m < 0 THEN '-' ELSE '+' END || CAST(abs(m) // 60 AS VARCHAR) || CASE WHEN m % 60 = 0 THEN '' ELSE ':' || lpad(CAST(abs(m) % 60 AS VARCHAR), 2, '0') END;
CREATE TEMP MACRO bq_long_offset(m) AS CASE WHEN m < 0 THEN '-' ELSE '+' END || lpad(CAST(abs(m) // 60 AS VARCHAR), 2, '0') || ':' || lpad(CAST(abs(m) % 60 AS VARCHAR), 2, '0');
CREATE TEMP MACRO bq_parsed(x, good, r, what) AS CASE WHEN r IS NOT NULL THEN r WHEN x IS NULL THEN NULL WHEN good THEN bq_fail('Invalid result from parsing ' || what || ': ' || x) ELSE bq_fail('Failed to parse input string "' || x || '"') END;
CREATE TEMP MACRO bq_whole_date(y, m, d) AS TRY_CAST(lpad(CAST(y AS VARCHAR), 4, '0') || '-' || lpad(CAST(m AS VARCHAR), 2, '0') || '-' || lpad(CAST(d AS VARCHAR), 2, '0') AS DATE);
CREATE TEMP MACRO bq_make_date(y, m, d) AS CASE WHEN y IS NULL OR m IS NULL OR d IS NULL THEN NULL WHEN y BETWEEN 1 AND 9999 AND bq_whole_date(y, m, d) IS NOT NULL THEN bq_whole_date(y, m, d) ELSE bq_fail('Input calculates to invalid date: ' || y || '-' || m || '-' || d) END;
CREATE TEMP MACRO bq_make_time(h, m, s) AS CASE WHEN h IS NULL OR m IS NULL OR s IS NULL THEN NULL WHEN h BETWEEN 0 AND 23 AND m BETWEEN 0 AND 59 AND s BETWEEN 0 AND 59 THEN make_time(h, m, CAST(s AS DOUBLE)) ELSE bq_fail('Input calculates to invalid time: ' || h || ':' || m || ':' || s) END;
CREATE TEMP MACRO bq_make_datetime(y, mo, d, h, mi, s) AS bq_make_date(y, mo, d) + bq_make_time(h, mi, s);
CREATE TEMP MACRO bq_series_of(a, b, step, n) AS CASE WHEN n = 0 THEN bq_fail('Sequence step cannot be 0') WHEN a IS NULL OR b IS NULL OR n IS NULL THEN NULL ELSE generate_series(a, b, step) END;
CREATE TEMP MACRO bq_steps(a, b, s) AS CASE WHEN s = 0 THEN bq_fail('Sequence step cannot be 0') WHEN a IS NULL OR b IS NULL OR s IS NULL THEN NULL ELSE list_transform(range(CAST(floor(CAST(b - a AS DOUBLE) / CAST(s AS DOUBLE) + 1e-12) AS BIGINT) + 1), lambda e: a + e * s) END;
CREATE TEMP MACRO bq_joined(a, d) AS CASE WHEN a IS NULL OR d IS NULL THEN NULL WHEN list_count(a) = 0 THEN '' ELSE list_reduce(list_filter(a, lambda e: e IS NOT NULL), lambda e, f: e || d || f) END;
CREATE TEMP MACRO bq_joined_with(a, d, n) AS bq_joined(list_transform(a, lambda e: COALESCE(e, n)), d);
CREATE TEMP MACRO bq_place(a, i) AS CASE WHEN i < 0 THEN len(a) + i ELSE i END;
CREATE TEMP MACRO bq_slice(a, i, j) AS CASE WHEN a IS NULL OR i IS NULL OR j IS NULL THEN NULL WHEN bq_place(a, j) < 0 THEN list_slice(a, 1, 0) ELSE list_slice(a, CASE WHEN bq_place(a, i) < 0 THEN 1 ELSE bq_place(a, i) + 1 END, bq_place(a, j) + 1) END;
CREATE TEMP MACRO bq_top(m, n) AS list_transform(list_slice(list_sort(list_transform(map_entries(m), lambda e: {'c': -CAST(e.value AS BIGINT), 'v': e.key})), 1, n), lambda e: {'value': e.v, 'count': -e.c});
CREATE TEMP MACRO bq_top_sum(l, n) AS (SELECT list({'value': v, 'sum': s} ORDER BY s DESC NULLS LAST, v) FROM (SELECT v, s FROM (SELECT e.v AS v, sum(e.w) AS s FROM (SELECT unnest(l) AS e) GROUP BY 1) ORDER BY s DESC NULLS LAST, v LIMIT n));
CREATE TEMP MACRO bq_float_shown(x) AS CASE WHEN isnan(x) THEN 'nan' WHEN regexp_full_match(bq_float_text(x), '-?[0-9]+') THEN bq_float_text(x) || '.0' ELSE bq_float_text(x) END;
CREATE TEMP MACRO bq_quoted(s) AS '"' || replace(replace(replace(replace(s, '\', '\\'), '"', '\"'), chr(10), '\n'), chr(9), '\t') || '"';

-- Bytes, hosts and addresses. A host stands between the scheme and the port, after the last @, without dots before it.
CREATE TEMP MACRO bq_letters_of_codes(a) AS CASE WHEN list_contains(list_transform(a, lambda e: e IS NULL), TRUE) THEN NULL WHEN list_contains(list_transform(a, lambda e: e NOT BETWEEN 0 AND 255), TRUE) THEN bq_fail('Invalid ASCII value in CODE_POINTS_TO_BYTES; allowed: 0 to 255') ELSE array_to_string(list_transform(a, lambda e: bq_chr(e)), '') END;
CREATE TEMP MACRO bq_distance(a, b) AS CASE WHEN a IS NULL OR b IS NULL THEN NULL WHEN strlen(a) = length(a) AND strlen(b) = length(b) THEN levenshtein(a, b) ELSE fn_distance(a, b) END;
CREATE TEMP MACRO bq_distance_within(a, b, most) AS CASE WHEN most < 0 THEN bq_fail('max_distance must be non-negative') WHEN most IS NOT NULL AND a IS NOT NULL AND b IS NOT NULL THEN least(bq_distance(a, b), most) END;
CREATE TEMP MACRO bq_host(url) AS NULLIF(regexp_replace(rtrim(regexp_extract(url, '^\s*(?:(?:[^/?#:]*:)?//)?(?:[^/?#]*@)?\.*(\[[^\[\]/?#]+\]?|[^:/?#]*)', 1)), '\.\.+$', '.'), '');
CREATE TEMP MACRO bq_ipv4(n) AS CASE WHEN n NOT BETWEEN -2147483648 AND 4294967295 THEN bq_fail('NET.IPV4_FROM_INT64 given ' || n || ', allowed: -0x80000000 to 0xFFFFFFFF') ELSE unhex(lpad(hex(CASE WHEN n < 0 THEN n + 4294967296 ELSE n END), 8, '0')) END;
CREATE TEMP MACRO bq_ipv4_number(b) AS CASE WHEN octet_length(b) <> 4 THEN bq_fail('NET.IPV4_TO_INT64 given ' || octet_length(b) || ' bytes, allowed: 4') ELSE CAST('0x' || hex(b) AS BIGINT) END;
CREATE TEMP MACRO bq_ascii_of_bytes(x) AS bq_checked(octet_length(x) = length(bq_decoded(x)), bq_decoded(x), 'Not ASCII', hex(x));
CREATE TEMP MACRO bq_bytes_of_ascii(x) AS bq_checked(strlen(x) = length(x), encode(x), 'Not ASCII', x);

-- BIGNUMERIC: whole numbers of its last digits, of which 38 stand after the point.
CREATE TEMP MACRO bq_big_digits(t) AS lpad(t, CASE WHEN length(t) < 39 THEN 39 ELSE CAST(length(t) AS INTEGER) END, '0');
CREATE TEMP MACRO bq_big_pointed(d) AS rtrim(rtrim(left(d, length(d) - 38) || '.' || right(d, 38), '0'), '.');
CREATE TEMP MACRO bq_big_text(x) AS CASE WHEN x < CAST('0' AS BIGNUM) THEN '-' ELSE '' END || bq_big_pointed(bq_big_digits(ltrim(CAST(x AS VARCHAR), '-')));
CREATE TEMP MACRO bq_big_made(r, what) AS CASE WHEN r IS NULL THEN bq_fail('BIGNUMERIC overflow: ' || what) ELSE CAST(r AS BIGNUM) END;
CREATE TEMP MACRO bq_big_within(r, what) AS CASE WHEN r > CAST('57896044618658097711785492504343953926634992332820282019728792003956564819967' AS BIGNUM) OR r < CAST('-57896044618658097711785492504343953926634992332820282019728792003956564819968' AS BIGNUM) THEN bq_fail('BIGNUMERIC overflow: ' || what) ELSE r END;
CREATE TEMP MACRO bq_big_add(x, y) AS bq_big_within(x + y, bq_big_text(x) || ' + ' || bq_big_text(y));
CREATE TEMP MACRO bq_big_subtract(x, y) AS bq_big_within(x - y, bq_big_text(x) || ' - ' || bq_big_text(y));
CREATE TEMP MACRO bq_big_multiply(x, y) AS CASE WHEN x IS NOT NULL AND y IS NOT NULL THEN bq_big_made(fn_big_product(CAST(x AS VARCHAR), CAST(y AS VARCHAR)), bq_big_text(x) || ' * ' || bq_big_text(y)) END;
CREATE TEMP MACRO bq_big_divide(x, y) AS CASE WHEN y = CAST('0' AS BIGNUM) THEN bq_fail('division by zero: ' || bq_big_text(x) || ' / 0') WHEN x IS NOT NULL AND y IS NOT NULL THEN bq_big_made(fn_big_quotient(CAST(x AS VARCHAR), CAST(y AS VARCHAR)), bq_big_text(x) || ' / ' || bq_big_text(y)) END;
CREATE TEMP MACRO bq_big_div(x, y) AS CASE WHEN y = CAST('0' AS BIGNUM) THEN bq_fail('division by zero: ' || bq_big_text(x) || ' DIV 0') WHEN x IS NOT NULL AND y IS NOT NULL THEN bq_big_made(fn_big_whole(CAST(x AS VARCHAR), CAST(y AS VARCHAR)), bq_big_text(x) || ' DIV ' || bq_big_text(y)) END;
CREATE TEMP MACRO bq_big_mod(x, y) AS CASE WHEN y = CAST('0' AS BIGNUM) THEN bq_fail('division by zero: ' || bq_big_text(x) || ' MOD 0') WHEN x IS NOT NULL AND y IS NOT NULL THEN bq_big_made(fn_big_rest(CAST(x AS VARCHAR), CAST(y AS VARCHAR)), bq_big_text(x) || ' MOD ' || bq_big_text(y)) END;
CREATE TEMP MACRO bq_big_is_whole(x) AS right(CAST(x AS VARCHAR), 38) = '00000000000000000000000000000000000000' OR x = CAST('0' AS BIGNUM);
CREATE TEMP MACRO bq_big_power(x, y) AS CASE WHEN x = CAST('0' AS BIGNUM) AND y < x THEN bq_fail('division by zero: POW(0, ' || bq_big_text(y) || ')') WHEN x < CAST('0' AS BIGNUM) AND NOT bq_big_is_whole(y) THEN bq_fail('Negative BIGNUMERIC value cannot be raised to a fractional power: POW(' || bq_big_text(x) || ', ' || bq_big_text(y) || ')') WHEN x IS NOT NULL AND y IS NOT NULL THEN bq_big_made(fn_big_power(CAST(x AS VARCHAR), CAST(y AS VARCHAR)), 'POW(' || bq_big_text(x) || ', ' || bq_big_text(y) || ')') END;
CREATE TEMP MACRO bq_big_ceil(x) AS CASE WHEN x IS NOT NULL THEN bq_big_made(fn_big_ceiling(CAST(x AS VARCHAR)), 'CEIL(' || bq_big_text(x) || ')') END;
CREATE TEMP MACRO bq_big_floor(x) AS CASE WHEN x IS NOT NULL THEN bq_big_made(fn_big_floor(CAST(x AS VARCHAR)), 'FLOOR(' || bq_big_text(x) || ')') END;
CREATE TEMP MACRO bq_big_exp(x) AS CASE WHEN x IS NOT NULL THEN bq_big_made(fn_big_exp(CAST(x AS VARCHAR)), 'EXP(' || bq_big_text(x) || ')') END;
CREATE TEMP MACRO bq_big_cbrt(x) AS CASE WHEN x IS NOT NULL THEN bq_big_made(fn_big_cbrt(CAST(x AS VARCHAR)), 'CBRT(' || bq_big_text(x) || ')') END;
CREATE TEMP MACRO bq_big_positive(x, r, word) AS CASE WHEN x <= CAST('0' AS BIGNUM) THEN bq_fail('Argument to ' || word || ' must be positive: ' || bq_big_text(x)) ELSE r END;
CREATE TEMP MACRO bq_big_sqrt(x) AS CASE WHEN x < CAST('0' AS BIGNUM) THEN bq_fail('Argument to SQRT cannot be negative: ' || bq_big_text(x)) ELSE CAST(fn_big_sqrt(CAST(x AS VARCHAR)) AS BIGNUM) END;
CREATE TEMP MACRO bq_big_ln(x) AS bq_big_positive(x, CAST(fn_big_ln(CAST(x AS VARCHAR)) AS BIGNUM), 'LN');
CREATE TEMP MACRO bq_big_log10(x) AS bq_big_positive(x, CAST(fn_big_log10(CAST(x AS VARCHAR)) AS BIGNUM), 'LOG10');
CREATE TEMP MACRO bq_big_log(x, b) AS CASE WHEN x IS NULL OR b IS NULL THEN NULL ELSE bq_big_logged(fn_big_log(CAST(x AS VARCHAR), CAST(b AS VARCHAR)), bq_big_text(x) || ', ' || bq_big_text(b)) END;
CREATE TEMP MACRO bq_big_logged(r, what) AS CASE WHEN r IS NULL THEN bq_fail('Invalid arguments of LOG: ' || what) ELSE CAST(r AS BIGNUM) END;
CREATE TEMP MACRO bq_big_round(x, n) AS CASE WHEN x IS NOT NULL AND n IS NOT NULL THEN bq_big_made(fn_big_round(CAST(x AS VARCHAR), n), 'ROUND(' || bq_big_text(x) || ', ' || n || ')') END;
CREATE TEMP MACRO bq_big_round_even(x, n) AS CASE WHEN x IS NOT NULL AND n IS NOT NULL THEN bq_big_made(fn_big_round_even(CAST(x AS VARCHAR), n), 'ROUND(' || bq_big_text(x) || ', ' || n || ')') END;
CREATE TEMP MACRO bq_big_trunc(x, n) AS CASE WHEN x IS NOT NULL AND n IS NOT NULL THEN bq_big_made(fn_big_trunc(CAST(x AS VARCHAR), n), 'TRUNC(' || bq_big_text(x) || ', ' || n || ')') END;
CREATE TEMP MACRO bq_big_of_text(x) AS CASE WHEN x IS NOT NULL AND fn_big_read(x) IS NULL THEN bq_fail('Invalid BIGNUMERIC value: ' || x) ELSE CAST(fn_big_read(x) AS BIGNUM) END;
CREATE TEMP MACRO bq_big_of_float(x) AS CASE WHEN x IS NOT NULL AND fn_big_of_float(x) IS NULL THEN bq_fail('Illegal conversion of ' || CASE WHEN isfinite(x) THEN '' ELSE 'non-finite ' END || 'floating point number to BIGNUMERIC: ' || bq_float_text(x)) ELSE CAST(fn_big_of_float(x) AS BIGNUM) END;
CREATE TEMP MACRO bq_big_int64(x) AS CASE WHEN x IS NOT NULL AND fn_big_int64(CAST(x AS VARCHAR)) IS NULL THEN bq_fail('int64 out of range: ' || bq_big_text(x)) ELSE fn_big_int64(CAST(x AS VARCHAR)) END;
CREATE TEMP MACRO bq_big_numeric(x) AS CASE WHEN x IS NOT NULL AND fn_big_numeric(CAST(x AS VARCHAR)) IS NULL THEN bq_fail('numeric out of range: ' || bq_big_text(x)) ELSE fn_big_numeric(CAST(x AS VARCHAR)) END;
CREATE TEMP MACRO bq_big_of_count(n) AS CAST(CAST(n AS VARCHAR) || '00000000000000000000000000000000000000' AS BIGNUM);
CREATE TEMP MACRO bq_parse_numeric(x) AS CASE WHEN x IS NOT NULL AND fn_big_numeric(fn_big_parsed(x)) IS NULL THEN bq_fail('Invalid input to PARSE_NUMERIC: "' || x || '"') ELSE fn_big_numeric(fn_big_parsed(x)) END;
CREATE TEMP MACRO bq_parse_bignumeric(x) AS CASE WHEN x IS NOT NULL AND fn_big_parsed(x) IS NULL THEN bq_fail('Invalid input to PARSE_BIGNUMERIC: "' || x || '"') ELSE CAST(fn_big_parsed(x) AS BIGNUM) END;
CREATE TEMP MACRO bq_big_limited(x, most) AS CASE WHEN x >= most OR x <= -most THEN bq_fail('numeric out of range: ' || bq_big_text(x)) ELSE x END;
CREATE TEMP MACRO bq_json_big_text(x) AS CASE WHEN contains(bq_big_text(x), '.') OR TRY_CAST(bq_big_text(x) AS HUGEINT) IS NULL OR TRY_CAST(bq_big_text(x) AS HUGEINT) NOT BETWEEN -9007199254740992 AND 9007199254740992 THEN '"' || bq_big_text(x) || '"' ELSE bq_big_text(x) END;

-- NUMERIC's own roots, powers and logarithms, by those of BIGNUMERIC.
CREATE TEMP MACRO bq_big_of_numeric(x) AS CAST(replace(CAST(x AS VARCHAR), '.', '') || '00000000000000000000000000000' AS BIGNUM);
CREATE TEMP MACRO bq_numeric_sqrt(x) AS bq_big_numeric(bq_big_sqrt(bq_big_of_numeric(x)));
CREATE TEMP MACRO bq_numeric_cbrt(x) AS bq_big_numeric(bq_big_cbrt(bq_big_of_numeric(x)));
CREATE TEMP MACRO bq_numeric_exp(x) AS CASE WHEN x > 66.774967696 THEN bq_fail('numeric overflow: EXP(' || bq_numeric_text(x) || ')') ELSE bq_big_numeric(bq_big_exp(bq_big_of_numeric(x))) END;
CREATE TEMP MACRO bq_numeric_ln(x) AS bq_big_numeric(bq_big_ln(bq_big_of_numeric(x)));
CREATE TEMP MACRO bq_numeric_log10(x) AS bq_big_numeric(bq_big_log10(bq_big_of_numeric(x)));
CREATE TEMP MACRO bq_numeric_log(x, b) AS bq_big_numeric(bq_big_log(bq_big_of_numeric(x), bq_big_of_numeric(b)));
CREATE TEMP MACRO bq_power_domain(x, y, r) AS CASE WHEN x = 0 AND y < 0 THEN bq_fail('division by zero: POW(0, ' || bq_numeric_text(y) || ')') WHEN x < 0 AND y <> trunc(y) THEN bq_fail('Negative NUMERIC value cannot be raised to a fractional power: POW(' || bq_numeric_text(x) || ', ' || bq_numeric_text(y) || ')') ELSE r END;
CREATE TEMP MACRO bq_numeric_power(x, y) AS CASE WHEN x IS NOT NULL AND y IS NOT NULL THEN bq_power_domain(x, y, bq_in_range(bqs_big_numeric(bqs_big_power(bqs_big_of_numeric(x), bqs_big_of_numeric(y))), 'POW(' || bq_numeric_text(x) || ', ' || bq_numeric_text(y) || ')')) END;
CREATE TEMP MACRO bq_roman(r, x) AS CASE WHEN r IS NULL THEN bq_fail('No Roman numeral: ' || x || '; allowed: 1 to 3999') ELSE r END;

-- Patterns that are known only as the query runs.
CREATE TEMP MACRO bq_pattern_shape(shape, f) AS CASE WHEN shape < 0 THEN bq_fail(f || ': the regular expression has ' || -shape || ' capturing groups, allowed: none or 1') ELSE shape END;
CREATE TEMP MACRO bq_regexp_found(s, p, shape) AS CASE WHEN shape IS NULL OR NOT regexp_matches(s, p) THEN NULL WHEN shape = 0 THEN regexp_extract(s, p, 0) WHEN shape = 1 THEN NULLIF(regexp_extract(s, p, 1), '') ELSE regexp_extract(s, p, 1) END;
CREATE TEMP MACRO bq_in_three(three, p, what) AS CASE WHEN three IS NULL AND p IS NOT NULL THEN bq_fail(what) ELSE three END;
