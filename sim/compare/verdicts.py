"""How far two figures may be apart by chance, all figures together raising a false alarm seldom.

Shares are judged by Chernoff's bound, which holds for any number of draws: so far from its share p a relative
frequency q of n draws is with a probability of at most exp(-n KL(q, p)) on either side (Cover and Thomas,
Elements of Information Theory, 2006, theorem 11.1.4). Two counted shares are judged against what they are
together. Other figures are judged by their standard errors, with the normal law's bound exp(-z^2 / 2). Each
of m judged cells gets an equal part of the false-alarm rate (Bonferroni), so that all of them together raise
one with that rate at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log, sqrt

ALARM = 1e-3  # false alarms of a whole comparison


@dataclass(frozen=True)
class Difference:
    """One cell: what was asked, what came, how far that may be, and whether it is judged.

    ``bound``: how far ``came`` may be from ``asked``, in their own unit; inf where nothing can be said.
    """

    block: str
    cell: str
    asked: float
    came: float
    bound: float
    unjudged: str = ""

    @property
    def distance(self) -> float:
        """How far it is."""
        return abs(self.came - self.asked)

    @property
    def is_within(self) -> bool:
        """Whether it is no further than chance may bring it, or not judged."""
        return bool(self.unjudged) or self.distance <= self.bound

    def facts(self) -> dict[str, float | str | bool]:
        """As plain data."""
        return {
            "block": self.block,
            "cell": self.cell,
            "asked": self.asked,
            "came": self.came,
            "distance": self.distance,
            "bound": self.bound if self.bound != inf else "none",
            "verdict": "not judged" if self.unjudged else "within" if self.is_within else "different",
            "because": self.unjudged,
        }


def evidence(cells: int, alarm: float = ALARM) -> float:
    """Natural logarithm of what the chance of one cell's side must be below: 2 m / alarm."""
    return log(2 * max(cells, 1) / alarm)


def divergence(q: float, p: float) -> float:
    """Kullback and Leibler's divergence of two shares, in nats; inf where q can't be had from p."""
    found = 0.0
    for a, b in ((q, p), (1 - q, 1 - p)):
        if a > 0:
            if b <= 0:
                return inf
            found += a * log(a / b)
    return max(found, 0.0)


def share_bound(asked: float, came: float, units: float, limit: float, slack: float) -> float:
    """How far a share may be from ``asked`` on the side of ``came``; ``slack``: what rounding adds."""
    if units <= 0:
        return slack
    low, high = (0.0, 1 - asked) if came >= asked else (0.0, asked)
    sign = 1 if came >= asked else -1
    if units * divergence(asked + sign * high, asked) <= limit:
        return high + slack
    for _ in range(60):
        middle = (low + high) / 2
        if units * divergence(asked + sign * middle, asked) <= limit:
            low = middle
        else:
            high = middle
    return high + slack


def together(a: float, units_a: float, b: float, units_b: float) -> tuple[float, float]:
    """(the share against which two are judged, the units of it); 0 units stand for a pack's own word."""
    if units_a <= 0 or units_b <= 0:
        return a if units_a <= 0 else b, max(units_a, units_b)
    return (a * units_a + b * units_b) / (units_a + units_b), units_a * units_b / (units_a + units_b)


def error_bound(error: float, limit: float) -> float:
    """How far a figure with a standard error may be from what was asked."""
    return error * sqrt(2 * limit)
