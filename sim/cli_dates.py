"""Dates on the command line."""

from __future__ import annotations

from datetime import date

from context.errors import InputError


def date_given(flag: str, text: str | None) -> date | None:
    """The date that a flag gives. Raises InputError for anything else."""
    try:
        return None if text is None else date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"{flag}: {text!r} given, allowed: a date such as 2026-10-01") from None
