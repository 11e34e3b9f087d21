"""Query parameters in the form of BigQuery's command line, ``name:TYPE:value``.

No name makes a positional parameter, no type a STRING; the value NULL is no value, unless it stands in an
array or a record, where JSON's null is. A file of that name holds a JSON list as BigQuery's API has it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

from context.documents import read_json
from context.errors import InputError
from context.files import typed_path
from context.scenario.zones import zone as zone_of
from sim.sql.grammar.types import NUMERIC, STRING, Type
from sim.sql.script.written_types import type_of, type_of_arrow

_INT64 = range(-(2**63), 2**63)
_DATE = r"(\d{4})-(\d{1,2})-(\d{1,2})"
_TIME = r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6}))?"
_INSTANT = re.compile(
    rf"{_DATE}(?:[ Tt]{_TIME})?\s*(Z|z|[+-]\d{{1,2}}(?::\d\d)?|[A-Za-z_]+(?:/[A-Za-z_+\-0-9]+)*)?"
)
_EXAMPLES = {
    "BOOL": "true or false",
    "INT64": "a whole number between -9223372036854775808 and 9223372036854775807",
    "FLOAT64": "a number, or NaN, inf, -inf",
    "NUMERIC": "a number with at most 29 digits before the point and 9 after it",
    "BIGNUMERIC": "a number with at most 38 digits before the point and 38 after it",
    "BYTES": "bytes in base64",
    "DATE": "a date such as 2026-09-01",
    "TIME": "a time such as 10:30:00",
    "DATETIME": "a date and time such as 2026-09-01 10:30:00",
    "TIMESTAMP": "an instant such as 2026-09-01 10:30:00+00, 2026-09-01T10:30:00Z, "
    "2026-09-01 10:30:00 America/Detroit",
    "JSON": "JSON text",
}


@dataclass(frozen=True)
class QueryParameter:
    """One parameter: ``name`` is empty for a positional one."""

    name: str
    kind: Type
    value: Any


def parameters_of(given: Iterable[str]) -> list[QueryParameter]:
    """The parameters that flags give. Raises InputError: for a form, type or value that is not allowed."""
    found: list[QueryParameter] = []
    for text in given:
        path = typed_path(text)
        if ":" not in text and path.is_file():
            found += _from_file(path)
            continue
        name, colon, rest = text.partition(":")
        try:
            kind, second, value = _typed(rest)
        except InputError as error:
            raise InputError(f"--parameter {name}: {error}") from None
        if not colon or not second:
            raise InputError(
                f"--parameter {text}: allowed: name:TYPE:value, name::value for a STRING, :TYPE:value "
                "without a name, or a file with a JSON list"
            )
        where = f"--parameter {name or f'number {len(found) + 1}'}"
        found.append(_checked(where, name, kind, None if value == "NULL" else value))
    return _sorted_out(found)


def parameters_from(given: Mapping[str, object] | Sequence[object] | None) -> list[QueryParameter]:
    """Python's values as parameters: of a mapping named ones, of a sequence positional ones.

    Types are those of the values: int INT64, float FLOAT64, Decimal NUMERIC, str STRING, datetime with a zone
    TIMESTAMP and without one DATETIME, list ARRAY, dict STRUCT. Raises InputError for any other value.
    """
    if given is None:
        return []
    pairs = given.items() if isinstance(given, Mapping) else (("", value) for value in given)
    return _sorted_out(
        [value if isinstance(value, QueryParameter) else _guessed(name, value) for name, value in pairs]
    )


def _guessed(name: str, value: object) -> QueryParameter:
    import pyarrow as pa

    try:
        kind = type_of_arrow(pa.scalar(value).type)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        raise InputError(
            f"parameter {name or 'without a name'}: {value!r} given, allowed: numbers, texts, dates, times, "
            "bytes, lists and dicts of them"
        ) from None
    return QueryParameter(name, NUMERIC if isinstance(value, Decimal) else kind, value)


def _sorted_out(found: list[QueryParameter]) -> list[QueryParameter]:
    named = [item.name.lower() for item in found if item.name]
    if named and len(named) < len(found):
        raise InputError("parameters: named and positional ones given, allowed: the one kind or the other")
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InputError(f"parameters: {', '.join(twice)} given twice")
    return found


def _typed(rest: str) -> tuple[Type, str, str]:
    """(type, the colon after it, the value)."""
    kind, colon, value = rest.partition(":")  # no type holds a colon
    return type_of(kind.strip() or "STRING") if colon else STRING, colon, value


def _from_file(path: Path) -> list[QueryParameter]:
    try:
        found = read_json(path)
        items = found if isinstance(found, list) else [found]
        return [
            _checked(
                f"{path}: parameter {item.get('name') or position}",
                str(item.get("name") or ""),
                type_of(_api_type(item["parameterType"])),
                _api_value(item["parameterValue"]),
            )
            for position, item in enumerate(items, 1)
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            f"{path}: allowed: a JSON list of objects with name, parameterType and parameterValue"
        ) from None


def _api_type(given: dict[str, Any]) -> str:
    if given["type"].upper() == "ARRAY":
        return f"ARRAY<{_api_type(given['arrayType'])}>"
    if given["type"].upper() == "STRUCT":
        fields = ", ".join(f"{field['name']} {_api_type(field['type'])}" for field in given["structTypes"])
        return f"STRUCT<{fields}>"
    return str(given["type"])


def _api_value(given: dict[str, Any]) -> Any:
    if "arrayValues" in given:
        return [_api_value(value) for value in given["arrayValues"]]
    if "structValues" in given:
        return {name: _api_value(value) for name, value in given["structValues"].items()}
    return given.get("value")


def _checked(where: str, name: str, kind: Type, given: Any) -> QueryParameter:
    if name and not re.fullmatch(r"[A-Za-z_][A-Za-z_0-9]*", name):
        raise InputError(f"{where}: allowed in a name: letters, digits and _, not beginning with a digit")
    return QueryParameter(name, kind, _value(where, kind, given))


def _value(where: str, kind: Type, given: Any) -> Any:
    """Python's value of what was given for a type: a text, or what JSON has."""
    if given is None:
        return None
    if kind.element is not None:
        items = _from_json(where, kind, given, list, '["a", "b"]')
        return [_value(where, kind.element, item) for item in items]
    if kind.kind == "STRUCT":
        record = _from_json(where, kind, given, dict, '{"a": 1}')
        names = [name for name, _ in kind.fields]
        odd = sorted(set(record) ^ set(names))
        if odd:
            raise InputError(f"{where}: field {odd[0]} given or missing, allowed: {', '.join(names)}")
        return {name: _value(where, inner, record[name]) for name, inner in kind.fields}
    text = given if isinstance(given, str) else json.dumps(given)
    try:
        return _READERS[kind.kind](text.strip() if kind.kind != "STRING" else text)
    except (ValueError, InvalidOperation, binascii.Error, InputError, OverflowError):
        shown = text if len(text) <= 60 else text[:57] + "..."
        raise InputError(f"{where}: {shown!r} given, allowed for {kind}: {_EXAMPLES[kind.kind]}") from None


def _from_json(where: str, kind: Type, given: Any, shape: type, example: str) -> Any:
    """A list or dict, as it is or as JSON text."""
    try:
        found = json.loads(given) if isinstance(given, str) else given
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, shape):
        raise InputError(f"{where}: allowed for {kind}: JSON such as {example}")
    return found


def _bool(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else _no()


def _no() -> NoReturn:
    raise ValueError


def _int64(text: str) -> int:
    if not re.fullmatch(r"[+-]?(\d+|0[xX][0-9A-Fa-f]+)", text):
        _no()
    number = int(text, 16) if "x" in text.lower() else int(text)
    return number if number in _INT64 else _no()


def _float64(text: str) -> float:
    number = float(text)  # reads inf, infinity and nan as BigQuery does
    return number if "_" not in text and (abs(number) != float("inf") or "inf" in text.lower()) else _no()


def _numeric(whole: int, after: int) -> Any:
    def read(text: str) -> Decimal:
        number = Decimal(text)
        exponent = number.as_tuple().exponent
        fits = number.is_finite() and abs(number) < Decimal(10) ** whole
        return number if fits and isinstance(exponent, int) and -exponent <= after else _no()

    return read


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _date(text: str) -> date:
    match = re.fullmatch(_DATE, text)
    return date(*map(int, match.groups())) if match else _no()


def _time(text: str) -> time:
    match = re.fullmatch(_TIME, text)
    return _clock(match.groups()) if match else _no()


def _clock(parts: Sequence[str | None]) -> time:
    hour, minute, second, fraction = parts
    return time(int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "0").ljust(6, "0")))


def _instant(text: str) -> tuple[datetime, str | None]:
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(text)
    parts = match.groups()
    day = date(int(parts[0]), int(parts[1]), int(parts[2]))
    return datetime.combine(day, _clock(parts[3:7])), parts[7]


def _datetime(text: str) -> datetime:
    moment, zone = _instant(text)
    return moment if zone is None else _no()


def _timestamp(text: str) -> datetime:
    moment, zone = _instant(text)
    if zone is None or zone.upper() in ("Z", "UTC"):
        return moment.replace(tzinfo=UTC)
    if zone[0] in "+-":
        hours, _, minutes = zone[1:].partition(":")
        return datetime.fromisoformat(
            f"{moment.isoformat()}{zone[0]}{hours:0>2}:{minutes or '00'}"
        ).astimezone(UTC)
    return moment.replace(tzinfo=zone_of(zone)).astimezone(UTC)


def _json(text: str) -> str:
    json.loads(text)
    return text


_READERS: dict[str, Any] = {
    "BOOL": _bool,
    "INT64": _int64,
    "FLOAT64": _float64,
    "NUMERIC": _numeric(29, 9),
    "BIGNUMERIC": _numeric(38, 38),
    "STRING": str,
    "BYTES": _bytes,
    "DATE": _date,
    "TIME": _time,
    "DATETIME": _datetime,
    "TIMESTAMP": _timestamp,
    "JSON": _json,
}
