"""Adoption of tools: shares are the pack's, and nobody clicks in a tool that has nothing in the course."""

from __future__ import annotations

from functools import cache
from math import sqrt

import numpy as np
import pytest

from context import rng
from context.packs.course_spec import TEACHING_MODES
from sim.caliper.kinds import KIND, KINDS
from sim.plan.adoption import NEVER_DAY, online_live, tool_days
from sim.plan.asked import MOST_OF_MEAN, asked_of
from sim.plan.sections import section_keys
from sim.world.load import campus_facts, load_world
from sim.world.world import MODES, CampusFacts, World
from tests.events.test_draw import term
from tests.samples.gates import CAMPUS, stored
from tests.samples.tiny import calendar_of, default_pack, tiny

SD = 5  # two-sided 5.7e-7


@cache
def loaded() -> tuple[World, CampusFacts]:
    """World and facts of the gates' campus."""
    pack = default_pack()
    return load_world(stored(), CAMPUS, pack, calendar_of(CAMPUS, pack)), campus_facts(stored())


@cache
def first_sections() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(tool_day, how it is taught, row) of the first section of each course with students."""
    world, facts = loaded()
    pack, keys = default_pack(), section_keys(world)
    days = tool_days(pack, calendar_of(CAMPUS, pack), world, facts, keys)
    e = world.enrolments
    rows = np.unique(e.section[e.is_student])
    _, first = np.unique(facts.section_course[rows], return_index=True)
    live = online_live(pack, keys, facts.mode[: len(keys)])
    how = np.where(live, len(MODES), facts.mode[: len(keys)])
    return days[rows[first]], how[rows[first]], rows[first]


@pytest.mark.parametrize("tool", ["zoom", "kaltura", "etext", "other_lti", "collaborations"])
def test_adoption_is_the_packs(tool: str) -> None:
    """Of courses, by how they are taught, the pack's share has a tool: .12 have Zoom in person, all live.

    Of the live ones there are some ten at 5,000 FTE, and as few as five with some seeds; from three on the
    bound is one that chance does not cross.
    """
    days, how, _ = first_sections()
    has = days[:, loaded()[0].tools.index(tool)] < NEVER_DAY
    law = default_pack().table("adoption")
    for name, mode, share in zip(law["tool"], law["mode"], law["share"], strict=True):
        if name == tool:
            mine = has[how == TEACHING_MODES.index(str(mode))]
            assert len(mine) >= 3
            wanted = float(share)
            assert abs(mine.mean() - wanted) <= SD * sqrt(wanted * (1 - wanted) / len(mine)), mode


def test_turnitin_goes_with_papers() -> None:
    """Turnitin is in courses with papers alone, and in the pack's share of these."""
    days, how, rows = first_sections()
    facts = loaded()[1]
    papers = np.isin(facts.section_course[rows], facts.activity_course[facts.is_paper])
    has = days[:, loaded()[0].tools.index("turnitin")] < NEVER_DAY
    assert not has[~papers].any()
    law = default_pack().table("adoption")
    share = next(
        float(s)
        for t, m, s in zip(law["tool"], law["mode"], law["share"], strict=True)
        if (t, m) == ("turnitin", "in_person")
    )
    mine = has[papers & (how == 0)]
    assert abs(mine.mean() - share) <= SD * sqrt(share * (1 - share) / len(mine))


def test_nobody_opens_what_is_not_there() -> None:
    """No student's click is in a tool before the day on which the course has something in it."""
    world, batch = tiny().world, term()
    days = tiny().plan.effects.tool_day
    views = np.flatnonzero(
        np.array([kind.is_view and kind.role != "staff" for kind in KINDS])[batch.kind]
        & (batch.enrolment >= 0)
        & (batch.tool < len(world.tools))
    )
    e = world.enrolments
    views = views[e.is_student[batch.enrolment[views]]]
    section, tool = e.section[batch.enrolment[views]], batch.tool[views].astype(np.int64)
    day = tiny().calendar.day_of(batch.time_ms[views])
    # What was handed in or posted brings a view of its own object.
    anchored = np.isin(batch.kind[views], [KIND[k] for k in ("assignment", "quiz", "discussion_topic")])
    early = (day < days[section, tool]) & ~anchored
    assert len(views) > 50_000
    assert early.sum() == 0
    empty = {tool: int((days[:, code] == NEVER_DAY).sum()) for code, tool in enumerate(world.tools)}
    assert empty["zoom"] > 0
    assert empty["home"] == 0


def test_totals_of_cells_and_days_are_kept() -> None:
    """Cells over the term and days over the campus keep their totals, but cells where few have the tool."""
    key = rng.key(1, "asked", np.arange(6 * 40)).reshape(40, 6)
    want = 1_000_000 + rng.integer(key, 9_000_000)
    base = np.full(want.shape, 10_000)
    reach = rng.integer(key, 10_000, 1)
    reach[:, 4] //= 40  # hardly anybody
    reach[:, 5] = 0
    asked = asked_of(want, reach, base, 1)
    assert asked.sum() == pytest.approx(want.sum(), rel=1e-5)
    assert asked.sum(axis=1) == pytest.approx(want.sum(axis=1), rel=0.01)
    assert not asked[:, 5].any()
    mean = (want * reach / base).sum() / want.sum()
    assert asked[:, 4].sum() < 1.3 * MOST_OF_MEAN / mean * (want * reach / base)[:, 4].sum()
    ratio = asked[:, :4].sum(axis=0) / want[:, :4].sum(axis=0)
    assert np.ptp(ratio) < 0.15
    # A day on which nobody reaches it is not asked for; the others have its events.
    reach[7] = 0
    without = asked_of(want, reach, base, 1)
    assert not without[7].any()
    assert without.sum() == pytest.approx(want.sum(), rel=1e-5)


def test_levels_keep_totals_that_a_cell_cannot_reach() -> None:
    """What a cell without a tool gives away goes to others of its level, as far as these may have more."""
    want = np.full((20, 8), 1_000_000)
    base, reach = np.full(want.shape, 10_000), np.full(want.shape, 10_000)
    reach[:, 2] = 0  # of families by two levels: the second family of the first level
    asked = asked_of(want, reach, base, 2).reshape(20, 4, 2).sum(axis=0)
    assert asked.sum(axis=0) == pytest.approx(want.sum(axis=0).reshape(4, 2).sum(axis=0), rel=1e-5)
    assert asked[:, 0] == pytest.approx(asked[0, 0] * np.array([1, 0, 1, 1]), rel=1e-5)
    # Where three of four have nothing, the fourth makes up for one of them, and the other level for the rest.
    reach[:, (4, 6)] = 0
    asked = asked_of(want, reach, base, 2).reshape(20, 4, 2).sum(axis=0)
    assert asked.sum() == pytest.approx(want.sum(), rel=1e-5)
    assert 2 < asked[0, 0] / want[:, 0].sum() < 2 * MOST_OF_MEAN
    assert asked[:, 1] == pytest.approx(asked[0, 1], rel=1e-5)


def test_who_is_hardly_ever_active_draws_no_days() -> None:
    """A cell of students of whom on average nothing is left, in whole millionths, takes no others' clicks."""
    want = np.full((20, 3), 1_000_000)
    base, reach = np.full(want.shape, 10_000), np.full(want.shape, 10_000)
    base[:, 2], reach[:, 2], reach[4, 2] = 0, 0, 50_000
    asked = asked_of(want, reach, base, 1)
    assert asked[:, 2].sum() < want[0].sum()
    assert np.ptp(asked[:, :2]) < 0.01 * want[0, 0]
