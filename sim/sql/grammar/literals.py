"""Literals of dates and times, as BigQuery reads them: 2026-9-1, 2026-09-01T02:03:04.5+02, with zones."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from sim.sql.grammar.types import Type

_DATE = r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{1,2}):(?P<second>\d{1,2})(?:\.(?P<part>\d{0,9}))?"
_ZONE = r"(?:(?P<zulu>[Zz])|(?P<offset>[+-]\d{1,2}(?::?\d{2})?)|\s(?P<zone>[A-Za-z][\w/+-]*(?::\d\d)?))"
_PATTERNS = {
    "DATE": re.compile(rf"{_DATE}$"),
    "TIME": re.compile(rf"{_TIME}$"),
    "DATETIME": re.compile(rf"{_DATE}(?:[ Tt]{_TIME})?$"),
    "TIMESTAMP": re.compile(rf"{_DATE}(?:[ Tt]{_TIME})?\s?{_ZONE}?$"),
}
_NAMES = {"DATE": "DATE", "TIME": "TIME", "DATETIME": "TIMESTAMP", "TIMESTAMP": "TIMESTAMPTZ"}


def time_literal(text: str, kind: Type, zone: str | None = None) -> str | None:
    """DuckDB SQL of a date or time; None if BigQuery would not read the text. ``zone`` if it has none."""
    found = _PATTERNS[kind.kind].match(text)
    if found is None:
        return None
    try:
        read = _read(found.groupdict(), zone)
        return f"{_NAMES[kind.kind]} '{_shown(read, kind.kind)}'"
    except (ValueError, OverflowError):
        return None


def _shown(read: datetime, kind: str) -> str:
    if kind == "DATE":
        return read.date().isoformat()
    if kind == "TIME":
        return read.time().isoformat()
    if kind == "DATETIME":
        return read.replace(tzinfo=None).isoformat(" ")
    return read.astimezone(UTC).replace(tzinfo=None).isoformat(" ") + "+00"


def _read(parts: dict[str, str | None], zone: str | None) -> datetime:
    whole = {name: int(parts.get(name) or 0) for name in ("hour", "minute", "second")}
    micros = int((parts.get("part") or "0").ljust(6, "0")[:6])
    leap = whole["second"] == 60  # a leap second is the first of the next minute
    clock = time(whole["hour"], whole["minute"], 59 if leap else whole["second"], 0 if leap else micros)
    day = date(int(parts.get("year") or 1970), int(parts.get("month") or 1), int(parts.get("day") or 1))
    return datetime.combine(day, clock, _zone(parts, zone)) + timedelta(seconds=leap)


def _zone(parts: dict[str, str | None], default: str | None) -> tzinfo:
    if parts.get("offset"):
        return _offset(str(parts["offset"]))
    named = parts.get("zone") or (None if parts.get("zulu") else default)
    return zone_of(named) if named else UTC


def zone_of(name: str) -> tzinfo:
    """A time zone by its name or offset. Raises ValueError for one that there is not."""
    if re.fullmatch(r"[+-]\d{1,2}(:?\d{2})?", name):
        return _offset(name)
    if fixed := re.fullmatch(r"UTC([+-]\d{1,2}(:?\d{2})?)?", name, re.IGNORECASE):
        return _offset(fixed[1]) if fixed[1] else UTC
    if name.upper() == "UTC":
        return UTC
    from context.scenario.zones import zone

    return zone(name)


def _offset(text: str) -> timezone:
    digits = text[1:].replace(":", "")
    hours, minutes = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    if hours > 14 or minutes > 59:
        raise ValueError(text)
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if text[0] == "-" else size)
