"""Rules for dates and times: parts, formats, differences, zones."""

from __future__ import annotations

import re

from sqlglot import exp

from context.errors import InputError
from sim.sql.tree import Rule, call, cast, template

_WEEKDAYS = ("SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY")
# Elements of formats that mean the same in DuckDB, after sqlglot has spelled out %F, %T and their like.
_FORMAT_SAME: tuple[str, ...] = ("Y", "m", "d", "-d", "H", "M", "S", "y", "j", "a", "A", "b", "B", "p", "I")
_FORMAT_SAME += ("f", "U", "W", "G", "V", "u", "w", "%")
_FORMAT_OTHER = {
    "E3S": "%S.%g",
    "E6S": "%S.%f",
    "E4Y": "%Y",
    "F": "%Y-%m-%d",
    "T": "%H:%M:%S",
    "R": "%H:%M",
    "D": "%m/%d/%y",
    "h": "%b",
    "n": "\n",
    "t": "\t",
}
_ELEMENT = re.compile(r"%(E[0-9*]?[A-Za-z]|-?.)")


def _extract(node: exp.Expression) -> exp.Expression:
    """Weekdays count from Sunday = 1, weeks start on Sunday unless told and the first full one is 1."""
    part, value = node.this, node.expression
    if isinstance(part, exp.WeekStart) or part.name.upper() == "WEEK":
        start = part.this.name.upper() if isinstance(part, exp.WeekStart) else "SUNDAY"
        day = f"(dayofyear($) + 6 - (dayofweek($) + {7 - _weekday(start)}) % 7) // 7"
        return template(day, value)
    simple = {
        "DAYOFWEEK": "dayofweek($) + 1",
        "ISOWEEK": "week($)",
        "MILLISECOND": "millisecond($) % 1000",
        "MICROSECOND": "microsecond($) % 1000000",
        "DATE": "CAST($ AS DATE)",
        "TIME": "CAST($ AS TIME)",
        "DATETIME": "CAST($ AS TIMESTAMP)",
    }.get(part.name.upper())
    return template(simple, value) if simple else node


def _weekday(name: str) -> int:
    if name not in _WEEKDAYS:
        raise InputError(f"WEEK({name}) given, allowed: {', '.join(_WEEKDAYS)}")
    return _WEEKDAYS.index(name)


def _time_to_text(node: exp.Expression) -> exp.Expression:
    """FORMAT_DATE, FORMAT_DATETIME, FORMAT_TIMESTAMP, FORMAT_TIME; sqlglot drops the zone."""
    value, zone = node.this, node.args.get("zone")
    if zone is not None:
        value = exp.AtTimeZone(this=cast(value.this, "TIMESTAMPTZ"), zone=zone)
    elif isinstance(value, exp.TsOrDsToTime):
        value = exp.Add(
            this=cast(exp.Literal.string("1970-01-01"), "DATE"), expression=cast(value.this, "TIME")
        )
    elif isinstance(value, exp.TsOrDsToDate):
        value = cast(value.this, "DATE")
    else:
        value = cast(value.this, "TIMESTAMP")
    pattern = node.args["format"]
    if not isinstance(pattern, exp.Literal):
        raise InputError("a format of dates and times must be a text in quotes")
    return call("strftime", value, _ELEMENT.sub(_format_element, pattern.name))


def _format_element(match: re.Match[str]) -> str:
    element = match[1]
    if element in _FORMAT_SAME:
        return match[0]
    if element in _FORMAT_OTHER:
        return _FORMAT_OTHER[element]
    allowed = ", ".join(f"%{name}" for name in sorted((*_FORMAT_SAME, *_FORMAT_OTHER), key=str.lower))
    raise InputError(f"format element %{element} is not supported here, allowed: {allowed}")


def _text_to_time(node: exp.Expression) -> exp.Expression:
    """PARSE_TIMESTAMP gives a TIMESTAMP; a default year is wanted only where the text has none."""
    pattern = node.args["format"].name
    if re.search(r"%(Y|y|E4Y)", pattern):
        node.set("default_year", None)
    if not isinstance(node, exp.StrToTime):
        return node
    zone = node.args.get("zone") or exp.Literal.string("UTC")
    node.set("zone", None)
    return exp.AtTimeZone(this=exp.Paren(this=node), zone=zone)


def _datetime(node: exp.Expression) -> exp.Expression:
    """DATETIME(timestamp, zone): sqlglot knows a zone only by its slash."""
    zone = node.args.get("expression")
    if not (isinstance(zone, exp.Literal) and zone.is_string):
        return node
    return exp.AtTimeZone(this=cast(node.this, "TIMESTAMPTZ"), zone=zone)


def _now(node: exp.Expression) -> exp.Expression:
    return exp.AtTimeZone(
        this=exp.CurrentTimestamp(), zone=node.args.get("this") or exp.Literal.string("UTC")
    )


def _whole_units(node: exp.Expression) -> exp.Expression:
    """TIMESTAMP_DIFF counts whole units, not the boundaries between them."""
    return call("date_sub", str(node.args["unit"].name).lower(), node.expression, node.this)


def _as_date(node: exp.Expression) -> exp.Expression:
    """DATE_ADD and DATE_SUB give a DATE; in DuckDB adding an interval makes a time of it."""
    return cast(exp.Paren(this=node), "DATE")


def _truncated(node: exp.Expression) -> exp.Expression:
    """DATE_TRUNC gives a DATE, also of a DATETIME or TIMESTAMP, which BigQuery would leave what they are."""
    unit = node.args.get("unit")
    return node if unit is not None and unit.name.upper() in ("HOUR", "MINUTE", "SECOND") else _as_date(node)


def _epoch(sql: str) -> Rule:
    return lambda node: template(sql, node.this)


def _from_epoch(node: exp.Expression) -> exp.Expression:
    scale = int(node.args["scale"].name) if node.args.get("scale") else 0
    micros = exp.Mul(this=exp.Paren(this=node.this), expression=exp.convert(10 ** (6 - scale)))
    return call("make_timestamptz", micros)


RULES: dict[type[exp.Expression], Rule] = {
    exp.Extract: _extract,
    exp.TimeToStr: _time_to_text,
    exp.StrToDate: _text_to_time,
    exp.StrToTime: _text_to_time,
    exp.ParseDatetime: _text_to_time,
    exp.Datetime: _datetime,
    exp.CurrentDatetime: _now,
    exp.TimestampDiff: _whole_units,
    exp.DateAdd: _as_date,
    exp.DateSub: _as_date,
    exp.DateTrunc: _truncated,
    exp.UnixSeconds: _epoch("CAST(floor(epoch_us($) / 1000000) AS BIGINT)"),
    exp.UnixMillis: _epoch("CAST(floor(epoch_us($) / 1000) AS BIGINT)"),
    exp.UnixToTime: _from_epoch,
}
