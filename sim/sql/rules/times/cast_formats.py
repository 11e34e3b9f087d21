"""CAST ... FORMAT of dates and times, in both directions, and of bytes: BigQuery's page on format elements.

Elements become those of FORMAT_DATE and PARSE_DATE, which have rules of their own; what those lack is SQL here.
"""

# ruff: noqa: E501 - one element a line

from __future__ import annotations

import re
from collections.abc import Callable

from sim.sql.grammar.types import BYTES, DATE, DATETIME, STRING, TIME, TIMESTAMP, Type
from sim.sql.grammar.values import Value, text_sql
from sim.sql.rules.calls import Call
from sim.sql.rules.number_formats import number_text
from sim.sql.rules.signatures import safe_sql
from sim.sql.rules.times.arithmetic import UTC, local
from sim.sql.rules.times.parses import parsed_sql

# The longest first: YYYY is no YY and YY.
_ELEMENTS = (
    *("YYYY", "Y,YYY", "YYY", "YY", "Y", "RRRR", "RR", "MONTH", "MON", "MM", "DDD", "DD", "DAY", "DY", "D"),
    *("HH24", "HH12", "HH", "MI", "SSSSS", "SS", "TZH", "TZM", "A.M.", "P.M.", "AM", "PM"),
)
_TOKEN = re.compile(
    rf'(?i:(FF[1-9])|({"|".join(map(re.escape, _ELEMENTS))}))|"((?:\\.|[^"\\])*)"|([-./,\';: ]+)'
)
_CLOCK = ("HH24", "HH12", "HH", "MI", "SSSSS", "SS", "A.M.", "P.M.", "AM", "PM")
_ZONE = ("TZH", "TZM")
_TIMES = (DATE, DATETIME, TIME, TIMESTAMP)
_TWO = "lpad(CAST({} AS VARCHAR), 2, '0')"
# Element -> DuckDB SQL of a DATETIME {0}, of which {1} is how many minutes its zone is from UTC.
_SHOWN = {
    "YYYY": "lpad(CAST(year({0}) AS VARCHAR), 4, '0')",
    "Y,YYY": "CAST(year({0}) // 1000 AS VARCHAR) || ',' || lpad(CAST(year({0}) % 1000 AS VARCHAR), 3, '0')",
    "YYY": "lpad(CAST(year({0}) % 1000 AS VARCHAR), 3, '0')",
    "YY": _TWO.format("year({0}) % 100"),
    "Y": "CAST(year({0}) % 10 AS VARCHAR)",
    "RRRR": "lpad(CAST(year({0}) AS VARCHAR), 4, '0')",
    "RR": _TWO.format("year({0}) % 100"),
    "MONTH": "strftime({0}, '%B')",
    "MON": "strftime({0}, '%b')",
    "MM": _TWO.format("month({0})"),
    "DDD": "lpad(CAST(dayofyear({0}) AS VARCHAR), 3, '0')",
    "DD": _TWO.format("day({0})"),
    "DAY": "strftime({0}, '%A')",
    "DY": "strftime({0}, '%a')",
    "D": "CAST(dayofweek({0}) + 1 AS VARCHAR)",
    "HH24": _TWO.format("hour({0})"),
    "HH12": _TWO.format("(hour({0}) + 11) % 12 + 1"),
    "HH": _TWO.format("(hour({0}) + 11) % 12 + 1"),
    "MI": _TWO.format("minute({0})"),
    "SS": _TWO.format("second({0})"),
    "SSSSS": "lpad(CAST(hour({0}) * 3600 + minute({0}) * 60 + second({0}) AS VARCHAR), 5, '0')",
    "AM": "strftime({0}, '%p')",
    "PM": "strftime({0}, '%p')",
    "A.M.": "left(strftime({0}, '%p'), 1) || '.M.'",
    "P.M.": "left(strftime({0}, '%p'), 1) || '.M.'",
    "TZH": "left(bq_long_offset({1}), 3)",
    "TZM": "right(bq_long_offset({1}), 2)",
}
_CASED = ("MONTH", "MON", "DAY", "DY", "AM", "PM", "A.M.", "P.M.")
# Element -> (what it tells, pattern), as PARSE_DATE reads them.
_READ = {
    "YYYY": ("year", r"\d{1,5}"),
    "RRRR": ("year", r"\d{1,5}"),
    "Y,YYY": ("comma_year", r"\d{1,2},\d{3}"),
    "YYY": ("last_three", r"\d{3}"),
    "Y": ("last_digit", r"\d"),
    "RR": ("round_year", r"\d{1,2}"),
    "YY": ("near_year", r"\d{1,2}"),
    "MONTH": (
        "month_name",
        r"(?:January|February|March|April|May|June|July|August|September|October|November|December)",
    ),
    "MON": ("month_name", r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"),
    "MM": ("month", r"\d{1,2}"),
    "DD": ("day", r"\d{1,2}"),
    "DDD": ("day_of_year", r"\d{1,3}"),
    "HH24": ("hour", r"\d{1,2}"),
    "HH12": ("hour12", r"\d{1,2}"),
    "HH": ("hour12", r"\d{1,2}"),
    "MI": ("minute", r"\d{1,2}"),
    "SS": ("second", r"\d{1,2}"),
    "SSSSS": ("second_of_day", r"\d{5}"),
    "AM": ("half", "[AP]M"),
    "PM": ("half", "[AP]M"),
    "A.M.": ("half", r"[AP]\.M\."),
    "P.M.": ("half", r"[AP]\.M\."),
    "TZH": ("zone_hour", r"[+-]\d{1,2}"),
    "TZM": ("zone_minute", r"\d{2}"),
}
# What may stand in a format for reading only once, or not beside each other: docs/format-elements.md, its rules.
_YEARS = ("year", "comma_year", "last_three", "near_year", "round_year", "last_digit")
_APART = (
    *((one, other) for i, one in enumerate(_YEARS) for other in _YEARS[i + 1 :]),
    *(
        ("month", "month_name"),
        ("day_of_year", "month"),
        ("day_of_year", "month_name"),
        ("day_of_year", "day"),
    ),
    *(("hour", "hour12"), ("hour", "half")),
    *(("second_of_day", part) for part in ("hour", "hour12", "minute", "second", "half")),
)
_TOGETHER = {"hour12": ("half", "A.M. or P.M."), "half": ("hour12", "HH12 or HH")}
_BYTES_TEXT = {
    "HEX": "lower(hex({}))",
    "BASE16": "lower(hex({}))",
    "BASE64": "to_base64({})",
    "UTF-8": "bq_text_of_bytes({})",
    "UTF8": "bq_text_of_bytes({})",
    "ASCII": "bq_ascii_of_bytes({})",
}
_TEXT_BYTES = {
    "HEX": "bq_from_hex({})",
    "BASE16": "bq_from_hex({})",
    "BASE64": "bq_from_base64({})",
    "UTF-8": "encode({})",
    "UTF8": "encode({})",
    "ASCII": "bq_bytes_of_ascii({})",
}


def format_cast(call: Call, value: Value, to: Type, pattern: str, at: str | None) -> Value:
    """CAST(value AS to FORMAT pattern [AT TIME ZONE at]); ``at`` as SQL. Raises InputError."""
    pair = (value.type, to)
    if value.type in _TIMES and to == STRING:
        return call.result(_text_of(call, value, pattern, at), STRING)
    if value.type == STRING and to in _TIMES:
        return call.result(_time_of(call, value, to, pattern, at), to)
    if pair in ((BYTES, STRING), (STRING, BYTES)):
        return call.result(_recoded(call, value, pattern), to)
    if to == STRING and value.type.is_number:
        return number_text(call, value, pattern)
    if value.type == STRING and to.is_number:
        raise call.refused(
            f"CAST from STRING to {to} takes no FORMAT; use PARSE_NUMERIC, or REPLACE and CAST"
        )
    raise call.refused(
        f"CAST from {value.type} to {to} takes no FORMAT; allowed: dates, times and BYTES AS STRING and "
        "back, numbers AS STRING"
    )


def _recoded(call: Call, value: Value, pattern: str) -> str:
    known = _BYTES_TEXT if value.type == BYTES else _TEXT_BYTES
    if pattern.upper() not in known:
        raise call.refused(f"FORMAT {pattern!r} is not available here for BYTES; allowed: {', '.join(known)}")
    sql = known[pattern.upper()].format(value.sql)
    return safe_sql(sql) if call.safe else sql


def _pieces(call: Call, pattern: str, kind: Type) -> list[tuple[str, str]]:
    """(element in capitals, as written) of a format, ("", text) for what stands for itself. Raises InputError."""
    found, position = [], 0
    while position < len(pattern):
        match = _TOKEN.match(pattern, position)
        if match is None:
            raise call.refused(
                f"Format element {pattern[position:]!r} is not available here; allowed: {', '.join(_ELEMENTS)}, FF1 to FF9"
            )
        fraction, element, quoted, plain = match.groups()
        name = (fraction or element or "").upper()
        clock = bool(fraction) or name in _CLOCK
        if name and (
            (kind == DATE and clock) or (kind == TIME and not clock) or (kind != TIMESTAMP and name in _ZONE)
        ):
            raise call.refused(f"Format element {name} does not fit {kind}")
        text = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain
        found.append((name, match[0]) if name else ("", text))
        position = match.end()
    return found


def _text_of(call: Call, value: Value, pattern: str, at: str | None) -> str:
    if at is not None and value.type != TIMESTAMP:
        raise call.refused(f"AT TIME ZONE is allowed for TIMESTAMP, given: {value.type}")
    zone = at or UTC
    time = {DATE: f"CAST({value.sql} AS TIMESTAMP)", TIME: f"(DATE '1970-01-01' + {value.sql})"}.get(
        value.type, value.sql
    )
    time = local(value.sql, zone) if value.type == TIMESTAMP else time
    minutes = f"bq_offset_minutes({value.sql}, {zone})" if value.type == TIMESTAMP and zone != UTC else "0"
    parts = ["''"]
    for name, written in _pieces(call, pattern, value.type):
        if not name:
            parts.append(text_sql(written))
        elif name.startswith("FF"):
            parts.append(f"left(strftime({time}, '%f') || '000', {name[2]})")
        else:
            shown = _SHOWN[name].format(time, minutes)
            parts.append(_cased(written)(shown) if name in _CASED else shown)
    return f"CASE WHEN {value.sql} IS NOT NULL THEN {' || '.join(parts)} END"


def _cased(written: str) -> Callable[[str], str]:
    """MONTH in capitals, Month as names are written, month in small letters."""
    letters = written.replace(".", "")
    if letters.isupper() or (letters[0].isupper() and len(letters) > 1 and letters[1].isupper()):
        return lambda sql: f"upper({sql})"
    return (lambda sql: f"lower({sql})") if letters.islower() else (lambda sql: sql)


def _time_of(call: Call, value: Value, to: Type, pattern: str, at: str | None) -> str:
    if at is not None and to != TIMESTAMP:
        raise call.refused(f"AT TIME ZONE is allowed for TIMESTAMP, given: {to}")
    text, names = r"\s*", []
    for name, written in _pieces(call, pattern, to):
        if not name:
            text += re.sub(r"(?:\\?\s)+", r"\\s+", "".join(re.escape(letter) for letter in written))
            continue
        tells, expression = (
            ("fraction", rf"\d{{1,{name[2]}}}") if name.startswith("FF") else _READ.get(name, ("", ""))
        )
        if not tells:
            raise call.refused(
                f"Format element {name} is not available here for reading; allowed: {', '.join(_READ)}, FF1 to FF9"
            )
        if tells in names:
            raise call.refused(f"Format element {name} stands beside another that tells the same")
        names.append(tells)
        text += f"({expression})"
    _check_together(call, names)
    return parsed_sql(value.sql, to, f"(?i){text}\\s*", names, at or UTC, safe=call.safe, now=True)


def _check_together(call: Call, names: list[str]) -> None:
    """Raise InputError for elements that may not stand in one format, or not without another."""
    for one, other in _APART:
        if one in names and other in names:
            elements = [name for part in (one, other) for name, (tells, _) in _READ.items() if tells == part]
            raise call.refused(f"Format elements {elements[0]} and {elements[-1]} cannot stand in one format")
    for name, (other, shown) in _TOGETHER.items():
        if name in names and other not in names:
            element = next(key for key, (tells, _) in _READ.items() if tells == name)
            raise call.refused(f"Format element {element} needs {shown} beside it")
