"""Numbers in JSON text as they are written there: 1.50 and 1e3, which BigQuery's JSON_VALUE gives so."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

_STEP = re.compile(r'\."((?:[^"\\]|\\.)*)"|\[(\d+)\]')


def number_written(document: str, path: str) -> str | None:
    """The text of the number at a path such as ``$."a"[0]``; None if there is no number."""
    try:
        found: Any = json.loads(document, parse_float=_Written, parse_int=_Written)
        for step in _steps(path):
            found = found[step]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None
    return str(found) if isinstance(found, _Written) else None


class _Written(str):
    """The text of a number."""

    __slots__ = ()


@lru_cache(maxsize=256)
def _steps(path: str) -> tuple[str | int, ...]:
    return tuple(
        int(match[2]) if match[2] else re.sub(r"\\(.)", r"\1", match[1]) for match in _STEP.finditer(path)
    )
