"""Numbers: arithmetic with BigQuery's result types, its errors where DuckDB gives infinity, its roundings."""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

from collections.abc import Sequence

from sim.sql.grammar.coercion import coerced, supertype
from sim.sql.grammar.types import FLOAT64, INT64, NUMERIC
from sim.sql.grammar.values import Value, once, settled
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.signatures import signatures

SIGNATURES = signatures(r"""
$+(INT64, INT64) -> INT64 = ({0} + {1})
$+(NUMERIC, NUMERIC) -> NUMERIC = CAST({0} + {1} AS DECIMAL(38, 9))
$+(FLOAT64, FLOAT64) -> FLOAT64 = bq_add({0}, {1})
$-(INT64, INT64) -> INT64 = ({0} - {1})
$-(NUMERIC, NUMERIC) -> NUMERIC = CAST({0} - {1} AS DECIMAL(38, 9))
$-(FLOAT64, FLOAT64) -> FLOAT64 = bq_subtract({0}, {1})
$*(INT64, INT64) -> INT64 = ({0} * {1})
$*(NUMERIC, NUMERIC) -> NUMERIC = bq_numeric_multiply({0}, {1})
$*(FLOAT64, FLOAT64) -> FLOAT64 = bq_multiply({0}, {1})
$/(FLOAT64, FLOAT64) -> FLOAT64 = bq_divide({0}, {1})
$/(NUMERIC, NUMERIC) -> NUMERIC = bq_numeric_divide({0}, {1})
$NEGATE(INT64) -> INT64 = (-({0}))
$NEGATE(NUMERIC) -> NUMERIC = (-({0}))
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
ABS(FLOAT64) -> FLOAT64 = abs({0})
SIGN(INT64) -> INT64 = CAST(sign({0}) AS BIGINT)
SIGN(NUMERIC) -> NUMERIC = CAST(sign({0}) AS DECIMAL(38, 9))
SIGN(FLOAT64) -> FLOAT64 = CASE WHEN isnan({0}) THEN {0} ELSE CAST(sign({0}) AS DOUBLE) END
IS_INF(FLOAT64) -> BOOL = isinf({0})
IS_NAN(FLOAT64) -> BOOL = isnan({0})
DIV(INT64, INT64) -> INT64 = bq_div({0}, {1})
DIV(NUMERIC, NUMERIC) -> NUMERIC = bq_numeric_div({0}, {1})
MOD(INT64, INT64) -> INT64 = bq_mod({0}, {1})
MOD(NUMERIC, NUMERIC) -> NUMERIC = bq_numeric_mod({0}, {1})
IEEE_DIVIDE(FLOAT64, FLOAT64) -> FLOAT64 = ({0} / {1})
SAFE_DIVIDE(FLOAT64, FLOAT64) -> FLOAT64 = bqs_divide({0}, {1})
SAFE_DIVIDE(NUMERIC, NUMERIC) -> NUMERIC = bqs_numeric_divide({0}, {1})
SAFE_ADD(INT64, INT64) -> INT64 = TRY_CAST(CAST({0} AS HUGEINT) + {1} AS BIGINT)
SAFE_ADD(NUMERIC, NUMERIC) -> NUMERIC = TRY_CAST(CAST({0} AS DOUBLE) + {1} AS DECIMAL(38, 9)) + ({0} + {1}) - TRY_CAST(CAST({0} AS DOUBLE) + {1} AS DECIMAL(38, 9))
SAFE_ADD(FLOAT64, FLOAT64) -> FLOAT64 = bqs_add({0}, {1})
SAFE_SUBTRACT(INT64, INT64) -> INT64 = TRY_CAST(CAST({0} AS HUGEINT) - {1} AS BIGINT)
SAFE_SUBTRACT(FLOAT64, FLOAT64) -> FLOAT64 = bqs_subtract({0}, {1})
SAFE_MULTIPLY(INT64, INT64) -> INT64 = TRY_CAST(CAST({0} AS HUGEINT) * {1} AS BIGINT)
SAFE_MULTIPLY(NUMERIC, NUMERIC) -> NUMERIC = bqs_numeric_multiply({0}, {1})
SAFE_MULTIPLY(FLOAT64, FLOAT64) -> FLOAT64 = bqs_multiply({0}, {1})
SAFE_NEGATE(INT64) -> INT64 = TRY_CAST(-CAST({0} AS HUGEINT) AS BIGINT)
SAFE_NEGATE(NUMERIC) -> NUMERIC = (-({0}))
SAFE_NEGATE(FLOAT64) -> FLOAT64 = (-({0}))
SQRT(FLOAT64) -> FLOAT64 = bq_sqrt({0})
CBRT(FLOAT64) -> FLOAT64 = CASE WHEN pow(round(cbrt({0})), 3) = {0} THEN round(cbrt({0})) ELSE cbrt({0}) END
POW(FLOAT64, FLOAT64) -> FLOAT64 = bq_pow({0}, {1})
POW(NUMERIC, NUMERIC) -> NUMERIC = bq_numeric_of_float(bq_pow(CAST({0} AS DOUBLE), CAST({1} AS DOUBLE)))
POWER(FLOAT64, FLOAT64) -> FLOAT64 = bq_pow({0}, {1})
POWER(NUMERIC, NUMERIC) -> NUMERIC = bq_numeric_of_float(bq_pow(CAST({0} AS DOUBLE), CAST({1} AS DOUBLE)))
EXP(FLOAT64) -> FLOAT64 = bq_exp({0})
LN(FLOAT64) -> FLOAT64 = bq_ln({0})
LOG(FLOAT64) -> FLOAT64 = bq_ln({0})
LOG(FLOAT64, FLOAT64) -> FLOAT64 = bq_log({0}, {1})
LOG10(FLOAT64) -> FLOAT64 = bq_log10({0})
CEIL(FLOAT64) -> FLOAT64 = ceil({0})
CEIL(NUMERIC) -> NUMERIC = CAST(ceil({0}) AS DECIMAL(38, 9))
CEILING(FLOAT64) -> FLOAT64 = ceil({0})
CEILING(NUMERIC) -> NUMERIC = CAST(ceil({0}) AS DECIMAL(38, 9))
FLOOR(FLOAT64) -> FLOAT64 = floor({0})
FLOOR(NUMERIC) -> NUMERIC = CAST(floor({0}) AS DECIMAL(38, 9))
TRUNC(FLOAT64) -> FLOAT64 = trunc({0})
TRUNC(NUMERIC) -> NUMERIC = CAST(trunc({0}) AS DECIMAL(38, 9))
TRUNC(FLOAT64, INT64) -> FLOAT64 = CASE WHEN {1} < -308 AND isfinite({0}) THEN CAST(0 AS DOUBLE) WHEN isfinite({0}) THEN trunc({0}, CAST({1} AS INTEGER)) ELSE {0} END
TRUNC(NUMERIC, INT64) -> NUMERIC = bq_truncated({0}, {1})
ROUND(FLOAT64) -> FLOAT64 = round({0})
ROUND(NUMERIC) -> NUMERIC = CAST(round({0}) AS DECIMAL(38, 9))
ROUND(FLOAT64, INT64) -> FLOAT64 = round({0}, CAST({1} AS INTEGER))
ROUND(NUMERIC, INT64) -> NUMERIC = bq_rounded({0}, {1})
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
    value, places = call.value(0, NUMERIC), call.value(1, INT64)
    macro = "bq_rounded" if mode.endswith("ZERO") else "bq_rounded_even"
    return call.result(f"{macro}({value.sql}, {places.sql})", NUMERIC)


RULES: dict[str, Rule] = {"GREATEST": _extreme, "LEAST": _extreme, "ROUND/3": _round_mode}
