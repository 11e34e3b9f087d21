"""The demo's size: what `termtide demo` makes, drawn whole but not written."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from context.scenario.load import demo_scenario
from sim.caliper.batch import Batch
from sim.caliper.kinds import KIND, KINDS
from sim.draw.day import draw_day
from sim.draw.parts import Tally
from sim.plan.effects import MICRO
from sim.render.renderer import Renderer
from tests.samples.tiny import Campus, campus_of, default_pack


@cache
def demo() -> Campus:
    """Store, world and plan of the demo."""
    return campus_of(demo_scenario(), default_pack(), Path(mkdtemp(prefix="termtide-demo-")))


@cache
def days() -> list[tuple[Batch, Tally]]:
    """All days of the demo's term."""
    return [draw_day(demo().engine, int(day)) for day in demo().calendar.days]


COUNTED = [code for code, kind in enumerate(KINDS) if kind.role == "Student"]


def asked() -> float:
    """Student events that the pack asks for."""
    return sum(float(day.asked_micro.sum()) for day in demo().plan.days.values()) / MICRO


def overshoot() -> float:
    """Anchored events beyond that, as the plan reports them."""
    return sum(float(day.overshoot_micro.sum()) for day in demo().plan.days.values()) / MICRO


def test_about_two_million_events() -> None:
    """The demo has about 2M events, of every kind, of at least 1.5 KB on average."""
    total = sum(len(batch) for batch, _ in days())
    assert 1_900_000 < total < 2_600_000
    kinds = np.bincount(np.concatenate([np.unique(batch.kind) for batch, _ in days()]), minlength=len(KINDS))
    before = [KIND["course_created"], KIND["user_account_association_created"]]  # rows from before the term
    assert (np.delete(kinds, before) > 0).all()
    midterm = next(batch for batch, _ in days()[59:60])
    sizes = [len(text) for text in Renderer(demo().world).render(midterm.take(slice(0, 5000))).to_pylist()]
    assert np.mean(sizes) > 1500


def test_counts_are_what_the_pack_asks() -> None:
    """Student events are what the pack asks and the overshoot, within 0.5 %; that is 4.8 % at this size.

    Over eight campuses of 1,000 FTE the overshoot has an sd of .5 %, hence 7.5 %. The other bound is
    more than 5 sd: a term's total of 1.9M clustered clicks has an sd near 0.06 %.
    """
    got = sum(tally.ambient + tally.anchored for _, tally in days())
    assert abs(got / asked() - 1) < 0.075
    assert abs(got / (asked() + overshoot()) - 1) < 0.005


def test_margins_are_the_plans() -> None:
    """Student events by family, level, tool and week are those of the plan: within 1 % or 5 clustered sd."""
    plan, world = demo().plan.days, demo().world
    shape = next(iter(plan.values())).asked_micro.shape
    wanted = np.zeros((20, *shape))
    for day, one in plan.items():
        wanted[(day + 14) // 7] += (one.asked_micro + one.overshoot_micro) / MICRO
    got = np.zeros_like(wanted)
    for (batch, _), day in zip(days(), demo().calendar.days, strict=True):
        rows = np.flatnonzero(np.isin(batch.kind, COUNTED))
        course = batch.course[rows]
        tool = batch.tool[rows]
        cell = (
            np.full(len(rows), (int(day) + 14) // 7),
            world.courses.cip[course],
            world.courses.level[course],
            tool,
        )
        np.add.at(got, cell, 1)
    for axes, name in (((0, 2, 3), "cip"), ((0, 1, 3), "level"), ((0, 1, 2), "tool"), ((1, 2, 3), "week")):
        asks, has = wanted.sum(axis=axes), got.sum(axis=axes)
        # A person's clicks of a day come together: some twenty of them, of which the variance grows.
        bound = np.maximum(0.01 * asks, 5 * (12 * asks) ** 0.5) + 5
        assert (abs(has - asks) < bound).all(), (name, asks, has)


def test_the_term_has_its_shape() -> None:
    """First week, midterm and finals stand out, the Thanksgiving break is quiet, nights and Saturdays too."""
    per_day = np.array([tally.ambient + tally.anchored for _, tally in days()])
    first = -int(demo().calendar.days[0])
    week = [per_day[first + 7 * w : first + 7 * w + 7].sum() for w in range(17)]
    assert week[0] == max(week)
    assert week[13] < 0.5 * week[12]
    assert week[6] > 1.05 * week[4]
    saturday, tuesday = per_day[first + 5 : first + 80 : 7].sum(), per_day[first + 1 : first + 80 : 7].sum()
    assert saturday < 0.7 * tuesday
    local = np.concatenate([batch.time_ms for batch, _ in days()[20:60]]) - 4 * 3_600_000
    hours = np.bincount(local // 3_600_000 % 24, minlength=24)
    assert hours[4] < 0.15 * hours[21]
