"""BigQuery SQL rewritten for DuckDB: ``translate`` is the one way in.

Only what is known runs: each function, operator and cast has its rule (``sim.sql.rules``), names and types
are settled as BigQuery settles them (``sim.sql.expressions``), and all else is refused by name.
A session needs ``install`` before it runs what comes out, and ``explained`` for what goes wrong then.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from context.errors import InputError
from sim.sql.columnar.register import give
from sim.sql.expressions.names import Scope, struct_fields
from sim.sql.grammar.catalog import Catalog, Partition, Surroundings
from sim.sql.grammar.parse import number_placeholders, parse_query, parse_statements
from sim.sql.grammar.types import Type
from sim.sql.grammar.values import Value, name_sql
from sim.sql.queries.compiler import Compiler, Output, Query
from sim.sql.queries.queries import Translator
from sim.sql.rules.failing import MESSAGE, needed, without_texts

__all__ = [
    "Catalog",
    "Read",
    "Surroundings",
    "Translated",
    "explained",
    "install",
    "parse_statements",
    "translate",
]


@dataclass(frozen=True)
class Read:
    """What a statement reads of a table: its columns, and whether a filter thins out its partitions."""

    table: str
    columns: tuple[str, ...]
    partitioned: bool
    filtered: bool


@dataclass(frozen=True)
class Translated:
    """A query for DuckDB: its SQL, its columns with their types in BigQuery, and what it refers to.

    ``parameters`` are those that the SQL uses ($name, or $1 by position): DuckDB wants those and no others.
    """

    duckdb_sql: str
    columns: tuple[tuple[str, Type], ...]
    parameters: tuple[str, ...] = ()
    reads: tuple[Read, ...] = ()
    notes: tuple[str, ...] = ()
    partition: Partition | None = None  # of its rows, if it hands that on


def translate(
    query: str | exp.Expr,
    around: Surroundings,
    targets: Sequence[Type] | None = None,
    *,
    carries: bool = False,
) -> Translated:
    """One query in BigQuery's dialect, as text or parsed, rewritten for DuckDB.

    ``targets``: types that its columns turn into. ``carries``: it is part of another, as a view is, and hands
    on the days of a table's partitions in a column of its own.

    Raises InputError, with line and column in the user's own text, for what BigQuery would refuse and for
    what is not available here.
    """
    tree = parse_query(query) if isinstance(query, str) else query
    number_placeholders(tree)
    compiler = Translator(around)
    try:
        found = _shown(compiler.query(tree, Scope(), targets, final=True, carries=carries), compiler)
    except RecursionError:
        raise InputError("the query is nested too deeply") from None
    names = [output.name or output.inner for output in found.outputs]
    lower = [name.lower() for name in names]
    twice = sorted({name for name in names if lower.count(name.lower()) > 1}, key=names.index)
    if twice:
        raise InputError(
            "Duplicate column names in the result are not supported. "
            f"Found duplicate(s): {', '.join(twice)}; "
            "use AS, or * EXCEPT (...)"
        )
    sql = compiler.json_reads.settled(found.sql)
    used = sorted(set(re.findall(r"\$(\w+)", without_texts(sql))))
    columns = tuple(zip(names, [output.type for output in found.outputs], strict=True))
    return Translated(sql, columns, tuple(used), _reads(compiler), partition=found.partition)


def _shown(found: Query, compiler: Compiler) -> Query:
    """Rows that are structs show their fields as columns."""
    if not found.rows_are_values or found.outputs[0].type.kind != "STRUCT":
        return found
    handle = compiler.handle()
    whole = Value(f"{handle}.{name_sql(found.outputs[0].inner)}", found.outputs[0].type)
    parts, outputs = [], []
    for i, (column, key) in enumerate(zip(struct_fields(whole), whole.type.keys, strict=True)):
        inner = column.name or f"f{i}_"
        parts.append(f"{column.value.sql} AS {name_sql(key if column.name else inner)}")
        outputs.append(Output(column.name, key if column.name else inner, column.value))
    sql = f"SELECT {', '.join(parts)} FROM ({found.sql}) AS {handle}"
    return Query(sql, tuple(outputs))


def _reads(compiler: Compiler) -> tuple[Read, ...]:
    partitioned = set(compiler.partitioned.values())
    open_ones = {compiler.partitioned[handle] for handle in compiler.unfiltered}
    return tuple(
        Read(
            name,
            tuple(sorted(read.columns)),
            name in partitioned,
            name in partitioned and name not in open_ones,
        )
        for name, read in sorted(compiler.reads.items())
    )


def install(connection: duckdb.DuckDBPyConnection, translated: Translated) -> None:
    """Give a session what a translated query calls. The session's time zone must be UTC."""
    made = needed(translated.duckdb_sql)
    give(connection, ";".join([without_texts(translated.duckdb_sql), *made]))
    if made:
        connection.execute(";".join(made))


_RE2 = "no argument for repetition operator|missing|unexpected|invalid (?:escape|character class|perl|named)"
_OVERFLOWS = (
    (
        re.compile(r"Overflow in (\w+) of (?:INT64|INT128|HUGEINT|DECIMAL[^ ]*) \((.*?)\)"),
        "overflow in {0}: {1}",
    ),
    (re.compile(r"Type (?:INT128|HUGEINT) with value (\S+) can't be cast"), "int64 overflow: {0}"),
    (re.compile(r"Type \S+ with value (\S+) can't be cast"), "number out of range: {0}"),
    (
        re.compile(r"More than one row returned by a subquery"),
        "Scalar subquery produced more than one element",
    ),
    (re.compile(r"Unknown TimeZone '(.*?)'"), "Invalid time zone: {0}"),
    (re.compile(rf"Invalid Input Error: ((?:{_RE2}).*)"), "Cannot parse regular expression: {0}"),
)


def explained(error: duckdb.Error) -> InputError:
    """What went wrong while a translated query ran, in BigQuery's words."""
    if ours := MESSAGE.search(str(error)):
        return InputError(" ".join(ours[1].split()))
    text = str(error).strip().splitlines()[0]
    for pattern, words in _OVERFLOWS:
        if found := pattern.search(text):
            return InputError(words.format(*found.groups()))
    return InputError(re.sub(r"^[A-Z][A-Za-z ]*? Error: ", "", text))


Parameters = Mapping[str, Type] | Sequence[Type]
