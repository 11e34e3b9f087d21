"""Making trees of DuckDB's SQL, for the rules that rewrite BigQuery's."""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import exp

Rule = Callable[[exp.Expression], exp.Expression]


def call(name: str, *arguments: exp.Expression | str | int) -> exp.Anonymous:
    """A call of a DuckDB function that sqlglot leaves alone."""
    return exp.Anonymous(this=name, expressions=[exp.convert(argument) for argument in arguments])


def cast(value: exp.Expression, kind: str) -> exp.Cast:
    """A cast to a type in DuckDB's words."""
    return exp.Cast(this=value, to=exp.DataType.build(kind, dialect="duckdb"))


def template(text: str, value: exp.Expression) -> exp.Expression:
    """DuckDB SQL with ``$`` for a value, as a tree."""
    tree = sqlglot.parse_one(text.replace("$", "_value_"), read="duckdb")
    filled = tree.transform(
        lambda n: value.copy() if isinstance(n, exp.Column) and n.name == "_value_" else n
    )
    return exp.Paren(this=filled)
