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
        return _text(_found(document, path))
    except RecursionError:
        return None


class _Written(str):
    """The text of a number."""

    __slots__ = ()


def _found(document: str, path: str) -> Any:
    try:
        found: Any = json.loads(document, parse_float=_Written, parse_int=_Written)
        for step in _steps(path):
            found = found[step]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None
    return found


def _text(found: Any) -> str:
    if isinstance(found, _Written):
        return str(found)
    if isinstance(found, list):
        return f"[{','.join(map(_text, found))}]"
    if isinstance(found, dict):
        return f"{{{','.join(f'{_text(key)}:{_text(value)}' for key, value in found.items())}}}"
    return json.dumps(found, ensure_ascii=False)


@lru_cache(maxsize=256)
def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(
        int(match[2]) if match[2] else re.sub(r"\\(.)", r"\1", match[1]) for match in _STEP.finditer(path)
    )
