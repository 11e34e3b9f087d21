"""FORMAT_DATE and its kin: every element of the formats; what is none for a type comes through as it is."""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

import re

from sim.sql.grammar.types import DATE, DATETIME, STRING, TIME, TIMESTAMP, Type
from sim.sql.grammar.values import Value, text_sql
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.times.arithmetic import OTHERS, local, timely, zone

_ELEMENT = re.compile(r"%(E\d+S|E\*S|E4Y|E[zZ]|.)|[^%]+|%", re.DOTALL)
# Elements that are short for others.
_SHORT = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "x": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "R": "%H:%M",
    "r": "%I:%M:%S %p",
    "T": "%H:%M:%S",
    "X": "%H:%M:%S",
    "h": "%b",
    "E4Y": "%Y",
    "n": "\n",
    "t": "\t",
}
# Elements that DuckDB's strftime has with the same meaning.
_DATES = "YmdyjaAbBGVuwUW"
_CLOCKS = "HMSIp"
# DuckDB SQL for the rest, of a DATETIME {0}.
_DATE_SQL = {
    "C": "lpad(CAST(year({0}) // 100 AS VARCHAR), 2, '0')",
    "e": "lpad(CAST(day({0}) AS VARCHAR), 2, ' ')",
    "g": "lpad(CAST(isoyear({0}) % 100 AS VARCHAR), 2, '0')",
    "J": "lpad(CAST((week({0}) - 1) * 7 + isodow({0}) AS VARCHAR), 3, '0')",
    "Q": "CAST(quarter({0}) AS VARCHAR)",
}
_CLOCK_SQL = {
    "k": "lpad(CAST(hour({0}) AS VARCHAR), 2, ' ')",
    "l": "lpad(CAST((hour({0}) + 11) % 12 + 1 AS VARCHAR), 2, ' ')",
    "P": "lower(strftime({0}, '%p'))",
    "E*S": "rtrim(rtrim(strftime({0}, '%S.%f'), '0'), '.')",
}
_ZONE_SQL = {
    "Z": "CASE WHEN {1} IN ('UTC', 'Etc/UTC', 'Z') OR {2} = 0 THEN 'UTC' ELSE 'UTC' || bq_short_offset({2}) END",
    "z": "replace(bq_long_offset({2}), ':', '')",
    "Ez": "bq_long_offset({2})",
}


def format_pieces(pattern: str, kind: Type) -> list[tuple[str, str]]:
    """(letters, element) of a format for a type, elements spelled out; letters alone have "" as element."""
    found: list[tuple[str, str]] = []
    for match in _ELEMENT.finditer(pattern):
        element = match[1] or ""
        if element in _SHORT and _fits(element, kind):
            found += format_pieces(_SHORT[element], kind)
        elif element == "%":
            found.append(("%", ""))
        elif element and _fits(element, kind):
            found.append((match[0], element))
        else:
            found.append((match[0], ""))
    return found


def _fits(element: str, kind: Type) -> bool:
    """Whether a type has what an element shows."""
    if element in ("n", "t"):
        return True
    if element in ("c", "s"):
        return kind in (DATETIME, TIMESTAMP)
    if element in ("D", "x", "F", "h", "E4Y") or element in _DATES or element in _DATE_SQL:
        return kind != TIME
    if element in ("R", "r", "T", "X") or element in _CLOCKS or element in _CLOCK_SQL:
        return kind != DATE
    if re.fullmatch(r"E\d+S", element):
        return kind != DATE
    return element in _ZONE_SQL and kind == TIMESTAMP


def _piece_sql(element: str, time: str, at: str, offset: str, epoch: str) -> str:
    if element == "s":
        return f"CAST(epoch_us({epoch}) // 1000000 AS VARCHAR)"
    if match := re.fullmatch(r"E(\d+)S", element):
        digits = int(match[1])
        cut = f"left(strftime({time}, '%f') || '{'0' * max(digits - 6, 0)}', {digits})"
        return f"strftime({time}, '%S')" + (f" || '.' || {cut}" if digits else "")
    sql = (_DATE_SQL | _CLOCK_SQL | _ZONE_SQL)[element]
    return sql.format(time, at, offset)


def format_sql(pattern: str, kind: Type, value: str, at: str = "'UTC'") -> str:
    """The text of a value in a format."""
    time = {DATE: f"CAST({value} AS TIMESTAMP)", TIME: f"(DATE '1970-01-01' + {value})"}.get(kind, value)
    time = local(value, at) if kind == TIMESTAMP else time
    offset = f"bq_offset_minutes({value}, {at})" if at != "'UTC'" else "0"
    parts, run = [], ""
    for letters, element in format_pieces(pattern, kind):
        if not element:
            run += letters.replace("%", "%%")
        elif element in _DATES or element in _CLOCKS:
            run += f"%{element}"
        else:
            parts += [_run(run, time)] if run else []
            parts.append(_piece_sql(element, time, at, offset, value if kind == TIMESTAMP else time))
            run = ""
    parts += [_run(run, time)] if run or not parts else []
    return f"CASE WHEN {value} IS NOT NULL THEN {' || '.join(parts)} END"


def _run(pattern: str, time: str) -> str:
    if "%" not in pattern.replace("%%", ""):
        return text_sql(pattern.replace("%%", "%"))
    return f"strftime({time}, {text_sql(pattern)})"


def _formatting(kind: Type) -> Rule:
    def rule(call: Call) -> Value:
        pattern = call.text(0, "the format")
        value = timely(call, 1, kind, OTHERS[kind])
        call.count(2, 3 if value.type == TIMESTAMP else 2)
        at = zone(call, 2) if value.type == TIMESTAMP else "'UTC'"
        return call.result(format_sql(pattern, value.type, value.sql, at), STRING)

    return rule


RULES: dict[str, Rule] = {f"FORMAT_{kind}": _formatting(kind) for kind in (DATE, DATETIME, TIME, TIMESTAMP)}
