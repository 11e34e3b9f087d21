"""Numbers in JSON text as they are written there: 1.50 and 1e3, which BigQuery's JSON_VALUE gives so."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

_STEP = re.compile(r'\."((?:[^"\\]|\\.)*)"|\[(\d+)\]')


def number_written(document: str, path: str) -> str | None:
    """The text of the number at a path such as ``$."a"[0]``; None if there is no number."""
    found = _found(document, path)
    return str(found) if isinstance(found, _Written) else None


def part_written(document: str, path: str) -> str | None:
    """The JSON text, without blanks, of what stands at a path; None if there is nothing, or too deep."""
    try:
        return text_of_json(_found(document, path))
    except RecursionError:
        return None


class _Written(str):
    """The text of a number."""

    __slots__ = ()


def json_of(document: str) -> Any:
    """A document whose numbers are texts of a kind, as they are written."""
    return json.loads(document, parse_float=_Written, parse_int=_Written)


def _found(document: str, path: str) -> Any:
    try:
        found = json_of(document)
        for step in path_steps(path):
            found = found[step]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None
    return found


def text_of_json(found: Any) -> str:
    """A document of ``json_of`` as text, without blanks."""
    if isinstance(found, _Written):
        return str(found)
    if isinstance(found, list):
        return f"[{','.join(map(text_of_json, found))}]"
    if isinstance(found, dict):
        return f"{{{','.join(f'{text_of_json(key)}:{text_of_json(value)}' for key, value in found.items())}}}"
    return json.dumps(found, ensure_ascii=False)


@lru_cache(maxsize=256)
def path_steps(path: str) -> tuple[str | int, ...]:
    """Keys and indexes of a path such as ``$."a"[0]``."""
    return tuple(
        int(match[2]) if match[2] else re.sub(r"\\(.)", r"\1", match[1]) for match in _STEP.finditer(path)
    )
