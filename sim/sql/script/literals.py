"""BigQuery's types as texts and trees, and values of them as literals of its dialect.

Parameters and variables become literals: BigQuery turns a STRING parameter into a date or time exactly
where it does so with a literal ("Conversion rules", tables of literal and parameter coercion).
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa

from context.errors import InputError, nearest

_ALIASES = {
    "BOOLEAN": "BOOL",
    "INT": "INT64",
    "SMALLINT": "INT64",
    "INTEGER": "INT64",
    "BIGINT": "INT64",
    "TINYINT": "INT64",
    "BYTEINT": "INT64",
    "FLOAT": "FLOAT64",
    "DECIMAL": "NUMERIC",
    "BIGDECIMAL": "BIGNUMERIC",
    "RECORD": "STRUCT",
}
SCALARS = (
    *("BIGNUMERIC", "BOOL", "BYTES", "DATE", "DATETIME", "FLOAT64", "INT64", "JSON", "NUMERIC", "STRING"),
    *("TIME", "TIMESTAMP"),
)
_WORD = re.compile(r"\s*([A-Za-z_][A-Za-z_0-9]*|[<>,()]|\d+)\s*")


@dataclass(frozen=True)
class ValueType:
    """A type: one of SCALARS, ARRAY of its ``element``, STRUCT of its ``fields``, or NULL, of no type yet."""

    name: str
    element: ValueType | None = None
    fields: tuple[tuple[str, ValueType], ...] = ()

    def __str__(self) -> str:
        if self.element is not None:
            return f"ARRAY<{self.element}>"
        if self.name == "STRUCT":
            inner = ", ".join(f"{name} {kind}".strip() for name, kind in self.fields)
            return f"STRUCT<{inner}>"
        return self.name


STRING = ValueType("STRING")


def type_of(text: str) -> ValueType:
    """The type that a text such as ``ARRAY<STRUCT<a INT64, b STRING>>`` names. Raises InputError."""
    words, position = [], 0
    while position < len(text):
        match = _WORD.match(text, position)
        if match is None:
            raise InputError(f"type {text}: {text[position:].strip()!r} is not understood")
        words.append(match[1])
        position = match.end()
    found, rest = _type(words, text)
    if rest:
        raise InputError(f"type {text}: {' '.join(rest)!r} is not understood")
    return found


def _type(words: Sequence[str], text: str) -> tuple[ValueType, Sequence[str]]:
    """(the type that the words begin with, the words after it)."""
    if not words:
        raise InputError(f"type {text!r} given, allowed: {', '.join(SCALARS)}, ARRAY<...>, STRUCT<...>")
    name = _ALIASES.get(words[0].upper(), words[0].upper())
    rest = words[1:]
    if name == "ARRAY":
        element, rest = _type(_after("<", rest, text), text)
        if element.name == "ARRAY":
            raise InputError(f"type {text}: BigQuery has no arrays of arrays; put a STRUCT between them")
        return ValueType("ARRAY", element), _after(">", rest, text)
    if name == "STRUCT":
        fields: list[tuple[str, ValueType]] = []
        rest = _after("<", rest, text)
        while rest and rest[0] != ">":
            field = rest[0]
            kind, rest = _type(rest[1:], text)
            fields.append((field, kind))
            rest = rest[1:] if rest and rest[0] == "," else rest
        return ValueType("STRUCT", None, tuple(fields)), _after(">", rest, text)
    if name not in SCALARS:
        hint = nearest(name, (*SCALARS, "ARRAY", "STRUCT"))
        raise InputError(f"type {words[0]} given; {hint}")
    if rest and rest[0] == "(":  # STRING(10), NUMERIC(10, 2): the length binds no value here
        rest = rest[rest.index(")") + 1 :] if ")" in rest else ()
    return ValueType(name), rest


def _after(sign: str, words: Sequence[str], text: str) -> Sequence[str]:
    if not words or words[0] != sign:
        raise InputError(f"type {text}: {sign!r} is missing")
    return words[1:]


def type_of_arrow(kind: pa.DataType) -> ValueType:
    """The type of a column of a result. Raises InputError for an interval, which BigQuery does not store."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return ValueType("ARRAY", type_of_arrow(kind.value_type))
    if pa.types.is_struct(kind):
        fields = tuple(
            (kind.field(i).name, type_of_arrow(kind.field(i).type)) for i in range(kind.num_fields)
        )
        return ValueType("STRUCT", None, fields)
    if pa.types.is_timestamp(kind):
        return ValueType("TIMESTAMP" if kind.tz else "DATETIME")
    if pa.types.is_decimal(kind):
        whole = kind.scale == 0
        return ValueType("INT64" if whole else "NUMERIC" if kind.scale <= 9 else "BIGNUMERIC")
    tests = (
        (pa.types.is_boolean, "BOOL"),
        (pa.types.is_integer, "INT64"),
        (pa.types.is_floating, "FLOAT64"),
        (pa.types.is_date, "DATE"),
        (pa.types.is_time, "TIME"),
        (pa.types.is_binary, "BYTES"),
        (pa.types.is_large_binary, "BYTES"),
        (pa.types.is_null, "NULL"),
    )
    for test, name in tests:
        if test(kind):
            return ValueType(name)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return STRING
    raise InputError(f"a value of type {str(kind).upper()} can't be kept, allowed: {', '.join(SCALARS)}")


def literal_of(value: object, kind: ValueType) -> str:
    """A value as BigQuery writes it: a literal of that very type, a CAST of NULL where there is no value."""
    if value is None:
        return "NULL" if kind.name == "NULL" else f"CAST(NULL AS {kind})"
    if kind.element is not None and isinstance(value, Sequence):
        element = kind.element
        return f"ARRAY<{element}>[{', '.join(literal_of(item, element) for item in value)}]"
    if kind.name == "STRUCT" and isinstance(value, Mapping):
        parts = [f"{literal_of(value[name], inner)} AS `{name}`" for name, inner in kind.fields]
        return f"STRUCT({', '.join(parts)})"
    return _scalar(value, kind.name)


def _scalar(value: object, kind: str) -> str:
    if kind == "BOOL":
        return "TRUE" if value else "FALSE"
    if kind == "INT64":
        number = int(str(value))
        return str(number) if number >= 0 else f"({number})"
    if kind == "FLOAT64":
        real = float(str(value))
        if not math.isfinite(real):
            return f"CAST('{real}' AS FLOAT64)"
        return f"{real!r}" if real >= 0 else f"({real!r})"
    if kind == "BYTES" and isinstance(value, bytes):
        return f"FROM_BASE64('{base64.b64encode(value).decode()}')"
    if kind == "STRING":
        return quoted_text(str(value))
    return f"{kind} {quoted_text(_plain(value))}"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            return value.isoformat(sep=" ")
        return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=' ')}+00"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def quoted_text(text: str) -> str:
    """A text as a literal that BigQuery reads back as it was."""
    inner = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"'{inner}'"
