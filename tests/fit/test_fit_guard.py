"""What is held back of a table, and that it can't be worked out from the rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from context.errors import InputError
from sim.fit.guard import checked_threshold, named_safely, rounded_shares, safe_cells

COUNTS = st.lists(st.integers(0, 60), min_size=1, max_size=7)


@given(st.lists(st.integers(0, 60), min_size=24, max_size=24), st.sampled_from([(24,), (4, 6), (2, 3, 4)]))
def test_no_held_cell_is_a_difference(people: list[int], shape: tuple[int, ...]) -> None:
    """No line of a table has one held cell beside told ones, or fewer people in them than the threshold."""
    table = np.array(people, dtype=np.int64).reshape(shape)
    told = safe_cells(table, 10)
    assert told[(table == 0) | (table >= 10)].sum() >= (table == 0).sum()
    assert not told[(table > 0) & (table < 10)].any()
    held = ~told
    for axis in range(table.ndim):
        count, behind = held.sum(axis=axis), np.where(held, table, 0).sum(axis=axis)
        any_told = (told & (table > 0)).any(axis=axis)
        assert not (any_told & (count > 0) & ((count == 1) | (behind < 10))).any()


@given(st.dictionaries(st.integers(0, 9), st.integers(1, 50), max_size=8), st.integers(0, 30))
def test_what_is_not_named_is_enough_people(people: dict[int, int], unnamed: int) -> None:
    """Behind what has no name in a line stands nobody, or enough people, or the whole line."""
    named = named_safely(people, unnamed, 10)
    held = unnamed + sum(count for key, count in people.items() if key not in named)
    assert all(people[key] >= 10 for key in named)
    assert held == 0 or held >= 10 or not named


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40).filter(lambda weights: sum(weights) > 1e-3))
def test_rounded_shares_sum_to_one(weights: list[float]) -> None:
    """Rounded shares sum to 1, each within a step of what it was."""
    shares = rounded_shares(weights)
    assert abs(sum(shares) - 1) < 1e-9
    assert all(abs(a - b / sum(weights)) <= 1.01e-4 for a, b in zip(shares, weights, strict=True))


def test_the_threshold_goes_up_only() -> None:
    """Fewer than ten people are refused as a threshold."""
    assert checked_threshold(25) == 25
    with pytest.raises(InputError, match="--threshold: 9 given, allowed: 10 people or more"):
        checked_threshold(9)
