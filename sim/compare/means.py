"""How far the average of draws from a law may be from the law's own, by chance.

Chernoff's bound with the law itself (Boucheron, Lugosi and Massart, Concentration Inequalities, 2013, section
2.2): a law with a long tail brings averages of few draws further up than down, which a standard error, from
the very draws that are judged, does not know. And averages of a fit are of values cut where few people are
beyond: what a law loses by that is what its averages may be short of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from context.arrays import F64
from context.packs.distribution import Continuous

_TILTS = np.geomspace(1e-3, 1e3, 241)  # in units of what the normal law would take; each gives a bound


@dataclass(frozen=True)
class MeanLaw:
    """A law as values and their shares, ascending."""

    values: F64
    shares: F64

    @property
    def average(self) -> float:
        """Its average."""
        return float(self.values @ self.shares)

    def cut(self, share: float) -> float:
        """How far its average moves when its values are cut, a share of them being beyond on either side."""
        place = np.cumsum(self.shares)
        low = self.values[min(int(np.searchsorted(place, share)), len(place) - 1)]
        high = self.values[min(int(np.searchsorted(place, 1 - share)), len(place) - 1)]
        return abs(self.average - float(np.clip(self.values, low, max(low, high)) @ self.shares))


def law_of(law: Continuous) -> MeanLaw:
    """The law that a pack draws from."""
    shares = np.diff(law.thresholds.astype(np.float64), prepend=0.0)
    return MeanLaw(law.values.astype(np.float64) * law.step, shares / shares.sum())


def mixed(laws: Sequence[MeanLaw], units: Sequence[int]) -> MeanLaw:
    """The law of units of several together."""
    values = np.concatenate([law.values for law in laws])
    shares = np.concatenate([law.shares * part / sum(units) for law, part in zip(laws, units, strict=True)])
    order = np.argsort(values, kind="stable")
    return MeanLaw(values[order], shares[order])


def mean_bound(law: MeanLaw, units: int, others: int, limit: float, *, above: bool) -> float:
    """How far the average of ``units`` draws is above (or below) that of ``others``; 0: the law's own.

    ``limit``: the evidence asked for, as verdicts has it. Any tilt t of exp(t x) bounds the distance by
    (limit + units K(t / units) + others K(-t / others)) / t, K being the centred law's cumulants' function.
    """
    sign = 1.0 if above else -1.0
    centred = sign * (law.values - law.average)
    sd = float(np.sqrt(np.square(centred) @ law.shares))
    counted = [n for n in (units, others) if n > 0]
    if sd == 0 or not counted:
        return 0.0
    error = sd * float(np.sqrt(sum(1 / n for n in counted)))
    tilts = np.sqrt(2 * limit) / error * _TILTS
    found = np.full(len(tilts), limit)
    for n, way in ((units, 1.0), (others, -1.0)):
        if n > 0:
            found += n * _cumulants(centred, law.shares, way * tilts / n)
    return float(np.min(found / tilts))


def _cumulants(values: F64, shares: F64, tilts: F64) -> F64:
    """[tilts] log of the law's average of exp(t x)."""
    exponents = tilts[:, None] * values
    most = exponents.max(axis=1)
    return np.asarray(most + np.log(np.exp(exponents - most[:, None]) @ shares))
