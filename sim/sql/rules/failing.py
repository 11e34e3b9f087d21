"""Macros that can fail: in which form a query calls them.

They fail by DuckDB's ``error`` (``bq_...``), which counts as volatile, and no window may be divided or
ordered by what is volatile. There a call that depends on a row fails by a cast that cannot be made
(``bqn_...``); its text is known only then: were it a constant, DuckDB would try the cast while it plans.
After SAFE they give NULL (``bqs_...``).
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from sim.sql.rules.signatures import safe_sql

_OPENED, _CLOSED = "\u27ea", "\u27eb"  # round the message of a cast that fails
_MACRO = re.compile(r"CREATE TEMP MACRO (\w+)\(([^)]*)\) AS (.*)", re.DOTALL)
_CALL = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\bbq_\w+\(")
_OF_A_ROW = re.compile(
    r"\bt\d+\.|\bc\d+\.|\bSELECT\b|\bcount\(\*\)|\b(?:random|row_number|rank|dense_rank|percent_rank|cume_dist)\(\)"
)
_ELEMENT = re.compile(r"\b(v\d+|p)\b")
_CALLED = re.compile(r"\bbq[ns]?_\w+")
MESSAGE = re.compile(f"{_OPENED}(.*?){_CLOSED}", re.DOTALL)


@cache
def macros() -> dict[str, str]:
    """The statements that make the macros, by name, in their three forms."""
    text = resources.files("sim.sql").joinpath("macros.sql").read_text(encoding="utf-8")
    plain = re.sub(r"^--.*$", "", text, flags=re.MULTILINE)
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in plain.split(";\n"))):
        made = _MACRO.match(part)
        assert made is not None, part  # noqa: S101 - our own file
        name, parameters, body = made[1], made[2], made[3]
        rows = ", ".join(f"CAST({p.strip()} AS VARCHAR)" for p in parameters.split(","))
        of_row = (
            body.replace("bq_fail(", f"bq_fail(left(concat({rows}), 0) || ")
            if name != "bq_fail"
            else (f"CASE WHEN CAST('{_OPENED}' || m || '{_CLOSED}' AS BOOLEAN) THEN NULL END")
        )
        safe = safe_sql(body) if name != "bq_fail" else "NULL"
        for prefix, sql in (("bq_", body), ("bqn_", of_row.replace("bq_", "bqn_")), ("bqs_", safe)):
            new = prefix + name.removeprefix("bq_")
            found[new] = f"CREATE OR REPLACE TEMP MACRO {new}({parameters}) AS {sql}"
    return found


def needed(sql: str) -> list[str]:
    """The statements that make what ``sql`` calls, each after those that it calls itself."""
    known, ordered = macros(), dict[str, str]()

    def add(text: str) -> None:
        for name in _CALLED.findall(text):
            if name not in ordered:
                add(known[name].partition(" AS ")[2])
                ordered[name] = known[name]

    add(without_texts(sql))
    return list(ordered.values())


def by_row(sql: str) -> str:
    """SQL that depends on a row, without calls that count as volatile."""
    parts, position = [], 0
    for match in _CALL.finditer(sql):
        if not match[0].startswith("bq_"):
            continue
        arguments = without_texts(sql[match.end() : _end(sql, match.end())])
        parts.append(sql[position : match.start()])
        parts.append(match[0].replace("bq_", "bqn_", 1) if _is_of_row(arguments) else match[0])
        position = match.end()
    return "".join([*parts, sql[position:]])


def _is_of_row(arguments: str) -> bool:
    """Whether arguments depend on a row, or on an element of a list that is taken apart round them."""
    inside = set(re.findall(r"lambda (\w+):", arguments))
    return bool(_OF_A_ROW.search(arguments)) or bool(set(_ELEMENT.findall(arguments)) - inside)


def _end(sql: str, start: int) -> int:
    """Where the bracket closes that was opened before ``start``."""
    depth, position = 1, start
    while position < len(sql) and depth:
        letter = sql[position]
        if letter in "'\"":
            position = sql.index(letter, position + 1)
        depth += {"(": 1, ")": -1}.get(letter, 0)
        position += 1
    return position - 1


def without_texts(sql: str) -> str:
    """SQL without its texts and quoted names."""
    return re.sub(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", "", sql)
