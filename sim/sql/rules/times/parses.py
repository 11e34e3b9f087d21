"""PARSE_DATE and its kin: a format becomes one regular expression, and what it finds a date or time."""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

import re

from sim.sql.grammar.types import DATE, DATETIME, STRING, TIME, TIMESTAMP, Type
from sim.sql.grammar.values import Value, text_sql
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.times.arithmetic import UTC, instant, zone
from sim.sql.rules.times.formats import format_pieces

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)"
_DAY = r"(?:Sun(?:day)?|Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?)"
_TWO = r"\d{1,2}"
# Element -> (what it tells, pattern); what tells nothing is only read over.
_ELEMENTS = {
    "Y": ("year", r"\d{1,4}"),
    "y": ("short_year", _TWO),
    "C": ("century", _TWO),
    "m": ("month", _TWO),
    "b": ("month_name", _MONTH),
    "B": ("month_name", _MONTH),
    "d": ("day", _TWO),
    "e": ("day", r"\s?\d{1,2}"),
    "j": ("day_of_year", r"\d{1,3}"),
    "a": ("", _DAY),
    "A": ("", _DAY),
    "u": ("", "[1-7]"),
    "w": ("", "[0-6]"),
    "H": ("hour", _TWO),
    "k": ("hour", r"\s?\d{1,2}"),
    "I": ("hour12", _TWO),
    "l": ("hour12", r"\s?\d{1,2}"),
    "M": ("minute", _TWO),
    "S": ("second", _TWO),
    "E*S": ("second", r"\d{1,2}(?:\.\d*)?"),
    "p": ("half", "[AaPp][Mm]"),
    "P": ("half", "[AaPp][Mm]"),
    "s": ("epoch", r"-?\d+"),
    "z": ("offset", r"(?:[+-]\d\d:?\d\d|[+-]\d\d|Z)"),
    "Ez": ("offset", r"(?:[+-]\d\d:?\d\d|[+-]\d\d|Z)"),
    "Z": ("zone", r"[A-Za-z][\w/+-]*|[+-]\d{1,2}(?::?\d\d)?"),
    "Q": ("quarter", "[1-4]"),
}


def _pattern(call: Call, kind: Type) -> tuple[str, list[str]]:
    """(regular expression, what its groups tell) of a format. Raises InputError for an element not known."""
    text, names = r"\s*", []
    for letters, element in format_pieces(call.text(0, "the format"), kind):
        if not element:
            if letters.startswith("%") and len(letters) > 1:
                raise call.refused(f"{call.name}: format element {letters} is not available for {kind} here")
            text += re.sub(r"(?:\\?\s)+", r"\\s*", "".join(re.escape(c) for c in letters))
            continue
        digits = re.fullmatch(r"E(\d)S", element)
        if element not in _ELEMENTS and not digits:
            raise call.refused(f"{call.name}: format element {letters} is not available here")
        name, pattern = ("second", rf"\d{{1,2}}(?:\.\d{{0,{digits[1]}}})?") if digits else _ELEMENTS[element]
        if name and name not in names:
            names.append(name)
            text += f"({pattern})"
        else:
            text += f"(?:{pattern})"
    return f"(?i){text}\\s*", names


# Years of two digits, as CAST ... FORMAT reads them: of this century, or of the half of one that is nearer.
_NOW = "CAST(timezone('UTC', get_current_timestamp()) AS DATE)"
_TEXTS = (
    "comma_year",
    "half",
    "second",
    "fraction",
    "month_name",
    "offset",
    "zone",
    "zone_hour",
    "zone_minute",
)


def _parts(names: list[str], *, now: bool = False) -> dict[str, str]:
    """Year, month, day and clock as SQL of the found struct ``p``; ``now``: years and months default to today's."""
    number = {name: f"CAST(p['{name}'] AS BIGINT)" for name in names if name not in _TEXTS}
    year = number.get("year", f"year({_NOW})" if now else "1970")
    for name, count in (("last_digit", 10), ("near_year", 100), ("last_three", 1000)):
        if name in names:
            year = f"(year({_NOW}) // {count} * {count} + {number[name]})"
    if "comma_year" in names:
        year = "CAST(replace(p['comma_year'], ',', '') AS BIGINT)"
    if "round_year" in names:
        half = f"CASE WHEN {number['round_year']} < 50 THEN 0 ELSE 1 END"
        year = f"((year({_NOW}) // 50 + 1) // 2 * 100 - 100 * ({half}) + {number['round_year']})"
    if "short_year" in names and "year" not in names:
        short = number["short_year"]
        year = f"(CASE WHEN {short} < 69 THEN 2000 ELSE 1900 END + {short})"
        if "century" in names:
            year = f"({number['century']} * 100 + {short})"
    month = number.get("month", f"month({_NOW})" if now and "day_of_year" not in names else "1")
    if "month_name" in names and "month" not in names:
        listed = ", ".join(f"'{name}'" for name in _MONTHS)
        month = f"list_position([{listed}], lower(left(p['month_name'], 3)))"
    elif "quarter" in names and "month" not in names:
        month = f"({number['quarter']} * 3 - 2)"
    hour = number.get("hour", "0")
    if "hour12" in names and "hour" not in names:
        late = "CASE WHEN lower(left(p['half'], 1)) = 'p' THEN 12 ELSE 0 END" if "half" in names else "0"
        hour = f"(CASE WHEN {number['hour12']} BETWEEN 1 AND 12 THEN {number['hour12']} % 12 + {late} ELSE 99 END)"
    second = "rtrim(p['second'], '.')" if "second" in names else "'0'"
    second += " || '.' || p['fraction']" if "fraction" in names else ""
    minute = number.get("minute", "0")
    if "second_of_day" in names:
        whole = number["second_of_day"]
        hour, minute = f"({whole} // 3600)", f"({whole} // 60 % 60)"
        second = second.replace("'0'", f"CAST({whole} % 60 AS VARCHAR)", 1)
    return {
        "year": year,
        "month": month,
        "day": number.get("day", "1"),
        "hour": f"CASE WHEN {hour} > 23 THEN 99 ELSE {hour} END",  # 24:00 is no time
        "minute": minute,
        "second": second,
    }


def _civil(names: list[str], *, now: bool = False) -> str:
    """The DATETIME of what was found, NULL if there is none such."""
    if "epoch" in names:
        return "make_timestamp(CAST(p['epoch'] AS BIGINT) * 1000000)"
    part = _parts(names, now=now)
    two = "lpad(CAST({} AS VARCHAR), 2, '0')"
    date = f"lpad(CAST({part['year']} AS VARCHAR), 4, '0') || '-' || {two.format(part['month'])} || '-' || {two.format(part['day'])}"
    second = f"CASE WHEN length(regexp_extract({part['second']}, '^\\d+')) < 2 THEN '0' ELSE '' END || {part['second']}"
    text = f"{date} || ' ' || {two.format(part['hour'])} || ':' || {two.format(part['minute'])} || ':' || {second}"
    whole = f"TRY_CAST(regexp_replace({text}, '(\\.\\d{{6}})\\d+', '\\1') AS TIMESTAMP)"
    if "day_of_year" in names and "day" not in names:
        return f"({whole} + to_days(CAST(p['day_of_year'] AS INTEGER) - 1))"
    return whole


def parsed_sql(
    value: str, kind: Type, pattern: str, names: list[str], at: str, *, safe: bool, now: bool = False
) -> str:
    """The date or time that a text has in a pattern, whose groups tell ``names``; an error if it has none."""
    named = ", ".join(text_sql(name) for name in names)
    groups = f"regexp_extract({value}, {text_sql(f'^{pattern}$')}, [{named}])" if names else "{'none': ''}"
    found = _civil(names, now=now)
    if kind == TIMESTAMP:
        found = _instant(found, names, at)
    made = f"list_transform([{groups}], lambda p: CAST({found} AS {kind.duckdb}))[1]"
    macro = "bqs_parsed" if safe else "bq_parsed"
    good = f"regexp_full_match({value}, {text_sql(pattern)})"
    return f"{macro}({value}, {good}, CASE WHEN {good} THEN {made} END, {text_sql(str(kind))})"


def _parsing(kind: Type) -> Rule:
    def rule(call: Call) -> Value:
        call.count(2, 3 if kind == TIMESTAMP else 2)
        pattern, names = _pattern(call, kind)
        at = zone(call, 2) if kind == TIMESTAMP else UTC
        sql = parsed_sql(call.value(1, STRING).sql, kind, pattern, names, at, safe=call.safe)
        return call.result(sql, kind)

    return rule


def _instant(found: str, names: list[str], at: str) -> str:
    if "epoch" in names:
        return f"timezone('UTC', {found})"
    if "offset" in names:
        return f"bq_from_local({found}, CASE WHEN upper(p['offset']) = 'Z' THEN '+00' ELSE p['offset'] END)"
    if "zone_hour" in names:
        minutes = " || ':' || p['zone_minute']" if "zone_minute" in names else ""
        return f"bq_from_local({found}, p['zone_hour']{minutes})"
    if "zone" in names:
        return f"bq_from_local({found}, p['zone'])"
    return instant(found, at)


RULES: dict[str, Rule] = {f"PARSE_{kind}": _parsing(kind) for kind in (DATE, DATETIME, TIME, TIMESTAMP)}
