"""Days follow the course: clicks rise before its own examinations and due dates, in the tools concerned.

A term of the tiny campus. Rises are compared within a section and tool, so that what a course is like and how
many students it has drops out; bounds are five standard deviations of the counts (5.7e-7), doubled since a
day's clicks of a section go together.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from math import sqrt

import numpy as np
import numpy.typing as npt
import pytest

from context import rng
from context.arrays import MINUTE_MS
from sim.draw.appointments import BY_THE_CLOCK
from sim.draw.day import _ID
from sim.plan.adoption import HUNDREDTHS, state_weights, tool_tastes
from sim.plan.campus import EXAM_DAYS, EXAM_SOON, MEETS, MET, OFFICE, QUIZ_DUE, TALK_DUE, WORK_DUE
from sim.world.load import campus_facts
from sim.world.world import DUE_KINDS
from tests.events.test_draw import term
from tests.samples.tiny import default_pack, tiny

I64 = npt.NDArray[np.int64]
CLUSTERED = 2.0


@cache
def clicks() -> tuple[I64, list[int]]:
    """([days, sections, tools] student clicks that are no acts of the store, the days)."""
    world, batch, calendar = tiny().world, term(), tiny().calendar
    e, days = world.enrolments, [int(day) for day in calendar.days]
    acts, _ = rng.uuid_bits(rng.extend(tiny().engine.anchors.key, _ID))
    rows = np.flatnonzero((batch.enrolment >= 0) & (batch.tool < len(world.tools)))
    rows = rows[~np.isin(batch.uuid_high[rows], acts)]
    rows = rows[e.is_student[batch.enrolment[rows]]]
    sections = len(tiny().plan.days[days[0]].section_flags)
    day = np.clip(calendar.day_of(batch.time_ms[rows]), days[0], days[-1]) - days[0]
    table = np.zeros((len(days), sections, len(world.tools)), dtype=np.int64)
    np.add.at(table, (day, e.section[batch.enrolment[rows]], batch.tool[rows]), 1)
    return table, days


def flagged(bit: int) -> npt.NDArray[np.bool_]:
    """[days, sections] Whether a section's day has a flag."""
    plan = tiny().plan.days
    return np.stack([(plan[day].section_flags & bit) > 0 for day in clicks()[1]])


def rise(tool: str, when: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """(clicks on these days of sections against their other class days, its standard error)."""
    table, days = clicks()
    counts = table[:, :, tiny().world.tools.index(tool)]
    plain = np.array([tiny().plan.days[day].kind == "class" for day in days])[:, None] & ~when
    wanted = 0.0
    for section in np.flatnonzero(when.any(axis=0) & plain.any(axis=0)):
        usual = counts[plain[:, section], section].mean()
        wanted += usual * when[:, section].sum()
    found = int(counts[when].sum())
    return found / wanted, CLUSTERED * sqrt(found) / wanted


@pytest.mark.parametrize(
    ("tool", "bit", "least"),
    [
        ("files", EXAM_SOON, 1.6),
        ("quizzes", QUIZ_DUE, 1.5),
        ("assignments", WORK_DUE, 1.4),
        ("discussions", TALK_DUE, 1.3),
    ],
)
def test_clicks_rise_before_what_is_due(tool: str, bit: int, least: float) -> None:
    """Files before examinations, assignments, quizzes and discussions before what is due in them.

    Without the pack's factors it is 1.17 for files, and less than 1 where acts of the store take of what is
    asked. Recordings after classes rise by less than chance moves them here: the weights have them. Pages are
    looked at in a larger term (``tests.events.test_pulls``), since few are clicked here.
    """
    found, error = rise(tool, flagged(bit))
    assert found - 5 * error > 1
    assert found > least
    # A page that has nothing to do with it stays as it was, but for what the course's day does to all.
    people, _ = rise("people", flagged(bit))
    assert found > 1.2 * people


def test_flags_are_the_courses_own_dates() -> None:
    """An examination's flag is raised on its day and the three before it, in its course's sections alone."""
    facts, calendar = campus_facts(tiny().root), tiny().calendar
    exams = facts.activity_kind == DUE_KINDS.index("exam")
    wanted = np.zeros(flagged(EXAM_SOON).shape, dtype=np.bool_)
    first = int(calendar.days[0])
    for course, day in zip(facts.activity_course[exams], calendar.day_of(facts.due_ms[exams]), strict=True):
        mine = facts.section_course[: wanted.shape[1]] == course
        for before in range(EXAM_DAYS + 1):
            wanted[int(day) - before - first, mine] = True
    assert np.array_equal(flagged(EXAM_SOON), wanted)
    assert wanted.any()
    # The day after a class, wherever that is.
    meets, met = flagged(MEETS), flagged(MET)
    assert np.array_equal(met[1:], meets[:-1])
    assert not (flagged(OFFICE) & meets).any()


def test_zoom_is_at_class_time_and_office_hours() -> None:
    """Nobody is in Zoom but when a class of the section begins or in its office hours; most join on time."""
    world, batch, engine = tiny().world, term(), tiny().engine
    e, calendar = world.enrolments, tiny().calendar
    rows = np.flatnonzero((batch.tool == world.tools.index(BY_THE_CLOCK[0])) & (batch.enrolment >= 0))
    assert len(rows) > 200
    section = e.section[batch.enrolment[rows]]
    day = calendar.day_of(batch.time_ms[rows]).astype(np.int64)
    flags = np.stack([tiny().plan.days[d].section_flags for d in clicks()[1]])[
        day - int(calendar.days[0]), section
    ]
    meets, office = (flags & MEETS) > 0, (flags & OFFICE) > 0
    assert (meets | office).all()
    for mine, starts, early, late in (
        (meets, engine.class_ms, -8, 12),
        (office & ~meets, engine.office_ms, 0, 60),
    ):
        begins = calendar.wall_to_utc_ms(day[mine], starts[section[mine]])
        minutes = (batch.time_ms[rows[mine]] - begins) / MINUTE_MS
        # Twins of page views come within seconds.
        assert minutes.min() >= early
        assert minutes.max() <= late + 0.1
    assert meets.mean() > 0.6
    # In classes taught in person, few are in Zoom at all: most sections never are.
    assert np.isin(np.unique(e.section[e.is_student]), section).mean() < 0.6


def test_recordings_are_watched_after_class() -> None:
    """On a day of class clicks on recordings come once it is over; of those on files half come before.

    Of some 300 clicks, a share of .5 has an sd of .03 if they are independent.
    """
    world, batch, engine, calendar = tiny().world, term(), tiny().engine, tiny().calendar
    share = {}
    for tool in ("kaltura", "files"):
        rows = np.flatnonzero((batch.tool == world.tools.index(tool)) & (batch.enrolment >= 0))
        section = world.enrolments.section[batch.enrolment[rows]]
        day = calendar.day_of(batch.time_ms[rows]).astype(np.int64)
        meets = (flagged(MEETS))[np.clip(day - int(calendar.days[0]), 0, len(calendar.days) - 1), section]
        over = calendar.wall_to_utc_ms(day[meets], engine.class_end_ms[section[meets]])
        assert meets.sum() > 300
        share[tool] = (batch.time_ms[rows[meets]] >= over).mean()
    assert share["kaltura"] > 0.7
    assert share["kaltura"] > share["files"] + 0.15


def test_courses_have_tastes_of_tools() -> None:
    """What courses make of their tools scatters as the pack says, and a tool more moves no other's."""
    world, pack = tiny().world, default_pack()
    tastes = tool_tastes(pack, world)
    fewer = replace(world, tools=world.tools[1:])
    assert np.array_equal(tool_tastes(pack, fewer), tastes[:, 1:])
    of_courses = np.log(np.unique(tastes, axis=0) / HUNDREDTHS)
    sigma = pack.number("dispersion.section_tool_lognormal_sigma")
    assert abs(np.std(of_courses) - sigma) < 5 * sigma / sqrt(2 * of_courses.size)
    assert abs(np.mean(of_courses) + sigma**2 / 2) < 5 * sigma / sqrt(of_courses.size)


def test_weights_are_the_packs() -> None:
    """A section's day weighs a tool by the product of its states' factors; Zoom is nothing when idle."""
    tools = tiny().world.tools
    table = state_weights(default_pack(), tools)
    law = default_pack().table("section_state")
    factor = {(s, t): float(f) for s, t, f in zip(law["state"], law["tool"], law["factor"], strict=True)}
    files, zoom = tools.index("files"), tools.index("zoom")
    both = factor["exam_soon", "files"] * factor["met", "files"]
    assert table[EXAM_SOON | MET, files] == round(both * HUNDREDTHS)
    recordings = tools.index("kaltura")
    assert table[MET, recordings] == round(factor["met", "kaltura"] * HUNDREDTHS)
    assert table[MET, recordings] > 1.5 * table[0, recordings]
    assert table[0, zoom] == 0
    assert table[MEETS, zoom] == HUNDREDTHS
    assert 0 < table[OFFICE, zoom] < HUNDREDTHS // 4
    assert (table[:, tools.index("home")] == HUNDREDTHS).all()
