"""Paths into JSON, as BigQuery's two families of functions read them, in the one spelling that DuckDB reads.

``JSON_VALUE`` and its kin quote a key with a dot as ``$."a.b"``, the older ``JSON_EXTRACT`` and its kin as
``$['a.b']``; each refuses the other's. Both take letters, digits, ``_-:`` and blanks without quotes.
"""

from __future__ import annotations

import re

_KEY = re.compile(r"\.((?:[^\W]|[-:\s])+)")
_STANDARD = (re.compile(r"\[\s*(-?\d+)\s*\]"), re.compile(r'\."((?:[^\\"]|\\"|\\[^"])*)"'))
_LEGACY = (re.compile(r"\[\s*([\w-]+)\s*\]"), re.compile(r"\[\s*'((?:[^\\']|\\'|\\[^'])*)'\s*\]"))


class BadPath(ValueError):  # noqa: N818 - it is what the path is
    """The path is none; the message says why, in BigQuery's words."""


def duckdb_path(text: str, *, standard: bool) -> str | None:
    """The path with each key quoted; None for one that finds nothing. Raises BadPath.

    ``standard`` for the newer functions: quotes instead of brackets round a key.
    """
    if not text.startswith("$"):
        raise BadPath("JSONPath must start with '$'")
    position, quoted = _STANDARD if standard else _LEGACY
    rest, steps = text[1:], ["$"]
    nothing = False
    while rest and not (rest == "." and not standard):
        if found := position.match(rest):
            nothing |= found[1].startswith("-")
            steps.append(f"[{found[1]}]" if found[1].isdigit() else _quoted(found[1]))
        elif found := _KEY.match(rest):
            steps.append(_quoted(found[1]))
        elif found := quoted.match(rest):
            steps.append(_quoted(found[1].replace('\\"' if standard else "\\'", '"' if standard else "'")))
        else:
            raise BadPath(_complaint(rest, standard=standard))
        rest = rest[found.end() :]
    if '.""' in steps:
        raise BadPath("an empty key is not available here")
    return None if nothing else "".join(steps)


def _complaint(rest: str, *, standard: bool) -> str:
    if operator := re.search(r"\*|\.\.|@", rest):
        return f"Unsupported operator in JSONPath: {operator[0]}"
    if standard and _LEGACY[1].match(rest):
        return (
            f'Invalid token in JSONPath at: {rest}; write $."a.b" for a key with a dot, or use JSON_EXTRACT'
        )
    if not standard and _STANDARD[1].match(rest):
        return f"Invalid token in JSONPath at: {rest}; write $['a.b'] for a key with a dot, or use JSON_VALUE"
    return f"Invalid token in JSONPath at: {rest}"


def _quoted(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'."{escaped}"'
