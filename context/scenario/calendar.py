"""The calendar: campus days, local midnights, kinds of days, wall clock to UTC, incidents.

A campus day goes from local midnight to local midnight and is counted from the term's first day, day 0.
Everything is a pure function of scenario and rules; zones come from the tzdata package, times are integers
in milliseconds, nothing asks for the machine's zone or clock.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from context.arrays import DAY_MS, I8, I32, I64
from context.errors import InputError
from context.packs.spec import AFTER_DAYS, DAY_KINDS, FIRST_DAY, LAST_DAYS
from context.scenario.curve_days import curve_days
from context.scenario.incidents import IncidentWindow, check_apart, time_map
from context.scenario.parts import CalendarOverrides
from context.scenario.scenario import Scenario
from context.scenario.term import Term, build_term
from context.scenario.zones import clock_of, instant_to_wall, wall_ms_of, wall_to_instant

_BREAK_DAYS = 3  # this many days without classes in a row make a break; fewer are holidays


@dataclass(frozen=True, eq=False)
class Calendar:
    """The days ``first_day`` .. ``last_day`` of a term: as many after its end as the pack's curves have.

    Arrays are read-only; the object can be pickled.

    ``midnight_ms[i]`` is the local midnight of day ``first_day + i`` in UTC ms, with two midnights beyond the
    last day, so that a visit that starts late on it still has a place.
    """

    term: Term
    time_zone: str
    first_day: int
    last_day: int
    days: I32  # [n] first_day..last_day
    day_kind: I8  # [n] index into DAY_KINDS
    curve_day: I32  # [n] the day of the pack's curves that each is like: itself in a term of the usual dates
    midnight_ms: I64  # [n + 2] UTC
    offset_ms: I64  # [n + 2] local minus UTC at the day's first instant
    switch_ms: I64  # [n + 2] wall time of the day from which offset_after_ms holds, DAY_MS when none
    offset_after_ms: I64  # [n + 2]
    windows: tuple[IncidentWindow, ...]  # incidents in order of start
    unmoved: Calendar | None = None  # before the scenario's shift; None without one

    @property
    def open_ms(self) -> int:
        """When courses open: the first campus day's midnight, UTC ms."""
        return int(self.midnight_ms[0])

    @property
    def last_day_ms(self) -> int:
        """The last campus day's midnight, UTC ms: work and grades are in by then."""
        return int(self.midnight_ms[len(self.days) - 1])

    @property
    def close_ms(self) -> int:
        """The end of the last campus day, UTC ms."""
        return int(self.midnight_ms[len(self.days)])

    def date_of(self, day: int) -> date:
        """The date of a campus day."""
        return self.term.start + timedelta(int(day))

    def day_of_date(self, day: date) -> int:
        """The campus day of a date."""
        return (day - self.term.start).days

    def curve_day_of(self, day: int) -> int:
        """The day of the pack's curves that a campus day is like."""
        return int(self.curve_day[day - self.first_day])

    def is_skipped(self, day: int) -> bool:
        """Whether the zone left the date out, as Samoa did 2011-12-30: it has no length, and is empty."""
        return self.day_start_ms(day) == self.day_start_ms(day + 1)

    def day_before(self, day: int) -> int:
        """The campus day before one, past dates that the zone left out."""
        day -= 1
        while day >= self.first_day and self.is_skipped(day):
            day -= 1
        return day

    def day_after(self, day: int) -> int:
        """The campus day after one, past dates that the zone left out."""
        day += 1
        while day <= self.last_day and self.is_skipped(day):
            day += 1
        return day

    def day_start_ms(self, day: int) -> int:
        """UTC ms of a day's local midnight; ``first_day`` .. ``last_day + 2``, IndexError outside."""
        if not self.first_day <= day < self.first_day + len(self.midnight_ms):
            raise IndexError(f"day {day} outside {self.first_day}..{self.last_day + 2}")
        return int(self.midnight_ms[day - self.first_day])

    def kind_of(self, day: npt.ArrayLike) -> npt.NDArray[np.str_]:
        """The kinds (texts of DAY_KINDS) of days, in their shape. Raises IndexError for days outside."""
        row = np.asarray(day, dtype=np.int64) - self.first_day
        if row.size and (row.min() < 0 or row.max() >= len(self.day_kind)):
            raise IndexError(f"days outside {self.first_day}..{self.last_day}")
        return np.asarray(np.array(DAY_KINDS)[self.day_kind[row]])

    def wall_to_utc_ms(self, day: npt.ArrayLike, wall_ms: npt.ArrayLike) -> I64:
        """UTC ms (int64, broadcast shape) of wall-clock times, ms since midnight by the clock on the wall.

        ``wall_ms`` of DAY_MS and more, or below 0, count into the neighbouring days. A time that the clock
        skips goes forward by the gap; one that it shows twice is the first. Raises IndexError for days
        outside ``first_day`` .. ``last_day + 2``.
        """
        wall = np.asarray(wall_ms, dtype=np.int64)
        over, wall = np.divmod(wall, DAY_MS)
        row = np.asarray(day, dtype=np.int64) - self.first_day + over
        if row.size and (row.min() < 0 or row.max() >= len(self.midnight_ms)):
            raise IndexError(f"days outside {self.first_day}..{self.last_day + 2}")
        offset = np.where(wall < self.switch_ms[row], self.offset_ms[row], self.offset_after_ms[row])
        start = wall_ms_of(self.term.start) + self.first_day * DAY_MS
        return np.asarray(start + row * DAY_MS + wall - offset, dtype=np.int64)

    def day_of(self, utc_ms: npt.ArrayLike) -> I32:
        """Campus day (int32) of UTC ms; ``first_day - 1`` before all days, ``last_day + 2`` after all."""
        row = np.searchsorted(self.midnight_ms, np.asarray(utc_ms, dtype=np.int64), side="right")
        return np.asarray(row + (self.first_day - 1), dtype=np.int32)

    def unshifted_ms(self, utc_ms: npt.ArrayLike) -> I64:
        """The same campus day and time on the wall in the calendar before the scenario's shift, as UTC ms.

        Keys of draws count from there: so a term that is moved into other clock changes draws the same.
        Instants outside of the calendar move by whole weeks.
        """
        utc = np.asarray(utc_ms, dtype=np.int64)
        if self.unmoved is None:
            return utc
        row = np.clip(np.searchsorted(self.midnight_ms, utc, side="right") - 1, 0, len(self.midnight_ms) - 1)
        passed = utc - self.midnight_ms[row]
        changed = passed >= self.switch_ms[row]
        wall = passed + np.where(changed, self.offset_after_ms[row] - self.offset_ms[row], 0)
        inside = (utc >= self.midnight_ms[0]) & (utc < self.midnight_ms[-1])
        there = self.unmoved.wall_to_utc_ms(self.first_day + row, np.where(inside, wall, 0))
        weeks = wall_ms_of(self.term.start) - wall_ms_of(self.unmoved.term.start)
        return np.where(inside, there, utc - weeks)

    def after_incidents(self, utc_ms: npt.ArrayLike) -> I64:
        """When something planned for ``utc_ms`` happens: the incidents that stop Canvas push it out.

        Monotone, int64, the identity outside of incidents and the recovery from them.
        """
        return time_map(utc_ms, [window for window in self.windows if window.stops_canvas])


def build_calendar(scenario: Scenario, calendar_rows: Mapping[str, Sequence[object]]) -> Calendar:
    """The scenario's calendar by the pack's rules (columns term_type, item, rule, offset_days).

    Raises InputError for dates that make no term and for incidents outside of it or too near each other.
    """
    term = build_term(scenario, calendar_rows)
    usual = build_term(scenario.model_copy(update={"calendar": CalendarOverrides()}), calendar_rows)
    longest = LAST_DAYS[term.term_type]
    last_day = min(longest, term.last_day + AFTER_DAYS[term.term_type])
    days = np.arange(FIRST_DAY, last_day + 1, dtype=np.int32)
    dates = [term.start + timedelta(int(day)) for day in range(FIRST_DAY, last_day + 3)]
    table = [clock_of(scenario.time_zone, day) for day in dates]
    offset, switch, offset_after = (np.array(column, dtype=np.int64) for column in zip(*table, strict=True))
    midnight = np.array([wall_ms_of(day) for day in dates], dtype=np.int64) - offset
    windows = _windows(scenario, dates, midnight)
    before = scenario.model_copy(update={"shift": 0})
    skipped = {day for day, length in zip(dates, np.diff(midnight), strict=False) if not length}
    names = _kinds(term, dates[: len(days)], skipped)
    usual_dates = [usual.start + timedelta(day) for day in range(FIRST_DAY, longest + 1)]
    like = curve_days(term, names, usual, _kinds(usual, usual_dates, skipped))
    kinds = np.array([DAY_KINDS.index(kind) for kind in names], dtype=np.int8)
    for array in (days, kinds, like, midnight, offset, switch, offset_after):
        array.setflags(write=False)
    return Calendar(
        term=term,
        time_zone=scenario.time_zone,
        first_day=FIRST_DAY,
        last_day=last_day,
        days=days,
        day_kind=kinds,
        curve_day=like,
        midnight_ms=midnight,
        offset_ms=offset,
        switch_ms=switch,
        offset_after_ms=offset_after,
        windows=windows,
        unmoved=build_calendar(before, calendar_rows) if scenario.shift else None,
    )


def _kinds(term: Term, dates: Sequence[date], skipped: Collection[date]) -> list[str]:
    """The kind of each day, in order of precedence. Nobody meets on a date that there isn't."""
    breaks = _break_days(term, dates)
    kinds = []
    for day in dates:
        if day < term.start:
            kind = "before"
        elif day > term.end:
            kind = "after"
        elif day >= term.finals_start:
            kind = "finals"
        elif day > term.instruction_end:
            kind = "reading"
        elif day in breaks:
            kind = "break"
        elif day in term.no_class or day in skipped:
            kind = "holiday"
        else:
            kind = "weekend" if day.weekday() >= 5 else "class"
        kinds.append(kind)
    return kinds


def _break_days(term: Term, dates: Sequence[date]) -> set[date]:
    """Runs of days that are free (no classes, or a weekend) with three days without classes or more in them.

    So a week off takes in the weekends on both sides, and a long weekend stays a holiday.
    """
    breaks: set[date] = set()
    run: list[date] = []
    for day in [*dates, date.max]:
        if day in term.no_class or (day.weekday() >= 5 and day != date.max):
            run.append(day)
            continue
        if sum(free in term.no_class for free in run) >= _BREAK_DAYS:
            breaks.update(run)
        run = []
    return breaks


def _windows(scenario: Scenario, dates: Sequence[date], midnight: I64) -> tuple[IncidentWindow, ...]:
    """The scenario's incidents in UTC, in order of start, each within the campus days."""
    windows, moved = [], timedelta(weeks=scenario.shift)
    for incident in scenario.incident:
        walls = (incident.start + moved, incident.end + moved)
        start, end = (wall_to_instant(scenario.time_zone, wall) for wall in walls)
        window = IncidentWindow(start, end, incident.tools, incident.name)
        given = (
            f"incident {incident.name!r}: {incident.start.isoformat()} to {incident.end.isoformat()} given"
        )
        if window.end <= window.start:
            raise InputError(f"{given}, allowed: a time that the clock of {scenario.time_zone} doesn't skip")
        if window.start < midnight[0] or window.recovered > midnight[-2]:
            raise InputError(
                f"{given}, allowed: from {dates[0] - moved}, "
                f"and caught up with by the end of {dates[-3] - moved}"
            )
        windows.append(window)
    windows.sort(key=lambda window: (window.start, window.end, window.name))
    stopping = [window for window in windows if window.stops_canvas]
    instants = (ms for window in stopping for ms in (window.start, window.recovered))
    shown = {
        ms: (instant_to_wall(scenario.time_zone, ms) - moved).isoformat(timespec="seconds") for ms in instants
    }
    check_apart(stopping, shown)
    return tuple(windows)
