"""Which tables join which, by what columns: from the references that contracts state, and what marts read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import sqlglot

import schemas
from context.store.grade_history import NEEDED
from schemas._model import Table

_TEXTS = ("STRING", "RAW_STRING")  # kinds of words
_READ = {  # by a mart that no query makes; distributions are of everything
    "mart_helper.context__course_grade__history": [f"context_store_entity.{name}" for name in sorted(NEEDED)]
}
_HUB = 9  # tables that refer to another from which on lines to it would hide all others


@dataclass(frozen=True)
class Join:
    """A table, "dataset.table", that refers to another by columns, or is made from it (then by none)."""

    table: str
    target: str
    columns: tuple[str, ...] = ()


def joins_of(tables: Iterable[Table]) -> list[Join]:
    """The joins among ``tables``, once for each pair, in their order."""
    known = {full_name(table): table for table in tables}
    found: list[Join] = []
    for name, table in known.items():
        columns: dict[str, list[str]] = {}
        for _, path, column in schemas.field_paths(table):
            if column.references:
                entity = f"context_store_entity.{column.references.split('.')[0]}"
                columns.setdefault(entity, []).append(path)
        found += [Join(name, target, tuple(paths)) for target, paths in columns.items() if target in known]
    for mart in schemas.marts():
        if mart.name in known:
            read = tables_read(mart.sql, known) if mart.sql else _READ.get(mart.name, ())
            found += [Join(mart.name, source) for source in read if source in known]
    return found


def full_name(table: Table) -> str:
    """``dataset.table``."""
    return f"{table.dataset}.{table.name}"


def tables_read(sql: str, known: Collection[str]) -> list[str]:
    """Which of ``known``, as ``dataset.table``, a BigQuery query names outside of texts and comments, sorted.

    Words are enough, at a tenth of the time of a parse: no alias of a query is called as a dataset is.
    """
    return sorted(_names_in(sql) & set(known))


@cache  # of the marts that we ship: a third of a second for all of them
def _names_in(sql: str) -> frozenset[str]:
    """A query's words outside of texts and comments, and each three of them in a row as one."""
    words = [
        token.text for token in sqlglot.tokenize(sql, read="bigquery") if token.token_type.name not in _TEXTS
    ]
    names = {"".join(three) for three in zip(words, words[1:], words[2:], strict=False)} | set(words)
    return frozenset(names)


def hubs(joins: Sequence[Join]) -> list[str]:
    """Tables that so many others refer to by columns that a picture marks them instead of drawing lines."""
    referrers: dict[str, set[str]] = {}
    for join in joins:
        if join.columns:
            referrers.setdefault(join.target, set()).add(join.table)
    many = [target for target, tables in referrers.items() if len(tables) >= _HUB]
    return sorted(many, key=lambda target: (-len(referrers[target]), target))
