"""Aggregates and window functions: their signatures, and what may stand in their brackets.

In the SQL ``{d}`` is where DISTINCT goes, ``{order}`` an ORDER BY, ``{filter}`` a condition on rows, ``{over}`` a window.
"""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

from dataclasses import dataclass

from sim.sql.grammar.coercion import coerced
from sim.sql.grammar.types import INT64, STRING, array_of, struct_of
from sim.sql.grammar.values import Value, settled
from sim.sql.rules.calls import Call
from sim.sql.rules.signatures import Signature, apply, signatures

AGGREGATES = signatures(r"""
COUNT(T) -> INT64 = count({d}{0}){filter}{over}
COUNTIF(BOOL) -> INT64 = count({d}CASE WHEN {0} THEN TRUE END){filter}{over}
SUM(INT64) -> INT64 = CAST(sum({d}{0}){filter}{over} AS BIGINT)
SUM(NUMERIC) -> NUMERIC = CAST(sum({d}{0}){filter}{over} AS DECIMAL(38, 9))
SUM(BIGNUMERIC) -> BIGNUMERIC = bq_big_within(sum({d}{0}){filter}{over}, 'SUM')
SUM(FLOAT64) -> FLOAT64 = sum({d}{0}){filter}{over}
AVG(INT64) -> FLOAT64 = avg({d}{0}){filter}{over}
AVG(NUMERIC) -> NUMERIC = bq_numeric_divide(sum({d}{0}){filter}{over}, NULLIF(CAST(count({d}{0}){filter}{over} AS DECIMAL(38, 9)), 0))
AVG(BIGNUMERIC) -> BIGNUMERIC = bq_big_divide(sum({d}{0}){filter}{over}, NULLIF(bq_big_of_count(count({d}{0}){filter}{over}), CAST('0' AS BIGNUM)))
AVG(FLOAT64) -> FLOAT64 = avg({d}{0}){filter}{over}
MIN(FLOAT64) -> FLOAT64 = CASE WHEN bool_or(isnan({0})){filter}{over} THEN CAST('nan' AS DOUBLE) ELSE min({0}){filter}{over} END
MIN(ORD) -> ORD = min({0}){filter}{over}
MAX(ORD) -> ORD = max({0}){filter}{over}
LOGICAL_AND(BOOL) -> BOOL = bool_and({0}){filter}{over}
LOGICAL_OR(BOOL) -> BOOL = bool_or({0}){filter}{over}
BIT_AND(INT64) -> INT64 = bit_and({d}{0}){filter}{over}
BIT_OR(INT64) -> INT64 = bit_or({d}{0}){filter}{over}
BIT_XOR(INT64) -> INT64 = bit_xor({d}{0}){filter}{over}
ANY_VALUE(T) -> T = any_value({0}){filter}{over}
MAX_BY(T, NUM) -> T = arg_max_null({0}, {1}){filter}{over}
MIN_BY(T, NUM) -> T = arg_min_null({0}, {1}){filter}{over}
APPROX_COUNT_DISTINCT(ORD) -> INT64 = count(DISTINCT {0}){filter}{over}
CORR(FLOAT64, FLOAT64) -> FLOAT64 = corr({0}, {1}){filter}{over}
COVAR_POP(FLOAT64, FLOAT64) -> FLOAT64 = covar_pop({0}, {1}){filter}{over}
COVAR_SAMP(FLOAT64, FLOAT64) -> FLOAT64 = covar_samp({0}, {1}){filter}{over}
STDDEV(FLOAT64) -> FLOAT64 = stddev_samp({d}{0}){filter}{over}
STDDEV_SAMP(FLOAT64) -> FLOAT64 = stddev_samp({d}{0}){filter}{over}
STDDEV_POP(FLOAT64) -> FLOAT64 = stddev_pop({d}{0}){filter}{over}
VARIANCE(FLOAT64) -> FLOAT64 = var_samp({d}{0}){filter}{over}
VAR_SAMP(FLOAT64) -> FLOAT64 = var_samp({d}{0}){filter}{over}
VAR_POP(FLOAT64) -> FLOAT64 = var_pop({d}{0}){filter}{over}
""")
# Functions that only a window has; True for those that need an ORDER BY in it.
WINDOWS = signatures(r"""
ROW_NUMBER() -> INT64 = row_number(){over}
RANK() -> INT64 = rank(){over}
DENSE_RANK() -> INT64 = dense_rank(){over}
PERCENT_RANK() -> FLOAT64 = percent_rank(){over}
CUME_DIST() -> FLOAT64 = cume_dist(){over}
NTILE(INT64) -> INT64 = ntile({0}){over}
LAG(T, INT64 = 1) -> T = lag({0}, {1}){over}
LAG(T, INT64, T) -> T = lag({0}, {1}, {2}){over}
LEAD(T, INT64 = 1) -> T = lead({0}, {1}){over}
LEAD(T, INT64, T) -> T = lead({0}, {1}, {2}){over}
FIRST_VALUE(T) -> T = first_value({0}{nulls}){over}
LAST_VALUE(T) -> T = last_value({0}{nulls}){over}
NTH_VALUE(T, INT64) -> T = nth_value({0}, {1}{nulls}){over}
PERCENTILE_CONT(FLOAT64, FLOAT64) -> FLOAT64 = quantile_cont({0}, {1}){over}
PERCENTILE_DISC(ORD, FLOAT64) -> ORD = quantile_disc({0}, {1}){over}
""")
ORDERED = (
    "RANK",
    "DENSE_RANK",
    "PERCENT_RANK",
    "CUME_DIST",
    "NTILE",
    "LAG",
    "LEAD",
    "FIRST_VALUE",
    "LAST_VALUE",
    "NTH_VALUE",
)
UNORDERED = ("PERCENTILE_CONT", "PERCENTILE_DISC")
FRAMELESS = ("ROW_NUMBER", *ORDERED[:7], *UNORDERED)
NULLS = ("FIRST_VALUE", "LAST_VALUE", "NTH_VALUE", "PERCENTILE_CONT", "PERCENTILE_DISC")
# Aggregates that take more in their brackets, each with a function below.
SPECIAL = (
    *("ARRAY_AGG", "STRING_AGG", "ARRAY_CONCAT_AGG"),
    *("APPROX_QUANTILES", "APPROX_TOP_COUNT", "APPROX_TOP_SUM"),
)
NO_DISTINCT = (
    "COUNTIF",
    "MIN_BY",
    "MAX_BY",
    "APPROX_QUANTILES",
    "APPROX_TOP_COUNT",
    "APPROX_TOP_SUM",
    "CORR",
    "COVAR_POP",
    "COVAR_SAMP",
)


@dataclass(frozen=True)
class Brackets:
    """What stands in an aggregate's brackets besides its arguments, as SQL, and the window after them."""

    distinct: bool = False
    order: str = ""
    limit: str | None = None
    ignore_nulls: bool = False
    respect_nulls: bool = False
    condition: str | None = None  # rows that count, where a PIVOT divides them
    over: str = ""
    having: str | None = None  # arg_max_null or arg_min_null
    having_value: Value | None = None


def aggregate(call: Call, values: list[Value], brackets: Brackets) -> Value:
    """The value of an aggregate. Raises InputError in BigQuery's words for what it does not take."""
    if brackets.distinct and call.name in NO_DISTINCT and call.name != "COUNTIF":
        raise call.refused(f"{call.name} does not support DISTINCT")
    if call.name in SPECIAL:
        return _special(call, values, brackets)
    for given, name in ((brackets.order, "ORDER BY"), (brackets.limit, "LIMIT")):
        if given:
            raise call.refused(
                f"{name} in arguments is not supported on {call.name}; use ARRAY_AGG or STRING_AGG"
            )
    if brackets.ignore_nulls or brackets.respect_nulls:
        raise call.refused(f"IGNORE NULLS and RESPECT NULLS are not supported on {call.name}")
    if brackets.having is not None and brackets.having_value is not None:
        if call.name != "ANY_VALUE":
            raise call.refused(
                f"HAVING MAX and HAVING MIN are not available in {call.name} here; allowed: ANY_VALUE"
            )
        value = values[0]
        inner = f"{brackets.having}({value.sql}, {brackets.having_value.sql})"
        return call.result(_complete(f"{inner}{{filter}}{{over}}", brackets), settled(value.type))
    known = AGGREGATES[call.name]
    return _completed(call, known, values, brackets)


def windowed(call: Call, values: list[Value], brackets: Brackets) -> Value:
    """The value of a function that only a window has."""
    if call.name in ("PERCENTILE_CONT", "PERCENTILE_DISC") and len(values) > 1 and values[1].literal is None:
        raise call.refused(f"{call.name}: the percentile must be a number written in the query")
    if call.name in UNORDERED and len(values) > 1 and not 0 <= float(values[1].literal or 0) <= 1:
        raise call.refused(f"{call.name}: the percentile {values[1].literal} given, allowed: 0 to 1")
    return _completed(call, WINDOWS[call.name], values, brackets)


def _completed(call: Call, known: list[Signature], values: list[Value], brackets: Brackets) -> Value:
    found = apply(call.node, call.name, known, values, inline=True)
    return call.result(_complete(found.sql, brackets), found.type)


def _complete(sql: str, brackets: Brackets, extra: str | None = None) -> str:
    conditions = [c for c in (brackets.condition, extra) if c]
    filled = {
        "{d}": "DISTINCT " if brackets.distinct else "",
        "{order}": brackets.order,
        "{filter}": f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else "",
        "{over}": brackets.over,
        "{nulls}": " IGNORE NULLS" if brackets.ignore_nulls else "",
    }
    for hole, text in filled.items():
        sql = sql.replace(hole, text)
    return sql


def _special(call: Call, values: list[Value], brackets: Brackets) -> Value:
    if call.name == "ARRAY_AGG":
        return _array_agg(call, values, brackets)
    if call.name == "STRING_AGG":
        return _string_agg(call, values, brackets)
    if call.name == "ARRAY_CONCAT_AGG":
        call.count(1)
        if values[0].type.element is None:
            raise call.refused(
                f"No matching signature for function ARRAY_CONCAT_AGG for argument types: {values[0].type}"
            )
        present = f"{values[0].sql} IS NOT NULL"
        listed = _limited(
            _complete(f"list({values[0].sql}{{order}}){{filter}}{{over}}", brackets, present), brackets
        )
        return call.result(f"flatten({listed})", settled(values[0].type))
    call.count(3 if call.name == "APPROX_TOP_SUM" else 2)
    count = values[-1].literal
    if count is None or not count.isdigit() or int(count) < 1:
        raise call.refused(f"{call.name}: the last argument must be a positive number written in the query")
    kind = settled(values[0].type)
    if call.name == "APPROX_TOP_SUM":
        return _top_sum(call, values, brackets)
    if call.name == "APPROX_QUANTILES":
        steps = ", ".join(repr(i / int(count)) for i in range(int(count) + 1))
        return call.result(
            _complete(f"quantile_disc({values[0].sql}, [{steps}]){{filter}}{{over}}", brackets),
            array_of(kind),
        )
    sql = _complete(f"bq_top(histogram({values[0].sql}){{filter}}{{over}}, {count})", brackets)
    return call.result(sql, array_of(struct_of([("value", kind), ("count", INT64)])))


def _top_sum(call: Call, values: list[Value], brackets: Brackets) -> Value:
    """The values with the greatest sums of weights; NULLs count as others do."""
    kind, weight = settled(values[0].type), settled(values[1].type)
    if not weight.is_number:
        raise call.refused(
            f"APPROX_TOP_SUM: the weight is {weight}, allowed: INT64, NUMERIC, BIGNUMERIC, FLOAT64"
        )
    if brackets.over:
        raise call.refused("APPROX_TOP_SUM cannot have an OVER clause")
    pairs = f"{{'v': {coerced(values[0], kind).sql}, 'w': {coerced(values[1], weight).sql}}}"
    made = array_of(struct_of([("value", kind), ("sum", weight)]))
    sql = _complete(f"bq_top_sum(list({pairs}){{filter}}, {values[2].literal})", brackets)
    return call.result(f"CAST({sql} AS {made.duckdb})", made)


def _limited(sql: str, brackets: Brackets) -> str:
    return f"list_slice({sql}, 1, {brackets.limit})" if brackets.limit else sql


def _array_agg(call: Call, values: list[Value], brackets: Brackets) -> Value:
    call.count(1)
    value, kind = values[0], settled(values[0].type)
    made = array_of(kind)  # refuses arrays of arrays
    present = f"{value.sql} IS NOT NULL" if brackets.ignore_nulls else None
    sql = _complete(f"list({{d}}{value.sql}{{order}}){{filter}}{{over}}", brackets, present)
    return call.result(_limited(sql, brackets), made)


def _string_agg(call: Call, values: list[Value], brackets: Brackets) -> Value:
    call.count(1, 2)
    value = values[0]
    if settled(value.type) != STRING and value.type.kind != "NULL":
        raise call.refused(
            f"No matching signature for function STRING_AGG for argument types: {value.type}; allowed: STRING; use CAST"
        )
    sql = coerced(value, STRING).sql
    between = values[1].sql if len(values) > 1 else "','"
    if len(values) > 1 and values[1].literal is None and not values[1].parameter:
        raise call.refused("STRING_AGG: the delimiter must be a text in quotes or a parameter")
    listed = _limited(
        _complete(f"list({{d}}{sql}{{order}}){{filter}}{{over}}", brackets, f"{sql} IS NOT NULL"), brackets
    )
    return call.result(f"array_to_string({listed}, {between})", STRING)
