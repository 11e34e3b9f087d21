"""The campus as simpy processes: what kind of day it is, what each section is doing, who an outage hits.

simpy decides when things happen and in which state; how many clicks follow from that state is drawn in
``sim.draw.day``. The clock is an integer: milliseconds UTC. Nothing here is random but by key.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy

from context import rng
from context.arrays import HOUR_MS, I64, MINUTE_MS, U8, U64
from context.errors import RunError
from context.scenario.calendar import Calendar

Process = Generator[simpy.Event, Any, None]

MEETS = 1  # the section has a class today
DUE = 2  # it has work due today or tomorrow
EXAM_SOON = 4  # an examination today or within EXAM_DAYS
WORK_DUE, QUIZ_DUE, TALK_DUE = 8, 16, 32  # what is due today or tomorrow, by kind
MET = 64  # it had a class yesterday
OFFICE = 128  # its teacher has office hours today, and it has no class
EXAM_DAYS = 3
OFFICE_KINDS = ("class", "reading", "finals")  # kinds of days on which there are office hours
LONGEST_MS = 6 * HOUR_MS  # of a visit and of a bundle: they end within the day after their own
_PAUSE, _TRIES = 0, 1  # purposes of draws, of the key of a visit and an outage
GAVE_UP_MS = np.iinfo(np.int64).max  # never


@dataclass(frozen=True)
class DayState:
    """One campus day as the processes left it at its midnight."""

    day: int
    kind: str  # class, weekend, holiday, break, reading, finals, before, after
    sections: U8  # [sections] flags, MEETS to OFFICE


@dataclass(frozen=True)
class SectionSchedule:
    """When one section meets and when its work is due."""

    weekdays: tuple[int, ...]  # 0 = Monday
    due_days: tuple[int, ...]  # campus days, increasing
    due_flags: tuple[int, ...]  # of each: what is due there, WORK_DUE to TALK_DUE and EXAM_SOON together
    office_weekday: int


class Campus:
    """The term as one simpy environment.

    ``states()`` runs it day by day; every process only reads the calendar and its own schedule and writes
    its own flag, so the order of processes within an instant cannot matter.
    """

    def __init__(
        self,
        calendar: Calendar,
        schedules: Sequence[SectionSchedule],
        *,
        env: simpy.Environment | None = None,
        first_day: int | None = None,
    ) -> None:
        """``env``: one to share with other processes; ``first_day``: sleep through the days before it."""
        self.calendar = calendar
        self.first_day = calendar.first_day if first_day is None else first_day
        self.env = env or simpy.Environment(initial_time=calendar.day_start_ms(self.first_day) - 1)
        self.flags = np.zeros(len(schedules), dtype=np.uint8)
        self.today: DayState | None = None
        self.kinds = [str(kind) for kind in calendar.kind_of(calendar.days)]
        self._midnights: list[int] = calendar.midnight_ms.tolist()
        self._usual: dict[tuple[tuple[int, ...], int], dict[int, int]] = {}
        for section, schedule in enumerate(schedules):
            self.env.process(self._section(section, schedule))
        self.env.process(self._calendar())

    def _at(self, day: int, offset_ms: int = 0) -> simpy.Event:
        # On a shared clock that begins in the middle of a day, its morning has been.
        midnight = self._midnights[day - self.calendar.first_day]
        return self.env.timeout(max(midnight + offset_ms - self.env.now, 0))

    def _wakes(self, schedule: SectionSchedule) -> dict[int, int]:
        """The flags of a section by campus day, only days on which any is set."""
        pattern = schedule.weekdays, schedule.office_weekday
        if pattern not in self._usual:  # few, and many sections have each
            self._usual[pattern] = self._weekly(*pattern)
        flags = self._usual[pattern].copy()
        for due, what in zip(schedule.due_days, schedule.due_flags, strict=True):
            for day in (due - 1, due):
                flags[day] = flags.get(day, 0) | DUE | (what & ~EXAM_SOON)
            for day in range(due - EXAM_DAYS, due + 1) if what & EXAM_SOON else ():
                flags[day] = flags.get(day, 0) | EXAM_SOON
        return flags

    def _weekly(self, weekdays: tuple[int, ...], office_weekday: int) -> dict[int, int]:
        """Classes and office hours by campus day."""
        first, flags = int(self.calendar.days[0]), dict[int, int]()
        for day, kind in enumerate(self.kinds, start=first):
            weekday = (self.calendar.term.start.weekday() + day) % 7
            if kind == "class" and weekday in weekdays:
                flags[day] = flags.get(day, 0) | MEETS
                flags[day + 1] = MET
            elif kind in OFFICE_KINDS and weekday == office_weekday:
                flags[day] = flags.get(day, 0) | OFFICE
        return flags

    def _section(self, section: int, schedule: SectionSchedule) -> Process:
        """Put up the section's flags on the mornings on which they change."""
        wakes = self._wakes(schedule)
        mornings = {day + 1: 0 for day in wakes} | wakes
        shown = 0
        for day in sorted(mornings):
            if self.first_day <= day <= self.calendar.last_day + 1 and mornings[day] != shown:
                yield self._at(day)
                self.flags[section] = shown = mornings[day]

    def _calendar(self) -> Process:
        """Each midnight, once the sections have woken, take down the state of the day."""
        for day in range(self.first_day, self.calendar.last_day + 1):
            if self.calendar.is_skipped(day):
                continue  # its midnight is that of the day after it
            yield self._at(day, 1)
            self.today = DayState(day, self._kind(day), self.flags.copy())

    def _kind(self, day: int) -> str:
        return self.kinds[day - self.calendar.first_day]

    def states(self) -> Iterator[DayState]:
        """The states of all campus days, in order."""
        for day in map(int, self.calendar.days):
            if self.calendar.is_skipped(day):
                yield DayState(day, self._kind(day), np.zeros_like(self.flags))
                continue
            self.env.run(until=self.calendar.day_start_ms(day) + 2)
            if self.today is None or self.today.day != day:
                raise RunError(f"the campus did not wake on day {day}")
            yield self.today


def resume_times(key: U64, start_ms: I64, outage: tuple[int, int], patience: int) -> I64:
    """When each visit that an outage hits gets through again, UTC ms; GAVE_UP_MS for those that do not.

    ``key`` and ``start_ms`` (when the visit meets the outage) are of the visits. Each visit is a process: it
    tries again after a keyed pause that doubles, and gives up after a keyed number of tries up to
    ``patience``. A pure function of visit and outage.
    """
    begin, end = outage
    env = simpy.Environment(initial_time=begin)
    resumed = np.full(len(key), GAVE_UP_MS, dtype=np.int64)
    pause = MINUTE_MS + rng.integer(key, 4 * MINUTE_MS, _PAUSE)
    tries = 1 + rng.integer(key, patience, _TRIES)

    def visit(row: int) -> Process:
        yield env.timeout(max(int(start_ms[row]) - begin, 0))
        wait = int(pause[row])
        for _ in range(int(tries[row])):
            yield env.timeout(wait)
            if env.now >= end:
                resumed[row] = env.now
                return
            wait *= 2

    for row in range(len(key)):
        env.process(visit(row))
    env.run()
    return resumed
