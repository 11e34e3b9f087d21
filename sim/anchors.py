"""Anchored events: what the store's rows prove happened, with the views that came before.

A bundle is one act (a submission, a post, a grade) and its views; it belongs to the campus day of its first
event. Bundles are a pure function of the store; the plan counts them, the draw emits them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from context import rng
from context.calendar import Calendar
from context.errors import RunError
from sim.kinds import KIND
from sim.world import SUBMISSION_TYPES, World

I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
MINUTE_MS = 60_000
LONGEST_VIEW_MS = 25 * MINUTE_MS  # a view precedes its act by up to this (assumption)
LEAST_VIEW_MS = 2000


@dataclass(frozen=True)
class Anchors:
    """Row i is one anchored event; ordered by day, then time, then key."""

    day: I16  # campus day of its bundle
    time_ms: I64
    kind: U8
    tool: U8
    enrolment: I32  # of the actor
    object: I32
    bundle_ms: I64  # instant of the bundle's first event: decides the visit
    counted: npt.NDArray[np.bool_]  # a student's event that the rates count
    key: U64  # of the event
    cell: I32  # cip * levels + level of the course

    def rows_of(self, day: int) -> slice:
        """Rows of a campus day."""
        low, high = np.searchsorted(self.day, [day, day + 1])
        return slice(int(low), int(high))

    def counts(self, day: int, cips: int, levels: int, tools: int) -> I64:
        """Counted events of a day by [cip, level, tool]."""
        rows = self.rows_of(day)
        counted = self.counted[rows]
        code = self.cell[rows][counted].astype(np.int64) * tools + self.tool[rows][counted]
        return (
            np.bincount(code, minlength=cips * levels * tools).reshape(cips, levels, tools).astype(np.int64)
        )


def _view_ms(world: World, calendar: Calendar, enrolment: I32, released: I64, act: I64, key: U64) -> I64:
    """When the view before an act happens: minutes earlier, after release, joining and any outage."""
    earliest = np.maximum(released, world.enrolments.joined_ms[enrolment])
    for start, end, _ in calendar.incident_windows:
        earliest = np.where(
            (end <= act) & (act - LONGEST_VIEW_MS < end) & (start <= act), np.maximum(earliest, end), earliest
        )
    room = np.clip(act - earliest, 1, LONGEST_VIEW_MS)
    lead = LEAST_VIEW_MS + (rng.uniform(key, 1) * np.maximum(room - LEAST_VIEW_MS, 0)).astype(np.int64)
    return act - np.minimum(lead, room)


@dataclass(frozen=True)
class _Part:
    """Anchored events of one kind."""

    kind: str
    tool: str
    bundle_ms: I64
    time_ms: I64
    enrolment: I32
    object: I32
    key: U64
    counted: bool = True


def make_anchors(world: World, calendar: Calendar, levels: int) -> Anchors:
    """All anchored events of the term."""
    return _ordered(
        world, calendar, levels, [*_submission_parts(world, calendar), *_post_parts(world, calendar)]
    )


def _submission_parts(world: World, calendar: Calendar) -> list[_Part]:
    """Views, submissions and grades of the store's results."""
    s = world.submissions
    spoken = s.submission_type == SUBMISSION_TYPES.index("discussion_topic")
    quiz = (s.quiz >= 0) & (s.submitted_ms >= 0)
    work = (s.submission_type >= 0) & (s.submitted_ms >= 0) & ~quiz
    bundle = np.maximum(s.submitted_ms, s.graded_ms)  # of what has no view: work on paper, its grade
    parts = []
    for mask, view_kind, act_kind, tool, table, target in (
        (work & ~spoken, "assignment", "submission_created", "assignments", "assignment", s.assignment),
        (quiz, "quiz", "quiz_submitted", "quizzes", "quiz", s.quiz),
    ):
        rows = np.flatnonzero(mask)
        enrolment, key, act = s.enrolment[rows], s.key[rows], s.submitted_ms[rows]
        view = _view_ms(
            world, calendar, enrolment, world.objects[table].release_ms[target[rows]], act, rng.extend(key, 1)
        )
        bundle[rows] = view
        parts.append(_Part(view_kind, tool, view, view, enrolment, target[rows], rng.extend(key, 2)))
        parts.append(_Part(act_kind, tool, view, act, enrolment, rows.astype(np.int32), rng.extend(key, 3)))
    rows = np.flatnonzero(work & spoken)
    act = s.submitted_ms[rows] + 400 + rng.integer(rng.extend(s.key[rows], 4), 600)
    bundle[rows] = s.submitted_ms[rows]
    submitted = (
        s.submitted_ms[rows],
        act,
        s.enrolment[rows],
        rows.astype(np.int32),
        rng.extend(s.key[rows], 3),
    )
    parts.append(_Part("submission_created", "assignments", *submitted))
    rows = np.flatnonzero(s.graded_ms >= 0)
    by_system = s.grader_enrolment[rows] < 0
    # Canvas names the student as the grader of what it grades by itself, and does so in the same visit.
    grader = np.where(by_system, s.enrolment[rows], s.grader_enrolment[rows]).astype(np.int32)
    when = np.where(by_system & (s.submitted_ms[rows] >= 0), bundle[rows], s.graded_ms[rows])
    graded = when, s.graded_ms[rows], grader, rows.astype(np.int32), rng.extend(s.key[rows], 5)
    parts.append(_Part("grade_change", "grades", *graded, counted=False))
    return parts


def _post_parts(world: World, calendar: Calendar) -> list[_Part]:
    """Views of topics and the entries posted in them."""
    p = world.posts
    released = world.objects["discussion"].release_ms[p.discussion]
    view = _view_ms(world, calendar, p.enrolment, released, p.time_ms, rng.extend(p.key, 1))
    posted = np.arange(len(p.time_ms), dtype=np.int32)
    return [
        _Part("discussion_topic", "discussions", view, view, p.enrolment, p.discussion, rng.extend(p.key, 2)),
        _Part(
            "discussion_entry_created",
            "discussions",
            view,
            p.time_ms,
            p.enrolment,
            posted,
            rng.extend(p.key, 3),
        ),
    ]


def _ordered(world: World, calendar: Calendar, levels: int, parts: list[_Part]) -> Anchors:
    bundle = np.concatenate([part.bundle_ms for part in parts])
    time = np.concatenate([part.time_ms for part in parts])
    enrolment = np.concatenate([part.enrolment for part in parts])
    target = np.concatenate([part.object for part in parts])
    key = np.concatenate([part.key for part in parts])
    sizes = [len(part.time_ms) for part in parts]
    kind = np.repeat([KIND[part.kind] for part in parts], sizes)
    tool = np.repeat([world.tools.index(part.tool) for part in parts], sizes)
    counted = np.repeat([part.counted for part in parts], sizes)
    day = calendar.day_of(bundle)
    outside = int(((day < calendar.first_day) | (day > calendar.last_day)).sum())
    if outside:
        raise RunError(f"context store: {outside} submissions, posts or grades are outside of the term")
    order = np.lexsort((key, time, day))
    course = world.enrolments.course[enrolment]
    cell = world.courses.cip[course].astype(np.int32) * levels + world.courses.level[course]
    return Anchors(
        day=day[order].astype(np.int16),
        time_ms=time[order],
        kind=kind[order].astype(np.uint8),
        tool=tool[order].astype(np.uint8),
        enrolment=enrolment[order].astype(np.int32),
        object=target[order].astype(np.int32),
        bundle_ms=bundle[order],
        counted=counted[order].astype(np.bool_),
        key=key[order],
        cell=cell[order],
    )
