"""What turns into what without being asked, as BigQuery's conversion rules have it.

INT64 into NUMERIC, BIGNUMERIC and FLOAT64, NUMERIC into BIGNUMERIC and FLOAT64, BIGNUMERIC into FLOAT64,
DATE into DATETIME; of literals also texts into dates and times, and FLOAT64 into NUMERIC and BIGNUMERIC.
Nothing else does.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from sim.sql.grammar.literals import time_literal
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import BIGNUMERIC, FLOAT64, INT64, NUMERIC, Type, array_of, struct_of
from sim.sql.grammar.values import NULL, Value, element_name, name_sql, settled, text_sql

_WIDER = {
    ("INT64", "NUMERIC"): 1,
    ("INT64", "FLOAT64"): 1,
    ("NUMERIC", "FLOAT64"): 1,
    ("INT64", "BIGNUMERIC"): 1,
    ("NUMERIC", "BIGNUMERIC"): 1,
    ("BIGNUMERIC", "FLOAT64"): 1,
    ("DATE", "DATETIME"): 1,
}
# What is no cast of DuckDB's: a BIGNUMERIC is kept in units of its 38th digit after the point.
BIG_CASTS = {
    ("INT64", "BIGNUMERIC"): f"CAST(CAST({{}} AS VARCHAR) || '{'0' * 38}' AS BIGNUM)",
    ("NUMERIC", "BIGNUMERIC"): "bq_big_of_numeric({})",
    ("BIGNUMERIC", "FLOAT64"): "fn_big_float(CAST({} AS VARCHAR))",
}
_TIMES = ("DATE", "DATETIME", "TIME", "TIMESTAMP")
_EXACT = Context(prec=400)


def distance(value: Value, to: Type) -> int | None:
    """How far a value's type is from another, 0 for the same; None if it does not turn into it unasked."""
    if value.type == to:
        return 0
    if value.type.kind == "STRING" and (value.literal is not None or value.parameter) and to.kind in _TIMES:
        return 4
    if value.type.kind == "FLOAT64" and value.literal is not None and to.kind in ("NUMERIC", "BIGNUMERIC"):
        return 4
    return _steps(value.type, to)


def _steps(kind: Type, to: Type) -> int | None:
    if kind == to or kind.kind == "NULL":
        return 0 if kind == to else 1
    if kind.element is not None and to.element is not None:
        return 1 if kind.element.kind == "NULL" or _opens(kind.element, to.element) else None
    if kind.kind == to.kind == "STRUCT" and len(kind.fields) == len(to.fields):
        steps = [_steps(one, other) for (_, one), (_, other) in zip(kind.fields, to.fields, strict=True)]
        return None if None in steps else sum(step or 0 for step in steps)
    return _WIDER.get((kind.kind, to.kind))


def _opens(kind: Type, to: Type) -> bool:
    """Whether the types differ only where a NULL has none yet, or in names of fields."""
    if kind.kind == "NULL" or kind == to:
        return True
    if kind.kind == to.kind == "STRUCT" and len(kind.fields) == len(to.fields):
        return all(_opens(one, other) for (_, one), (_, other) in zip(kind.fields, to.fields, strict=True))
    return False


def coerced(value: Value, to: Type) -> Value:
    """The value as another type, into which it turns unasked. Raises InputError for a literal that can't."""
    if value.type == to:
        return value
    if value.type.kind == "NULL":
        return value.named(f"CAST({value.sql} AS {settled(to).duckdb})", settled(to))  # it may be an ERROR()
    if value.literal is not None and value.type.kind == "STRING" and to.kind in _TIMES:
        sql = time_literal(value.literal, to)
        if sql is None:
            raise refused(value.node, f'Could not cast literal "{value.literal}" to type {to}')
        return value.named(sql, to)
    if value.parameter and value.type.kind == "STRING" and to.kind in _TIMES:
        return value.named(f"bq_{to.kind.lower()}_of_text({value.sql})", to)
    if value.literal is not None and value.type.kind in ("INT64", "FLOAT64"):
        if to.kind == "NUMERIC":
            return value.named(numeric_literal(value.literal), NUMERIC)
        if to.kind == "BIGNUMERIC":
            return value.named(bignumeric_literal(value.literal), BIGNUMERIC)
    if (value.type.kind, to.kind) in BIG_CASTS:
        return value.named(BIG_CASTS[value.type.kind, to.kind].format(value.sql), to)
    if value.type.kind == "STRUCT" and (value.type.keys != to.keys or to.holds_big or value.type.holds_big):
        return _restructured(value, to)
    if (value.type.element, to.element) != (None, None) and value.type.inner.kind == "STRUCT":
        each = element_name(value.sql)
        inner = _restructured(Value(each, value.type.inner), to.inner)
        return value.named(f"list_transform({value.sql}, lambda {each}: {inner.sql})", to)
    return value.named(f"CAST({value.sql} AS {to.duckdb})", to)


def _restructured(value: Value, to: Type) -> Value:
    """A struct with other names of fields, position by position."""
    parts = [
        f"{name_sql(new)} := {coerced(Value(f'({value.sql})[{name_sql_text(old)}]', kind), wanted).sql}"
        for new, old, (_, kind), (_, wanted) in zip(
            to.keys, value.type.keys, value.type.fields, to.fields, strict=True
        )
    ]
    packed = f"struct_pack({', '.join(parts)})"
    return value.named(f"CASE WHEN ({value.sql}) IS NOT NULL THEN {packed} END", to)


def name_sql_text(name: str) -> str:
    """A field's name as DuckDB's brackets take it."""
    return "'" + name.replace("'", "''") + "'"


def numeric_literal(text: str) -> str:
    """A number as a NUMERIC of nine digits after the point, halves away from zero."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(int(text, 0))
    return f"CAST('{number:f}' AS DECIMAL(38, 9))"


def bignumeric_literal(text: str) -> str:
    """A number as a BIGNUMERIC of 38 digits after the point, halves away from zero."""
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal(int(text, 0)) if text.strip()[:2].lower() == "0x" else Decimal("NaN")
    if not number.is_finite() or abs(number.adjusted()) > 100:
        return f"bq_big_of_text({text_sql(text)})"
    units = int(number.scaleb(38, _EXACT).to_integral_value(ROUND_HALF_UP, _EXACT))
    if not -(2**255) <= units < 2**255:
        return f"bq_big_of_text({text_sql(text)})"
    return f"CAST('{units}' AS BIGNUM)"


def supertype(values: Sequence[Value]) -> Type | None:
    """The type that all values turn into unasked: that of one of them; None if there is none."""
    kinds: list[Type] = []
    for value in values:
        kinds += [kind for kind in (value.type,) if kind not in kinds]
    merged = _merged(kinds)
    candidates = ([merged] if merged is not None else []) + kinds
    if all(kind.is_number or kind.kind == "NULL" for kind in kinds):
        candidates = [kind for kind in (INT64, NUMERIC, BIGNUMERIC, FLOAT64) if kind in kinds] or [NULL]
    # Literals give way: they do not decide if something else does.
    firm = [value.type for value in values if value.literal is None and value.type.kind != "NULL"]
    filled = [kind for kind in candidates[:1] if kind.kind in ("STRUCT", "ARRAY")]
    for kind in filled + [kind for kind in candidates if kind in firm or not firm] + candidates:
        if kind.kind != "NULL" and all(distance(value, kind) is not None for value in values):
            return kind
    return NULL if all(value.type.kind == "NULL" for value in values) else None


def _merged(kinds: Sequence[Type]) -> Type | None:
    """Structs and arrays with the open places of one filled from the others."""
    kinds = [kind for kind in kinds if kind.kind != "NULL"]
    if not kinds or len({kind.kind for kind in kinds}) > 1:
        return None
    first = kinds[0]
    if first.element is not None:
        inner = _merged([kind.inner for kind in kinds]) or next(
            (kind.inner for kind in kinds if kind.inner.kind != "NULL"), None
        )
        return array_of(inner) if inner is not None else first
    if first.kind == "STRUCT" and len({len(kind.fields) for kind in kinds}) == 1:
        fields = []
        for i, (name, _) in enumerate(first.fields):
            wanted = supertype([Value("", kind.fields[i][1]) for kind in kinds])
            if wanted is None:
                return None
            fields.append((name, wanted))
        return struct_of(fields)
    return first if len(set(kinds)) == 1 else None
