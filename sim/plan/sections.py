"""When sections meet and have work due, by the pack's patterns and the store."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from context.arrays import I64
from context.courses.meetings import make_meetings, meeting_keys
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.plan.adoption import online_live
from sim.plan.campus import SectionSchedule
from sim.world.world import MODES, CampusFacts, World


def section_keys(world: World) -> npt.NDArray[np.uint64]:
    """A natural key per section, from its course and its place in it."""
    sections = int(world.enrolments.section.max()) + 1
    course = np.zeros(sections, dtype=np.int64)
    course[world.enrolments.section] = world.enrolments.course
    return meeting_keys(world.courses.key, course)


def class_starts(pack: Pack, sections_key: npt.NDArray[np.uint64]) -> I64:
    """When classes of each section begin, in ms of the wall clock since midnight, by the pack's hours."""
    return make_meetings(pack, sections_key).start_ms


def schedules(
    pack: Pack,
    calendar: Calendar,
    keys: npt.NDArray[np.uint64],
    facts: CampusFacts,
) -> list[SectionSchedule]:
    """Meeting days (by the pack's patterns; online only live ones) and due days (of the store)."""
    weeks = make_meetings(pack, keys).days
    due_day = calendar.day_of(facts.due_ms)
    order = np.lexsort((due_day, facts.activity_course))
    bounds = np.searchsorted(facts.activity_course[order], np.arange(int(facts.section_course.max()) + 2))
    days = due_day[order]
    return [
        SectionSchedule(
            () if MODES[how] == "online" and not meets else tuple(np.flatnonzero(week).tolist()),
            tuple(int(day) for day in np.unique(days[bounds[course] : bounds[course + 1]])),
        )
        for week, course, how, meets in zip(
            weeks, facts.section_course, facts.mode, online_live(pack, keys, facts.mode), strict=True
        )
    ]
