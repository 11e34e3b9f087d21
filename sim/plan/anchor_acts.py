"""What people did: submissions, grades and posts of the store, with the views that came before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import I32, I64, MINUTE_MS, U64
from context.scenario.calendar import Calendar
from sim.world.world import NO_TIME, SUBMISSION_TYPES, World

LONGEST_VIEW_MS = 25 * MINUTE_MS  # a view precedes its act by up to this (assumption)
LEAST_VIEW_MS = 2000
_SPEED_GRADER = 0.4  # share of human grades given in SpeedGrader with a view of it (assumption)


@dataclass(frozen=True)
class AnchorRows:
    """Anchored events of one kind; ``enrolment`` is the actor's, NO_ROW for background jobs."""

    kind: str
    tool: str
    bundle_ms: I64
    time_ms: I64
    enrolment: I32
    object: I32
    key: U64
    counted: bool = True
    course: I32 | None = None  # of events without an enrolment


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


def submission_anchors(world: World, calendar: Calendar) -> list[AnchorRows]:
    """Views, submissions and grades of the store's results."""
    s = world.submissions
    spoken = s.submission_type == SUBMISSION_TYPES.index("discussion_topic")
    quiz = (s.quiz >= 0) & (s.submitted_ms != NO_TIME)
    work = (s.submission_type >= 0) & (s.submitted_ms != NO_TIME) & ~quiz
    bundle = np.maximum(s.submitted_ms, s.graded_ms)  # of what has no view: work on paper, its grade
    found = []
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
        found.append(AnchorRows(view_kind, tool, view, view, enrolment, target[rows], rng.extend(key, 2)))
        found.append(
            AnchorRows(act_kind, tool, view, act, enrolment, rows.astype(np.int32), rng.extend(key, 3))
        )
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
    found.append(AnchorRows("submission_created", "assignments", *submitted))
    rows = np.flatnonzero(s.graded_ms != NO_TIME)
    by_system = s.grader_enrolment[rows] < 0
    # Canvas names the student as the grader of what it grades by itself, and does so in the same visit.
    grader = np.where(by_system, s.enrolment[rows], s.grader_enrolment[rows]).astype(np.int32)
    when = np.where(by_system & (s.submitted_ms[rows] != NO_TIME), bundle[rows], s.graded_ms[rows])
    seen = np.flatnonzero(
        ~by_system
        & (s.submitted_ms[rows] != NO_TIME)
        & (rng.uniform(rng.extend(s.key[rows], 6)) < _SPEED_GRADER)
    )
    act = s.graded_ms[rows[seen]]
    view = _view_ms(
        world, calendar, grader[seen], s.submitted_ms[rows[seen]], act, rng.extend(s.key[rows[seen]], 7)
    )
    when[seen] = view
    found.append(
        AnchorRows(
            "course_speed_grader", "grades", view, view, grader[seen], rows[seen].astype(np.int32),
            rng.extend(s.key[rows[seen]], 8), counted=False,
        )
    )  # fmt: skip
    graded = when, s.graded_ms[rows], grader, rows.astype(np.int32)
    found.append(AnchorRows("grade_change", "grades", *graded, rng.extend(s.key[rows], 5), counted=False))
    changed = when, s.updated_ms[rows], grader, rows.astype(np.int32)
    found.append(
        AnchorRows("submission_updated", "assignments", *changed, rng.extend(s.key[rows], 9), counted=False)
    )
    return found


def post_anchors(world: World, calendar: Calendar) -> list[AnchorRows]:
    """Views of topics and the entries posted in them."""
    p = world.posts
    released = world.objects["discussion"].release_ms[p.discussion]
    view = _view_ms(world, calendar, p.enrolment, released, p.time_ms, rng.extend(p.key, 1))
    posted = np.arange(len(p.time_ms), dtype=np.int32)
    return [
        AnchorRows(
            "discussion_topic", "discussions", view, view, p.enrolment, p.discussion, rng.extend(p.key, 2)
        ),
        AnchorRows(
            "discussion_entry_created",
            "discussions",
            view,
            p.time_ms,
            p.enrolment,
            posted,
            rng.extend(p.key, 3),
        ),
    ]
