"""When sections meet and have work due, by the pack's patterns and the store."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from context import rng
from context.arrays import HOUR_MS, I64, MINUTE_MS
from context.courses.meetings import WEEKDAYS, make_meetings, meeting_keys
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.plan.adoption import online_live
from sim.plan.campus import EXAM_SOON, QUIZ_DUE, TALK_DUE, WORK_DUE, SectionSchedule
from sim.world.world import DUE_KINDS, MODES, NO_TIME, CampusFacts, World

_OFFICE_DAY, _OFFICE_HOUR = 733, 734  # purposes of draws: of a section's key
_FLAGS = {"work": WORK_DUE, "quiz": QUIZ_DUE, "talk": TALK_DUE, "exam": EXAM_SOON}


def section_keys(world: World) -> npt.NDArray[np.uint64]:
    """A natural key per section, from its course and its place in it."""
    sections = int(world.enrolments.section.max()) + 1
    course = np.zeros(sections, dtype=np.int64)
    course[world.enrolments.section] = world.enrolments.course
    return meeting_keys(world.courses.key, course)


def class_hours(pack: Pack, sections_key: npt.NDArray[np.uint64]) -> tuple[I64, I64]:
    """When classes of each section begin and end, in ms of the wall clock since midnight, by the pack."""
    weeks = make_meetings(pack, sections_key)
    return weeks.start_ms, weeks.start_ms + weeks.minutes * MINUTE_MS


def office_hours(sections_key: npt.NDArray[np.uint64]) -> tuple[I64, I64]:
    """(weekday from Monday, ms of the wall clock since midnight) of the office hours of each section."""
    hour = 9 + rng.integer(rng.extend(sections_key, _OFFICE_HOUR), 8)
    return rng.integer(rng.extend(sections_key, _OFFICE_DAY), len(WEEKDAYS)), hour * HOUR_MS


def schedules(
    pack: Pack,
    calendar: Calendar,
    keys: npt.NDArray[np.uint64],
    facts: CampusFacts,
) -> list[SectionSchedule]:
    """Meeting days (by the pack's patterns; online only live ones) and what is due when (of the store)."""
    weeks = make_meetings(pack, keys).days
    office, _ = office_hours(keys)
    live = online_live(pack, keys, facts.mode[: len(keys)])
    dues = _dues_of_courses(calendar, facts)
    nothing: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    return [
        SectionSchedule(
            () if MODES[how] == "online" and not meets else tuple(np.flatnonzero(week).tolist()),
            *dues.get(int(course), nothing),
            office_weekday=int(weekday),
        )
        for week, course, how, meets, weekday in zip(
            weeks, facts.section_course[: len(keys)], facts.mode[: len(keys)], live, office, strict=True
        )
    ]


def _dues_of_courses(
    calendar: Calendar, facts: CampusFacts
) -> dict[int, tuple[tuple[int, ...], tuple[int, ...]]]:
    """(campus days on which anything is due, what of each day) by course."""
    rows = np.flatnonzero(facts.due_ms != NO_TIME)
    day = calendar.day_of(facts.due_ms[rows]).astype(np.int64)
    flag = np.array([_FLAGS[kind] for kind in DUE_KINDS])[facts.activity_kind[rows]]
    found: dict[int, dict[int, int]] = {}
    for course, on, what in zip(
        facts.activity_course[rows].tolist(), day.tolist(), flag.tolist(), strict=True
    ):
        days = found.setdefault(course, {})
        days[on] = days.get(on, 0) | what
    return {
        course: (tuple(sorted(days)), tuple(days[on] for on in sorted(days)))
        for course, days in found.items()
    }
