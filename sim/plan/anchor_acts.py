"""What people did: submissions, grades and posts of the store, with the views that came before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import I32, I64, MINUTE_MS, U64
from context.scenario.calendar import Calendar
from sim.plan.outages import canvas_outages
from sim.world.world import NO_ROW, NO_TIME, SUBMISSION_TYPES, World

LONGEST_VIEW_MS = 25 * MINUTE_MS  # a view precedes its act by up to this (assumption)
LEAST_VIEW_MS = 2000
_LEAD = 1  # purpose of the key of a view's time
# Purposes of a submission's key; a post has the first three.
_VIEW_TIME, _VIEW, _ACT, _POSTED, _GRADE = 1, 2, 3, 4, 5
_LOOKS, _GRADER_VIEW_TIME, _GRADER_VIEW, _UPDATE = 6, 7, 8, 9
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
    """When the view before an act happens: minutes earlier, after release, joining and outages of Canvas."""
    earliest = np.maximum(released, world.enrolments.joined_ms[enrolment])
    for outage in canvas_outages(calendar):
        over = (outage.end <= act) & (act - LONGEST_VIEW_MS < outage.end)
        earliest = np.where(over, np.maximum(earliest, outage.end), earliest)
    room = np.clip(act - earliest, 1, LONGEST_VIEW_MS)
    lead = LEAST_VIEW_MS + (rng.uniform(key, _LEAD) * np.maximum(room - LEAST_VIEW_MS, 0)).astype(np.int64)
    return act - np.minimum(lead, room)


def submission_anchors(world: World, calendar: Calendar) -> list[AnchorRows]:
    """Views, submissions and grades of the store's results."""
    # The first event of each result's bundle; of what has no view (work on paper, its grade) itself.
    bundle_ms = np.maximum(world.submissions.submitted_ms, world.submissions.graded_ms)
    handed_in = _handed_in(world, calendar, bundle_ms)
    return [*handed_in, *_graded(world, calendar, bundle_ms)]


def _handed_in(world: World, calendar: Calendar, bundle_ms: I64) -> list[AnchorRows]:
    """What was handed in online, with the view before it; fills in ``bundle_ms`` of these results."""
    s = world.submissions
    spoken = s.submission_type == SUBMISSION_TYPES.index("discussion_topic")
    quiz = (s.quiz != NO_ROW) & (s.submitted_ms != NO_TIME)
    work = (s.submission_type >= 0) & (s.submitted_ms != NO_TIME) & ~quiz
    found = []
    for mask, view_kind, act_kind, tool, table, target in (
        (work & ~spoken, "assignment", "submission_created", "assignments", "assignment", s.assignment),
        (quiz, "quiz", "quiz_submitted", "quizzes", "quiz", s.quiz),
    ):
        rows = np.flatnonzero(mask)
        enrolment, key, act = s.enrolment[rows], s.key[rows], s.submitted_ms[rows]
        released = world.objects[table].release_ms[target[rows]]
        view = _view_ms(world, calendar, enrolment, released, act, rng.extend(key, _VIEW_TIME))
        bundle_ms[rows] = view
        found.append(AnchorRows(view_kind, tool, view, view, enrolment, target[rows], rng.extend(key, _VIEW)))
        handed_in = view, act, enrolment, rows.astype(np.int32)
        found.append(AnchorRows(act_kind, tool, *handed_in, rng.extend(key, _ACT)))
    rows = np.flatnonzero(work & spoken)
    posted = s.submitted_ms[rows]
    act = posted + 400 + rng.integer(rng.extend(s.key[rows], _POSTED), 600)
    bundle_ms[rows] = posted
    spoken_of = posted, act, s.enrolment[rows], rows.astype(np.int32)
    found.append(AnchorRows("submission_created", "assignments", *spoken_of, rng.extend(s.key[rows], _ACT)))
    return found


def _graded(world: World, calendar: Calendar, bundle_ms: I64) -> list[AnchorRows]:
    """Grades, some with a view of SpeedGrader before them, and the changes of submissions they are."""
    s = world.submissions
    rows = np.flatnonzero(s.graded_ms != NO_TIME)
    key, submitted = s.key[rows], s.submitted_ms[rows]
    by_system = s.grader_enrolment[rows] == NO_ROW
    # Canvas names the student as the grader of what it grades by itself, and does so in the same visit.
    grader = np.where(by_system, s.enrolment[rows], s.grader_enrolment[rows]).astype(np.int32)
    when = np.where(by_system & (submitted != NO_TIME), bundle_ms[rows], s.graded_ms[rows])
    looks = rng.uniform(rng.extend(key, _LOOKS)) < _SPEED_GRADER
    seen = np.flatnonzero(~by_system & (submitted != NO_TIME) & looks)
    act, view_key = s.graded_ms[rows[seen]], rng.extend(key[seen], _GRADER_VIEW_TIME)
    view = _view_ms(world, calendar, grader[seen], submitted[seen], act, view_key)
    when[seen] = view
    looked = view, view, grader[seen], rows[seen].astype(np.int32), rng.extend(key[seen], _GRADER_VIEW)
    graded = when, s.graded_ms[rows], grader, rows.astype(np.int32), rng.extend(key, _GRADE)
    changed = when, s.updated_ms[rows], grader, rows.astype(np.int32), rng.extend(key, _UPDATE)
    return [
        AnchorRows("course_speed_grader", "grades", *looked, counted=False),
        AnchorRows("grade_change", "grades", *graded, counted=False),
        AnchorRows("submission_updated", "assignments", *changed, counted=False),
    ]


def post_anchors(world: World, calendar: Calendar) -> list[AnchorRows]:
    """Views of topics and the entries posted in them."""
    p = world.posts
    released = world.objects["discussion"].release_ms[p.discussion]
    view = _view_ms(world, calendar, p.enrolment, released, p.time_ms, rng.extend(p.key, _VIEW_TIME))
    posted = np.arange(len(p.time_ms), dtype=np.int32)
    return [
        AnchorRows(
            "discussion_topic", "discussions", view, view, p.enrolment, p.discussion, rng.extend(p.key, _VIEW)
        ),
        AnchorRows(
            "discussion_entry_created",
            "discussions",
            view,
            p.time_ms,
            p.enrolment,
            posted,
            rng.extend(p.key, _ACT),
        ),
    ]
