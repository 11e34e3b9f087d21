"""Regular expressions of RE2 as texts: how many groups they have, and where the one of them stands."""

from __future__ import annotations

import re
from functools import lru_cache

NO_GROUP, FULL_GROUP, OPEN_GROUP = 0, 1, 2  # a group that matches nothing is there, or is not
_FLAGS = re.compile(r"(?:\(\?[imsU-]+\))*")


def groups_in(pattern: str) -> int:
    """The number of groups of a pattern."""
    try:
        return re.compile(
            re.sub(r"\(\?P?<", "(?P<", pattern.replace("(?-s)", "")).replace(r"\z", r"\Z")
        ).groups
    except re.error:
        plain = re.sub(r"\\.|\[\^?\]?[^\]]*\]", "", pattern, flags=re.DOTALL)
        return len(re.findall(r"\((?!\?)|\(\?P?<", plain))


@lru_cache(maxsize=256)
def pattern_shape(pattern: str) -> int:
    """NO_GROUP, FULL_GROUP or OPEN_GROUP; of several groups their number, less than none."""
    groups = groups_in(pattern)
    if groups > 1:
        return -groups
    return (OPEN_GROUP if _may_be_empty(pattern) else FULL_GROUP) if groups else NO_GROUP


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


@lru_cache(maxsize=256)
def in_three(pattern: str) -> str | None:
    """The pattern as three groups: before what is looked for, that, and after it; None if it can't be so."""
    if not groups_in(pattern):
        return f"()({pattern})()"
    flags = _FLAGS.match(pattern)
    start = flags.end() if flags else 0
    first, last = _group(pattern, start)
    before, inside, after = pattern[start:first], pattern[first:last], pattern[last:]
    if first < 0 or (after[:1] in ("?", "*", "+", "{") and after):
        return None
    return f"{pattern[:start]}({before}){inside}({after})"


def _group(pattern: str, start: int) -> tuple[int, int]:
    """Where the one group stands, which must be in no other and beside no other choice; -1, -1 if it is."""
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
            return -1, -1
        position += 1
    return found


def _class_end(pattern: str, start: int) -> int:
    """Where a class of letters that begins at ``start`` has ended."""
    position = start + 1 + pattern.startswith("^", start + 1)
    position += pattern.startswith("]", position)
    while position < len(pattern) and pattern[position] != "]":
        position += 2 if pattern[position] == "\\" else 1
    return position + 1
