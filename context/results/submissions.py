"""What students hand in, when, and what they score; what they post.

A score follows its kind's law, read at a student's, an activity's and a residual part together, with the
published shares of variance. Times respect release, enrolment, due-date habits and the scenario's incidents.
"""

from __future__ import annotations

from math import fsum, sqrt

import numpy as np

from context import rng
from context.arrays import BOOL, DAY_MS, F64, HOUR_MS, I32, I64, MINUTE_MS, NO_TIME, U64, ordinals
from context.content.activities import ACTIVITY_KINDS, OFFLINE, ActivityKind
from context.content.content import Content
from context.content.quizzes import Quizzes, quiz_of_activity
from context.courses.catalogue import Catalogue
from context.courses.enrolments import VIEWING_ROOM_MS, Enrolments, primary_teacher
from context.packs.pack import Pack
from context.people.standing import ability_now
from context.people.students import Students
from context.results.group_work import GroupWork, shared
from context.results.overrides import Overrides, StudentDates, make_overrides
from context.results.results import Results
from context.results.score_law import mark_cuts
from context.scenario.calendar import Calendar
from context.scenario.hours import awake

LEAST_FORGOTTEN = 4  # activities of a group of which some may stay without a grade
COURSE_PART = 0.3  # of the variance between activities: some courses are harder in all (assumption)


def _pairs(catalogue: Catalogue, enrolments: Enrolments, activity_offering: I64) -> tuple[I64, I64]:
    """(enrolment, activity) of every student enrolment with every activity of its course."""
    rows = np.flatnonzero(enrolments.counts)
    offering = catalogue.section_offering[enrolments.section[rows]]
    per_offering = np.bincount(activity_offering, minlength=catalogue.offerings)
    first = np.cumsum(per_offering) - per_offering
    counts = per_offering[offering]
    return np.repeat(rows, counts), np.repeat(first[offering], counts) + ordinals(counts)


def _submission_times(
    pack: Pack,
    calendar: Calendar,
    enrolments: Enrolments,
    content: Content,
    pair: tuple[I64, I64],
    dates: StudentDates,
    key: U64,
    diligence: F64,
) -> tuple[I64, BOOL]:
    """(instant, whether handed in): missing work, lead before the due time, release and enrolment."""
    enrolment, activity = pair
    acts, due = content.activities, dates.due_ms
    missing = pack.table("missing")
    fraction = np.clip(acts.due_day[activity] / (calendar.term.end - calendar.term.start).days, 0, 0.999999)
    edges = np.array([float(x) for x in missing["term_fraction_low"]])
    rate = np.array([float(x) for x in missing["rate"]])[np.searchsorted(edges, fraction, side="right") - 1]
    handed_in = rng.uniform(key, 1) >= rate * 2 * (1 - diligence[enrolment])
    law = pack.table("submission_lead")
    code = rng.categorical(key, rng.thresholds([float(share) for share in law["share"]]), 2)
    low = np.array([float(x) for x in law["lead_low_minutes"]])[code] * MINUTE_MS
    high = np.array([float(x) for x in law["lead_high_minutes"]])[code] * MINUTE_MS
    earliest = np.maximum(acts.release_ms[activity], enrolments.entry_ms[enrolment]) + VIEWING_ROOM_MS
    time = awake(
        pack, calendar, np.maximum(due - high.astype(np.int64), earliest), due - low.astype(np.int64), key
    )
    latest = (
        np.minimum(enrolments.exit_ms[enrolment], calendar.day_start_ms(int(calendar.days[-1]))) - HOUR_MS
    )
    soonest = earliest + rng.integer(key, 3 * HOUR_MS, 5)
    time = calendar.after_incidents(np.where(time < soonest, soonest, time))
    closed = (dates.locked_ms != NO_TIME) & (time > dates.locked_ms)
    return time, handed_in & (time <= latest) & ~closed


def _latent(
    pack: Pack,
    students: Students,
    catalogue: Catalogue,
    enrolments: Enrolments,
    content: Content,
    pair: tuple[I64, I64],
    key: U64,
    late_days: F64,
) -> F64:
    """How well each piece of work did, in standard deviations of its kind: by whom, on what, how late."""
    enrolment, activity = pair
    parts = [pack.number(f"score.{part}_sd") for part in ("student", "activity", "residual")]
    whole = sqrt(fsum(part * part for part in parts))
    student = ability_now(pack, students)[enrolments.person[enrolment]]
    acts, course = content.activities, rng.normal(rng.extend(catalogue.offering_key, 21))
    own = rng.normal(rng.extend(acts.key, 20))
    difficulty = (sqrt(1 - COURSE_PART) * own + sqrt(COURSE_PART) * course[acts.offering])[activity]
    z = (parts[0] * student + parts[1] * difficulty + parts[2] * rng.normal(key, 6)) / whole
    law = pack.table("score")
    sd = np.array([float(law["sd"][list(law["kind"]).index(name)]) for name in ACTIVITY_KINDS])
    lost = np.clip(late_days, 0, 5) * pack.number("score.late_points_per_day")
    return np.asarray(z - lost / sd[content.activities.kind[activity]])


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


def make_results(
    pack: Pack,
    calendar: Calendar,
    students: Students,
    catalogue: Catalogue,
    enrolments: Enrolments,
    content: Content,
    quizzes: Quizzes,
    work: GroupWork,
) -> tuple[Results, Overrides]:
    """Results of every student enrolment in every activity of its course, and who has other dates."""
    acts = content.activities
    pair = _pairs(catalogue, enrolments, acts.offering)
    enrolment, activity = pair
    key = rng.extend(acts.key[activity] ^ rng.bits(enrolments.key[enrolment], 30), 31)
    types = [
        str(value) for value in pack.categorical("learner_activity", "allowable_submission_types").values
    ]
    online = np.array([value not in OFFLINE for value in types])[acts.submission_type][activity]
    overrides, dates = make_overrides(calendar, catalogue, enrolments, content, work, pair, key)
    time, handed_in = _submission_times(
        pack, calendar, enrolments, content, pair, dates, key, _diligence(students, enrolments)
    )
    submitted = np.where(online & handed_in, time, NO_TIME)
    quiz = quiz_of_activity(content.quizzes, acts)[activity]
    score = _points(pack, students, catalogue, enrolments, content, quizzes, pair, key, submitted, dates)
    auto = np.array([value in ("online_quiz", "external_tool") for value in types])[acts.submission_type][
        activity
    ]
    system = auto & (acts.kind[activity] != ActivityKind.EXAM)
    graded = _graded_times(calendar, catalogue, enrolments, content, pair, key, submitted, system)
    has_work = np.where(
        online, submitted != NO_TIME, handed_in & (enrolments.exit_ms[enrolment] > dates.due_ms)
    )
    counts = np.array([value != "not_graded" for value in types])[acts.submission_type] & acts.is_graded
    due = enrolments.exit_ms[enrolment] > dates.due_ms
    is_missing = counts[activity] & due & ~has_work
    has_work &= counts[activity]
    excused = _excused(pack, calendar, enrolments, pair, dates, key, is_missing)
    # Quizzes grade themselves; of the rest a little is never graded, where it does not weigh much.
    size = np.bincount(acts.group, minlength=len(content.groups.key))
    minor = ((size[acts.group] >= LEAST_FORGOTTEN) & (acts.kind != ActivityKind.EXAM))[activity] & ~(
        (quiz >= 0) & system
    )
    forgotten = minor & (rng.uniform(key, 7) >= pack.number("grading.graded_share"))
    is_graded = has_work & (graded < _end_of_grading(calendar)) & ~forgotten
    teacher = primary_teacher(catalogue, enrolments)[enrolments.section[enrolment]]
    again = online & ~auto & (rng.uniform(key, 8) < pack.number("grading.resubmission_share"))
    results = Results(
        enrolment=enrolment,
        activity=activity,
        due_ms=dates.due_ms,
        submitted_ms=submitted,
        graded_ms=np.where(is_graded, graded, NO_TIME),
        score_hundredths=np.where(is_graded, score, NO_TIME),
        is_missing=is_missing,
        excused_ms=excused,
        attempt=np.where(submitted == NO_TIME, 0, 1 + again).astype(np.int64),
        grader=np.where(is_graded & ~system, teacher, -1),
        group=np.full(len(key), -1),
        key=key,
    )
    return shared(work, enrolments, results, score), overrides


def _points(
    pack: Pack,
    students: Students,
    catalogue: Catalogue,
    enrolments: Enrolments,
    content: Content,
    quizzes: Quizzes,
    pair: tuple[I64, I64],
    key: U64,
    submitted: I64,
    dates: StudentDates,
) -> I64:
    """Scores in hundredths, in steps that teachers give; those of quizzes as answers make them."""
    late_days = np.where(submitted == NO_TIME, 0, submitted - dates.due_ms) / DAY_MS
    z = _latent(pack, students, catalogue, enrolments, content, pair, key, late_days)
    acts, activity = content.activities, pair[1]
    points = acts.points_hundredths[activity]
    step = np.where(points >= 1000, 50, 25)
    quiz = quiz_of_activity(content.quizzes, acts)[activity]
    # Where no answer can be right in part, a quiz goes by whole questions.
    whole = (quiz >= 0) & (quizzes.partial_item[quiz] < 0)
    step = np.where(whole, quizzes.item_points[quiz], step)
    steps = np.where(points > 0, np.maximum(points // np.maximum(step, 1), 1), 0)
    marks = _marks(pack, acts.kind[activity], steps, z)
    return np.where(marks == steps, points, marks * step)


def _excused(
    pack: Pack,
    calendar: Calendar,
    enrolments: Enrolments,
    pair: tuple[I64, I64],
    dates: StudentDates,
    key: U64,
    is_missing: BOOL,
) -> I64:
    """When a student was excused from work not handed in: one to five days after it was due."""
    at = calendar.after_incidents(dates.due_ms + DAY_MS + rng.integer(key, 4 * DAY_MS, 9))
    latest = np.minimum(_end_of_grading(calendar), enrolments.exit_ms[pair[0]])
    chosen = is_missing & (rng.uniform(key, 10) < pack.number("grading.excused_share")) & (at < latest)
    return np.where(chosen, at, NO_TIME)


def _diligence(students: Students, enrolments: Enrolments) -> F64:
    """The student's diligence by enrolment; staff rows are never asked for and get 0."""
    return np.append(students.diligence, 0.0)[
        np.where(enrolments.is_student, enrolments.person, len(students))
    ]


def _end_of_grading(calendar: Calendar) -> int:
    """Grades are in before the last campus day begins."""
    return calendar.day_start_ms(int(calendar.days[-1]))


def _graded_times(
    calendar: Calendar,
    catalogue: Catalogue,
    enrolments: Enrolments,
    content: Content,
    pair: tuple[I64, I64],
    key: U64,
    submitted: I64,
    auto: BOOL,
) -> I64:
    """Instants of grading: at once by the system, else in a sitting some days after the due date."""
    enrolment, activity = pair
    acts = content.activities
    last = int(calendar.days[-1])
    section = enrolments.section[enrolment]
    sitting = rng.extend(acts.key[activity], 40) ^ rng.bits(catalogue.section_key[section], 41)
    day = np.clip(acts.due_day[activity] + 2 + rng.integer(sitting, 8, 1), 0, last - 1)
    start = calendar.wall_to_utc_ms(day, 9 * HOUR_MS + rng.integer(sitting, 10 * 60, 2) * MINUTE_MS)
    # A sitting takes its submissions in keyed order, about a minute and a half each.
    planned = start + rng.integer(key, 150, 50) * 3 * MINUTE_MS // 2 + rng.integer(key, MINUTE_MS, 51)
    after = np.where(submitted == NO_TIME, planned, submitted + DAY_MS + rng.integer(key, 2 * DAY_MS, 52))
    by_hand = np.where((submitted != NO_TIME) & (planned <= submitted + HOUR_MS), after, planned)
    by_hand = np.where(
        submitted == NO_TIME,
        by_hand,
        np.maximum(np.minimum(by_hand, _end_of_grading(calendar) - HOUR_MS), submitted + MINUTE_MS),
    )
    at_once = submitted + 400 + rng.integer(key, 2000, 53)
    # What is graded at once follows a submission that the incidents have moved already.
    return np.where(auto & (submitted != NO_TIME), at_once, calendar.after_incidents(by_hand))
