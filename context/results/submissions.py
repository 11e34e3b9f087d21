"""What students hand in, when, and what they score.

A score follows its kind's law, read at a student's, an activity's and a residual part together, with the
published shares of variance. Times respect release, enrolment, due-date habits and the scenario's incidents.
"""

from __future__ import annotations

from math import fsum, sqrt

import numpy as np

from context import rng
from context.arrays import BOOL, DAY_MS, F64, HOUR_MS, I32, I64, NO_TIME, ordinals
from context.content.activities import ACTIVITY_KINDS, OFFLINE, ActivityKind, has_type
from context.content.coursework import Coursework
from context.content.quizzes import quiz_of_activity
from context.courses.enrolments import VIEWING_ROOM_MS, primary_teacher
from context.packs.pack import Pack
from context.people.standing import ability_now
from context.results.clocks.grading import graded_times
from context.results.clocks.leads import handed_in_at
from context.results.group_work import GroupWork, shared
from context.results.missing import chance_of_missing
from context.results.overrides import Overrides, StudentDates, make_overrides
from context.results.results import Pairs, Results
from context.results.score_law import mark_cuts
from context.results.strictness import discipline_scores, point_steps

LEAST_FORGOTTEN = 4  # activities of a group of which some may stay without a grade
# Of the variance between activities: some courses are harder in all, some disciplines mark harder
# (assumptions).
COURSE_PART, FAMILY_PART = 0.3, 0.25
# Purposes of randomness: what each number draws.
_HANDED_IN = 1
_SOONEST, _RESIDUAL, _FORGOTTEN, _RESUBMITS = 5, 6, 7, 8
_EXCUSED_DELAY, _EXCUSED, _DIFFICULTY, _COURSE_DIFFICULTY = 9, 10, 20, 21
_OF_ENROLMENT, _RESULT = 30, 31


def _pairs(given: Coursework) -> Pairs:
    """Every student enrolment with every activity of its course."""
    acts, enrolments = given.content.activities, given.enrolments
    rows = np.flatnonzero(enrolments.counts)
    per_course = np.bincount(acts.offering, minlength=given.catalogue.offerings)
    first = np.cumsum(per_course) - per_course
    course = given.course[rows]
    counts = per_course[course]
    enrolment, activity = np.repeat(rows, counts), np.repeat(first[course], counts) + ordinals(counts)
    key = rng.extend(acts.key[activity] ^ rng.bits(enrolments.key[enrolment], _OF_ENROLMENT), _RESULT)
    return Pairs(enrolment, activity, key)


def _submission_times(given: Coursework, pairs: Pairs, dates: StudentDates) -> tuple[I64, BOOL]:
    """(instant, whether handed in): missing work, lead before the due time, release and enrolment."""
    enrolment, activity, key = pairs.enrolment, pairs.activity, pairs.key
    calendar, acts, due = given.calendar, given.content.activities, dates.due_ms
    handed_in = rng.uniform(key, _HANDED_IN) >= chance_of_missing(given, pairs)
    earliest = np.maximum(acts.release_ms[activity], given.enrolments.entry_ms[enrolment]) + VIEWING_ROOM_MS
    time = handed_in_at(given, pairs, due, earliest, key)
    soonest = earliest + rng.integer(key, 3 * HOUR_MS, _SOONEST)
    time = calendar.after_incidents(np.where(time < soonest, soonest, time))
    closed = (dates.locked_ms != NO_TIME) & (time > dates.locked_ms)
    return time, handed_in & (time <= given.until_ms[enrolment]) & ~closed


def _latent(given: Coursework, pairs: Pairs, late_days: F64) -> F64:
    """How well each piece of work did, in standard deviations of its kind: by whom, on what, how late."""
    pack, acts = given.pack, given.content.activities
    parts = [pack.number(f"score.{part}_sd") for part in ("student", "activity", "residual")]
    whole = sqrt(fsum(part * part for part in parts))
    student = ability_now(pack, given.students)[given.enrolments.person[pairs.enrolment]]
    course = rng.normal(rng.extend(given.catalogue.offering_key, _COURSE_DIFFICULTY))
    own = rng.normal(rng.extend(acts.key, _DIFFICULTY))
    family = discipline_scores(pack, given.catalogue)
    difficulty = (
        sqrt(1 - COURSE_PART - FAMILY_PART) * own
        + sqrt(COURSE_PART) * course[acts.offering]
        + sqrt(FAMILY_PART) * family[acts.offering]
    )[pairs.activity]
    z = (parts[0] * student + parts[1] * difficulty + parts[2] * rng.normal(pairs.key, _RESIDUAL)) / whole
    law = pack.table("score")
    sd = np.array([float(law["sd"][list(law["kind"]).index(name)]) for name in ACTIVITY_KINDS])
    lost = np.clip(late_days, 0, 5) * pack.number("score.late_points_per_day")
    return np.asarray(z - lost / sd[acts.kind[pairs.activity]])


def _marks(pack: Pack, kind: I32, steps: I64, z: F64) -> I64:
    """Steps that work of a kind gets of all ``steps``, by the pack's law of scores."""
    law, most = pack.table("score"), int(steps.max(initial=0)) + 1
    code = kind.astype(np.int64) * most + steps
    order = np.argsort(code, kind="stable")
    codes, first = np.unique(code[order], return_index=True)
    marks = np.zeros(len(z), dtype=np.int64)
    for value, rows in zip(codes.tolist(), np.split(order, first[1:]), strict=True):
        row = list(law["kind"]).index(ACTIVITY_KINDS[value // most])
        if value % most:
            mean, sd, full = (float(law[name][row]) for name in ("mean", "sd", "full_marks_share"))
            cuts = mark_cuts(mean / 100, sd / 100, full, value % most)
            marks[rows] = np.searchsorted(cuts, z[rows], side="right")
    return marks


def make_results(given: Coursework, work: GroupWork) -> tuple[Results, Overrides]:
    """Results of every student enrolment in every activity of its course, and who has other dates."""
    pack, enrolments, acts = given.pack, given.enrolments, given.content.activities
    pairs = _pairs(given)
    enrolment, activity, key = pairs.enrolment, pairs.activity, pairs.key
    overrides, dates = make_overrides(given, work, pairs)
    time, handed_in = _submission_times(given, pairs, dates)
    online = ~has_type(pack, acts, *OFFLINE)[activity]
    submitted = np.where(online & handed_in, time, NO_TIME)
    score = _points(given, pairs, dates, submitted)
    auto = has_type(pack, acts, "online_quiz", "external_tool")[activity]
    system = auto & (acts.kind[activity] != ActivityKind.EXAM)
    graded = graded_times(given, pairs, submitted, system)
    due = (enrolments.exit_ms[enrolment] > dates.due_ms) & acts.is_dated[activity]
    present = enrolments.exit_ms[enrolment] > dates.due_ms
    has_work = np.where(online, submitted != NO_TIME, handed_in & present)
    counts = (~has_type(pack, acts, "not_graded") & acts.is_graded)[activity]
    is_missing = counts & due & ~has_work
    has_work &= counts
    # Quizzes grade themselves; of the rest a little is never graded, where it does not weigh much.
    size = np.bincount(acts.group, minlength=len(given.content.groups.key))
    minor = ((size[acts.group] >= LEAST_FORGOTTEN) & (acts.kind != ActivityKind.EXAM))[activity]
    minor &= ~((quiz_of_activity(given.content.quizzes, acts)[activity] >= 0) & system)
    forgotten = minor & (rng.uniform(key, _FORGOTTEN) >= pack.number("grading.graded_share"))
    is_graded = has_work & (graded < given.calendar.last_day_ms) & ~forgotten
    teacher = primary_teacher(given.catalogue, enrolments)[enrolments.section[enrolment]]
    again = online & ~auto & (rng.uniform(key, _RESUBMITS) < pack.number("grading.resubmission_share"))
    results = Results(
        enrolment=enrolment,
        activity=activity,
        due_ms=dates.due_ms,
        submitted_ms=submitted,
        graded_ms=np.where(is_graded, graded, NO_TIME),
        score_hundredths=np.where(is_graded, score, NO_TIME),
        is_missing=is_missing,
        excused_ms=_excused(given, pairs, dates, is_missing),
        attempt=np.where(submitted == NO_TIME, 0, 1 + again).astype(np.int64),
        grader=np.where(is_graded & ~system, teacher, -1),
        group=np.full(len(key), -1),
        key=key,
    )
    return shared(work, enrolments, results, score), overrides


def _points(given: Coursework, pairs: Pairs, dates: StudentDates, submitted: I64) -> I64:
    """Scores in hundredths, in steps that teachers give; those of quizzes as answers make them."""
    timely = (submitted == NO_TIME) | ~given.content.activities.is_dated[pairs.activity]
    late_days = np.where(timely, 0, submitted - dates.due_ms) / DAY_MS
    z = _latent(given, pairs, late_days)
    acts, quizzes, activity = given.content.activities, given.quizzes, pairs.activity
    points = acts.points_hundredths[activity]
    step = point_steps(given.pack, given.catalogue, acts)[activity]
    quiz = quiz_of_activity(given.content.quizzes, acts)[activity]
    # Where no answer can be right in part, a quiz goes by whole questions.
    whole = (quiz >= 0) & (quizzes.partial_item[quiz] < 0)
    step = np.where(whole, quizzes.item_points[quiz], step)
    steps = np.where(points > 0, np.maximum(points // np.maximum(step, 1), 1), 0)
    marks = _marks(given.pack, acts.kind[activity], steps, z)
    return np.where(marks == steps, points, marks * step)


def _excused(given: Coursework, pairs: Pairs, dates: StudentDates, is_missing: BOOL) -> I64:
    """When a student was excused from work not handed in: one to five days after it was due."""
    share = given.pack.number("grading.excused_share")
    at = given.calendar.after_incidents(
        dates.due_ms + DAY_MS + rng.integer(pairs.key, 4 * DAY_MS, _EXCUSED_DELAY)
    )
    latest = np.minimum(given.calendar.last_day_ms, given.enrolments.exit_ms[pairs.enrolment])
    return np.where(is_missing & (rng.uniform(pairs.key, _EXCUSED) < share) & (at < latest), at, NO_TIME)
