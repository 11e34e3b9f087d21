"""Noise on counts before anything is made of them: none, or discrete noise with a stated privacy budget.

With a budget, what one person adds to a count is bounded only where each person is in one cell of a table,
as students are in each of their fields. These fields share the budget evenly, each person's presence changing
one count of each by one: discrete Laplace noise of scale fields / epsilon on every cell of a field, cells of
nobody included, makes the whole differentially private with that epsilon (Ghosh, Roughgarden and Sundararajan
2009). Everything else (enrolments, scores, events) has no such bound and is not fitted then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, Protocol

import schemas
from context.errors import InputError
from context.packs.distribution import Categorical
from schemas import FitField
from sim.fit.warehouses.source import FitRow

ONE_EACH = "student"  # the base in which each person has one row
LEAST_EPSILON, MOST_EPSILON = 0.01, 50.0


class Noise(Protocol):
    """What is done to counts on their way out; ``rest``: why all but fields is left out, or ""."""

    rest: str

    def refuses(self, field: FitField) -> str:
        """Why a field is not to be fitted, "" where it is."""
        ...

    def threshold(self, threshold: int) -> int:
        """Least people of a cell for it to be called by its name by a query."""
        ...

    def counts(self, law: Categorical, rows: Sequence[FitRow]) -> list[FitRow]:
        """Counts of a field as they may be used."""
        ...

    def note(self) -> dict[str, Any]:
        """What ``fit.json`` says of it."""
        ...


class NoNoise:
    """Counts as they are: guarded by the threshold alone."""

    rest = ""

    def refuses(self, field: FitField) -> str:  # noqa: ARG002 - as the protocol has it
        """Nothing."""
        return ""

    def threshold(self, threshold: int) -> int:
        """As it is."""
        return threshold

    def counts(self, law: Categorical, rows: Sequence[FitRow]) -> list[FitRow]:  # noqa: ARG002 - as above
        """The rows."""
        return list(rows)

    def note(self) -> dict[str, Any]:
        """That there is none."""
        return {"noise": "none"}


class DiscreteLaplace:
    """Discrete Laplace noise by OpenDP. Raises InputError for no budget, or without the library."""

    rest = "what one person adds has no bound, with --epsilon"

    def __init__(self, epsilon: float) -> None:
        if not LEAST_EPSILON <= epsilon <= MOST_EPSILON:
            raise InputError(f"--epsilon: {epsilon:g} given, allowed: {LEAST_EPSILON:g} to {MOST_EPSILON:g}")
        self.epsilon = epsilon
        self.fields = [
            field.name
            for field in schemas.fit_fields()
            if field.kind == "categorical" and not self.refuses(field)
        ]
        self.scale = len(self.fields) / epsilon
        self._add = _laplace(self.scale)

    def refuses(self, field: FitField) -> str:
        """All but what each person has once."""
        if field.base == ONE_EACH and field.kind == "categorical":
            return ""
        return self.rest

    def threshold(self, threshold: int) -> int:  # noqa: ARG002 - as the protocol has it
        """Every cell: what is told is decided by the noisy counts."""
        return 1

    def counts(self, law: Categorical, rows: Sequence[FitRow]) -> list[FitRow]:
        """A row for every value under every condition of the pack, with noise, never below 0."""
        known = {_place(row, len(law.given)): int(row["num_people"]) for row in rows if _is_named(row)}
        found: list[FitRow] = []
        for condition, value in product(law.conditions(), law.values):
            count = max(self._add(known.get((condition, value), 0)), 0)
            given = dict(zip(("given_1_value", "given_2_value"), condition, strict=False))
            found.append(
                {
                    "given_1_value": "",
                    "given_2_value": "",
                    **given,
                    "field_value": value,
                    "is_null": value is None,
                    "num_records": count,
                    "num_people": count,
                }
            )
        return found

    def note(self) -> dict[str, Any]:
        """The budget that was spent, and on what."""
        return {
            "noise": "discrete Laplace",
            "epsilon": self.epsilon,
            "epsilon_a_field": self.epsilon / len(self.fields),
            "scale": self.scale,
            "fields": self.fields,
            "neighbours": "one person more or less",
        }


def _place(row: FitRow, given: int) -> tuple[tuple[str, ...], str | None]:
    return tuple(str(row[f"given_{i}_value"]) for i in range(1, given + 1)), row["field_value"]


def _is_named(row: FitRow) -> bool:
    return row["field_value"] is not None or bool(row["is_null"])


def _laplace(scale: float) -> Callable[[int], int]:
    try:
        import opendp.prelude as dp
    except ImportError as error:
        raise InputError("--epsilon: needs the library opendp: pip install 'termtide[privacy]'") from error
    dp.enable_features("contrib")
    made: Callable[[int], int] = dp.m.make_laplace(
        dp.atom_domain(T="i64"), dp.absolute_distance(T="i64"), scale
    )
    return made
