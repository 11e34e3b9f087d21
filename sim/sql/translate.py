"""One query of BigQuery's dialect, rewritten for DuckDB.

sqlglot does most of it. What it hands on as it is, though the two systems differ, is put right here, above
all where the answer would be wrong without an error: weekdays, weeks, roundings, JSON texts, formats, whole
units between times. What can't be said in DuckDB is refused by name.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError, TokenError, UnsupportedError

from context.errors import InputError
from sim.sql import times as bigquery_times
from sim.sql import values as bigquery_values

_OPENING = re.compile(r"""'''|\"\"\"|['"`]|--|\#|/\*""")
_CLOSED = re.compile(
    r"""'''(?:\\.|.)*?'''|\"\"\"(?:\\.|.)*?\"\"\"|'(?!'')(?:\\.|[^\\'\n])*'|"(?!"")(?:\\.|[^\\"\n])*"|`[^`\n]*`"""
    r"""|(?:--|\#)[^\n]*|/\*.*?\*/""",
    re.DOTALL,
)
_RULES = bigquery_values.RULES | bigquery_times.RULES


def parse(text: str) -> exp.Query:
    """The one query in ``text``. Raises InputError: for a syntax error with line and column, for anything
    that is no query.
    """
    try:
        with _quiet():
            found = [tree for tree in sqlglot.parse(text, read="bigquery") if tree is not None]
    except ParseError as error:
        raise InputError(_syntax(error)) from None
    except TokenError as error:
        raise InputError(_unclosed(text) or f"syntax error: {' '.join(str(error).split())}") from None
    if len(found) != 1:
        raise InputError(f"{len(found)} statements given, allowed: one query")
    tree = found[0]
    if not isinstance(tree, exp.Query) or tree.find(exp.DDL, exp.DML, exp.Command, exp.Into):
        raise InputError(f"{tree.key.upper()} given, allowed: a query (SELECT or WITH); runs are read-only")
    return tree


def to_duckdb(tree: exp.Query) -> str:
    """The query in DuckDB's dialect; tables keep their names. Raises InputError for what can't be said."""
    _name_columns(tree)
    rewritten = _rewritten(tree)
    try:
        with _quiet():
            return str(rewritten.sql("duckdb", unsupported_level=ErrorLevel.RAISE))
    except UnsupportedError as error:
        raise InputError(f"not supported here: {' '.join(str(error).split())}") from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Sqlglot logs what it is unsure of; we settle that ourselves."""
    logger = logging.getLogger("sqlglot")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _syntax(error: ParseError) -> str:
    first: dict[str, Any] = error.errors[0] if error.errors else {}
    token = str(first.get("highlight") or "")
    column = int(first.get("col") or 0) - max(len(token) - 1, 0)
    near = f" at {token!r}" if token else ""
    reason = str(first.get("description"))
    if reason.startswith("Required keyword"):  # sqlglot speaks of its own classes here
        reason = "something is missing after it"
    return f"syntax error in line {first.get('line')}, column {column}{near}: {reason}"


def _unclosed(text: str) -> str | None:
    """Where a quote or comment starts that nothing closes."""
    position = 0
    while match := _OPENING.search(text, position):
        whole = _CLOSED.match(text, match.start())
        if whole is None:
            line = text.count("\n", 0, match.start()) + 1
            column = match.start() - (text.rfind("\n", 0, match.start()) + 1) + 1
            return f"syntax error in line {line}, column {column} at {match[0]!r}: it is never closed"
        position = whole.end()
    return None


def _name_columns(tree: exp.Query) -> None:
    """Columns without a name are f0_, f1_ and so on."""
    first = tree
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    if not isinstance(first, exp.Select) or first.args.get("kind"):
        return
    count = 0
    for column in first.expressions:
        if not isinstance(column, exp.Alias | exp.Aliases | exp.Column | exp.Dot | exp.Star):
            column.replace(exp.alias_(column.copy(), f"f{count}_"))
            count += 1


def _rewritten(tree: exp.Query) -> Any:
    """A copy of the tree with each node put through its rule, innermost first."""
    root: Any = tree.copy()
    for node in reversed(list(root.bfs())):
        rule = _RULES.get(type(node))
        parent, key, index = node.parent, node.arg_key, node.index  # a rule may wrap the node
        new = rule(node) if rule else node
        if new is not node:
            if parent is None or key is None:
                root = new
            else:
                parent.set(key, new, index)
    return root
