"""How far chance brings a share: Chernoff's bound against the exact binomial law."""

from __future__ import annotations

from math import comb, exp

import pytest

from sim.compare.verdicts import Difference, divergence, evidence, share_bound, together


@pytest.mark.parametrize("share", [0.003, 0.1, 0.5, 0.97])
@pytest.mark.parametrize("units", [12, 150, 900])
def test_a_share_is_seldom_beyond_its_bound(share: float, units: int) -> None:
    """Of draws by a share, fewer than the alarm's part of them lie beyond the bound, on either side."""
    limit = evidence(1, 1e-3)
    for came in (share - 1e-6, share + 1e-6):
        bound = share_bound(share, came, units, limit, 0.0)
        beyond = sum(
            comb(units, k) * share**k * (1 - share) ** (units - k)
            for k in range(units + 1)
            if (k / units - share) * (1 if came > share else -1) > bound + 1e-12
        )
        assert beyond <= exp(-limit) * 1.000001


def test_many_units_leave_little_room() -> None:
    """With more units the bound shrinks as their square root; a pack's own word leaves rounding alone."""
    limit = evidence(1000)
    few, many = (share_bound(0.4, 0.5, units, limit, 0.0) for units in (1_000, 100_000))
    assert 0.08 < many / few < 0.12
    assert share_bound(0.4, 0.5, 0, limit, 2e-4) == 2e-4
    assert divergence(0.2, 0.2) == 0
    assert together(0.2, 0, 0.5, 70) == (0.2, 70)
    assert together(0.2, 30, 0.5, 30) == (0.35, 15)


def test_what_is_not_judged_is_no_difference() -> None:
    """A cell that is not judged is within, however far it is."""
    far = Difference("block", "cell", 0.1, 0.9, 0.01)
    assert not far.is_within
    assert Difference("block", "cell", 0.1, 0.9, 0.01, "reason").is_within
    assert far.facts()["verdict"] == "different"
