"""REGEXP_...: patterns of RE2, with at most one group, and where in a text they match."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sim.sql.grammar.types import BOOL, INT64, STRING, array_of
from sim.sql.grammar.values import Value, text_sql
from sim.sql.rules.calls import Call, Rule


def groups_of(call: Call, pattern: str) -> int:
    """The number of groups of a pattern. Raises InputError for one that RE2 would not read, or for two."""
    try:
        groups = re.compile(
            re.sub(r"\(\?P?<", "(?P<", pattern.replace("(?-s)", "")).replace(r"\z", r"\Z")
        ).groups
    except re.error:
        plain = re.sub(r"\\.|\[\^?\]?[^\]]*\]", "", pattern, flags=re.DOTALL)
        groups = len(re.findall(r"\((?!\?)|\(\?P?<", plain))
    if groups > 1:
        raise call.refused(
            f"{call.name}: the regular expression has {groups} capturing groups, allowed: none or 1"
        )
    return groups


def _pattern(call: Call, position: int = 1) -> tuple[str, int, str]:
    """(SQL of the pattern, its groups, SQL of what a group that is not there leaves: NULL or '')."""
    value = call.value(position, STRING)
    if value.literal is None:
        raise call.refused(f"{call.name}: the regular expression must be a text in quotes here")
    groups = groups_of(call, value.literal)
    return value.sql, groups, "NULLIF({}, '')" if groups and not _may_be_empty(value.literal) else "{}"


def _may_be_empty(pattern: str) -> bool:
    """Whether the one group of a pattern may match nothing and still be there."""
    start = re.search(r"(?:^|[^\\])(?:\\\\)*(\((?:\?P?<\w+>)?)(?!\?)", pattern)
    if start is None:
        return True
    depth, position = 1, start.end(1)
    while position < len(pattern) and depth:
        letter = pattern[position]
        depth += {"(": 1, ")": -1}.get(letter, 0)
        position += 2 if letter == "\\" else 1
    try:
        return re.fullmatch(pattern[start.end(1) : position - 1], "") is not None
    except re.error:
        return True


def _matches(value: str, pattern: str, group: int) -> str:
    """All matches; none at the very end that is empty, unless the text is."""
    parts = f"regexp_extract_all({value}, {pattern}, {group})"
    if pattern.startswith("'^"):
        return parts
    return f"bq_all_matches({value}, regexp_extract_all({value}, {pattern}), {parts})"


def _regexp_contains(call: Call) -> Value:
    call.count(2)
    return call.result(f"regexp_matches({call.value(0, STRING).sql}, {call.value(1, STRING).sql})", BOOL)


def _regexp_extract(call: Call) -> Value:
    """The first match or its group; NULL if there is none, which DuckDB gives as an empty text."""
    count = call.count(2, 4)
    value, (pattern, group, absent) = call.value(0, STRING).sql, _pattern(call)
    if count == 2:
        found = absent.format(f"regexp_extract({value}, {pattern}, {group})")
        return call.result(f"CASE WHEN regexp_matches({value}, {pattern}) THEN {found} END", STRING)
    start = call.value(2, INT64).sql
    nth = call.value(3, INT64).sql if count == 4 else "1"
    found = _matches(f"substr({value}, {start})", pattern, group)
    return call.result(absent.format(f"bq_regexp_nth({value}, {found}, {start}, {nth})"), STRING)


def _regexp_extract_all(call: Call) -> Value:
    call.count(2)
    value, (pattern, group, _) = call.value(0, STRING).sql, _pattern(call)
    return call.result(_matches(value, pattern, group), array_of(STRING))


@dataclass(frozen=True)
class _Parts:
    """A pattern in three groups: before what is looked for, that, and after it."""

    pattern: str
    template: str


_OPEN, _CLOSE = "\ufdd0", "\ufdd1"  # no text has these: Unicode keeps them free
_FLAGS = re.compile(r"(?:\(\?[imsU-]+\))*")


def _parts(call: Call, pattern: str) -> _Parts:
    """How to mark what a pattern looks for: the whole match, or its one group. Raises InputError."""
    if not groups_of(call, pattern):
        return _Parts(pattern, rf"{_OPEN}\0{_CLOSE}")
    flags = _FLAGS.match(pattern)
    start = flags.end() if flags else 0
    first, last = _group(call, pattern, start)
    before, inside, after = pattern[start:first], pattern[first:last], pattern[last:]
    if after[:1] in ("?", "*", "+", "{") and after:
        raise call.refused(f"{call.name}: a group that repeats is not available here; use REGEXP_EXTRACT")
    whole = f"{pattern[:start]}({before}){inside}({after})"
    return _Parts(whole, rf"\1{_OPEN}\2{_CLOSE}\3")


def _group(call: Call, pattern: str, start: int) -> tuple[int, int]:
    """Where the one group of a pattern stands, which must be in no other and beside no other choice."""
    depth, position, found = 0, start, (-1, -1)
    opened = -1
    while position < len(pattern):
        letter = pattern[position]
        if letter == "\\":
            position += 2
            continue
        if letter == "[":
            position = _class_end(pattern, position)
            continue
        if letter == "(":
            capturing = not pattern.startswith("(?", position) or re.match(r"\(\?P?<", pattern[position:])
            if capturing and depth == 0:
                opened = position
            depth += 1
        elif letter == ")":
            depth -= 1
            if depth == 0 and opened >= 0 and found == (-1, -1):
                found = (opened, position + 1)
        elif letter == "|" and depth == 0:
            found = (-1, -1)
            break
        position += 1
    if found == (-1, -1):
        raise call.refused(
            f"{call.name}: a group inside of another or beside a | is not available here; use REGEXP_EXTRACT"
        )
    return found


def _class_end(pattern: str, start: int) -> int:
    """Where a class of letters that begins at ``start`` has ended."""
    position = start + 1 + pattern.startswith("^", start + 1)
    position += pattern.startswith("]", position)
    while position < len(pattern) and pattern[position] != "]":
        position += 2 if pattern[position] == "\\" else 1
    return position + 1


def _regexp_instr(call: Call) -> Value:
    """Where a match or its group begins, or what follows it; counted in letters, 0 if there is none."""
    count = call.count(2, 5)
    value, pattern = call.value(0, STRING).sql, call.value(1, STRING)
    if pattern.literal is None:
        raise call.refused(f"{call.name}: the regular expression must be a text in quotes here")
    place, nth, after = (
        call.value(i, INT64).sql if count > i else f"CAST({other} AS BIGINT)"
        for i, other in ((2, 1), (3, 1), (4, 0))
    )
    if not pattern.literal:
        return call.result(f"CASE WHEN {value} IS NOT NULL THEN CAST(0 AS BIGINT) END", INT64)
    parts = _parts(call, pattern.literal)
    # The positions are those of a text in which matches are marked: the same letters may stand elsewhere too.
    marked = (
        f"regexp_replace(substr({value}, greatest({place}, 1)), {text_sql(parts.pattern)}, "
        f"{text_sql(parts.template)}, 'g')"
    )
    macro = "bqs_regexp_place" if call.safe else "bq_regexp_place"
    split = f"string_split({marked}, '{_OPEN}')"
    return call.result(
        f"CAST({macro}({value}, {split}, {place}, {nth}, {after}, '{_CLOSE}') AS BIGINT)", INT64
    )


def _regexp_replace(call: Call) -> Value:
    r"""All matches; \1 to \9 in the replacement are groups and \0 is the whole, as in RE2."""
    call.count(3)
    value, pattern, new = (call.value(i, STRING).sql for i in range(3))
    return call.result(f"regexp_replace({value}, {pattern}, {new}, 'g')", STRING)


PATTERN_RULES: dict[str, Rule] = {
    "REGEXP_CONTAINS": _regexp_contains,
    "REGEXP_EXTRACT": _regexp_extract,
    "REGEXP_SUBSTR": _regexp_extract,
    "REGEXP_EXTRACT_ALL": _regexp_extract_all,
    "REGEXP_INSTR": _regexp_instr,
    "REGEXP_REPLACE": _regexp_replace,
}
