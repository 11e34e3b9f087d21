"""What a term costs, in vCPU-hours and by list prices: by hand for one size, and in step with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sim.plan.estimate import (
    CPU_SECONDS_OF_A_DAY,
    CPU_SECONDS_PER_MILLION,
    SECONDS_PER_MILLION_ROWS,
    estimate,
)
from sim.scale.cost import cost_facts, cost_lines, engine_costs
from tests.samples.tiny import TINY, calendar_of, default_pack

FEW = TINY.model_copy(update={"fte": 30})
WANTED = estimate(FEW, default_pack(), calendar_of(FEW, default_pack()), 1)
BILLION = replace(WANTED, events_by={"rates": 10**9}, store_rows=500_000_000, days=138, event_json=True)


def test_the_cost_of_a_billion_events_by_hand() -> None:
    """CPU-seconds of store, days and events, over the share that is worked, times the hourly price."""
    seconds = (
        500 * SECONDS_PER_MILLION_ROWS + 138 * CPU_SECONDS_OF_A_DAY + 1_000 * CPU_SECONDS_PER_MILLION[True]
    )
    by = {cost.engine: cost for cost in engine_costs(BILLION)}
    assert by["one machine"].vcpu_hours == pytest.approx(seconds / 3_600)
    assert by["one machine"].usd == pytest.approx(seconds / 3_600 * (0.021811 + 4 * 0.002923))
    assert by["array tasks"].vcpu_hours == pytest.approx((seconds + 200 * 5) / 0.7 / 3_600)
    dataflow = (seconds + 200 * 5 + 5) / 0.7 / 3_600
    assert by["Dataflow"].usd == pytest.approx(dataflow * (0.056 + 4 * 0.003557 + 25 * 0.000054))


def test_the_page_has_the_formula() -> None:
    """docs/scale.md has the seconds that are reckoned with."""
    page = (Path(__file__).parents[2] / "docs/scale.md").read_text(encoding="utf-8")
    whole, bare = (CPU_SECONDS_PER_MILLION[with_json] for with_json in (True, False))
    assert f"CPU-seconds = {SECONDS_PER_MILLION_ROWS} R + {CPU_SECONDS_OF_A_DAY} D + c E + 5 T" in page
    assert f"c = {whole} with the JSON column, {bare} without" in page


def test_costs_grow_with_the_events() -> None:
    """Ten times the events and rows cost about ten times as much, whichever the engine."""
    more = replace(BILLION, events_by={"rates": 10**10}, store_rows=5_000_000_000)
    for one, ten in zip(engine_costs(BILLION), engine_costs(more), strict=True):
        assert ten.usd / one.usd == pytest.approx(10, rel=0.05)


def test_facts_and_lines_say_the_same() -> None:
    """Programs and people are told each engine, with the date of the prices."""
    facts, text = cost_facts(BILLION), "\n".join(cost_lines(BILLION))
    assert facts["prices"]["as_of"] in text
    for engine, cost in zip(facts["engines"], engine_costs(BILLION), strict=True):
        assert engine["engine"] == cost.engine
        assert engine["vcpu_hours"] == pytest.approx(cost.vcpu_hours, abs=0.0005)
        assert engine["usd"] == pytest.approx(cost.usd, abs=0.0005)
        assert f"{cost.engine}: {cost.vcpu_hours:,.2f} vCPU-hours, about {cost.usd:,.2f} USD" in text
