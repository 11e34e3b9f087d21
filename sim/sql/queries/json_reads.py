"""Paths into JSON columns of a statement's tables: those of one column are read together, by one parse.

A rule gets a name for what a path finds before it is known which other paths there are. At the end, when they
are, the table gets a column more: the list of what all of them find.
"""

from __future__ import annotations

import re

from sim.sql.grammar.values import JSON_READ, name_sql, text_sql
from sim.sql.rules.json_reads import JsonRead, found_sql, read_alone, seen_sql

_COLUMN = re.compile(r'(t\d+)\.("(?:[^"]|"")+")')
_MARKS = re.compile(
    r"'(?:[^']|'')*'"
    rf'|t\d+\."{JSON_READ}(?P<number>\d+)"|"(?:[^"]|"")*"'
    r"|/\*(?P<opened>t\d+)\(\*/|/\*\)(?P<closed>t\d+)\*/"
)
_Group = tuple[str, str, str]  # a table's name in DuckDB, one of its columns, the function that reads it


class JsonReads:
    """All of one statement."""

    def __init__(self) -> None:
        self._tables: set[str] = set()
        self._apart: set[str] = set()
        self._numbers: dict[JsonRead, int] = {}

    def table(self, handle: str, sql: str) -> str:
        """What follows FROM, ready to be given columns; ``handle``: the name that it has in the query."""
        self._tables.add(handle)
        return f"/*{handle}(*/{sql}/*){handle}*/ AS {handle}"

    def keep_apart(self, document: str) -> None:
        """Of a column that rows are grouped by, nothing else is known in the groups."""
        self._apart.add(document)

    def name(self, read: JsonRead) -> str | None:
        """What a path finds, by a name; None if the document is no column of a table."""
        column = _COLUMN.fullmatch(read.document)
        if column is None or column[1] not in self._tables:
            return None
        number = self._numbers.setdefault(read, len(self._numbers))
        return f'{column[1]}."{JSON_READ}{number}"'

    def settled(self, sql: str) -> str:
        """A statement with all of it in place."""
        if not self._tables:
            return sql
        reads, groups = list(self._numbers), self._groups()
        columns = {group: f"{JSON_READ}{i}" for i, group in enumerate(groups)}

        def put(match: re.Match[str]) -> str:
            if match["number"]:
                read = reads[int(match["number"])]
                group = _group(read)
                if group not in groups:
                    return read_alone(read)
                position = groups[group].index(read.path) + 1
                return seen_sql(read, f"{group[0]}.{name_sql(columns[group])}[{position}]")
            handle = match["opened"] or match["closed"]
            mine = [group for group in groups if group[0] == handle]
            if not handle or not mine:
                return "" if handle else match[0]
            if match["closed"]:
                return f" AS {handle})"
            made = ", ".join(
                f"{_list(reads, group, groups[group])} AS {name_sql(columns[group])}" for group in mine
            )
            return f"(SELECT {handle}.*, {made} FROM "

        return _MARKS.sub(put, sql)

    def _groups(self) -> dict[_Group, list[str]]:
        """The paths that are read together, at least two."""
        found: dict[_Group, list[str]] = {}
        for read in self._numbers:
            if read.document not in self._apart:
                paths = found.setdefault(_group(read), [])
                paths += [read.path] if read.path not in paths else []
        return {group: paths for group, paths in found.items() if len(paths) > 1}


def _group(read: JsonRead) -> _Group:
    handle, _, column = read.document.partition(".")
    return handle, column, read.function


def _list(reads: list[JsonRead], group: _Group, paths: list[str]) -> str:
    read = next(read for read in reads if _group(read) == group)
    return found_sql(read, read.document, f"[{', '.join(map(text_sql, paths))}]")
