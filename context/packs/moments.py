"""Laws on a grid of whole numbers with a given average and standard deviation.

Three families: a truncated lognormal and a truncated normal, cut into cells of width one around the grid
points, and the law of maximum entropy, exp(a x + b x^2) on the points themselves, which exists for every
possible pair of moments. Pure ``math``: NumPy's exp and log differ between machines. Parameters are
rounded to 12 significant digits before the shares are computed from them.
"""

from __future__ import annotations

from collections.abc import Callable
from math import erfc, exp, fsum, inf, log, sqrt

FAMILIES = ("lognormal", "maxent", "normal")
Shares = list[float]
_TINY = 1e-9  # a sd this close to the least or largest possible one is taken as that one


def fit(mean: float, sd: float, first: int, last: int, family: str) -> tuple[Shares, str]:
    """(shares of first..last, family used); the moments must be possible on that grid.

    Falls back to maximum entropy where the family asked for has no law with these moments.
    """
    point = _boundary(mean, sd, first, last)
    if point is not None:
        return point, "point"
    if family == "lognormal" and first >= 0:
        edges = [log(k - 0.5) if k > 0 else -inf for k in range(first, last + 2)]
        sigma = sqrt(log(1 + (sd / mean) ** 2))
        shares = _cells(edges, mean, sd, first, log(mean) - sigma * sigma / 2, sigma)
        if shares is not None:
            return shares, "lognormal"
    if family == "normal":
        shares = _cells([k - 0.5 for k in range(first, last + 2)], mean, sd, first, mean, sd)
        if shares is not None:
            return shares, "normal"
    return _maxent(mean, sd, first, last), "maxent"


def _boundary(mean: float, sd: float, first: int, last: int) -> Shares | None:
    """The two-point law when the sd is the least or the largest possible one, else None."""
    low = min(int(mean - first + 1e-12) + first, max(first, last - 1))
    for a, b in ((first, last), (low, min(low + 1, last))):
        if abs(sd - sqrt(max(0.0, (mean - a) * (b - mean)))) <= _TINY * max(1.0, sd):
            shares = [0.0] * (last - first + 1)
            shares[b - first] += (mean - a) / (b - a) if b > a else 1.0
            shares[a - first] += 1.0 - shares[b - first]
            return shares
    return None


def _moments(shares: Shares, first: int) -> tuple[float, float]:
    mean = fsum(p * k for k, p in enumerate(shares)) + first
    return mean, sqrt(max(0.0, fsum(p * (k + first - mean) ** 2 for k, p in enumerate(shares))))


def _round(x: float) -> float:
    return float(f"{x:.12g}")


def _cut(edges: list[float], mu: float, sigma: float) -> Shares | None:
    """Normal probabilities between neighbouring edges, brought to sum 1; tails by erfc, without loss."""
    scale = 1 / (sigma * sqrt(2))
    places = [(edge - mu) * scale for edge in edges]
    tails = [0.5 * erfc(abs(place)) for place in places]
    shares = []
    for i in range(len(edges) - 1):
        if places[i] >= 0:
            shares.append(tails[i] - tails[i + 1])
        elif places[i + 1] <= 0:
            shares.append(tails[i + 1] - tails[i])
        else:
            shares.append(1 - tails[i] - tails[i + 1])
    total = fsum(shares)
    return [p / total for p in shares] if total > 1e-250 else None


def _cells(edges: list[float], mean: float, sd: float, first: int, mu: float, sigma: float) -> Shares | None:
    """Newton's steps in (mu, log sigma), damped; None where the family's reach ends."""

    def miss(at: tuple[float, float]) -> tuple[float, float] | None:
        if not (-4 < at[1] - log(sigma) < 3 and abs(at[0] - mu) < 60 * sigma):
            return None
        shares = _cut(edges, at[0], exp(at[1]))
        if shares is None:
            return None
        got = _moments(shares, first)
        return got[0] - mean, got[1] - sd

    best = _newton(miss, (mu, log(sigma)), 1e-11 * max(1.0, mean))
    return None if best is None else _cut(edges, _round(best[0]), exp(_round(best[1])))


def _newton(
    miss: Callable[[tuple[float, float]], tuple[float, float] | None],
    start: tuple[float, float],
    enough: float,
) -> tuple[float, float] | None:
    at, h = start, 1e-7
    here = miss(at)
    for _ in range(60):
        if here is None:
            return None
        if max(abs(here[0]), abs(here[1])) < enough:
            return at
        one, two = miss((at[0] + h, at[1])), miss((at[0], at[1] + h))
        if one is None or two is None:
            return None
        a, b = (one[0] - here[0]) / h, (two[0] - here[0]) / h
        c, d = (one[1] - here[1]) / h, (two[1] - here[1]) / h
        det = a * d - b * c
        if det == 0:
            return None
        step = ((b * here[1] - d * here[0]) / det, (c * here[0] - a * here[1]) / det)
        at, here = _damped(miss, at, here, step)
    return None


def _damped(
    miss: Callable[[tuple[float, float]], tuple[float, float] | None],
    at: tuple[float, float],
    here: tuple[float, float],
    step: tuple[float, float],
) -> tuple[tuple[float, float], tuple[float, float] | None]:
    """Halve the step until it brings the moments nearer; (at, None) when none does."""
    part = 1.0
    for _ in range(40):
        there = (at[0] + part * step[0], at[1] + part * step[1])
        value = miss(there)
        if value is not None and value[0] ** 2 + value[1] ** 2 < here[0] ** 2 + here[1] ** 2:
            return there, value
        part /= 2
    return at, None


def _maxent(mean: float, sd: float, first: int, last: int) -> Shares:
    """exp(a z + b z^2) with z the grid brought to [-1, 1]: Newton on the convex dual, damped."""
    centre, half = (first + last) / 2, (last - first) / 2
    grid = [(k - centre) / half for k in range(first, last + 1)]
    t1, variance = (mean - centre) / half, (sd / half) ** 2
    t2 = variance + t1 * t1
    a, b = (t1 / variance, -1 / (2 * variance)) if variance < 0.2 else (0.0, 0.0)
    value = _dual(grid, a, b, t1, t2)
    for _ in range(500):
        shares = _exponential(grid, a, b)
        m1, m2, m3, m4 = (fsum(p * z**n for z, p in zip(grid, shares, strict=True)) for n in (1, 2, 3, 4))
        g1, g2 = m1 - t1, m2 - t2
        if max(abs(g1), abs(g2)) < 1e-14:
            break
        h11, h12, h22 = m2 - m1 * m1, m3 - m1 * m2, m4 - m2 * m2
        det = h11 * h22 - h12 * h12
        if det <= 0:
            break
        step = ((h12 * g2 - h22 * g1) / det, (h12 * g1 - h11 * g2) / det)
        part, new = 1.0, _dual(grid, a + step[0], b + step[1], t1, t2)
        while new > value and part > 1e-12:
            part /= 2
            new = _dual(grid, a + part * step[0], b + part * step[1], t1, t2)
        if new > value:
            break
        a, b, value = a + part * step[0], b + part * step[1], new
    return _exponential(grid, _round(a), _round(b))


def _dual(grid: list[float], a: float, b: float, t1: float, t2: float) -> float:
    top = max(a * z + b * z * z for z in grid)
    return top + log(fsum(exp(a * z + b * z * z - top) for z in grid)) - a * t1 - b * t2


def _exponential(grid: list[float], a: float, b: float) -> Shares:
    top = max(a * z + b * z * z for z in grid)
    weights = [exp(a * z + b * z * z - top) for z in grid]
    total = fsum(weights)
    return [w / total for w in weights]
