"""Which object of a course a click opens: work that is due next, what was put up lately, what all read.

Work is looked at before it is due and hardly any more some days later; of files and pages, new ones are
opened more often, and some are read by everybody while others are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import DAY_MS, I32, I64, U64
from context.curves import lognormal_of
from context.packs.pack import Pack
from sim.world.objects import released
from sim.world.world import NO_ROW, NO_TIME, Objects, World

# Purposes: of a click's key, of a course's.
_GRACE, _WHICH_NEXT, _OTHER, _PICK, _WHICH_FURTHER = 16, 17, 18, 19, 117
_FAME = 850
_SPAN = 1 << 42  # more than the milliseconds of a term
_TRIES = 3  # objects among which a click chooses by what all read
_FURTHEST = 2  # places beyond the work that is due next


@dataclass(frozen=True)
class Due:
    """Work of one kind with a due time, by course and due time."""

    row: I64  # of its table of objects
    code: I64  # course x _SPAN + due time since ``base``, ascending
    base: int


@dataclass(frozen=True)
class Shelf:
    """What decides which of a course's objects are opened."""

    due: dict[str, Due]  # by table of objects
    fame: dict[str, I64]  # by table of objects: weight of each row, in millionths

    @staticmethod
    def build(pack: Pack, world: World) -> Shelf:
        """Due times of assignments and quizzes; fame of files and pages by the pack's spread."""
        details, sigma = world.details, pack.number("opened.fame_sigma")
        return Shelf(
            due={
                "assignment": _by_due(world.objects["assignment"], details.assignment.due_ms),
                "quiz": _by_due(world.objects["quiz"], details.quiz.due_ms),
            },
            fame={name: _fame(world, world.objects[name], sigma) for name in ("file", "page")},
        )


def _by_due(objects: Objects, due_ms: I64) -> Due:
    rows = np.flatnonzero(due_ms != NO_TIME)
    base = int(due_ms[rows].min()) if len(rows) else 0
    code = objects.course[rows].astype(np.int64) * _SPAN + (due_ms[rows] - base)
    order = np.argsort(code, kind="stable")
    return Due(rows[order], code[order], base)


def _fame(world: World, objects: Objects, sigma: float) -> I64:
    """By place in its course: whatever is added to another course moves nothing."""
    place = np.arange(len(objects.course)) - objects.first[objects.course]
    key = rng.extend(rng.extend(world.courses.key[objects.course], _FAME), place)
    return (lognormal_of(rng.normal(key), sigma) * 1_000_000).astype(np.int64) + 1


def opened(shelf: Shelf, pack: Pack, objects: Objects, table: str, at: tuple[I32, I64, U64]) -> I64:
    """A row of ``table`` for each click ``at`` (course, time, key); NO_ROW where nothing is released yet."""
    if table in shelf.due:
        return _next_due(shelf.due[table], pack, objects, at)
    if table in shelf.fame:
        return _read_by_all(shelf.fame[table], objects, at)
    return released(objects, *at)


def _next_due(due: Due, pack: Pack, objects: Objects, at: tuple[I32, I64, U64]) -> I64:
    """What is due next, or was a little while ago; else anything that is released."""
    course, time, key = at
    if not len(due.row):
        return released(objects, *at)
    u = rng.uniform(key, _GRACE)
    grace = (u * u * u * u * u * u * (pack.number("opened.grace_days") * DAY_MS)).astype(np.int64)
    since = np.clip(time - grace - due.base, 0, _SPAN - 1)
    place = np.searchsorted(due.code, course.astype(np.int64) * _SPAN + since)
    share = pack.number("opened.next_share")
    further = (rng.uniform(key, _WHICH_NEXT) >= share).astype(np.int64)
    further += (rng.uniform(key, _WHICH_FURTHER) >= share) & (further > 0)
    found = np.full(len(course), NO_ROW)
    for ahead in range(_FURTHEST, -1, -1):
        mine = np.minimum(place + np.minimum(further, ahead), len(due.row) - 1)
        row = due.row[mine]
        fits = (found == NO_ROW) & (objects.course[row] == course) & (objects.release_ms[row] <= time)
        fits &= place + np.minimum(further, ahead) < len(due.row)
        found[fits] = row[fits]
    rest = np.flatnonzero(found == NO_ROW)
    found[rest] = released(objects, course[rest], time[rest], key[rest])
    return found


def _read_by_all(fame: I64, objects: Objects, at: tuple[I32, I64, U64]) -> I64:
    """One of a few that were put up lately, by their fame."""
    course, time, key = at
    picks = [released(objects, course, time, rng.extend(key, _OTHER + 100 * turn)) for turn in range(_TRIES)]
    weight = np.cumsum([np.where(pick == NO_ROW, 0, fame[pick]) for pick in picks], axis=0)
    mark = (rng.uniform(key, _PICK) * weight[-1]).astype(np.int64)
    which = (mark >= weight[:-1]).sum(axis=0)
    return np.asarray(np.stack(picks)[which, np.arange(len(key))])
