"""BigQuery's types, their names there, and how DuckDB holds their values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlglot import exp

from context.errors import InputError
from schemas._model import Column

FIELD = "_field_{}"  # what BigQuery calls a field without a name, counted from 1


@dataclass(frozen=True, slots=True)
class Type:
    """A type: ``kind`` in BigQuery's words; of an ARRAY its ``element``, of a STRUCT its ``fields``."""

    kind: str
    element: Type | None = None
    fields: tuple[tuple[str, Type], ...] = ()  # "" for a field without a name

    def __str__(self) -> str:
        if self.element is not None:
            return f"ARRAY<{self.element}>"
        if self.kind == "STRUCT":
            return f"STRUCT<{', '.join(f'{name} {kind}'.strip() for name, kind in self.fields)}>"
        return self.kind

    @property
    def duckdb(self) -> str:
        """The type in DuckDB's words."""
        if self.element is not None:
            return f"{self.element.duckdb}[]"
        if self.kind == "STRUCT":
            parts = (
                f"{_quoted(name)} {kind.duckdb}"
                for name, (_, kind) in zip(self.keys, self.fields, strict=True)
            )
            return f"STRUCT({', '.join(parts)})"
        return _DUCKDB[self.kind]

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of a STRUCT's fields in DuckDB, each once."""
        return unique_names([name or FIELD.format(i) for i, (name, _) in enumerate(self.fields, 1)])

    @property
    def inner(self) -> Type:
        """The element of an ARRAY."""
        assert self.element is not None  # noqa: S101 - callers have looked
        return self.element

    @property
    def is_number(self) -> bool:
        """Whether it is INT64, NUMERIC, BIGNUMERIC or FLOAT64."""
        return self.kind in ("INT64", "NUMERIC", "BIGNUMERIC", "FLOAT64")

    @property
    def holds_big(self) -> bool:
        """Whether it is BIGNUMERIC or has such a part."""
        inner = [self.element] if self.element is not None else [kind for _, kind in self.fields]
        return self.kind == "BIGNUMERIC" or any(kind.holds_big for kind in inner)

    @property
    def is_time(self) -> bool:
        """Whether it is a date or a time."""
        return self.kind in ("DATE", "DATETIME", "TIME", "TIMESTAMP")


INT64, FLOAT64, NUMERIC = Type("INT64"), Type("FLOAT64"), Type("NUMERIC")
BIGNUMERIC = Type("BIGNUMERIC")
BOOL, STRING, BYTES, JSON = Type("BOOL"), Type("STRING"), Type("BYTES"), Type("JSON")
DATE, DATETIME, TIME, TIMESTAMP = Type("DATE"), Type("DATETIME"), Type("TIME"), Type("TIMESTAMP")
INTERVAL = Type("INTERVAL")
SCALARS = {
    kind.kind: kind
    for kind in (
        INT64,
        FLOAT64,
        NUMERIC,
        BIGNUMERIC,
        BOOL,
        STRING,
        BYTES,
        JSON,
        DATE,
        DATETIME,
        TIME,
        TIMESTAMP,
        INTERVAL,
    )
}
_DUCKDB = {
    "INT64": "BIGINT",
    "FLOAT64": "DOUBLE",
    "NUMERIC": "DECIMAL(38, 9)",
    "BIGNUMERIC": "BIGNUM",  # in units of its last digit, the 38th after the point
    "BOOL": "BOOLEAN",
    "STRING": "VARCHAR",
    "BYTES": "BLOB",
    "JSON": "JSON",
    "DATE": "DATE",
    "DATETIME": "TIMESTAMP",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMPTZ",
    "INTERVAL": "INTERVAL",
}
# BigQuery's own other names of its types, and those it has that are not here.
_ALIASES = dict.fromkeys(("INT", "SMALLINT", "INTEGER", "BIGINT", "TINYINT", "BYTEINT"), INT64)
_ALIASES |= {"DECIMAL": NUMERIC, "BIGDECIMAL": BIGNUMERIC, "BOOLEAN": BOOL}
_ABSENT = {
    "GEOGRAPHY": "no table here has places",
    "RANGE": "use two columns",
}


def array_of(element: Type) -> Type:
    """ARRAY<element>; an array of arrays is an InputError, as in BigQuery."""
    if element.kind == "ARRAY":
        raise InputError(
            f"Cannot construct array with element type {element} because nested arrays are not supported"
        )
    return Type("ARRAY", element)


def struct_of(fields: Iterable[tuple[str, Type]]) -> Type:
    """STRUCT with ``fields``."""
    return Type("STRUCT", None, tuple(fields))


def type_of_column(column: Column) -> Type:
    """The type of a column of a contract."""
    kind = (
        struct_of((field.name, type_of_column(field)) for field in column.fields)
        if column.type == "RECORD"
        else SCALARS[column.type]
    )
    return Type("ARRAY", kind) if column.mode == "REPEATED" else kind


def named_type(name: str) -> Type:
    """The scalar type of that name. Raises InputError for one that there is not, or not here."""
    upper = name.upper()
    found = SCALARS.get(upper) or _ALIASES.get(upper)
    if found is not None:
        return found
    if upper in _ABSENT:
        raise InputError(f"type {upper} is not available here: {_ABSENT[upper]}")
    raise InputError(f"Type not found: {name}; allowed: {', '.join(SCALARS)}, ARRAY<...>, STRUCT<...>")


# What the parser makes of the names of types.
_PARSED = {
    "BIGINT": INT64,
    "INT": INT64,
    "SMALLINT": INT64,
    "TINYINT": INT64,
    "DOUBLE": FLOAT64,
    "DECIMAL": NUMERIC,
    "BOOLEAN": BOOL,
    "TEXT": STRING,
    "BINARY": BYTES,
    "JSON": JSON,
    "DATE": DATE,
    "TIMESTAMP": DATETIME,
    "DATETIME": DATETIME,
    "TIME": TIME,
    "TIMESTAMPTZ": TIMESTAMP,
    "INTERVAL": INTERVAL,
}


def type_of_node(node: exp.DataType) -> Type:
    """The type that a query writes. Raises InputError for one that there is not, or not here."""
    kind = node.this if isinstance(node.this, str) else node.this.value
    if kind == "ARRAY" and node.expressions:
        return array_of(type_of_node(node.expressions[0]))
    if kind == "STRUCT" and node.expressions:
        return struct_of(_field_of(field) for field in node.expressions)
    if kind in _PARSED:
        return _PARSED[kind]
    name = node.args.get("kind") or "" if kind == "USERDEFINED" else kind
    return named_type(str(name))


def type_parameters(node: exp.DataType) -> tuple[int, ...]:
    """The numbers after a type: NUMERIC(10, 2), STRING(20)."""
    if node.this in (exp.DataType.Type.ARRAY, exp.DataType.Type.STRUCT):
        return ()
    if not all(parameter.name.isdigit() for parameter in node.expressions):
        raise InputError(f"{node.sql('bigquery')}: the numbers of a type must be written as numbers")
    return tuple(int(parameter.name) for parameter in node.expressions)


def _field_of(node: exp.Expr) -> tuple[str, Type]:
    if isinstance(node, exp.ColumnDef):
        return node.name, type_of_node(node.args["kind"])
    if isinstance(node, exp.DataType):
        return "", type_of_node(node)
    raise InputError(f"{node.sql('bigquery')} given, allowed in STRUCT<...>: a type, or a name and a type")


def unique_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names, those that come again (in whatever case) with a number after them."""
    seen: set[str] = set()
    result = []
    for name in names:
        new, count = name, 1
        while new.lower() in seen:
            new, count = f"{name}_{count}", count + 1
        seen.add(new.lower())
        result.append(new)
    return tuple(result)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
