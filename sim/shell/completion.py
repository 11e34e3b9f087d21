"""What can follow in a query: tables after FROM and JOIN, columns of the tables in it, words of SQL."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

WORDS = (
    *("SELECT", "FROM", "WHERE", "GROUP BY", "ORDER BY", "HAVING", "QUALIFY", "LIMIT", "JOIN", "LEFT JOIN"),
    *("CROSS JOIN", "USING", "ON", "AS", "AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "IS NULL", "DISTINCT"),
    *(
        "WITH",
        "UNION ALL",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "END",
        "COUNT",
        "COUNTIF",
        "SUM",
        "AVG",
        "MIN",
        "MAX",
    ),
    *("SAFE_DIVIDE", "IF", "COALESCE", "CAST", "SAFE_CAST", "EXTRACT", "DATE_TRUNC", "DATE_DIFF", "DATETIME"),
    *("TIMESTAMP", "DATE", "STRING", "INT64", "FLOAT64", "NUMERIC", "BOOL", "UNNEST", "JSON_VALUE"),
    *("REGEXP_EXTRACT", "ROW_NUMBER", "OVER", "PARTITION BY", "CREATE TEMP TABLE", "CREATE VIEW", "DECLARE"),
    *("SET", "INSERT INTO", "DROP TABLE"),
)
_TABLE_BEFORE = re.compile(
    r"\b(?:from|join|into|table|view|describe)\s+`?[\w.\-]*$|^\s*\.schema\s+[\w.]*$", re.IGNORECASE
)
_NAMES = re.compile(
    r"(?:from|join)\s+`?([\w.\-]+)`?(?:\s+(?:as\s+)?(?!on\b|using\b|where\b|join\b)(\w+))?", re.IGNORECASE
)
_WORD = re.compile(r"[\w.\-]*$")


def word_before(text: str) -> str:
    """What stands directly before the cursor: part of a name, or nothing."""
    found = _WORD.search(text)
    return found[0] if found else ""


def proposals(before: str, whole: str, tables: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What may stand in place of the word before the cursor, likeliest first, each once.

    ``before``: the text up to the cursor; ``whole``: all of it, so that tables further on count; ``tables``:
    columns by the names of their tables.
    """
    word = word_before(before).lower()
    seen: set[str] = set()
    for name in _candidates(before, whole, tables):
        if name.lower().startswith(word) and name not in seen and name.lower() != word:
            seen.add(name)
            yield name


def _candidates(before: str, whole: str, tables: Mapping[str, Sequence[str]]) -> Iterable[str]:
    if _TABLE_BEFORE.search(before):
        datasets = dict.fromkeys(name.rpartition(".")[0] for name in tables)
        return [*(f"{name}." for name in datasets if name), *tables]
    aliases: dict[str, str] = {}
    for name, alias in _NAMES.findall(whole):
        full = ".".join(name.split(".")[-2:])
        if full in tables:
            aliases[alias or full.rpartition(".")[2]] = full
    found = [f"{alias}.{column}" for alias, full in aliases.items() for column in tables[full]]
    plain = [column for full in aliases.values() for column in tables[full]]
    return [*plain, *found, *aliases, *WORDS]
