"""Noise on counts before anything is made of them: none, or discrete noise with a stated privacy budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from sim.fit.warehouses.source import FitRow


class Noise(Protocol):
    """What is done to counts on their way out of a warehouse."""

    def counts(self, block: str, rows: Sequence[FitRow]) -> list[FitRow]:
        """Rows with their counts as they may be used. ``block``: what they are counts of."""
        ...

    def note(self) -> dict[str, Any]:
        """What ``fit.json`` says of it."""
        ...


class NoNoise:
    """Counts as they are: guarded by the threshold alone."""

    def counts(self, block: str, rows: Sequence[FitRow]) -> list[FitRow]:  # noqa: ARG002 - as the protocol has it
        """The rows."""
        return list(rows)

    def note(self) -> dict[str, Any]:
        """That there is none."""
        return {"noise": "none"}
