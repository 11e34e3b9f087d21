"""Law 2 for the blocks of people that a large campus is drawn in: no byte shows them."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from sim.caliper.batch import Batch, concatenate, in_order
from sim.counts.unit import Counter
from sim.draw import parts
from sim.draw.day import draw_day
from sim.draw.parts import Select, blocks_of
from sim.world.world import NO_ROW
from tests.samples.tiny import tiny

DAYS = (45, 51)  # a usual one, and Wednesday 2026-10-14 with its outage
FEW = 60  # student enrolments of a block


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> list[range]:
    """The blocks of the tiny campus, once few enrolments fill one."""
    monkeypatch.setattr(parts, "BLOCK_SEATS", FEW)
    return blocks_of(tiny().engine)


def same(a: Batch, b: Batch) -> bool:
    """Whether two batches hold the same rows in the same order."""
    return all(np.array_equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(Batch))


def test_a_campus_of_usual_size_is_one_block() -> None:
    """Where no more than BLOCK_SEATS enrolments are, everybody is in one block, nobody too."""
    assert blocks_of(tiny().engine) == [range(NO_ROW, len(tiny().world.persons.udp_id))]


def test_blocks_hold_everybody_once(small_blocks: list[range]) -> None:
    """Blocks follow each other from nobody to the last person, each of so many student enrolments at most."""
    seats = tiny().world.enrolments
    assert len(small_blocks) > 3
    rows = [row for block in small_blocks for row in block]
    assert rows == list(range(NO_ROW, len(tiny().world.persons.udp_id)))
    of_student = seats.person[seats.is_student]
    for block in small_blocks:
        mine = of_student[(of_student >= block.start) & (of_student < block.stop)]
        assert len(mine) <= FEW + np.bincount(of_student).max()


@pytest.mark.parametrize("day", DAYS)
def test_a_day_in_blocks_is_the_day(day: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events, their order, the tally and what is counted are those of the day drawn at once."""
    whole, tally = draw_day(tiny().engine, day)
    monkeypatch.setattr(parts, "BLOCK_SEATS", FEW)
    batch, counted = draw_day(tiny().engine, day)
    assert same(batch, whole)
    assert counted == tally
    counter = Counter(tiny().engine)
    assert counter.record(day, batch, counted).equals(counter.record(day, whole, tally))


def test_a_block_alone_has_its_rows(small_blocks: list[range]) -> None:
    """A block drawn alone has exactly its people's events; those of nobody are in the first."""
    whole, _ = draw_day(tiny().engine, DAYS[0], Select())
    assert (whole.person == NO_ROW).any()
    for block in (small_blocks[0], small_blocks[-1]):
        mine = np.flatnonzero((whole.person >= block.start) & (whole.person < block.stop))
        assert len(mine) > 100
        assert same(draw_day(tiny().engine, DAYS[0], Select(block=block))[0], whole.take(mine))


def test_merged_parts_are_in_total_order() -> None:
    """Parts in any order give the batch of all their rows, and are let go."""
    whole, _ = draw_day(tiny().engine, DAYS[0])
    cut = [whole.take(np.arange(start, len(whole), 3)) for start in (2, 0, 1)]
    assert same(concatenate(cut).sorted(), whole)
    assert same(in_order(cut), whole)
    assert not cut
