"""How many of a discipline get which letter: the pack's shares, tilted to its mean grade.

Each share is taken times t ** grade points, with t so that the mean fits. That alone would take most failing
grades away where means are high: failing letters of undergraduates are therefore taken times one more factor,
the same in all disciplines, so that over the campus the pack's share fails.
"""

from __future__ import annotations

from functools import lru_cache
from math import exp, fsum, sqrt

import numpy as np

from context.arrays import F64
from context.packs.pack import Pack
from context.people.standing import family_seats

_MOST_FAILING = 64.0  # times the pack's share, before tilting
_ROUNDS = 40  # of bisections
_TILTS = 60  # of Newton's steps, of which six are enough, and bisections beside them
_ENOUGH = 1e-12  # grade points: what is left shows in no rounded share
_LEAST_TILT, _MOST_TILT = 0.02, 50.0


def letter_cuts(pack: Pack, gpa: float, *, undergraduate: bool) -> F64:
    """Cumulative shares from the lowest letter up whose mean grade points are ``gpa``."""
    weights = _tilted(pack, gpa, _failing_factor(pack) if undergraduate else 1.0)
    return np.cumsum([round(weight, 9) for weight in reversed(weights)])


def _tilted(pack: Pack, gpa: float, failing: float) -> list[float]:
    """Shares of letters, in the order of the pack, with this mean; those of no points times ``failing``."""
    law = pack.table("letter")
    points = [float(value) for value in law["grade_points"]]
    shares = [
        float(share) * (1.0 if value > 0 else failing)
        for share, value in zip(law["share"], points, strict=True)
    ]
    low, high, tilt = _LEAST_TILT, _MOST_TILT, 1.0
    weights, total = shares, 1.0
    for _ in range(_TILTS):
        weights = [share * tilt**value for share, value in zip(shares, points, strict=True)]
        total = fsum(weights)
        mean = fsum(w * value for w, value in zip(weights, points, strict=True)) / total
        if abs(mean - gpa) < _ENOUGH:
            break
        low, high = (tilt, high) if mean < gpa else (low, tilt)
        # The mean rises with the logarithm of the tilt as fast as the variance is large.
        spread = fsum(w * (value - mean) ** 2 for w, value in zip(weights, points, strict=True)) / total
        step = tilt * exp(max(min((gpa - mean) / spread, 4.0), -4.0)) if spread else 0.0
        tilt = step if low < step < high else sqrt(low * high)
    return [weight / total for weight in weights]


@lru_cache(maxsize=8)
def _failing_factor(pack: Pack) -> float:
    """By which failing letters are taken so that of all undergraduates' seats the pack's share fails."""
    law = pack.table("letter")
    fails = [float(value) == 0 for value in law["grade_points"]]
    wanted = fsum(float(share) for share, failing in zip(law["share"], fails, strict=True) if failing)
    seats, gpas = family_seats(pack), [float(gpa) for gpa in pack.table("cip")["gpa"]]
    low, high = 1 / _MOST_FAILING, _MOST_FAILING
    for _ in range(_ROUNDS):
        factor = sqrt(low * high)
        found = fsum(
            weight * share
            for weight, gpa in zip(seats, gpas, strict=True)
            for share, failing in zip(_tilted(pack, gpa, factor), fails, strict=True)
            if failing
        )
        low, high = (factor, high) if found < wanted * fsum(seats) else (low, factor)
    return round(sqrt(low * high), 9)
