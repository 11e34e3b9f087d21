"""Runs and deliveries that end with a few marts: a table, one by day, a view, and all that these read.

For tests that look at other things than marts: all 55 of them take longer than a small campus.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from schemas import Mart
from sim.marts.build import chosen

FEW = ("mart_course_section.status", "mart_general.lti_tool", "mart_general.lms_tool")


@contextmanager
def few_alone() -> Iterator[None]:
    """Where no mart is named, FEW are meant; a name means what it always does."""

    def few(names: Sequence[str]) -> list[Mart]:
        return chosen(names or FEW)

    with pytest.MonkeyPatch.context() as patched:
        for module in ("build", "deliver"):
            patched.setattr(f"sim.marts.{module}.chosen", few)
        yield
