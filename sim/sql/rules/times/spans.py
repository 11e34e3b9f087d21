"""INTERVALs of several parts, such as '1-2 3 4:5:6.789' YEAR TO SECOND."""

from __future__ import annotations

import re

from sqlglot import exp

from sim.sql.rules.calls import Call

# Texts and limits are those of BigQuery's pages on lexical structure and on data types (INTERVAL).
_PARTS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
# Between two parts: years and months have a hyphen, those of a clock a colon.
_BETWEEN = {"MONTH": "-", "DAY": " ", "HOUR": " ", "MINUTE": ":", "SECOND": ":"}
_MOST = {"YEAR": 10_000, "MONTH": 120_000, "DAY": 3_660_000, "HOUR": 87_840_000}
_MOST |= {"MINUTE": _MOST["HOUR"] * 60, "SECOND": _MOST["HOUR"] * 3600}
_MICROS = {"HOUR": 3_600_000_000, "MINUTE": 60_000_000, "SECOND": 1_000_000}


def span_sql(call: Call, given: exp.Expr, span: exp.IntervalSpan) -> str:
    """DuckDB's interval of a text in quotes. Raises InputError for a text or parts that do not fit."""
    first, last = span.this.name.upper(), span.expression.name.upper()
    known = first in _PARTS and last in _PARTS
    if not known or _PARTS.index(first) >= _PARTS.index(last):
        raise call.refused(f"INTERVAL ... {first} TO {last} given, allowed: YEAR TO SECOND and what is in it")
    if not isinstance(given, exp.Literal) or not given.args.get("is_string"):
        raise call.refused(f"INTERVAL ... {first} TO {last} takes a text in quotes")
    parts = _PARTS[_PARTS.index(first) : _PARTS.index(last) + 1]
    found = re.fullmatch(_pattern(parts), given.name)
    if found is None:
        raise call.refused(
            f"Invalid INTERVAL value {given.name!r}; allowed: {_shown(parts)} {first} TO {last}"
        )
    return _sql(call, found)


def _pattern(parts: tuple[str, ...]) -> str:
    """The text of an interval of these parts; each run of them has a sign of its own."""
    text = ""
    for i, part in enumerate(parts):
        between = _BETWEEN[part] if i else ""
        sign = rf"(?P<{part}_sign>[+-]?)" if not i or between == " " else ""
        number = r"\d+(?:\.\d{0,6})?" if part == "SECOND" else r"\d+"
        text += f"{between}{sign}(?P<{part}>{number})"
    return text


def _shown(parts: tuple[str, ...]) -> str:
    text = "".join((_BETWEEN[part] if i else "") + part[0].lower() for i, part in enumerate(parts))
    return f"INTERVAL '{text}'"


def _sql(call: Call, found: re.Match[str]) -> str:
    sums = {"months": 0, "days": 0, "microseconds": 0}
    sign = 1
    for part in _PARTS:
        text = found.groupdict().get(part)
        if text is None:
            continue
        own = found.groupdict().get(f"{part}_sign")
        sign = sign if own is None else -1 if own == "-" else 1
        whole, _, rest = text.partition(".")
        if int(whole) > _MOST[part]:
            raise call.refused(
                f"Invalid INTERVAL value: {part} {whole} given, allowed: at most {_MOST[part]}"
            )
        if part in ("YEAR", "MONTH"):
            sums["months"] += sign * int(whole) * (12 if part == "YEAR" else 1)
        elif part == "DAY":
            sums["days"] += sign * int(whole)
        else:
            sums["microseconds"] += sign * (int(whole) * _MICROS[part] + int(rest.ljust(6, "0") or 0))
    months, days, micros = sums.values()
    return f"(to_months({months}) + to_days({days}) + to_microseconds({micros}))"
