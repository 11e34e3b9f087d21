"""Dates and times: adding to them, counting between them, cutting them, reading parts of them."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from sim.sql.grammar.literals import zone_of
from sim.sql.grammar.types import DATE, DATETIME, INT64, INTERVAL, STRING, TIME, TIMESTAMP, Type
from sim.sql.grammar.values import Value, settled
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.times.parts import (
    ADDED,
    COUNTED,
    READ,
    TRUNCATED,
    Part,
    date_count,
    date_cut,
    datetime_count,
    datetime_cut,
    part_of,
    read_part,
    timestamp_count,
)
from sim.sql.rules.times.spans import span_sql

UTC = "'UTC'"
_UNITS = {
    "DAY": "to_days",
    "WEEK": "to_weeks",
    "MONTH": "to_months",
    "QUARTER": "to_quarters",
    "YEAR": "to_years",
}
_UNITS |= {
    "HOUR": "to_hours",
    "MINUTE": "to_minutes",
    "SECOND": "to_seconds",
    "MILLISECOND": "to_milliseconds",
}
_UNITS |= {"MICROSECOND": "to_microseconds"}
_WIDE = ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")


def timely(call: Call, position: int, home: Type, others: tuple[Type, ...]) -> Value:
    """An argument that is a date or time; texts and NULL become what the function is named after."""
    value = call.value(position)
    if value.type in others:
        return value
    if (
        value.type not in (STRING, home)
        and value.type.kind != "NULL"
        and not (value.type == DATE and home == DATETIME)
    ):
        allowed = ", ".join(str(kind) for kind in dict.fromkeys((home, *others)))
        raise call.refused(
            f"No matching signature for function {call.name}: argument {position + 1} is "
            f"{settled(value.type)}, allowed: {allowed}"
        )
    return call.value(position, home)


# What a function takes besides what it is named after.
OTHERS = {
    DATE: (DATE, DATETIME, TIMESTAMP),
    DATETIME: (DATETIME, TIMESTAMP),
    TIMESTAMP: (TIMESTAMP, DATETIME),
    TIME: (TIME,),
}


def interval_sql(count: str, part: str) -> str:
    """DuckDB's interval of so many parts."""
    return f"{_UNITS[part]}({count if part in _WIDE else f'CAST({count} AS INTEGER)'})"


def _moved(home: Type, sign: str) -> Rule:
    """DATE_ADD and its kin."""

    def rule(call: Call) -> Value:
        call.count(2)
        value, interval = timely(call, 0, home, OTHERS[home]), call.arguments[1]
        if not isinstance(interval, exp.Interval) or not isinstance(interval.args.get("unit"), exp.Var):
            raise call.refused(f"{call.name} takes an INTERVAL such as INTERVAL 1 DAY as second argument")
        part = part_of(call, interval.args["unit"], ADDED[value.type.kind]).name
        count = interval_count(call, interval)
        if value.type == DATE and part in ("DAY", "WEEK"):
            days = count if part == "DAY" else f"7 * {count}"
            return call.result(f"({value.sql} {sign} CAST({days} AS INTEGER))", DATE)
        moved = f"({value.sql} {sign} {interval_sql(count, part)})"
        return call.result(f"CAST({moved} AS {value.type.duckdb})", value.type)

    return rule


def interval_count(call: Call, interval: exp.Interval) -> str:
    """The number of an interval, as an INT64."""
    node = interval.this
    if isinstance(node, exp.Literal) and node.name.lstrip("-").isdigit():
        return f"CAST({node.name} AS BIGINT)"
    value = call.walker.value(node)
    if value.type != INT64 and value.type.kind != "NULL":
        raise call.refused(f"{call.name}: an INTERVAL of {settled(value.type)} given, allowed: INT64")
    return value.sql


def _counted(home: Type) -> Rule:
    """DATE_DIFF and its kin."""

    def rule(call: Call) -> Value:
        call.count(3)
        first = timely(call, 0, home, OTHERS[home])
        second = timely(call, 1, first.type, OTHERS[home])
        if home == DATE and DATETIME in (first.type, second.type) and DATE in (first.type, second.type):
            first, second = (_widened(value) for value in (first, second))
        if first.type != second.type:
            raise call.refused(
                f"No matching signature for function {call.name} for argument types: "
                f"{first.type}, {second.type}"
            )
        part = part_of(call, call.arguments[2], COUNTED[first.type.kind])
        counting: dict[Type, Callable[[str, str, Part], str]] = {
            DATE: date_count,
            DATETIME: datetime_count,
            TIMESTAMP: timestamp_count,
            TIME: datetime_count,
        }
        sql = counting[first.type](first.sql, second.sql, part)
        return call.result(sql, INT64)

    return rule


def _widened(value: Value) -> Value:
    return value if value.type == DATETIME else value.named(f"CAST({value.sql} AS TIMESTAMP)", DATETIME)


def zone(call: Call, position: int) -> str:
    """The zone of an argument, UTC if there is none. Raises InputError for one that is not known."""
    if len(call.arguments) <= position:
        return UTC
    return zone_value(call, call.arguments[position])


def zone_value(call: Call, node: exp.Expr) -> str:
    """A time zone as SQL. Raises InputError for a name that is not known."""
    value = call.walker.value(node)
    if value.type != STRING and value.type.kind != "NULL":
        raise call.refused(f"{call.name}: a time zone of {settled(value.type)} given, allowed: STRING")
    if value.literal is not None:
        try:
            zone_of(value.literal)
        except ValueError:
            raise call.refused(f"Invalid time zone: {value.literal}") from None
    return value.sql if value.type == STRING else "CAST(NULL AS VARCHAR)"


def local(value: str, at: str) -> str:
    """The DATETIME of a TIMESTAMP in a zone."""
    return f"timezone('UTC', {value})" if at == UTC else f"bq_at({value}, {at})"


def instant(value: str, at: str) -> str:
    """The TIMESTAMP of a DATETIME in a zone."""
    return f"timezone('UTC', {value})" if at == UTC else f"bq_from_local({value}, {at})"


def _truncated(home: Type) -> Rule:
    """DATE_TRUNC and its kin: the type stays."""

    def rule(call: Call) -> Value:
        value = timely(call, 0, home, OTHERS[home])
        call.count(2, 3 if value.type == TIMESTAMP else 2)
        part = part_of(call, call.arguments[1], TRUNCATED[value.type.kind])
        if value.type == DATE:
            return call.result(date_cut(value.sql, part), DATE)
        if value.type == DATETIME:
            return call.result(datetime_cut(value.sql, part), DATETIME)
        if value.type == TIME:
            return call.result(
                f"CAST(date_trunc('{part.name.lower()}', DATE '1970-01-01' + {value.sql}) AS TIME)", TIME
            )
        at = zone(call, 2)
        here = local(value.sql, at)
        if part.clock_us is not None:  # within an hour that comes twice the instant says which
            return call.result(f"({value.sql} - ({here} - {datetime_cut(here, part)}))", TIMESTAMP)
        return call.result(instant(datetime_cut(here, part), at), TIMESTAMP)

    return rule


def extract(call: Call) -> Value:
    """EXTRACT(part FROM value [AT TIME ZONE zone])."""
    part_node, node = call.arguments
    at = UTC
    if isinstance(node, exp.AtTimeZone):
        at, node = zone_value(call, node.args["zone"]), node.this
    value = call.walker.value(node)
    if value.type.kind not in READ:
        raise call.refused(f"EXTRACT from {settled(value.type)} given, allowed: {', '.join(READ)}")
    if node is not call.arguments[1] and value.type != TIMESTAMP:
        raise call.refused(f"EXTRACT from {value.type} does not support AT TIME ZONE; allowed: TIMESTAMP")
    part = part_of(call, part_node, READ[value.type.kind])
    sql = local(value.sql, at) if value.type == TIMESTAMP else value.sql
    wholes = {"DATE": DATE, "TIME": TIME, "DATETIME": DATETIME}
    if part.name in wholes:
        return call.result(f"CAST({sql} AS {wholes[part.name].duckdb})", wholes[part.name])
    return call.result(read_part(sql, value.type.kind, part), INT64)


def _last_day(call: Call) -> Value:
    call.count(1, 2)
    value = timely(call, 0, DATE, (DATE, DATETIME))
    day = value.sql if value.type == DATE else f"CAST({value.sql} AS DATE)"
    allowed = ("WEEK", "ISOWEEK", "MONTH", "QUARTER", "YEAR", "ISOYEAR")
    part = part_of(call, call.arguments[1], allowed) if len(call.arguments) > 1 else Part("MONTH")
    first = date_cut(day, part)
    if part.name in ("WEEK", "ISOWEEK"):
        return call.result(f"({first} + 6)", DATE)
    if part.name == "ISOYEAR":
        following = f"make_date(CAST(isoyear({day}) + 1 AS BIGINT), 1, 4)"
        return call.result(f"({date_cut(following, Part('ISOWEEK'))} - 1)", DATE)
    step = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[part.name]
    return call.result(f"CAST({first} + to_months({step}) AS DATE) - 1", DATE)


def interval(call: Call, node: exp.Interval) -> Value:
    """INTERVAL 3 DAY as a value of its own."""
    unit = node.args.get("unit")
    if isinstance(unit, exp.IntervalSpan):
        return Value(span_sql(call, node.this, unit), INTERVAL, node=node)
    if not isinstance(unit, exp.Var):
        raise call.refused("INTERVAL is written INTERVAL n PART, or INTERVAL 'n n' PART TO PART")
    part = part_of(call, unit, tuple(_UNITS))
    return Value(interval_sql(interval_count(call, node), part.name), INTERVAL, node=node)


RULES: dict[str, Rule] = {"LAST_DAY": _last_day}
for _home in (DATE, DATETIME, TIMESTAMP, TIME):
    RULES |= {
        f"{_home}_ADD": _moved(_home, "+"),
        f"{_home}_SUB": _moved(_home, "-"),
        f"{_home}_DIFF": _counted(_home),
        f"{_home}_TRUNC": _truncated(_home),
    }
