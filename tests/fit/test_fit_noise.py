"""Noise with a stated budget: how large it is, what it is put on, what is left out."""

from __future__ import annotations

import statistics

import pytest

import schemas
from context.errors import InputError
from sim.fit.noise import DiscreteLaplace, NoNoise
from tests.samples.tiny import default_pack

LAW = default_pack().categorical("person", "standing")


def test_budgets_are_checked() -> None:
    """A budget of nothing, or of so much that it protects nobody, is refused."""
    pytest.importorskip("opendp")
    for epsilon in (0.0, -1.0, 1e9, float("nan")):
        with pytest.raises(InputError, match=r"given, allowed: 0\.01 to 50"):
            DiscreteLaplace(epsilon)


def test_noise_has_the_scale_of_its_budget() -> None:
    """Every cell of a field, those of nobody too, gets noise of scale fields / epsilon.

    Of 2,000 draws the mean distance is within a tenth of the scale: it is off by 4.5 sd or more in fewer than
    one of 100,000 runs, and three such tries all fail in fewer than one of 1e15.
    """
    pytest.importorskip("opendp")
    noise = DiscreteLaplace(2.0)
    assert noise.note()["epsilon_a_field"] * len(noise.fields) == pytest.approx(2.0)
    row = {"given_1_value": "Undergraduate", "field_value": "Senior", "is_null": False, "num_people": 500}
    found = noise.counts(LAW, [row])
    assert len(found) == len(LAW.conditions()) * len(LAW.values)
    assert all(each["num_people"] == each["num_records"] >= 0 for each in found)
    for _ in range(3):
        drawn = [
            each["num_people"] - 500
            for _ in range(2_000)
            for each in noise.counts(LAW, [row])
            if each["given_1_value"] == "Undergraduate" and each["field_value"] == "Senior"
        ]
        if abs(statistics.fmean(map(abs, drawn)) / noise.scale - 1) < 0.1:
            return
    pytest.fail("noise is not of its scale")


def test_only_what_has_a_bound_is_fitted() -> None:
    """With a budget, fields of students are fitted, and nothing of which one may have many records."""
    pytest.importorskip("opendp")
    noise = DiscreteLaplace(1.0)
    for field in schemas.fit_fields():
        assert bool(noise.refuses(field)) == (field.base != "student" or field.kind != "categorical")
        assert NoNoise().refuses(field) == ""
    assert noise.rest
