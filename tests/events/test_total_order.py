"""The order of a batch's events: by time, then by id, whatever the times and however they are found."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from sim.caliper.batch import Batch, in_order
from sim.plan.anchors import Anchors
from tests.samples.tiny import tiny
from tests.samples.toy_batch import toy_batch

DAY_MS = 86_400_000


def _as_sorted(batch: Batch) -> Batch:
    return batch.take(np.lexsort((batch.uuid_low, batch.uuid_high, batch.time_ms)))


@pytest.mark.parametrize("events", [0, 1, 2, 1_000, 5_000])
@pytest.mark.parametrize("span", [1, 50, DAY_MS, 1 << 61], ids=["an instant", "ties", "a day", "too wide"])
def test_events_go_by_time_then_by_id(events: int, span: int) -> None:
    """Law: sorted rows are those of a sort by time and both halves of the id, in one batch or several."""
    random = np.random.default_rng(7)
    time_ms = 1_790_000_000_000 + random.integers(0, span, events)
    batch = toy_batch(time_ms, random.permutation(events).astype(np.uint64) % np.uint64(max(events // 3, 1)))
    halves = random.integers(0, 1 << 63, events).astype(np.uint64) * np.uint64(2)
    batch = Batch(**(vars(batch) | {"uuid_high": halves}))
    wanted = _as_sorted(batch)
    cut = events // 3
    for found in (batch.sorted(), in_order([batch.take(slice(cut, None)), batch.take(slice(0, cut))])):
        for name in ("time_ms", "uuid_high", "uuid_low"):
            np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))


def test_ids_of_one_instant_go_by_their_halves() -> None:
    """Of one millisecond the upper half of the id decides, then the lower one, also beyond int64."""
    high = np.array([1 << 63, 3, 3, (1 << 64) - 1, 0], dtype=np.uint64)
    low = np.array([0, 9, (1 << 64) - 1, 0, 5], dtype=np.uint64)
    batch = Batch(**(vars(toy_batch(np.full(5, DAY_MS), low)) | {"uuid_high": high}))
    assert batch.sorted().uuid_low.tolist() == [5, 9, (1 << 64) - 1, 0, 0]
    assert batch.sorted().uuid_high.tolist() == [0, 3, 3, 1 << 63, (1 << 64) - 1]


def test_a_days_anchors_are_found_without_a_copy() -> None:
    """The rows of a day are those that have it; looking them up takes no memory that grows with the term."""
    own = tiny().engine.anchors
    for day in (-1, 0, 45, 200):
        rows = own.rows_of(day)
        np.testing.assert_array_equal(np.flatnonzero(own.day == day), np.arange(rows.start, rows.stop))
    days = np.repeat(np.arange(100, dtype=own.day.dtype), 10_000)
    many = Anchors(**(vars(own) | {"day": days}))
    tracemalloc.start()
    try:
        assert many.rows_of(42) == slice(420_000, 430_000)
        assert tracemalloc.get_traced_memory()[1] < days.nbytes / 10
    finally:
        tracemalloc.stop()
