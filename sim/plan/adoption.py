"""Which tools each section's course has, from which day on: nobody clicks in a tool that has nothing there.

A tool whose pages show objects of the store is there once the first of them is released. External tools are
drawn by the pack's shares, keyed by course and tool: a tool that is added moves no other. Turnitin goes with
papers. What the pack says nothing of (the home page, grades, people) is everywhere. How much a course makes
of each tool that it has differs from course to course; the plan keeps the totals of their cells.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from context import rng
from context.arrays import BOOL, I64, U8, U64
from context.packs.course_spec import TEACHING_MODES
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.caliper.kinds import KIND, KINDS
from sim.plan.campus import EXAM_SOON, MEETS, MET, OFFICE, QUIZ_DUE, TALK_DUE, WORK_DUE
from sim.world.objects import OUTSIDE_STORE
from sim.world.world import MODES, CampusFacts, World

HUNDREDTHS = 100  # of what a usual day asks for, or a usual course
FULL_WEIGHT = HUNDREDTHS * HUNDREDTHS  # of a usual section's usual day
NEVER_DAY = 10_000  # later than any campus day
NEEDS_PAPERS = "turnitin"
_BITS = {
    "meets": MEETS,
    "exam_soon": EXAM_SOON,
    "work_due": WORK_DUE,
    "quiz_due": QUIZ_DUE,
    "talk_due": TALK_DUE,
    "met": MET,
    "office": OFFICE,
}
_LIVE, _ADOPTS, _TASTE = 730, 731, 735  # purposes of draws: of a section's key, of a course's


def online_live(pack: Pack, sections_key: U64, mode: I64) -> BOOL:
    """[sections] True for those that are taught online and meet by the clock."""
    share = pack.number("modality.online_live_share")
    drawn = rng.uniform(rng.extend(sections_key, _LIVE)) < share
    return np.asarray(drawn & (mode == MODES.index("online")))


def tool_days(pack: Pack, calendar: Calendar, world: World, facts: CampusFacts, sections_key: U64) -> I64:
    """[sections, tools] The first campus day on which students click in a tool, NEVER_DAY where they don't.

    ``sections_key``: natural keys of the sections.
    """
    course, courses = facts.section_course[: len(sections_key)], len(world.courses.udp_id)
    days = np.full((len(course), len(world.tools)), calendar.first_day, dtype=np.int64)
    for code, tool in enumerate(world.tools):
        released = _first_release(pack, world, facts, tool, courses)
        if released is not None:
            days[:, code] = _day_after(calendar, released)[course]
    return np.where(_adopted(pack, world, facts, sections_key), days, NEVER_DAY)


def _first_release(pack: Pack, world: World, facts: CampusFacts, tool: str, courses: int) -> I64 | None:
    """[courses] When the first of a tool's objects is there, UTC ms; None where the store has no such."""
    if tool in ("discussions", "announcements"):
        told = facts.is_announcement == (tool == "announcements")
        return _earliest(facts.topic_course[told], facts.topic_ms[told], courses)
    if tool == NEEDS_PAPERS:
        papers = facts.is_paper
        return _earliest(facts.activity_course[papers], facts.activity_release_ms[papers], courses)
    law = pack.table("tool_kind")
    tables = {
        KINDS[KIND[kind]].table
        for name, kind in zip(law["tool"], law["kind"], strict=True)
        if name == tool and KINDS[KIND[kind]].opens_object
    } - set(OUTSIDE_STORE)
    if not tables:
        return None
    parts = [world.objects[table] for table in sorted(tables)]
    course = np.concatenate([part.course for part in parts])
    return _earliest(course, np.concatenate([part.release_ms for part in parts]), courses)


def _earliest(course: npt.NDArray[np.integer], release_ms: I64, courses: int) -> I64:
    first = np.full(courses, np.iinfo(np.int64).max)
    np.minimum.at(first, course, release_ms)
    return first


def _day_after(calendar: Calendar, release_ms: I64) -> I64:
    """The campus day after each instant: from then on it has been there all day. What was there before the
    first campus day is there on it.
    """
    end = calendar.day_start_ms(calendar.last_day + 1)
    begin = calendar.day_start_ms(calendar.first_day)
    day = calendar.day_of(np.clip(release_ms, begin, end - 1)).astype(np.int64) + 1
    day = np.where(release_ms < begin, calendar.first_day, day)
    return np.where(release_ms >= end, NEVER_DAY, day)


def _adopted(pack: Pack, world: World, facts: CampusFacts, sections_key: U64) -> BOOL:
    """[sections, tools] False where the pack's shares leave a section's course without an external tool."""
    course, mode = facts.section_course[: len(sections_key)], facts.mode[: len(sections_key)]
    how = np.where(online_live(pack, sections_key, mode), len(MODES), mode)
    law = pack.table("adoption")
    adopted = np.ones((len(course), len(world.tools)), dtype=np.bool_)
    tool_key = rng.key_of_text(0, "adoption", list(world.tools))
    for code, tool in enumerate(world.tools):
        shares = np.ones(len(TEACHING_MODES))
        for name, taught, share in zip(law["tool"], law["mode"], law["share"], strict=True):
            if name == tool:
                shares[TEACHING_MODES.index(str(taught))] = float(share)
        # Sections of a course agree as far as they are taught alike.
        drawn = rng.uniform(rng.extend(world.courses.key, _ADOPTS) ^ tool_key[code])
        adopted[:, code] = drawn[course] < shares[how]
    return adopted


def state_weights(pack: Pack, tools: tuple[str, ...]) -> I64:
    """[256, tools] By a section's flags, what its day asks of each tool, in HUNDREDTHS of the usual."""
    flags = np.arange(256)
    states = {name: (flags & bit) > 0 for name, bit in _BITS.items()}
    states["idle"] = (flags & (MEETS | OFFICE)) == 0
    table, law = np.ones((256, len(tools))), pack.table("section_state")
    for state, tool, factor in zip(law["state"], law["tool"], law["factor"], strict=True):
        table[states[str(state)], tools.index(str(tool))] *= float(factor)
    return np.rint(table * HUNDREDTHS).astype(np.int64)


def tool_tastes(pack: Pack, world: World) -> I64:
    """[sections, tools] How much a section's course makes of each tool, in HUNDREDTHS of what others do."""
    e, keys = world.enrolments, world.courses.key
    course = np.zeros(int(e.section.max()) + 1, dtype=np.int64)
    course[e.section] = e.course
    sigma = pack.number("dispersion.section_tool_lognormal_sigma")
    tool_key = rng.key_of_text(0, "taste", list(world.tools))
    tastes = np.stack([rng.lognormal(rng.extend(keys, _TASTE) ^ each, sigma) for each in tool_key], axis=1)
    return np.maximum(np.rint(tastes * HUNDREDTHS).astype(np.int64), 1)[course]


def tool_weights(weights: I64, tastes: I64, flags: U8, tool_day: I64, day: int) -> I64:
    """[sections, tools] What a day asks of each tool in parts of FULL_WEIGHT, by ``state_weights`` and
    ``tool_tastes``; 0 before the tool is there.
    """
    return np.where(tool_day <= day, weights[flags] * tastes, 0)
