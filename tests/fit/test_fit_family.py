"""Which family of laws a continuous field has: told by its median."""

from __future__ import annotations

import numpy as np
import pytest

from context.packs.distribution import make_continuous
from sim.fit.fields import fitted_moments
from sim.fit.guard import GuardReport
from sim.fit.warehouses.source import FitRow

LAW = make_continuous(100, 40, 1, 200)


def _row(median: float, people: int, sd: float = 40) -> FitRow:
    figures = {"avg": 100, "sd": sd, "min": 1, "max": 200, "median": median}
    return {"num_people": people, **{f"{key}_field_value": value for key, value in figures.items()}}


@pytest.mark.parametrize(
    ("median", "people", "family"),
    [
        (float(LAW.at(np.array([0.5]))[0]), 10_000, None),
        (100, 10_000, "another"),
        (100, 100, None),  # that of a hundred people may be so far by chance
        (60, 10_000, None),  # no family is nearer
    ],
    ids=["own", "symmetric", "few", "none"],
)
def test_the_family_is_that_of_the_median(median: float, people: int, family: str | None) -> None:
    """A field keeps its family unless the median is far from that family's and near another's."""
    found = fitted_moments(LAW, _row(median, people), GuardReport(10), "field")
    assert LAW.family == "lognormal"
    assert found is not None
    if family is None:
        assert "family" not in found
    else:
        other = make_continuous(100, 40, 1, 200, family=found["family"])
        assert abs(float(other.at(np.array([0.5]))[0]) - median) <= 1


def test_impossible_moments_are_borrowed() -> None:
    """Moments that no family has leave the field as it was, and the pack says so."""
    report = GuardReport(10)
    assert fitted_moments(LAW, _row(100, 100, sd=150), report, "field") is None
    assert report.borrowed == ["continuous field: its moments make no law in steps of 1"]
