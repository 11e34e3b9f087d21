"""Who has other dates than everyone else: sections, learner groups and single students with overrides.

Of several that apply to a student the latest due date counts, as in Canvas.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import DAY_MS, HOUR_MS, I64, MINUTE_MS, NO_TIME, U64, ordinals
from context.content.activities import ActivityKind
from context.content.coursework import Coursework
from context.courses.catalogue import SectionKind
from context.results.group_work import GroupWork
from context.results.results import Pairs
from context.scenario.calendar import Calendar

OVERRIDE_TYPES = ("course_section", "group", "adhoc")
# Purposes of randomness: what each number draws.
_DAYS_MORE, _INHERITS, _HOURS_BEFORE, _MINUTES_AFTER = 1, 2, 2, 3
_SOME_SECTIONS, _FOR_SECTION, _FOR_GROUP, _EXTENSION = 24, 25, 36, 80
_EXTENSION_DAYS, _EXTENSION_ASKED = 81, 82


@dataclass(frozen=True)
class Overrides:
    """Row i is an override: for sections first, then for learner groups, then for single students."""

    activity: I64
    section: I64  # -1 for none
    group: I64  # -1 for none
    enrolment: I64  # of the single student, -1 for none
    due_ms: I64  # NO_TIME: as everyone
    unlocked_ms: I64  # NO_TIME: as everyone
    locked_ms: I64  # NO_TIME: as everyone
    created_ms: I64
    key: U64

    def __len__(self) -> int:
        return len(self.activity)


@dataclass(frozen=True)
class StudentDates:
    """Due and closing instants of each (enrolment, activity) pair, overrides included."""

    due_ms: I64
    locked_ms: I64  # NO_TIME: never closes


def later(calendar: Calendar, ms: I64, days: I64) -> I64:
    """The same time by the clock on the wall, days later, or after the recess that this falls into; never
    after the day before the term's last.
    """
    day = calendar.day_of(ms).astype(np.int64)
    end = calendar.term.last_day - 1
    to = np.where(day + days <= end, _after_recess(calendar)[np.clip(day + days, 0, end)], day)
    to = np.where((days == 0) | (to > end), day, to)
    # By the offsets from UTC of both days: on a day on which the clock changes, that of its evening.
    offset = calendar.offset_after_ms
    shift = offset[day - calendar.first_day] - offset[to - calendar.first_day]
    return np.asarray(ms + (to - day) * DAY_MS + shift)


def _after_recess(calendar: Calendar) -> I64:
    """For day 0..end of the term: the day itself, or the first one after a break."""
    days = np.arange(calendar.term.last_day + 1)
    off = np.isin(calendar.kind_of(days), ("break", "holiday"))
    return np.minimum.accumulate(np.where(off, len(days), days)[::-1])[::-1]


def make_overrides(given: Coursework, work: GroupWork, pairs: Pairs) -> tuple[Overrides, StudentDates]:
    """(overrides, dates of each of the ``pairs``)."""
    acts, catalogue, activity = given.content.activities, given.catalogue, pairs.activity
    section = _of_sections(given)
    due, locked = acts.due_ms[activity], acts.locked_ms[activity]
    # Look up the pairs of those activities alone that have an override for a section.
    touched = np.zeros(len(acts), dtype=np.bool_)
    touched[section.activity] = True
    rows = np.flatnonzero(touched[activity])
    cell = activity[rows] * catalogue.sections + given.enrolments.section[pairs.enrolment[rows]]
    _apply(section, section.activity * catalogue.sections + section.section, rows, cell, due, locked)
    rows, cell = work.cells(pairs.enrolment, activity)
    group = _of_groups(given, work, np.unique(cell))
    _apply(group, group.activity * work.groups + group.group, rows, cell, due, locked)
    single, rows = _of_students(given, work, pairs, StudentDates(due, locked))
    due[rows] = single.due_ms
    locked[rows] = np.where(single.locked_ms != NO_TIME, single.locked_ms, locked[rows])
    every = Overrides(
        *(
            np.concatenate([getattr(part, name) for part in (section, group, single)])
            for name in Overrides.__dataclass_fields__
        )
    )
    return every, StudentDates(due, locked)


def _apply(overrides: Overrides, code: I64, rows: I64, cell: I64, due: I64, locked: I64) -> None:
    """Move (in place) the dates of the pairs ``rows``, which stand at ``cell``, in order of ``code``."""
    if not len(code):
        return
    place = np.minimum(np.searchsorted(code, cell), len(code) - 1)
    found = np.flatnonzero(code[place] == cell)
    rows, place = rows[found], place[found]
    new_due, new_lock = overrides.due_ms[place], overrides.locked_ms[place]
    due[rows] = np.where(new_due != NO_TIME, np.maximum(new_due, due[rows]), due[rows])
    locked[rows] = np.where(new_lock != NO_TIME, np.maximum(new_lock, locked[rows]), locked[rows])


def _of_groups(given: Coursework, work: GroupWork, cells: I64) -> Overrides:
    """Some groups get three days or more for their work; ``cells``: activity x group, sorted."""
    acts, calendar = given.content.activities, given.calendar
    activity, group = cells // work.groups, cells % work.groups
    key = rng.extend(rng.extend(acts.key[activity], _FOR_GROUP), group)
    rows = np.flatnonzero(
        (rng.uniform(key) < given.pack.number("override.group_extension_share")) & acts.is_dated[activity]
    )
    activity, group, key = activity[rows], group[rows], key[rows]
    due = later(calendar, acts.due_ms[activity], 3 + rng.integer(key, 3, _DAYS_MORE))
    asked = acts.due_ms[activity] - (6 + rng.integer(key, 60, _HOURS_BEFORE)) * HOUR_MS
    moved = np.flatnonzero((due > acts.due_ms[activity]) & (asked > acts.release_ms[activity]))
    activity, group, due, asked, key = (
        activity[moved],
        group[moved],
        due[moved],
        asked[moved],
        key[moved],
    )
    lock = acts.locked_ms[activity]
    none = np.full(len(activity), NO_TIME)
    return Overrides(
        activity=activity,
        section=np.full(len(activity), -1),
        group=group,
        enrolment=np.full(len(activity), -1),
        due_ms=due,
        unlocked_ms=none,
        locked_ms=np.where(lock == NO_TIME, NO_TIME, lock + due - acts.due_ms[activity]),
        created_ms=calendar.after_incidents(asked),
        key=key,
    )


def _of_sections(given: Coursework) -> Overrides:
    acts, catalogue, calendar = given.content.activities, given.catalogue, given.calendar
    # Sections of credit by Canvas course: cross-listed ones stand elsewhere in the catalogue.
    sections = np.flatnonzero(catalogue.section_kind == SectionKind.PRIMARY)
    sections = sections[np.argsort(catalogue.section_offering[sections], kind="stable")]
    size = np.bincount(catalogue.section_offering[sections], minlength=catalogue.offerings)
    first = np.cumsum(size) - size
    some = (
        (rng.uniform(acts.key, _SOME_SECTIONS) < given.pack.number("override.section_share"))
        & (size[acts.offering] > 1)
        & ~acts.only_overrides
        & acts.is_dated
    )
    chosen = np.flatnonzero(some | acts.only_overrides)
    counts = size[acts.offering[chosen]]
    activity, ordinal = np.repeat(chosen, counts), ordinals(counts)
    section = sections[first[acts.offering[activity]] + ordinal]
    key = rng.extend(rng.extend(acts.key[activity], _FOR_SECTION), ordinal)
    every = acts.only_overrides[activity]
    keep = np.flatnonzero(
        every | ((ordinal > 0) & (rng.uniform(key) < given.pack.number("override.section_pick_share")))
    )
    activity, section, ordinal = activity[keep], section[keep], ordinal[keep]
    key, every = key[keep], every[keep]
    days = np.where(
        every, (ordinal > 0) * rng.integer(key, 3, _DAYS_MORE), 1 + rng.integer(key, 2, _DAYS_MORE)
    )
    days = np.where(acts.kind[activity] == ActivityKind.EXAM, 0, days)
    due = later(calendar, acts.due_ms[activity], days)
    moved = due != acts.due_ms[activity]
    # An override that assigns without moving anything may leave the date as it is.
    inherits = ~moved & (rng.uniform(key, _INHERITS) < 0.3)
    lock = acts.locked_ms[activity]
    return Overrides(
        activity=activity,
        section=section,
        group=np.full(len(activity), -1),
        enrolment=np.full(len(activity), -1),
        due_ms=np.where(inherits, NO_TIME, due),
        unlocked_ms=np.where(
            every & (acts.release_ms != acts.created_ms)[activity], acts.release_ms[activity], NO_TIME
        ),
        locked_ms=np.where(moved & (lock != NO_TIME), lock + due - acts.due_ms[activity], NO_TIME),
        created_ms=acts.created_ms[activity] + MINUTE_MS * (2 + rng.integer(key, 120, _MINUTES_AFTER)),
        key=key,
    )


def _of_students(
    given: Coursework, work: GroupWork, pairs: Pairs, dates: StudentDates
) -> tuple[Overrides, I64]:
    """(extensions, their rows of the pairs): some days more for one student, asked for in the last days."""
    acts, enrolments, calendar = given.content.activities, given.enrolments, given.calendar
    enrolment, activity, key = pairs.enrolment, pairs.activity, pairs.key
    due, locked = dates.due_ms, dates.locked_ms
    # What a group hands in together is moved for the group.
    asks = (rng.uniform(key, _EXTENSION) < given.pack.number("override.extension_share")) & ~work.is_group[
        activity
    ]
    asks &= acts.is_dated[activity]
    rows = np.flatnonzero(asks & (enrolments.exit_ms[enrolment] > due))
    own = key[rows]
    new_due = later(calendar, due[rows], 1 + rng.integer(own, 7, _EXTENSION_DAYS))
    asked = due[rows] - rng.integer(own, 5 * 24, _EXTENSION_ASKED) * HOUR_MS
    known = np.maximum(acts.release_ms[activity[rows]], enrolments.entry_ms[enrolment[rows]]) + HOUR_MS
    moved = np.flatnonzero((new_due > due[rows]) & (known < due[rows]))
    rows, new_due, own = rows[moved], new_due[moved], own[moved]
    asked, known = asked[moved], known[moved]
    lock = locked[rows]
    return Overrides(
        activity=activity[rows],
        section=np.full(len(rows), -1),
        group=np.full(len(rows), -1),
        enrolment=enrolment[rows],
        due_ms=new_due,
        unlocked_ms=np.full(len(rows), NO_TIME),
        locked_ms=np.where(lock == NO_TIME, NO_TIME, lock + new_due - due[rows]),
        created_ms=calendar.after_incidents(np.maximum(asked, known)),
        key=own,
    ), rows
