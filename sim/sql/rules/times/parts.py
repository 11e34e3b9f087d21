"""Parts of dates and times (YEAR, WEEK(MONDAY), HOUR ...): cutting to them, counting them, reading them."""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from sim.sql.rules.calls import Call, word

_WEEKDAYS = ("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY")
_DAYS = ("DAY", "WEEK", "ISOWEEK", "MONTH", "QUARTER", "YEAR", "ISOYEAR")
_CLOCK = {
    "MICROSECOND": 1,
    "MILLISECOND": 1000,
    "SECOND": 1_000_000,
    "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000,
}
DAY_US = 86_400_000_000
# What a type can be cut to, counted in, read as, and added.
TRUNCATED = {
    "DATE": _DAYS,
    "DATETIME": (*_CLOCK, *_DAYS),
    "TIMESTAMP": (*_CLOCK, *_DAYS),
    "TIME": tuple(_CLOCK),
}
COUNTED = TRUNCATED | {"TIMESTAMP": (*_CLOCK, "DAY")}
ADDED = {
    "DATE": ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR"),
    "DATETIME": (*_CLOCK, "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"),
    "TIMESTAMP": (*_CLOCK, "DAY"),
    "TIME": tuple(_CLOCK),
}
_READ_DATE = (*_DAYS, "DAYOFWEEK", "DAYOFYEAR")
READ = {
    "DATE": _READ_DATE,
    "DATETIME": (*_READ_DATE, *_CLOCK, "DATE", "TIME"),
    "TIMESTAMP": (*_READ_DATE, *_CLOCK, "DATE", "TIME", "DATETIME"),
    "TIME": tuple(_CLOCK),
    "INTERVAL": ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"),
}


@dataclass(frozen=True)
class Part:
    """A part; of a WEEK the day that it starts on, 0 for Sunday."""

    name: str
    start: int = 0

    @property
    def clock_us(self) -> int | None:
        """Its length in microseconds, of an HOUR and what is shorter."""
        return _CLOCK.get(self.name)


def part_of(call: Call, node: exp.Expr, allowed: tuple[str, ...]) -> Part:
    """The part that a query names. Raises InputError for one that is not allowed there."""
    name, start = word(node), 0
    if isinstance(node, exp.Anonymous) and str(node.this).upper() == "WEEK" and len(node.expressions) == 1:
        day = word(node.expressions[0])
        if day not in _WEEKDAYS:
            raise call.refused(
                f"WEEK({node.expressions[0].sql('bigquery')}) given, allowed: {', '.join(_WEEKDAYS)}"
            )
        name, start = "WEEK", _WEEKDAYS.index(day)
    if name is None or name not in allowed:
        shown = name or node.sql("bigquery")
        raise call.refused(
            f"{call.name} does not support the {shown} date part; allowed: {', '.join(allowed)}"
        )
    return Part(name, start)


def week_start(day: str, start: int) -> str:
    """The date on which the week of a date began."""
    return f"({day} - CAST((dayofweek({day}) + {7 - start}) % 7 AS INTEGER))"


def date_cut(day: str, part: Part) -> str:
    """A DATE cut to a part, as a DATE."""
    if part.name == "DAY":
        return day
    if part.name == "WEEK":
        return week_start(day, part.start)
    if part.name == "ISOWEEK":
        return week_start(day, 1)
    if part.name == "ISOYEAR":
        fourth = f"make_date(CAST(isoyear({day}) AS BIGINT), 1, 4)"
        return week_start(fourth, 1)
    return f"CAST(date_trunc('{part.name.lower()}', {day}) AS DATE)"


def datetime_cut(time: str, part: Part) -> str:
    """A DATETIME cut to a part, as a DATETIME."""
    if part.clock_us is not None:
        return f"CAST(date_trunc('{part.name.lower()}', {time}) AS TIMESTAMP)"
    return f"CAST({date_cut(f'CAST({time} AS DATE)', part)} AS TIMESTAMP)"


def date_count(later: str, earlier: str, part: Part) -> str:
    """How many boundaries of a part lie between two DATEs."""
    if part.name == "DAY":
        return f"CAST({later} - {earlier} AS BIGINT)"
    if part.name in ("WEEK", "ISOWEEK"):
        start = part.start if part.name == "WEEK" else 1
        return f"CAST(({week_start(later, start)} - {week_start(earlier, start)}) // 7 AS BIGINT)"
    if part.name == "ISOYEAR":
        return f"CAST(isoyear({later}) - isoyear({earlier}) AS BIGINT)"
    return f"date_diff('{part.name.lower()}', {earlier}, {later})"


def datetime_count(later: str, earlier: str, part: Part) -> str:
    """How many boundaries of a part lie between two DATETIMEs."""
    if part.clock_us is not None:
        return f"date_diff('{part.name.lower()}', {earlier}, {later})"
    return date_count(f"CAST({later} AS DATE)", f"CAST({earlier} AS DATE)", part)


def timestamp_count(later: str, earlier: str, part: Part) -> str:
    """How many whole parts lie between two TIMESTAMPs."""
    return f"((epoch_us({later}) - epoch_us({earlier})) // {part.clock_us or DAY_US})"


def read_part(value: str, kind: str, part: Part) -> str:
    """A part of a DATE, DATETIME, TIME or INTERVAL as a number."""
    if part.name == "WEEK":
        return f"CAST((dayofyear({value}) + 6 - (dayofweek({value}) + {7 - part.start}) % 7) // 7 AS BIGINT)"
    if kind == "INTERVAL" and part.name == "HOUR":
        return f"(CAST(epoch_us({value} - to_months(CAST(datepart('month', {value}) + 12 * datepart('year', {value}) AS INTEGER)) - to_days(CAST(datepart('day', {value}) AS INTEGER))) AS BIGINT) // 3600000000)"
    simple = {
        "DAYOFWEEK": "dayofweek({0}) + 1",
        "DAYOFYEAR": "dayofyear({0})",
        "ISOWEEK": "week({0})",
        "ISOYEAR": "isoyear({0})",
        "MILLISECOND": "millisecond({0}) % 1000",
        "MICROSECOND": "microsecond({0}) % 1000000",
    }.get(part.name, f"datepart('{part.name.lower()}', {{0}})")
    return f"CAST({simple.format(value)} AS BIGINT)"
