"""BigQuery's types as users write them in flags and scripts, and those of Arrow's values."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from context.errors import InputError
from sim.sql.grammar.types import (
    BIGNUMERIC,
    BOOL,
    BYTES,
    DATE,
    DATETIME,
    FLOAT64,
    INT64,
    NUMERIC,
    STRING,
    TIME,
    TIMESTAMP,
    Type,
    array_of,
    named_type,
    struct_of,
)

_WORD = re.compile(r"\s*([A-Za-z_][A-Za-z_0-9]*|[<>,()]|\d+)\s*")
_OLDER = {"FLOAT": "FLOAT64", "RECORD": "STRUCT"}  # names that BigQuery's API still takes


def type_of(text: str) -> Type:
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


def _type(words: Sequence[str], text: str) -> tuple[Type, Sequence[str]]:
    """(the type that the words begin with, the words after it)."""
    if not words:
        raise InputError(f"type {text!r}: a type is missing")
    name = _OLDER.get(words[0].upper(), words[0].upper())
    rest = words[1:]
    if name == "ARRAY":
        element, rest = _type(_after("<", rest, text), text)
        return array_of(element), _after(">", rest, text)
    if name == "STRUCT":
        fields: list[tuple[str, Type]] = []
        rest = _after("<", rest, text)
        while rest and rest[0] != ">":
            field = rest[0]
            kind, rest = _type(rest[1:], text)
            fields.append((field, kind))
            rest = rest[1:] if rest and rest[0] == "," else rest
        return struct_of(fields), _after(">", rest, text)
    found = named_type(name)
    if rest and rest[0] == "(":  # STRING(10), NUMERIC(10, 2): the length binds no value here
        rest = rest[rest.index(")") + 1 :] if ")" in rest else ()
    return found, rest


def _after(sign: str, words: Sequence[str], text: str) -> Sequence[str]:
    if not words or words[0] != sign:
        raise InputError(f"type {text}: {sign!r} is missing")
    return words[1:]


def type_of_arrow(kind: pa.DataType) -> Type:
    """The type of a value of Arrow's. Raises InputError for one that BigQuery has none for."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return array_of(type_of_arrow(kind.value_type))
    if pa.types.is_struct(kind):
        return struct_of((field.name, type_of_arrow(field.type)) for field in kind.fields)
    if pa.types.is_timestamp(kind):
        return TIMESTAMP if kind.tz else DATETIME
    tests = (
        (pa.types.is_boolean, BOOL),
        (pa.types.is_integer, INT64),
        (pa.types.is_floating, FLOAT64),
        (pa.types.is_decimal256, BIGNUMERIC),
        (pa.types.is_decimal, NUMERIC),
        (pa.types.is_date, DATE),
        (pa.types.is_time, TIME),
        (pa.types.is_binary, BYTES),
        (pa.types.is_large_binary, BYTES),
        (pa.types.is_string, STRING),
        (pa.types.is_large_string, STRING),
        (pa.types.is_null, INT64),  # BigQuery's type of a NULL that nothing else gives one
    )
    for test, found in tests:
        if test(kind):
            return found
    raise InputError(f"a value of type {str(kind).upper()} has no type in BigQuery")
