"""BIGNUMERICs on their way into and out of DuckDB, which holds them as whole numbers of their last digits."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any

import pyarrow as pa

from context.errors import InputError
from sim.sql.columnar.bignumerics import PLACES, decimal_of
from sim.sql.grammar.types import Type
from sim.sql.grammar.values import name_sql

_EXACT = Context(prec=100)
_LIMIT = Decimal(10) ** PLACES  # of Arrow's decimals, which have 76 digits


def leaving_sql(sql: str, columns: Sequence[tuple[str, Type]]) -> str:
    """A query with its BIGNUMERICs as texts of their last digits, which Arrow can have."""
    names = [name_sql(f"c{i}") for i in range(len(columns))]
    shown = ", ".join(
        f"CAST({name} AS {_as_text(kind)}) AS {name}" if kind.holds_big else name
        for name, (_, kind) in zip(names, columns, strict=True)
    )
    return f"SELECT {shown} FROM ({sql}) AS q({', '.join(names)})"


def _as_text(kind: Type) -> str:
    if kind.kind == "BIGNUMERIC":
        return "VARCHAR"
    if kind.element is not None:
        return f"{_as_text(kind.element)}[]"
    if kind.fields:
        parts = zip(kind.keys, kind.fields, strict=True)
        return f"STRUCT({', '.join(f'{name_sql(key)} {_as_text(field)}' for key, (_, field) in parts)})"
    return kind.duckdb


def arrived(table: pa.Table, columns: Sequence[tuple[str, Type]]) -> pa.Table:
    """The rows of such a query with decimals of 76 digits in the place of texts. Raises InputError."""
    for i, (name, kind) in enumerate(columns):
        if kind.holds_big:
            column = table.column(i)
            values = [_read(value, kind) for value in column.to_pylist()]
            table = table.set_column(i, name, pa.array(values, _arrow(column.type, kind)))
    return table


def _read(value: Any, kind: Type) -> Any:
    if value is None or not kind.holds_big:
        return value
    if kind.element is not None:
        return [_read(item, kind.element) for item in value]
    if kind.fields:
        parts = zip(kind.keys, kind.fields, strict=True)
        return {key: _read(value[key], field) for key, (_, field) in parts}
    number = decimal_of(value)
    if abs(number) >= _LIMIT:
        raise InputError(f"a BIGNUMERIC beyond 38 digits before the point: {number:.5e}; CAST it AS STRING")
    return number


def _arrow(held: pa.DataType, kind: Type) -> pa.DataType:
    if kind.kind == "BIGNUMERIC":
        return pa.decimal256(2 * PLACES, PLACES)
    if kind.element is not None:
        return pa.list_(_arrow(held.value_type, kind.element))
    if kind.fields:
        fields = zip(held.fields, kind.fields, strict=True)
        return pa.struct([field.with_type(_arrow(field.type, inner)) for field, (_, inner) in fields])
    return held


def given(value: Any, kind: Type) -> Any:
    """A value of Python's as a parameter of DuckDB's."""
    if value is None or not kind.holds_big:
        return value
    if kind.element is not None:
        return [given(item, kind.element) for item in value]
    if kind.fields:
        names = zip(value, kind.fields, strict=True)
        return {name: given(value[name], field) for name, (_, field) in names}
    return str(int(Decimal(value).scaleb(PLACES, _EXACT)))
