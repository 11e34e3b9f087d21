"""Keyed randomness. Fixed seeds; every bound has a false-alarm rate below 1e-6 (5 sd, or as it says)."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from context import rng

N = 200_000
SD5 = 5.0  # two-sided tail of a normal beyond 5 sd: 5.7e-7


def _keys(purpose: str = "test", n: int = N) -> rng.U64:
    return rng.key(7, purpose, np.arange(n))


def test_known_values() -> None:
    """The bits of a key never change: they are written down here."""
    assert [hex(int(b)) for b in rng.bits(rng.key(1, "x", np.arange(3)))] == KNOWN


KNOWN = ["0xfae8dbccba3c17e3", "0x9de486800b42bb4f", "0xefa89436a7061cfe"]


def test_uniform_bits() -> None:
    """Each of the 64 bits is a fair coin (64 tests: bound 5.9 sd, 2.3e-7 together)."""
    bits = rng.bits(_keys())
    for place in range(64):
        ones = int(((bits >> np.uint64(place)) & np.uint64(1)).sum())
        assert abs(ones - N / 2) < 5.9 * (N / 4) ** 0.5, place


def test_uniform_cells() -> None:
    """Values fill 1,000 cells evenly: chi-square within 5.2 sd of its mean (skew allowed for)."""
    cells = np.bincount((rng.uniform(_keys()) * 1000).astype(int), minlength=1000)
    chi = float(((cells - N / 1000) ** 2 / (N / 1000)).sum())
    assert abs(chi - 999) < 5.2 * (2 * 999) ** 0.5


@pytest.mark.parametrize("shift", [1, 2, 7, 1000])
def test_neighbouring_keys_are_independent(shift: int) -> None:
    """Keys that lie close together give uncorrelated values."""
    u = rng.uniform(_keys())
    assert abs(np.corrcoef(u[shift:], u[:-shift])[0, 1]) < SD5 / (N - shift) ** 0.5


@pytest.mark.parametrize("other", ["test2", "tes", "other"])
def test_purposes_are_independent(other: str) -> None:
    """The same coordinates under another purpose or another index give uncorrelated values."""
    u, v = rng.uniform(_keys()), rng.uniform(_keys(other))
    w = rng.uniform(_keys(), 1)
    for a, b in ((u, v), (u, w)):
        assert abs(np.corrcoef(a, b)[0, 1]) < SD5 / N**0.5


def test_coordinates_do_not_commute() -> None:
    """(a, b) and (b, a) are different keys, and negative coordinates are keys of their own."""
    assert rng.key(1, "p", 2, 3) != rng.key(1, "p", 3, 2)
    assert rng.key(1, "p", -1) != rng.key(1, "p", 1)
    grid = rng.key(1, "p", np.repeat(np.arange(400), 400), np.tile(np.arange(400), 400))
    assert len(np.unique(grid)) == 160_000


def test_extend_is_key() -> None:
    """Folding coordinates in one by one gives the key of all of them."""
    assert rng.extend(rng.key(5, "p", np.arange(9)), 4).tolist() == rng.key(5, "p", np.arange(9), 4).tolist()


def _moments(values: np.ndarray, mean: float, variance: float, fourth: float) -> None:
    """Mean and variance within 5 sd of the law's; ``fourth`` is its fourth central moment."""
    n = len(values)
    assert abs(values.mean() - mean) < SD5 * (variance / n) ** 0.5
    assert abs(values.var() - variance) < SD5 * ((fourth - variance**2) / n) ** 0.5 + 2e-3 * variance


def test_normal() -> None:
    """Standard normal: mean 0, variance 1, fourth moment 3."""
    _moments(rng.normal(_keys()), 0, 1, 3)


@pytest.mark.parametrize("shape", [0.6, 1.0, 2.5, 9.0])
def test_gamma(shape: float) -> None:
    """Gamma of mean 1: variance 1/k, fourth central moment 3/k^2 + 6/k^3."""
    _moments(rng.gamma(_keys(), shape), 1, 1 / shape, 3 / shape**2 + 6 / shape**3)


@pytest.mark.parametrize("sigma", [0.2, 0.55, 0.9])
def test_lognormal(sigma: float) -> None:
    """Lognormal of mean 1: variance w - 1 with w = exp(sigma^2); 5 sd of the mean, 3 % on the variance."""
    values, w = rng.lognormal(_keys(), sigma), float(np.exp(sigma**2))
    assert abs(values.mean() - 1) < SD5 * ((w - 1) / N) ** 0.5 + 1e-3
    fourth = (w - 1) ** 2 * (w**4 + 2 * w**3 + 3 * w**2 - 3)
    assert abs(values.var() - (w - 1)) < SD5 * (fourth / N) ** 0.5 + 0.03 * (w - 1)


@pytest.mark.parametrize("mean", [0.0005, 0.01, 0.37, 1.0, 5.3, 47.0, 250.0])
def test_poisson(mean: float) -> None:
    """Poisson: mean and variance are equal; means between the rows of the table are exact all the same."""
    counts = rng.poisson(_keys(), np.full(N, mean)).astype(float)
    assert abs(counts.mean() - mean) < SD5 * (mean / N) ** 0.5
    spread = SD5 * ((mean + 2 * mean**2) / N) ** 0.5
    # The randomised grid adds at most (step / 2)^2 = (mean / 16)^2 to the variance.
    assert mean - spread < counts.var() < mean + spread + (mean / 16) ** 2


def test_rows_of_the_poisson_grid_are_found_in_the_bits_of_a_mean() -> None:
    """The row is that of a search in the grid, on it, beside it and between, for the smallest means too."""
    grid, _ = rng._poisson_grid()
    between = rng.gamma(_keys("means", 20_000), 0.3) * 40
    edges = [grid, np.nextafter(grid[1:], 0), np.nextafter(grid[:-1], 1), between[between < grid[-1]]]
    means = np.concatenate([*edges, np.array([0.0, -0.0, 5e-324, 1e-300])])
    assert (rng._grid_row(means) == np.searchsorted(grid, means, side="right") - 1).all()


def test_poisson_refuses_means_outside_its_table() -> None:
    """A mean that the table cannot give is an error, not a wrong count."""
    with pytest.raises(ValueError, match=r"0\.\.256"):
        rng.poisson(_keys(n=2), np.array([1.0, 300.0]))


def test_integer() -> None:
    """Integers are uniform below their bound, bounds broadcast."""
    values = rng.integer(_keys(), 7)
    cells = np.bincount(values, minlength=7)
    assert len(cells) == 7
    assert abs(cells - N / 7).max() < 5.5 * (N * 6 / 49) ** 0.5
    assert (rng.integer(_keys(n=1000), np.arange(1, 1001)) < np.arange(1, 1001)).all()


def test_categorical() -> None:
    """Shares come back; a share of zero is never drawn."""
    table = rng.thresholds([0.2, 0.0, 0.5, 0.3])
    cells = np.bincount(rng.categorical(_keys(), table), minlength=4)
    assert cells[1] == 0
    for count, share in zip(cells, (0.2, 0.0, 0.5, 0.3), strict=True):
        assert abs(count - N * share) <= 5.2 * (N * share * (1 - share)) ** 0.5


def test_stratified_is_even() -> None:
    """Every n-th part of [0, 1) holds exactly one stratified value."""
    u = rng.stratified(_keys(n=1000))
    assert sorted((u * 1000).astype(int)) == list(range(1000))


def test_permutation_is_one() -> None:
    """A keyed shuffle has every position once and is not the identity."""
    order = rng.permutation(_keys(n=500))
    assert sorted(order) == list(range(500))
    assert (order != np.arange(500)).any()


def test_uuid_is_version_4() -> None:
    """The version and variant bits are those of RFC 4122, ids do not repeat."""
    high, low = rng.uuid_bits(_keys())
    assert ((high >> np.uint64(12)) & np.uint64(15) == 4).all()
    assert (low >> np.uint64(62) == 2).all()
    assert len(np.unique(high)) == N


def test_equal_in_a_fresh_process() -> None:
    """Another process with another hash seed, zone and locale makes the same numbers."""
    code = (
        "import numpy as np; from context import rng; k = rng.key(3, 'p', np.arange(1000));"
        "print(rng.bits(k).sum(), rng.normal(k).tobytes().hex()[:64]);"
        "print(rng.poisson(k, np.full(1000, 2.2)).sum())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("0", "UTC"), ("1", "Asia/Kolkata"))
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("coordinate", [0, 1, -1, 2**31, 2**63 - 1, -(2**63)])
def test_one_coordinate_is_an_array_of_it(coordinate: int) -> None:
    """A coordinate that all keys share folds in as an array of it does, to both ends of 64 bits."""
    keys = rng.key(5, "shared", np.arange(7))
    assert rng.extend(keys, coordinate).tolist() == rng.extend(keys, np.full(7, coordinate)).tolist()
