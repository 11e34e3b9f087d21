"""Dates and times made: from numbers, each other, the clock, seconds since 1970; and as text."""

from __future__ import annotations

from sqlglot import exp

from sim.sql.grammar.coercion import coerced
from sim.sql.grammar.literals import time_literal
from sim.sql.grammar.types import DATE, DATETIME, INT64, JSON, STRING, TIME, TIMESTAMP, Type, array_of
from sim.sql.grammar.values import Value, settled
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.casts import cast
from sim.sql.rules.signatures import signatures
from sim.sql.rules.times.arithmetic import instant, interval_count, interval_sql, local, zone
from sim.sql.rules.times.parts import part_of

SIGNATURES = signatures(r"""
UNIX_SECONDS(TIMESTAMP) -> INT64 = CAST(floor(epoch_us({0}) / 1000000) AS BIGINT)
UNIX_MILLIS(TIMESTAMP) -> INT64 = CAST(floor(epoch_us({0}) / 1000) AS BIGINT)
UNIX_MICROS(TIMESTAMP) -> INT64 = epoch_us({0})
UNIX_DATE(DATE) -> INT64 = CAST({0} - DATE '1970-01-01' AS BIGINT)
DATE_FROM_UNIX_DATE(INT64) -> DATE = (DATE '1970-01-01' + CAST({0} AS INTEGER))
TIMESTAMP_SECONDS(INT64) -> TIMESTAMP = make_timestamptz({0} * 1000000)
TIMESTAMP_MILLIS(INT64) -> TIMESTAMP = make_timestamptz({0} * 1000)
TIMESTAMP_MICROS(INT64) -> TIMESTAMP = make_timestamptz({0})
""")
_CLOCK = "get_current_timestamp()"


def _current(kind: Type) -> Rule:
    def rule(call: Call) -> Value:
        call.count(0, 0 if kind == TIMESTAMP else 1)
        at = zone(call, 0)
        if kind == TIMESTAMP:
            return call.result(_CLOCK, TIMESTAMP)
        return call.result(f"CAST({local(_CLOCK, at)} AS {kind.duckdb})", kind)

    return rule


def _numbers(call: Call) -> list[str]:
    return [call.value(i, INT64).sql for i in range(len(call.arguments))]


def _date(call: Call) -> Value:
    """DATE(year, month, day), DATE(timestamp[, zone]), DATE(datetime)."""
    if call.count(1, 3) == 3:
        year, month, day = _numbers(call)
        macro = "bqs_make_date" if call.safe else "bq_make_date"
        return call.result(f"{macro}({year}, {month}, {day})", DATE)
    value = _time_like(call, (TIMESTAMP, DATETIME, DATE))
    if value.type != TIMESTAMP:
        _no_zone(call)
        return call.result(value.sql if value.type == DATE else f"CAST({value.sql} AS DATE)", DATE)
    return call.result(f"CAST({local(value.sql, zone(call, 1))} AS DATE)", DATE)


def _datetime(call: Call) -> Value:
    """DATETIME of six numbers, of a date and a time, of a timestamp and a zone."""
    if call.count(1, 6) == 6:
        parts = _numbers(call)
        macro = "bqs_make_datetime" if call.safe else "bq_make_datetime"
        return call.result(f"{macro}({', '.join(parts)})", DATETIME)
    call.count(1, 2)
    value = _time_like(call, (TIMESTAMP, DATETIME, DATE))
    if value.type == TIMESTAMP:
        return call.result(local(value.sql, zone(call, 1)), DATETIME)
    if value.type == DATE and len(call.arguments) == 2:
        return call.result(f"({value.sql} + {call.value(1, TIME).sql})", DATETIME)
    _no_zone(call)
    return call.result(f"CAST({value.sql} AS TIMESTAMP)", DATETIME)


def _time(call: Call) -> Value:
    """TIME of three numbers, of a timestamp and a zone, of a datetime."""
    if call.count(1, 3) == 3:
        macro = "bqs_make_time" if call.safe else "bq_make_time"
        return call.result(f"{macro}({', '.join(_numbers(call))})", TIME)
    value = _time_like(call, (TIMESTAMP, DATETIME, TIME))
    if value.type == TIMESTAMP:
        return call.result(f"CAST({local(value.sql, zone(call, 1))} AS TIME)", TIME)
    _no_zone(call)
    return call.result(f"CAST({value.sql} AS TIME)", TIME)


def _timestamp(call: Call) -> Value:
    """TIMESTAMP of a text, a date or a datetime, in a zone."""
    call.count(1, 2)
    value, at = call.value(0), zone(call, 1)
    if value.type == STRING:
        named = at[1:-1] if at.startswith("'") else None
        known = time_literal(value.literal, TIMESTAMP, named) if value.literal is not None and named else None
        macro = "bqs_timestamp_of_text_at" if call.safe else "bq_timestamp_of_text_at"
        return call.result(known or f"{macro}({value.sql}, {at})", TIMESTAMP)
    if value.type in (DATE, DATETIME):
        return call.result(instant(f"CAST({value.sql} AS TIMESTAMP)", at), TIMESTAMP)
    if value.type == TIMESTAMP or value.type.kind == "NULL":
        _no_zone(call)
        return call.result(coerced(value, TIMESTAMP).sql, TIMESTAMP)
    raise call.refused(f"No matching signature for function TIMESTAMP for argument types: {value.type}")


def _time_like(call: Call, kinds: tuple[Type, ...]) -> Value:
    """The first argument, of one of the types; texts are read as the first of them that fits."""
    value = call.value(0)
    if value.type in kinds:
        return value
    if value.type.kind == "NULL":
        return coerced(value, kinds[0])
    if value.type == STRING and value.literal is not None and call.name in ("DATE", "DATETIME"):
        wanted = kinds[0] if len(call.arguments) > 1 else DATE if call.name == "DATE" else DATETIME
        return (
            call.value(0, TIMESTAMP)
            if time_literal(value.literal, wanted) is None
            else coerced(value, wanted)
        )
    if value.type == STRING and len(call.arguments) == 1 and call.name in ("DATE", "DATETIME"):
        return cast(value, DATE if call.name == "DATE" else DATETIME)
    given = settled(value.type)
    allowed = ", ".join(str(kind) for kind in kinds)
    raise call.refused(
        f"No matching signature for function {call.name} for argument types: {given}; allowed: {allowed}"
    )


def _no_zone(call: Call) -> None:
    if len(call.arguments) > 1:
        raise call.refused(f"{call.name}: a time zone is allowed only for what it changes; leave it out")


def _string(call: Call) -> Value:
    """STRING(timestamp[, zone]) with its offset; of the others as CAST has it."""
    call.count(1, 2)
    value = call.value(0)
    if value.type == JSON:
        return call.result(
            f"bq_json_string({value.sql})".replace("bq_", "bqs_" if call.safe else "bq_"), STRING
        )
    if value.type == TIMESTAMP and len(call.arguments) == 2:
        return call.result(f"bq_timestamp_text_at({value.sql}, {zone(call, 1)})", STRING)
    _no_zone(call)
    if value.type not in (TIMESTAMP, DATETIME, DATE, TIME):
        raise call.refused(
            f"No matching signature for function STRING for argument types: {settled(value.type)}; "
            "allowed: TIMESTAMP, DATE, DATETIME, TIME, JSON; use CAST(... AS STRING)"
        )
    return call.result(cast(value, STRING).sql, STRING)


def _step(call: Call, position: int, allowed: tuple[str, ...]) -> tuple[str, str]:
    """(number, part) of an interval that a series or a bucket is made with."""
    node = call.arguments[position]
    if not isinstance(node, exp.Interval) or not isinstance(node.args.get("unit"), exp.Var):
        raise call.refused(f"{call.name} takes an INTERVAL such as INTERVAL 1 DAY here")
    return interval_count(call, node), part_of(call, node.args["unit"], allowed).name


def _series(kind: Type) -> Rule:
    """GENERATE_DATE_ARRAY and GENERATE_TIMESTAMP_ARRAY."""
    days = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
    clock = ("MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY")

    def rule(call: Call) -> Value:
        call.count(2 if kind == DATE else 3, 3)
        first, last = call.value(0, kind), call.value(1, kind)
        count, part = ("CAST(1 AS BIGINT)", "DAY")
        if len(call.arguments) == 3:
            count, part = _step(call, 2, days if kind == DATE else clock)
        step = interval_sql(count, part)
        series = f"bq_series_of({first.sql}, {last.sql}, {step}, {count})"
        return call.result(f"CAST({series} AS {kind.duckdb}[])", array_of(kind))

    return rule


def _bucket(kind: Type) -> Rule:
    """DATE_BUCKET and its kin: the start of the bucket that a value is in."""
    origin = {
        DATE: "DATE '1950-01-01'",
        DATETIME: "TIMESTAMP '1950-01-01'",
        TIMESTAMP: "TIMESTAMPTZ '1950-01-01 00:00:00+00'",
    }
    parts = (
        ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")
        if kind == DATE
        else ("MICROSECOND", "MILLISECOND", "SECOND", "MINUTE", "HOUR", "DAY")
    )

    def rule(call: Call) -> Value:
        call.count(2, 3)
        value = call.value(0, kind)
        count, part = _step(call, 1, parts)
        start = call.value(2, kind).sql if len(call.arguments) == 3 else origin[kind]
        sql = f"time_bucket({interval_sql(count, part)}, {value.sql}, {start})"
        return call.result(f"CAST({sql} AS {kind.duckdb})", kind)

    return rule


RULES: dict[str, Rule] = {
    "DATE": _date,
    "DATETIME": _datetime,
    "TIME": _time,
    "TIMESTAMP": _timestamp,
    "STRING": _string,
    "GENERATE_DATE_ARRAY": _series(DATE),
    "GENERATE_TIMESTAMP_ARRAY": _series(TIMESTAMP),
    "DATE_BUCKET": _bucket(DATE),
    "DATETIME_BUCKET": _bucket(DATETIME),
    "TIMESTAMP_BUCKET": _bucket(TIMESTAMP),
}
RULES |= {f"CURRENT_{kind}": _current(kind) for kind in (DATE, DATETIME, TIME, TIMESTAMP)}
