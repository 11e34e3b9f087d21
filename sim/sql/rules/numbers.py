"""Numbers: arithmetic with BigQuery's result types, its errors where DuckDB gives infinity, its roundings."""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

from collections.abc import Sequence

from sim.sql.grammar.coercion import coerced, supertype
from sim.sql.grammar.types import BIGNUMERIC, FLOAT64, INT64, NUMERIC
from sim.sql.grammar.values import Value, once, settled
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.signatures import signatures

SIGNATURES = signatures(r"""
$+(INT64, INT64) -> INT64 = ({0} + {1})
$+(NUMERIC, NUMERIC) -> NUMERIC = CAST({0} + {1} AS DECIMAL(38, 9))
$+(BIGNUMERIC, BIGNUMERIC) -> BIGNUMERIC = bq_big_add({0}, {1})
$+(FLOAT64, FLOAT64) -> FLOAT64 = bq_add({0}, {1})
$-(INT64, INT64) -> INT64 = ({0} - {1})
$-(NUMERIC, NUMERIC) -> NUMERIC = CAST({0} - {1} AS DECIMAL(38, 9))
$-(BIGNUMERIC, BIGNUMERIC) -> BIGNUMERIC = bq_big_subtract({0}, {1})
$-(FLOAT64, FLOAT64) -> FLOAT64 = bq_subtract({0}, {1})
$*(INT64, INT64) -> INT64 = ({0} * {1})
$*(NUMERIC, NUMERIC) -> NUMERIC = bq_numeric_multiply({0}, {1})
$*(BIGNUMERIC, BIGNUMERIC) -> BIGNUMERIC = bq_big_multiply({0}, {1})
$*(FLOAT64, FLOAT64) -> FLOAT64 = bq_multiply({0}, {1})
$/(FLOAT64, FLOAT64) -> FLOAT64 = bq_divide({0}, {1})
$/(NUMERIC, NUMERIC) -> NUMERIC = bq_numeric_divide({0}, {1})
$/(BIGNUMERIC, BIGNUMERIC) -> BIGNUMERIC = bq_big_divide({0}, {1})
$NEGATE(INT64) -> INT64 = (-({0}))
$NEGATE(NUMERIC) -> NUMERIC = (-({0}))
$NEGATE(BIGNUMERIC) -> BIGNUMERIC = bq_big_within(-({0}), '-(' || bq_big_text({0}) || ')')
$NEGATE(FLOAT64) -> FLOAT64 = (-({0}))
$&(INT64, INT64) -> INT64 = ({0} & {1})
$|(INT64, INT64) -> INT64 = ({0} | {1})
$^(INT64, INT64) -> INT64 = xor({0}, {1})
$~(INT64) -> INT64 = (~({0}))
$<<(INT64, INT64) -> INT64 = bq_left_shift({0}, {1})
$>>(INT64, INT64) -> INT64 = bq_right_shift({0}, {1})
BIT_COUNT(INT64) -> INT64 = CAST(bit_count({0}) AS BIGINT)
ABS(INT64) -> INT64 = bq_abs({0})
ABS(NUMERIC) -> NUMERIC = abs({0})
ABS(BIGNUMERIC) -> BIGNUMERIC = CASE WHEN {0} < CAST('0' AS BIGNUM) THEN bq_big_within(-({0}), 'ABS(' || bq_big_text({0}) || ')') ELSE {0} END
ABS(FLOAT64) -> FLOAT64 = abs({0})
SIGN(INT64) -> INT64 = CAST(sign({0}) AS BIGINT)
SIGN(NUMERIC) -> NUMERIC = CAST(sign({0}) AS DECIMAL(38, 9))
SIGN(BIGNUMERIC) -> BIGNUMERIC = CASE WHEN {0} < CAST('0' AS BIGNUM) THEN CAST('-100000000000000000000000000000000000000' AS BIGNUM) WHEN {0} > CAST('0' AS BIGNUM) THEN CAST('100000000000000000000000000000000000000' AS BIGNUM) ELSE {0} END
SIGN(FLOAT64) -> FLOAT64 = CASE WHEN isnan({0}) THEN {0} ELSE CAST(sign({0}) AS DOUBLE) END
IS_INF(FLOAT64) -> BOOL = isinf({0})
IS_NAN(FLOAT64) -> BOOL = isnan({0})
DIV(INT64, INT64) -> INT64 = bq_div({0}, {1})
DIV(NUMERIC, NUMERIC) -> NUMERIC = bq_numeric_div({0}, {1})
DIV(BIGNUMERIC, BIGNUMERIC) -> BIGNUMERIC = bq_big_div({0}, {1})
MOD(INT64, INT64) -> INT64 = bq_mod({0}, {1})
MOD(NUMERIC, NUMERIC) -> NUMERIC = bq_numeric_mod({0}, {1})
MOD(BIGNUMERIC, BIGNUMERIC) -> BIGNUMERIC = bq_big_mod({0}, {1})
IEEE_DIVIDE(FLOAT64, FLOAT64) -> FLOAT64 = ({0} / {1})
SAFE_DIVIDE(FLOAT64, FLOAT64) -> FLOAT64 = bqs_divide({0}, {1})
SAFE_DIVIDE(NUMERIC, NUMERIC) -> NUMERIC = bqs_numeric_divide({0}, {1})
SAFE_DIVIDE(BIGNUMERIC, BIGNUMERIC) -> BIGNUMERIC = bqs_big_divide({0}, {1})
SAFE_ADD(INT64, INT64) -> INT64 = TRY_CAST(CAST({0} AS HUGEINT) + {1} AS BIGINT)
SAFE_ADD(NUMERIC, NUMERIC) -> NUMERIC = TRY_CAST(CAST({0} AS DOUBLE) + {1} AS DECIMAL(38, 9)) + ({0} + {1}) - TRY_CAST(CAST({0} AS DOUBLE) + {1} AS DECIMAL(38, 9))
SAFE_ADD(BIGNUMERIC, BIGNUMERIC) -> BIGNUMERIC = bqs_big_add({0}, {1})
SAFE_ADD(FLOAT64, FLOAT64) -> FLOAT64 = bqs_add({0}, {1})
SAFE_SUBTRACT(INT64, INT64) -> INT64 = TRY_CAST(CAST({0} AS HUGEINT) - {1} AS BIGINT)
SAFE_SUBTRACT(BIGNUMERIC, BIGNUMERIC) -> BIGNUMERIC = bqs_big_subtract({0}, {1})
SAFE_SUBTRACT(FLOAT64, FLOAT64) -> FLOAT64 = bqs_subtract({0}, {1})
SAFE_MULTIPLY(INT64, INT64) -> INT64 = TRY_CAST(CAST({0} AS HUGEINT) * {1} AS BIGINT)
SAFE_MULTIPLY(NUMERIC, NUMERIC) -> NUMERIC = bqs_numeric_multiply({0}, {1})
SAFE_MULTIPLY(BIGNUMERIC, BIGNUMERIC) -> BIGNUMERIC = bqs_big_multiply({0}, {1})
SAFE_MULTIPLY(FLOAT64, FLOAT64) -> FLOAT64 = bqs_multiply({0}, {1})
SAFE_NEGATE(INT64) -> INT64 = TRY_CAST(-CAST({0} AS HUGEINT) AS BIGINT)
SAFE_NEGATE(NUMERIC) -> NUMERIC = (-({0}))
SAFE_NEGATE(BIGNUMERIC) -> BIGNUMERIC = bqs_big_within(-({0}), '')
SAFE_NEGATE(FLOAT64) -> FLOAT64 = (-({0}))
SQRT(FLOAT64) -> FLOAT64 = bq_sqrt({0})
SQRT(NUMERIC) -> NUMERIC = bq_numeric_sqrt({0})
SQRT(BIGNUMERIC) -> BIGNUMERIC = bq_big_sqrt({0})
CBRT(FLOAT64) -> FLOAT64 = CASE WHEN pow(round(cbrt({0})), 3) = {0} THEN round(cbrt({0})) ELSE cbrt({0}) END
CBRT(NUMERIC) -> NUMERIC = bq_numeric_cbrt({0})
CBRT(BIGNUMERIC) -> BIGNUMERIC = bq_big_cbrt({0})
POW(FLOAT64, FLOAT64) -> FLOAT64 = bq_pow({0}, {1})
POW(NUMERIC, NUMERIC) -> NUMERIC = bq_numeric_power({0}, {1})
POW(BIGNUMERIC, BIGNUMERIC) -> BIGNUMERIC = bq_big_power({0}, {1})
POWER(FLOAT64, FLOAT64) -> FLOAT64 = bq_pow({0}, {1})
POWER(NUMERIC, NUMERIC) -> NUMERIC = bq_numeric_power({0}, {1})
POWER(BIGNUMERIC, BIGNUMERIC) -> BIGNUMERIC = bq_big_power({0}, {1})
EXP(FLOAT64) -> FLOAT64 = bq_exp({0})
EXP(NUMERIC) -> NUMERIC = bq_numeric_exp({0})
EXP(BIGNUMERIC) -> BIGNUMERIC = bq_big_exp({0})
LN(FLOAT64) -> FLOAT64 = bq_ln({0})
LN(NUMERIC) -> NUMERIC = bq_numeric_ln({0})
LN(BIGNUMERIC) -> BIGNUMERIC = bq_big_ln({0})
LOG(FLOAT64) -> FLOAT64 = bq_ln({0})
LOG(NUMERIC) -> NUMERIC = bq_numeric_ln({0})
LOG(BIGNUMERIC) -> BIGNUMERIC = bq_big_ln({0})
LOG(FLOAT64, FLOAT64) -> FLOAT64 = bq_log({0}, {1})
LOG(NUMERIC, NUMERIC) -> NUMERIC = bq_numeric_log({0}, {1})
LOG(BIGNUMERIC, BIGNUMERIC) -> BIGNUMERIC = bq_big_log({0}, {1})
LOG10(FLOAT64) -> FLOAT64 = bq_log10({0})
LOG10(NUMERIC) -> NUMERIC = bq_numeric_log10({0})
LOG10(BIGNUMERIC) -> BIGNUMERIC = bq_big_log10({0})
CEIL(FLOAT64) -> FLOAT64 = ceil({0})
CEIL(NUMERIC) -> NUMERIC = CAST(ceil({0}) AS DECIMAL(38, 9))
CEIL(BIGNUMERIC) -> BIGNUMERIC = bq_big_ceil({0})
CEILING(FLOAT64) -> FLOAT64 = ceil({0})
CEILING(NUMERIC) -> NUMERIC = CAST(ceil({0}) AS DECIMAL(38, 9))
CEILING(BIGNUMERIC) -> BIGNUMERIC = bq_big_ceil({0})
FLOOR(FLOAT64) -> FLOAT64 = floor({0})
FLOOR(NUMERIC) -> NUMERIC = CAST(floor({0}) AS DECIMAL(38, 9))
FLOOR(BIGNUMERIC) -> BIGNUMERIC = bq_big_floor({0})
TRUNC(FLOAT64) -> FLOAT64 = trunc({0})
TRUNC(NUMERIC) -> NUMERIC = CAST(trunc({0}) AS DECIMAL(38, 9))
TRUNC(BIGNUMERIC) -> BIGNUMERIC = bq_big_trunc({0}, 0)
TRUNC(FLOAT64, INT64) -> FLOAT64 = CASE WHEN {1} < -308 AND isfinite({0}) THEN CAST(0 AS DOUBLE) WHEN isfinite({0}) THEN trunc({0}, CAST({1} AS INTEGER)) ELSE {0} END
TRUNC(NUMERIC, INT64) -> NUMERIC = bq_truncated({0}, {1})
TRUNC(BIGNUMERIC, INT64) -> BIGNUMERIC = bq_big_trunc({0}, {1})
ROUND(FLOAT64) -> FLOAT64 = round({0})
ROUND(NUMERIC) -> NUMERIC = CAST(round({0}) AS DECIMAL(38, 9))
ROUND(BIGNUMERIC) -> BIGNUMERIC = bq_big_round({0}, 0)
ROUND(FLOAT64, INT64) -> FLOAT64 = round({0}, CAST({1} AS INTEGER))
ROUND(NUMERIC, INT64) -> NUMERIC = bq_rounded({0}, {1})
ROUND(BIGNUMERIC, INT64) -> BIGNUMERIC = bq_big_round({0}, {1})
SIN(FLOAT64) -> FLOAT64 = bq_domain(sin({0}), NOT isinf({0}), {0})
COS(FLOAT64) -> FLOAT64 = bq_domain(cos({0}), NOT isinf({0}), {0})
TAN(FLOAT64) -> FLOAT64 = bq_domain(tan({0}), NOT isinf({0}), {0})
ASIN(FLOAT64) -> FLOAT64 = bq_domain(CASE WHEN abs({0}) <= 1 THEN asin({0}) END, NOT (abs({0}) > 1), {0})
ACOS(FLOAT64) -> FLOAT64 = bq_domain(CASE WHEN abs({0}) <= 1 THEN acos({0}) END, NOT (abs({0}) > 1), {0})
ATAN(FLOAT64) -> FLOAT64 = atan({0})
ATAN2(FLOAT64, FLOAT64) -> FLOAT64 = atan2({0}, {1})
SINH(FLOAT64) -> FLOAT64 = bq_finite(sinh({0}), isfinite({0}), {0})
COSH(FLOAT64) -> FLOAT64 = bq_finite(cosh({0}), isfinite({0}), {0})
TANH(FLOAT64) -> FLOAT64 = tanh({0})
ASINH(FLOAT64) -> FLOAT64 = asinh({0})
ACOSH(FLOAT64) -> FLOAT64 = bq_domain(CASE WHEN {0} < 1 THEN CAST('nan' AS DOUBLE) ELSE acosh({0}) END, NOT ({0} < 1) OR isinf({0}), {0})
ATANH(FLOAT64) -> FLOAT64 = bq_domain(CASE WHEN abs({0}) >= 1 THEN CAST('nan' AS DOUBLE) ELSE atanh({0}) END, NOT (abs({0}) >= 1) OR isinf({0}), {0})
COT(FLOAT64) -> FLOAT64 = bq_domain(CASE WHEN NOT isfinite({0}) OR {0} = 0 THEN CAST('nan' AS DOUBLE) ELSE cot({0}) END, {0} <> 0, {0})
COTH(FLOAT64) -> FLOAT64 = bq_domain(1 / tanh({0}), {0} <> 0, {0})
CSC(FLOAT64) -> FLOAT64 = bq_domain(CASE WHEN NOT isfinite({0}) OR {0} = 0 THEN CAST('nan' AS DOUBLE) ELSE 1 / sin({0}) END, {0} <> 0, {0})
CSCH(FLOAT64) -> FLOAT64 = bq_domain(1 / sinh({0}), {0} <> 0, {0})
SEC(FLOAT64) -> FLOAT64 = CASE WHEN NOT isfinite({0}) THEN CAST('nan' AS DOUBLE) ELSE 1 / cos({0}) END
SECH(FLOAT64) -> FLOAT64 = (1 / cosh({0}))
PARSE_NUMERIC(STRING) -> NUMERIC = bq_parse_numeric({0})
PARSE_BIGNUMERIC(STRING) -> BIGNUMERIC = bq_parse_bignumeric({0})
RAND() -> FLOAT64 = random()
GENERATE_UUID() -> STRING = CAST(uuid() AS VARCHAR)
RANGE_BUCKET(ORD, ARRAY<ORD>) -> INT64 = bq_bucket({0}, {1})
""")


def _extreme(call: Call) -> Value:
    """GREATEST and LEAST: NULL if any argument is, NaN likewise."""
    if not call.arguments:
        raise call.refused(f"{call.name} given no arguments, allowed: one or more")
    values = [call.value(i) for i in range(len(call.arguments))]
    kind = supertype(values)
    if kind is None or settled(kind).kind in ("ARRAY", "STRUCT", "JSON", "INTERVAL"):
        given = ", ".join(str(settled(value.type)) for value in values)
        raise call.refused(f"No matching signature for function {call.name} for argument types: {given}")
    plain = settled(kind)

    def extreme(given: Sequence[Value]) -> str:
        texts = [coerced(value, plain).sql for value in given]
        missing = " OR ".join(f"({text}) IS NULL" for text in texts)
        odd = " OR ".join(f"isnan({text})" for text in texts)
        nan = f"WHEN {odd} THEN CAST('nan' AS DOUBLE) " if kind == FLOAT64 else ""
        return f"CASE WHEN {missing} THEN NULL {nan}ELSE {call.name.lower()}({', '.join(texts)}) END"

    return call.result(once(values, extreme), plain)


def _round_mode(call: Call) -> Value:
    """ROUND of a NUMERIC with a mode told."""
    call.count(3)
    mode = call.text(2, "the rounding mode").upper()
    if mode not in ("ROUND_HALF_AWAY_FROM_ZERO", "ROUND_HALF_EVEN"):
        raise call.refused(
            f"rounding mode {mode!r} given, allowed: ROUND_HALF_AWAY_FROM_ZERO, ROUND_HALF_EVEN"
        )
    value, places = call.value(0), call.value(1, INT64)
    if value.type == BIGNUMERIC:
        macro = "bq_big_round" if mode.endswith("ZERO") else "bq_big_round_even"
        return call.result(f"{macro}({value.sql}, {places.sql})", BIGNUMERIC)
    value = call.value(0, NUMERIC)
    macro = "bq_rounded" if mode.endswith("ZERO") else "bq_rounded_even"
    return call.result(f"{macro}({value.sql}, {places.sql})", NUMERIC)


RULES: dict[str, Rule] = {"GREATEST": _extreme, "LEAST": _extreme, "ROUND/3": _round_mode}
