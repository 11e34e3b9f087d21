"""Values in a query: the DuckDB SQL that makes them, their type in BigQuery, and what a literal says."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from sim.sql.grammar.types import BOOL, INT64, STRING, Type, array_of, struct_of

_ELEMENT = re.compile(r"\bv(\d+)\b")
JSON_READ = ":json read "  # begins the names of what paths find; no name in BigQuery has a colon
# What names its parts many times, and what is long to find out, which counts as two.
_DEEP = re.compile(rf"\bbqs?_\w+\(|\bCASE\b|\blambda\b|{JSON_READ[:5]}|{JSON_READ[5:]}")
_DEEP_MAX = 1  # such parts of a value that may be written out as often as its name
NULL = Type("NULL")  # the type of NULL before anything tells which


@dataclass(frozen=True, slots=True)
class Value:
    """One expression of a query, as DuckDB SQL that may stand in any place as it is."""

    sql: str
    type: Type
    literal: str | None = None  # the text of a literal that the query writes
    parameter: bool = False  # texts of parameters turn into dates as literals do
    node: exp.Expr | None = None

    def named(self, sql: str, kind: Type) -> Value:
        """The same part of the query as other SQL."""
        return replace(self, sql=sql, type=kind, literal=None, parameter=False)


def text_sql(text: str) -> str:
    """A text as a DuckDB literal."""
    return "'" + text.replace("'", "''") + "'"


def name_sql(name: str) -> str:
    """A name as a quoted DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def text_value(text: str, node: exp.Expr | None = None) -> Value:
    """A STRING literal."""
    if "\0" in text:  # DuckDB's literals end there
        parts = " || chr(0) || ".join(text_sql(part) for part in text.split("\0"))
        return Value(f"({parts})", STRING, text, node=node)
    return Value(text_sql(text), STRING, text, node=node)


def bool_value(truth: bool) -> Value:
    """A BOOL literal."""
    return Value("TRUE" if truth else "FALSE", BOOL)


def settled(kind: Type) -> Type:
    """The type with what is still open settled as BigQuery does: NULL is an INT64."""
    if kind.kind == "NULL":
        return INT64
    if kind.element is not None:
        return array_of(settled(kind.element))
    if kind.kind == "STRUCT":
        return struct_of((name, settled(field)) for name, field in kind.fields)
    return kind


def element_name(sql: str) -> str:
    """A name for an element of the list ``sql``, one that does not stand in it yet."""
    taken = [int(number) for number in _ELEMENT.findall(sql)]
    return f"v{max(taken, default=-1) + 1}"


def once(values: Sequence[Value], make: Callable[[Sequence[Value]], str]) -> str:
    """The SQL that ``make`` gives of values, which it may name many times each.

    Written out, what names its parts so often grows with the power of its depth: a value that has such parts
    itself is worked out beforehand, as a field of the one element of a list.
    """
    if all(len(_DEEP.findall(value.sql)) <= _DEEP_MAX for value in values):
        return make(values)
    each = element_name(" ".join(value.sql for value in values))
    fields, bound = [], []
    for i, value in enumerate(values):
        is_plain = value.literal is not None or value.parameter or value.type == NULL
        bound.append(value if is_plain else replace(value, sql=f"{each}.a{i}"))
        fields += [] if is_plain else [f"'a{i}': {value.sql}"]
    return f"list_transform([{{{', '.join(fields)}}}], lambda {each}: {make(bound)})[1]"
