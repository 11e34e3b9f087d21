"""The schemes of URLs, when one is mistyped."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def meant(scheme: str, known: Iterable[str]) -> str:
    """The end of an error's line: ``; did you mean parquet:?``, or nothing where no scheme is near."""
    near = get_close_matches(scheme, known, n=1)
    return f"; did you mean {near[0]}:?" if near else ""
