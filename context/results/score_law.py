"""The law of scores of a kind of work, on the steps in which it is marked.

A latent standard normal ``z`` becomes one of ``steps`` + 1 marks: all of them above the quantile that leaves
the published share of full marks, and below it what is lost grows as a power of the distance. Scale and
power are fitted so that average and standard deviation are the published ones after rounding to steps and at
both ends of the scale. ``pow`` and ``erfc`` are called through ``math`` while a table is built, and what
they give is rounded.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import erfc, sqrt
from statistics import NormalDist

import numpy as np

from context.arrays import F64

_FINE = 30  # steps from which on marks are as good as continuous: they share a fit
_POWERS = (0.2, 4.0)
_ENOUGH = 1e-4  # of the whole score
_MORE_FULL = (
    0.03  # where few steps can't have the moments otherwise, more work has full marks, so much at a time
)


@lru_cache(maxsize=1024)
def mark_cuts(mean: float, sd: float, full: float, steps: int) -> F64:
    """Where ``z`` gains a step, [steps] ascending: the mark is the number of cuts at or below ``z``.

    ``mean`` and ``sd`` are of the whole score, 0..1, ``full`` is the share of full marks. Where so few steps
    can't have that spread, the mean is kept and the spread is the nearest.
    """
    share, scale, power = _fit(mean, sd, full, min(steps, _FINE))
    return np.array(_cuts(share, scale, power, steps))


def _top(full: float) -> float:
    return NormalDist().inv_cdf(min(max(1 - full, 1e-9), 1 - 1e-9))


def _cuts(full: float, scale: float, power: float, steps: int) -> list[float]:
    top, best = _top(full), 1 - 0.5 / min(steps, _FINE)
    lost = (max(best - (mark - 0.5) / steps, 0.0) for mark in range(1, steps))
    cuts = [top - (part / scale) ** (1 / power) for part in lost]
    return [round(max(cut, -40.0), 9) for cut in (*cuts, top)]


def moments(cuts: list[float]) -> tuple[float, float]:
    """(mean, sd) of the share of the whole score that marks with these cuts give."""
    steps, mean, square = len(cuts), 0.0, 0.0
    for mark, cut in enumerate(cuts, 1):
        above = 0.5 * erfc(cut / sqrt(2))
        mean += above
        square += (2 * mark - 1) * above
    mean /= steps
    return mean, sqrt(max(square / steps**2 - mean * mean, 0.0))


@lru_cache(maxsize=256)
def _fit(mean: float, sd: float, full: float, steps: int) -> tuple[float, float, float]:
    """(share of full marks, scale, power) with these moments; the nearest spread where there is none."""
    if steps == 1:
        return mean, 1.0, 1.0
    best = (float("inf"), full, 1.0, 1.0)
    share = full
    while share < mean:
        # Nobody below full marks can have more than all steps but one.
        if (mean - share) / (1 - share) < 1 - 1 / steps:
            scale, power, miss = _fit_below(mean, sd, share, steps)
            best = min(best, (round(miss, 6), share, scale, power))
            if miss < _ENOUGH:
                break
        share += _MORE_FULL
    return best[1:]


def _fit_below(mean: float, sd: float, full: float, steps: int) -> tuple[float, float, float]:
    """(scale, power, how far the spread is off) with this share of full marks."""

    def scale_of(power: float) -> float:
        return _root(lambda scale: mean - moments(_cuts(full, scale, power, steps))[0], 1e-4, 20.0)

    def spread(power: float) -> float:
        return moments(_cuts(full, scale_of(power), power, steps))[1] - sd

    power = _root(spread, *_POWERS)
    scale = scale_of(power)
    got = moments(_cuts(full, scale, power, steps))
    return scale, power, abs(got[1] - sd) + abs(got[0] - mean)


def _root(rises: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function is 0 in [low, high], else the nearer end: false position in a bracket."""
    at_low, at_high = rises(low), rises(high)
    if at_low >= 0 or at_high <= 0:
        return low if at_low >= 0 else high
    middle = low
    for _ in range(60):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        value = rises(middle)
        if abs(value) < _ENOUGH / 20 or high - low < 1e-9:
            return middle
        # The end that stays counts half (Illinois), so that both ends move.
        if value < 0:
            low, at_low, at_high = middle, value, at_high / 2
        else:
            high, at_high, at_low = middle, value, at_low / 2
    return middle
