"""BigQuery's expressions give BigQuery's values, also where DuckDB would answer something else."""

from __future__ import annotations

from pathlib import Path

from sim.sql.query import run_sql
from sim.sql.warehouse import build_warehouse
from tests.samples.toy_run import write_run

# ruff: noqa: E501 - one expression a line
# Expressions and what BigQuery's reference says they give, worked out by hand; Python's str of the value.
EXPRESSIONS = r"""
EXTRACT(DAYOFWEEK FROM DATE '2026-09-06') | 1
EXTRACT(DAYOFWEEK FROM DATETIME '2026-09-05 10:00:00') | 7
EXTRACT(WEEK FROM DATE '2026-01-03') | 0
EXTRACT(WEEK FROM DATE '2026-01-04') | 1
EXTRACT(WEEK(MONDAY) FROM DATE '2026-01-04') | 0
EXTRACT(WEEK(MONDAY) FROM DATE '2026-01-05') | 1
EXTRACT(ISOWEEK FROM DATE '2026-01-01') | 1
EXTRACT(ISOYEAR FROM DATE '2027-01-01') | 2026
EXTRACT(HOUR FROM TIMESTAMP '2026-09-01 02:00:00' AT TIME ZONE 'America/Detroit') | 22
EXTRACT(DATE FROM TIMESTAMP '2026-09-01 02:00:00' AT TIME ZONE 'America/Detroit') | 2026-08-31
EXTRACT(MILLISECOND FROM TIMESTAMP '2026-09-01 02:00:07.123') | 123
STRING(PARSE_JSON('{"a":"Event"}').a) | Event
STRING(PARSE_JSON('{"a":"Event"}')['a']) | Event
STRING(TIMESTAMP '2026-09-01 02:00:00') | 2026-09-01 02:00:00+00
CAST(NUMERIC '95' AS STRING) | 95
CAST(NUMERIC '95.50' AS STRING) | 95.5
CAST(NUMERIC '100' AS STRING) | 100
CAST(1e0 AS STRING) | 1
CAST(12 AS STRING) | 12
CAST(2.5e0 AS INT64) | 3
CAST(-2.5e0 AS INT64) | -3
CAST('17' AS INT64) | 17
CAST(NULL AS INT64) | None
CAST(TRUE AS INT64) | 1
SAFE_CAST('12.7' AS INT64) | None
SAFE_CAST(' 12 ' AS INT64) | 12
SAFE_CAST('x' AS INT64) | None
SAFE_CAST('99999999999999999999' AS INT64) | None
SAFE_CAST('yes' AS BOOL) | None
SAFE_CAST('TRUE' AS BOOL) | True
SAFE_CAST('1.5' AS FLOAT64) | 1.5
SAFE_CAST('2026-02-30' AS DATE) | None
CAST('1.123456' AS NUMERIC) | 1.123456000
JSON_EXTRACT_SCALAR('{"com.instructure.canvas":{"asset_name":"A"}}', "$['com.instructure.canvas'][asset_name]") | A
JSON_EXTRACT_SCALAR('{"com.instructure.canvas":{"asset_name":"A"}}', "$['com.instructure.canvas']['asset_name']") | A
JSON_EXTRACT_SCALAR('{"com.instructure.canvas":{"asset_name":"A"}}', "$['com.instructure.canvas'].asset_name") | A
JSON_VALUE('{"com.instructure.canvas":{"asset_name":"A"}}', '$."com.instructure.canvas".asset_name') | A
JSON_VALUE('{"a":[{"b":3}]}', '$.a[0].b') | 3
JSON_VALUE('{"a":{"b":3}}', '$.a') | None
JSON_VALUE('{"a":null}', '$.a') | None
JSON_VALUE('{"kaf:course_id":"9"}', '$.kaf:course_id') | 9
JSON_VALUE('"x"') | x
JSON_QUERY('{"a":{"b":3}}', '$.a') | {"b":3}
ARRAY_LENGTH(JSON_QUERY_ARRAY('{"a":[1,2]}', '$.a')) | 2
JSON_VALUE_ARRAY('{"a":["x","y"]}', '$.a')[OFFSET(1)] | y
JSON_EXTRACT_STRING_ARRAY('{"a":["x","y"]}', '$.a')[SAFE_OFFSET(5)] | None
INT64(PARSE_JSON('3')) | 3
BOOL(PARSE_JSON('true')) | True
FLOAT64(PARSE_JSON('1.5')) | 1.5
FORMAT_DATE('%A %d %b %Y', DATE '2026-09-01') | Tuesday 01 Sep 2026
FORMAT_TIMESTAMP('%Y-%m-%d %H:%M:%S', TIMESTAMP '2026-09-01 02:00:00', 'America/Detroit') | 2026-08-31 22:00:00
FORMAT_TIMESTAMP('%F %T', TIMESTAMP '2026-09-01 02:00:00') | 2026-09-01 02:00:00
FORMAT_TIMESTAMP('%F %H:%M:%E3S', TIMESTAMP '2026-09-01 02:00:07.123') | 2026-09-01 02:00:07.123
FORMAT_DATETIME('%R', DATETIME '2026-09-01 02:05:00') | 02:05
FORMAT_TIME('%H:%M', TIME '02:05:00') | 02:05
FORMAT_DATE('%G-W%V-%u', DATE '2027-01-01') | 2026-W53-5
FORMAT('%d of %s: %.2f %t%%', 3, 'x', 1.005e0, 7) | 3 of x: 1.00 7%
DATE_TRUNC(DATE '2026-09-02', WEEK) | 2026-08-30
DATE_TRUNC(DATE '2026-09-06', WEEK(MONDAY)) | 2026-08-31
DATE_TRUNC(DATE '2026-09-06', ISOWEEK) | 2026-08-31
DATE_TRUNC(DATE '2026-09-06', MONTH) | 2026-09-01
DATETIME_TRUNC(DATETIME '2026-09-02 10:11:12', HOUR) | 2026-09-02 10:00:00
DATETIME_TRUNC(DATETIME '2026-09-02 10:11:12', WEEK) | 2026-08-30 00:00:00
TIMESTAMP_TRUNC(TIMESTAMP '2026-09-02 02:00:00', DAY, 'America/Detroit') | 2026-09-01 04:00:00+00:00
DATE_DIFF(DATE '2026-09-06', DATE '2026-09-05', WEEK) | 1
DATE_DIFF(DATE '2026-09-06', DATE '2026-09-05', WEEK(MONDAY)) | 0
DATE_DIFF(DATE '2026-09-06', DATE '2026-08-05', MONTH) | 1
DATETIME_DIFF(DATETIME '2010-07-07 10:20:00', DATETIME '2008-12-25 15:30:00', DAY) | 559
TIMESTAMP_DIFF(TIMESTAMP '2010-07-07 10:20:00+00', TIMESTAMP '2008-12-25 15:30:00+00', HOUR) | 13410
TIMESTAMP_DIFF(TIMESTAMP '2018-08-14', TIMESTAMP '2018-10-14', DAY) | -61
DATE_ADD(DATE '2026-09-01', INTERVAL 1 WEEK) | 2026-09-08
DATE_SUB(DATE '2026-09-01', INTERVAL 1 DAY) | 2026-08-31
DATETIME_ADD(DATETIME '2026-09-01 00:00:00', INTERVAL 90 MINUTE) | 2026-09-01 01:30:00
DATE(TIMESTAMP '2026-09-01 02:00:00', 'America/Detroit') | 2026-08-31
DATETIME(TIMESTAMP '2026-09-01 02:00:00', 'America/Detroit') | 2026-08-31 22:00:00
DATETIME(TIMESTAMP '2026-09-01 02:00:00', 'UTC') | 2026-09-01 02:00:00
DATETIME(TIMESTAMP(DATETIME '2026-09-01 02:00:00'), 'America/Detroit') | 2026-08-31 22:00:00
TIMESTAMP('2026-09-01','America/Detroit') | 2026-09-01 04:00:00+00:00
TIMESTAMP("2026-09-01 00:00:00-04:00") | 2026-09-01 04:00:00+00:00
TIMESTAMP_SECONDS(1) | 1970-01-01 00:00:01+00:00
TIMESTAMP_MILLIS(1500) | 1970-01-01 00:00:01.500000+00:00
TIMESTAMP_MICROS(1500000) | 1970-01-01 00:00:01.500000+00:00
UNIX_SECONDS(TIMESTAMP '1970-01-01 00:00:01.9') | 1
UNIX_MILLIS(TIMESTAMP '1970-01-01 00:00:01.9') | 1900
PARSE_DATE('%Y-%m-%d', '2026-09-01') | 2026-09-01
PARSE_DATE('%m/%d/%Y', '09/01/2026') | 2026-09-01
PARSE_TIMESTAMP('%F %T', '2026-09-01 02:00:00') | 2026-09-01 02:00:00+00:00
PARSE_TIMESTAMP('%F %T', '2026-09-01 02:00:00', 'America/Detroit') | 2026-09-01 06:00:00+00:00
PARSE_DATETIME('%F %T', '2026-09-01 02:00:00') | 2026-09-01 02:00:00
DATETIME '2026-09-01T02:00:00' >= '2026-09-01' | True
REGEXP_EXTRACT('urn:instructure:canvas:course:17', r'.*:(.*)') | 17
REGEXP_EXTRACT('abc', r'x(.)') | None
REGEXP_EXTRACT('abc', r'b.') | bc
REGEXP_CONTAINS('abc', r'^b') | False
REGEXP_REPLACE('abcabc', r'a(.)', r'\1') | bcbc
SPLIT('a:b:c', ':')[OFFSET(2)] | c
SPLIT('a:b:c', ':')[SAFE_OFFSET(9)] | None
SPLIT('a,b')[ORDINAL(2)] | b
SUBSTR('abcdef', -3) | def
SUBSTR('abcdef', 3) | cdef
CONCAT('a', NULL) | None
GREATEST(1, NULL) | None
SAFE_DIVIDE(1, 0) | None
7 / 2 | 3.5
DIV(-7, 2) | -3
MOD(-7, 2) | -1
ROUND(2.5e0) | 3.0
LOG(EXP(2)) | 2.0
SAFE.PARSE_JSON('{') | None
SAFE.PARSE_DATE('%F','x') | None
TO_HEX(MD5('a')) | 0cc175b9c0f1b6a831c399e269772661
TO_JSON_STRING([1,2]) | [1,2]
STARTS_WITH('abc','ab') | True
LENGTH('é') | 1
IF(1 > 0, 'y', 'n') | y
3 IN UNNEST([1,2,3]) | True
(SELECT COUNTIF(x > 1) FROM UNNEST([1,2,3]) AS x) | 2
(SELECT STRING_AGG(x, '-' ORDER BY x DESC) FROM UNNEST(['a','b']) AS x) | b-a
(SELECT STRING_AGG(x) FROM UNNEST(['a','b']) AS x) | a,b
(SELECT ARRAY_TO_STRING(ARRAY_AGG(x IGNORE NULLS ORDER BY x DESC LIMIT 2), ',') FROM UNNEST(['a',NULL,'b','c']) AS x) | c,b
(SELECT ARRAY_LENGTH(ARRAY_AGG(DISTINCT x IGNORE NULLS)) FROM UNNEST(['a',NULL,'b','b']) AS x) | 2
(SELECT ARRAY_AGG(x ORDER BY x DESC LIMIT 1)[OFFSET(0)] FROM UNNEST([3,9,4]) AS x) | 9
(SELECT x FROM UNNEST([3,NULL,4]) AS x ORDER BY x LIMIT 1) | None
(SELECT x FROM UNNEST([3,NULL,4]) AS x ORDER BY x DESC LIMIT 1) | 4
(SELECT MAX(o) FROM UNNEST(['a','b']) AS x WITH OFFSET AS o) | 1
ARRAY(SELECT x FROM UNNEST([1,2,3]) x WHERE x > 2)[OFFSET(0)] | 3
ARRAY_LENGTH(GENERATE_DATE_ARRAY('2026-09-01','2026-09-30', INTERVAL 1 WEEK)) | 5
FORMAT_DATE('%F', GENERATE_DATE_ARRAY('2026-09-01','2026-09-30')[OFFSET(1)]) | 2026-09-02
LAST_DAY(DATE '2026-02-03') | 2026-02-28
STRUCT(1 AS a, 'b' AS b).b | b
CURRENT_DATETIME('America/Detroit') < CURRENT_DATETIME() | True
INITCAP('ada one') | Ada One
CONTAINS_SUBSTR('Hello','ell') | True
APPROX_QUANTILES(1, 2)[OFFSET(1)] | 1
IFNULL(NULL, 2) | 2
UNIX_DATE(DATE '1970-01-03') | 2
'a' || 'b' | ab
CAST('2026-09-01 02:00:00' AS DATETIME) | 2026-09-01 02:00:00
CAST(TIMESTAMP '2026-09-01 02:00:00' AS DATE) | 2026-09-01
CAST(JSON_VALUE('{"a":"3"}', '$.a') AS INT64) + 1 | 4
STRING(PARSE_JSON(JSON_QUERY('{"a":{"b":"x"}}', '$.a')).b) | x
FORMAT_DATE('%F', DATE_ADD(DATE(TIMESTAMP '2026-09-01 02:00:00', 'America/Detroit'), INTERVAL CAST('1' AS INT64) DAY)) | 2026-09-01
CAST(CAST(2.5 AS INT64) AS STRING) | 3
(SELECT STRING_AGG(CONCAT(CAST(o AS STRING), x)) FROM UNNEST(['a','b']) AS x WITH OFFSET o) | 0a,1b
TIMESTAMP_DIFF(TIMESTAMP_ADD(TIMESTAMP '2026-01-01', INTERVAL 119 MINUTE), TIMESTAMP '2026-01-01', HOUR) | 1
0.1 + 0.2 = 0.3 | False
SAFE_DIVIDE(1.0, 4) | 0.25
SAFE.DIV(1, 0) | None
"""


def test_expressions_have_bigquerys_values(tmp_path: Path) -> None:
    """Each expression gives the value worked out by hand: weekdays, weeks, JSON, casts, formats, arrays."""
    cases = [line.rsplit(" | ", 1) for line in EXPRESSIONS.strip().splitlines()]
    write_run(tmp_path)
    build_warehouse(tmp_path)
    text = "SELECT " + ",\n".join(f"{expression} AS c{i}" for i, (expression, _) in enumerate(cases))
    row = run_sql(tmp_path, "unizin-shared", text).to_pylist()[0]
    found = {expression: str(row[f"c{i}"]) for i, (expression, _) in enumerate(cases)}
    assert found == dict(cases)
