"""Categorical and continuous distributions of a pack: moments, shares, draws, refusals.

Statistical tests use one fixed seed; each states a false-alarm rate of at most 1e-6 for a new one.
"""

from __future__ import annotations

from itertools import pairwise
from math import log, sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from context.errors import InputError
from context.packs.distribution import Continuous, integer_cdf, make_categorical, make_continuous
from context.packs.moments import fit
from context.rng import gamma_cdf, key

SEED = 20
DRAWS = 200_000
Z = 5.0  # |z| > 5 has probability 5.7e-7


def keys(purpose: str, count: int = DRAWS) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return key(SEED, purpose, np.arange(count))


def chi_square_p(counts: list[int], shares: list[float]) -> float:
    total = sum(counts)
    expected = [total * share for share in shares]
    statistic = sum((c - e) ** 2 / e for c, e in zip(counts, expected, strict=True))
    return 1 - gamma_cdf((len(shares) - 1) / 2, statistic / 2)


def by_hand(law: Continuous) -> tuple[float, float]:
    """Mean and sd from differences of the table, in plain floats."""
    shares = np.diff(np.concatenate([[0.0], law.thresholds.astype(np.float64)])) / 2**32
    values = law.values * law.step
    mean = float((shares * values).sum())
    return mean, sqrt(float((shares * (values - mean) ** 2).sum()))


QUADRUPLES = [
    (6.477, 7.517, 1, 50, "lognormal", 1.0),
    (3.9, 2.0, 1, 12, "lognormal", 1.0),
    (6.0, 9.0, 0, 60, "lognormal", 1.0),
    (1800.0, 5000.0, 16, 64_000, "lognormal", 16.0),
    (3.55, 0.4, 2, 4, "maxent", 0.01),
    (3.55, 0.4, 2, 4, "normal", 0.01),
    (0.0, 4.0, -10, 10, "normal", 1.0),
    (25.0, 24.9, 0, 50, "lognormal", 1.0),
    (49.0, 1.5, 1, 50, "lognormal", 1.0),
    (5.5, 0.5, 0, 10, "lognormal", 1.0),
    (4.0, 0.0, 0, 10, "lognormal", 1.0),
    (7.0, 0.0, 7, 7, "maxent", 1.0),
]


@pytest.mark.parametrize(("avg", "sd", "low", "high", "family", "step"), QUADRUPLES)
def test_moments_come_back(avg: float, sd: float, low: float, high: float, family: str, step: float) -> None:
    """The table that is drawn from has the asked average and sd to 1e-6, after rounding and bounds."""
    law = make_continuous(avg, sd, low, high, family=family, step=step)
    mean, spread = by_hand(law)
    assert mean == pytest.approx(avg, rel=1e-6, abs=1e-6 * step)
    assert spread == pytest.approx(sd, rel=1e-6, abs=1e-6 * step)
    assert law.realised() == pytest.approx((mean, spread), rel=1e-9, abs=1e-9)
    assert law.values[0] * step == pytest.approx(low)
    assert law.values[-1] * step == pytest.approx(high)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 0.95), st.floats(0.03, 0.97), st.integers(0, 5), st.integers(3, 200))
def test_any_possible_quadruple_is_met(where: float, spread: float, low: int, width: int) -> None:
    """Between the least and the largest possible sd there is always a law, and it is found."""
    avg = low + where * width
    largest = sqrt((avg - low) * (low + width - avg))
    part = avg - int(avg)
    smallest = sqrt(part * (1 - part))
    sd = smallest + spread * (largest - smallest)
    mean, got = make_continuous(avg, sd, low, low + width).realised()
    assert mean == pytest.approx(avg, rel=1e-6)
    assert got == pytest.approx(sd, rel=1e-6, abs=1e-6)


def test_clipping_and_rounding_a_lognormal_would_miss() -> None:
    """The figures of activities per group need the fit: a lognormal matched before rounding misses them."""
    law = make_continuous(6.477, 7.517, 1, 50)
    assert law.family == "lognormal"
    shares, family = fit(6.477, 7.517, 1, 50, "maxent")
    assert family == "maxent"
    assert sum(k * p for k, p in enumerate(shares, start=1)) == pytest.approx(6.477, abs=1e-9)
    assert shares[0] != pytest.approx(float(law.thresholds[0]) / 2**32, abs=1e-3)


def test_a_truncated_lognormal_is_found_again() -> None:
    """Moments computed by hand from a lognormal cut into cells lead back to its shares."""
    normal = NormalDist(1.6, 0.9)
    edges = [0.0, *(normal.cdf(log(k + 0.5)) for k in range(31))]  # 0..30, all below 0.5 in the first cell
    cells = [(b - a) / edges[-1] for a, b in pairwise(edges)]
    mean = sum(k * p for k, p in enumerate(cells))
    sd = sqrt(sum((k - mean) ** 2 * p for k, p in enumerate(cells)))
    shares, family = fit(mean, sd, 0, 30, "lognormal")
    assert family == "lognormal"
    assert shares == pytest.approx(cells, abs=1e-9)


def test_a_truncated_normal_is_found_again() -> None:
    """The same for a normal cut at both ends."""
    normal = NormalDist(7.3, 4.0)
    edges = [normal.cdf(k - 0.5) for k in range(12)]  # 0..10
    cells = [(b - a) / (edges[-1] - edges[0]) for a, b in pairwise(edges)]
    mean = sum(k * p for k, p in enumerate(cells))
    sd = sqrt(sum((k - mean) ** 2 * p for k, p in enumerate(cells)))
    shares, family = fit(mean, sd, 0, 10, "normal")
    assert family == "normal"
    assert shares == pytest.approx(cells, abs=1e-9)


def test_maximum_entropy_of_three_points_by_hand() -> None:
    """On 0, 1, 2 a mean of 1 and a variance of 0.5 leave one law: 1/4, 1/2, 1/4."""
    law = make_continuous(1, sqrt(0.5), 0, 2, family="maxent")
    shares = np.diff(np.concatenate([[0.0], law.thresholds.astype(np.float64)])) / 2**32
    assert shares == pytest.approx([0.25, 0.5, 0.25], abs=1e-9)


def test_two_points_at_the_largest_sd() -> None:
    """The largest possible sd puts everything on minimum and maximum."""
    law = make_continuous(2.0, sqrt(2.0 * 8.0), 0, 10)
    assert law.family == "point"
    assert np.unique(law.draw(keys("two points", 1000))).tolist() == [0, 10]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((5, 6, 0, 10), r"sd: 6 given, allowed: from 0 to 5 \(average 5 within 0 to 10, steps of 1\)"),
        ((5.5, 0.2, 0, 10), r"sd: 0.2 given, allowed: from 0.5 to 4.97"),
        ((11, 1, 0, 10), r"avg: 11 given, allowed: from min to max \(0 to 10\)"),
        ((5, -1, 0, 10), r"sd: -1 given, allowed: 0 or more"),
        ((5, 1, 10, 0), r"min: 10 given, allowed: at most max \(0\)"),
        ((5, 1, 0.5, 10), r"min: 0.5 given, allowed: a multiple of the step 1"),
        ((5, 1, 0, 10, None, "lognormal", 0), r"step: 0 given, allowed: a number above 0"),
        ((5, 1, 0, 10, None, "lognormal", 0.0001), r"step: 0.0001 given makes 100001 grid points"),
    ],
)
def test_impossible_quadruples_are_refused(arguments: tuple[float, ...], message: str) -> None:
    """No law has them, and the message says what is allowed."""
    with pytest.raises(InputError, match=message):
        make_continuous(*arguments)  # type: ignore[arg-type]


def test_continuous_draws_follow_the_table() -> None:
    """Mean, sd and shares of 200,000 draws lie within bounds of a false-alarm rate below 1e-6 each."""
    law = make_continuous(6.477, 7.517, 1, 50)
    drawn = law.draw(keys("activities"))
    assert drawn.dtype == np.int64
    assert drawn.min() == 1
    assert drawn.max() <= 50
    assert abs(drawn.mean() - 6.477) < Z * 7.517 / sqrt(DRAWS)
    shares = np.diff(np.concatenate([[0.0], law.thresholds.astype(np.float64)])) / 2**32
    fourth = float((shares * (law.values - 6.477) ** 4).sum())
    assert abs(drawn.var() - 7.517**2) < Z * sqrt((fourth - 7.517**4) / DRAWS)
    counts = np.bincount(drawn, minlength=51)[1:].tolist()
    assert chi_square_p(counts, shares.tolist()) > 1e-6


def test_draws_depend_on_key_and_index_only() -> None:
    """The same keys give the same draws in any order, and another index gives others."""
    law, some = make_continuous(6.477, 7.517, 1, 50), keys("order", 1000)
    drawn = law.draw(some)
    assert np.array_equal(law.draw(some[::-1])[::-1], drawn)
    assert not np.array_equal(law.draw(some, index=1), drawn)
    assert law.draw(some[:0]).tolist() == []


def test_categorical_draws_and_shares() -> None:
    """Values, null among them, come in their shares (false-alarm rate 1e-6); a share of 0 never comes."""
    shares: dict[str | None, float] = {"zero first": 0.0, "a": 0.62, None: 0.3, "b": 0.08, "zero last": 0.0}
    law = make_categorical("thing.field", {(): shares})
    assert law.values == ("zero first", "a", None, "b", "zero last")
    assert law.shares() == shares
    codes = law.draw(keys("marginal"))
    assert codes.dtype == np.int32
    counts = np.bincount(codes, minlength=5).tolist()
    assert (counts[0], counts[4]) == (0, 0)
    assert chi_square_p(counts[1:4], [0.62, 0.3, 0.08]) > 1e-6


def test_categorical_at_the_ends_of_the_hash() -> None:
    """The integer table ends at 2**32 exactly, so every hash has a value."""
    assert integer_cdf([1 / 3, 1 / 3, 1 / 3])[-1] == 2**32
    assert integer_cdf([0.5, 0.25, 0.25]) == [2**31, 3 * 2**30, 2**32]
    assert integer_cdf([1.0, 0.0]) == [2**32, 2**32]


GIVEN: dict[tuple[str, ...], dict[str | None, float]] = {
    ("Enrolled", "Student"): {"Active": 0.9, "Completed": 0.1},
    ("Dropped", "Student"): {"Inactive": 0.3, "Not-enrolled": 0.7},
    ("Enrolled", "Teacher"): {"Active": 1.0},
}


def test_conditional_draws() -> None:
    """Each combination of two conditions draws from its own row, mixed in one call (false alarm 1e-6)."""
    law = make_categorical("enrollment.status", GIVEN, ("role_status", "role"))
    assert law.given_values == (("Enrolled", "Dropped"), ("Student", "Teacher"))
    assert law.conditions() == tuple(GIVEN)
    combination = np.arange(DRAWS) % 3
    codes = law.draw(keys("given"), np.array([0, 1, 0])[combination], np.array([0, 0, 1])[combination])
    for i, (condition, shares) in enumerate(GIVEN.items()):
        counts = np.bincount(codes[combination == i], minlength=len(law.values))
        for value, count in zip(law.values, counts.tolist(), strict=True):
            share = shares.get(str(value), 0.0)
            mean = share * len(codes[combination == i])
            assert abs(count - mean) <= Z * sqrt(mean * (1 - share)), (condition, value)


def test_condition_of_one_field_broadcasts() -> None:
    """A single code stands for all keys, and draws alone equal draws among others."""
    law = make_categorical("e.f", {("x",): {"a": 0.5, "b": 0.5}, ("y",): {"a": 0.1, "b": 0.9}}, ("g",))
    some = keys("broadcast", 500)
    alone = law.draw(some, law.given_code(0, "y"))
    mixed = law.draw(some, np.arange(500) % 2)
    assert np.array_equal(alone[1::2], mixed[1::2])
    assert law.shares("y") == {"a": 0.1, "b": 0.9}


def test_missing_condition_names_field_and_values() -> None:
    """A condition without a row is refused by name, in draws, shares and codes."""
    law = make_categorical("enrollment.status", GIVEN, ("role_status", "role"))
    wanted = (
        r"enrollment.status given role_status = Dropped, role = Teacher: the pack has no row for it, allowed"
    )
    with pytest.raises(InputError, match=wanted):
        law.draw(keys("missing", 3), [0, 1, 0], [0, 1, 1])
    with pytest.raises(InputError, match=wanted):
        law.shares("Dropped", "Teacher")
    with pytest.raises(InputError, match="role = Auditor"):
        law.given_code(1, "Auditor")
    with pytest.raises(InputError, match=r"1 conditions given, allowed: 2 \(role_status, role\)"):
        law.draw(keys("missing", 3), 0)
    with pytest.raises(InputError, match=r"condition code outside 0\.\.1"):
        law.draw(keys("missing", 3), 2, 0)
