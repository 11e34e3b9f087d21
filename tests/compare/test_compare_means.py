"""How far chance brings an average: the bound holds for laws with long tails, and for what a fit cuts."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest

from context import rng
from context.packs.distribution import Continuous, make_continuous
from sim.compare.compare import Comparison, compare
from sim.compare.figures import FigureSet, of_pack
from sim.compare.means import law_of, mean_bound, mixed
from sim.compare.verdicts import evidence
from tests.samples.tiny import default_pack

DRAWS = 5_000


def _means(law: Continuous, units: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    keys = rng.key(seed, "means", np.arange(DRAWS * units))
    return np.asarray(law.draw(keys).reshape(DRAWS, units).mean(axis=1) * law.step)


@pytest.mark.parametrize("units", [12, 167])
@pytest.mark.parametrize("others", [0, 40])
def test_an_average_is_seldom_beyond_its_bound(units: int, others: int) -> None:
    """Of averages of draws of a law with a long tail fewer than the alarm's part are beyond, on each side.

    Twice that part is allowed of 5,000 draws from a fixed seed: by chance less often than 1 in 10^6.
    """
    law, limit = make_continuous(10, 9.75, 1, 60), evidence(1, 2e-2)
    other = _means(law, others, 2) if others else law.avg
    distance = _means(law, units, 1) - other
    for above in (True, False):
        bound = mean_bound(law_of(law), units, others, limit, above=above)
        beyond = np.mean((distance if above else -distance) > bound)
        assert beyond <= 2 * exp(-limit)
    few, many = (mean_bound(law_of(law), n, 0, limit, above=True) for n in (100, 10_000))
    assert many == pytest.approx(few / 10, rel=0.15)
    assert mean_bound(law_of(law), 0, 0, limit, above=True) == 0


def test_laws_mix_by_their_units() -> None:
    """The law of two together has the average of all units."""
    one, other = (law_of(make_continuous(avg, 3, 1, 60)) for avg in (10, 20))
    assert mixed((one, other), (30, 10)).average == pytest.approx(12.5)


def test_what_a_fit_cuts_is_known() -> None:
    """Averages of 167 draws, each cut at its tenth from below and above, are as far off as the law cut there.

    Of 500 averages from a fixed seed; their standard error is .03.
    """
    law = make_continuous(10, 9.75, 1, 60)
    draws = law.draw(rng.key(1, "cut", np.arange(500 * 167))).reshape(500, 167)
    placed = np.sort(draws, axis=1)
    cut = np.clip(draws, placed[:, 9:10], placed[:, -10:-9])
    assert draws.mean() - cut.mean() == pytest.approx(law_of(law).cut(10 / 167), abs=0.1)
    assert law_of(law).cut(10 / 167) > 0.5


def _judged(came: float, units: int) -> Comparison:
    """Courses' discussions as one pack asks for them and another counted them in so many courses."""
    asked, other = of_pack("asked", "us_public_r1"), of_pack("came", "us_public_r1")
    block = "course_offering.discussions"
    law = make_continuous(came, 6.0, 1, 20)
    moment = asked.moments[block]
    counted = type(moment)(block, came, law_of(law), units, 10 / units)
    only = [FigureSet(each.name, each.pack) for each in (asked, other)]
    only[0].moments[block], only[1].moments[block] = moment, counted
    return compare(*only)


def test_an_average_of_few_courses_is_no_difference() -> None:
    """The law's own spread and what is cut count: 7.1 of 167 courses may be 10, of 1,670 it is not."""
    assert default_pack().continuous("course_offering", "discussions").avg == 10
    assert _judged(7.11, 167).beyond == []
    assert _judged(6.95, 167).beyond == []  # by what is cut
    assert [each.block for each in _judged(7.11, 1670).beyond] == ["continuous course_offering.discussions"]
    assert _judged(5.0, 167).beyond != []
