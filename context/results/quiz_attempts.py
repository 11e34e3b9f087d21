"""Who took which quiz, how often, when, and with what score; and the score that is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from context import rng
from context.arrays import BOOL, DAY_MS, HOUR_MS, I64, MINUTE_MS, NO_TIME, U64, ordinals
from context.content.content import Content
from context.content.coursework import Coursework
from context.content.quizzes import Quizzes, quiz_of_activity
from context.courses.enrolments import VIEWING_ROOM_MS
from context.curves import lognormal_of
from context.results.results import Results
from context.scenario.calendar import Calendar
from context.scenario.hours import same_day

MOST_ATTEMPTS = 4
AGAIN = ("second", "third", "fourth")  # attempts, each with a share in the pack
RETRY_SPAN_MS = 6 * HOUR_MS  # earlier attempts are made within these hours before the last one
RETRY_ROOM_MS = 30 * MINUTE_MS
LEAST_SECONDS, MOST_SECONDS = 45, 3 * 3600
# Purposes of randomness: what each number draws.
_TAKES_PRACTICE, _BEGAN_BEFORE, _PRACTICE_DELAY, _PRACTICE_HOUR = 1, 1, 2, 3
_PRACTICE_SCORE, _EXTRA_ATTEMPT, _AGAIN_AT, _PACE = 4, 10, 11, 20
_EARLIER_START, _PRACTICE_STUDENT, _EARLIER_LENGTH, _MISSED = 30, 31, 40, 50
_BEST_IS_LAST, _WHICH_BEST, _APART, _FUDGED = 60, 61, 62, 63
_ATTEMPT, _OF_RESULT, _ACCOMMODATED, _PRACTICE = 100, 205, 206, 207
_UNFINISHED, _OWN_PACE = 210, 211


@dataclass(frozen=True)
class QuizResults:
    """Row i is one student in one quiz; attempts are rows ``first[i]`` .. of ``Attempts``, in order.

    Last come those who began and never handed in: they have no attempt that counts.
    """

    enrolment: I64
    quiz: I64
    result: I64  # row of the results, -1 for a quiz without a learner activity
    count: I64  # attempts
    kept_hundredths: I64  # NO_TIME: not graded yet
    fudge_hundredths: I64  # of the last attempt
    graded_ms: I64  # NO_TIME: not graded yet
    extra_minutes: I64  # 0 for none
    extra_attempts: I64
    began_ms: I64  # the first attempt
    first: I64
    key: U64

    def __len__(self) -> int:
        return len(self.enrolment)


@dataclass(frozen=True)
class Attempts:
    """Row i is one attempt, ordered by quiz result, then number."""

    of: I64  # row of the quiz results
    number: I64  # from 1
    score_hundredths: I64  # NO_TIME: not graded yet
    started_ms: I64
    finished_ms: I64
    key: U64

    def __len__(self) -> int:
        return len(self.of)


@dataclass(frozen=True)
class _Takers:
    """Row i: a student whose last attempt at a quiz is known."""

    enrolment: I64
    quiz: I64
    result: I64
    finished_ms: I64
    score: I64  # NO_TIME: not graded yet
    graded_ms: I64
    key: U64


def make_attempts(given: Coursework, results: Results) -> tuple[Results, QuizResults, Attempts]:
    """(results with their numbers of attempts, quiz results, attempts)."""
    calendar, enrolments, content, quizzes = given.calendar, given.enrolments, given.content, given.quizzes
    graded, practice = _graded(content, results), _practice(given)
    t = _Takers(
        *(
            np.concatenate([getattr(graded, name), getattr(practice, name)])
            for name in _Takers.__dataclass_fields__
        )
    )
    # The clock of an attempt starts after the quiz opened and the student joined.
    opened = np.maximum(content.quizzes.release_ms[t.quiz], enrolments.entry_ms[t.enrolment]) + MINUTE_MS
    person = enrolments.person[t.enrolment]
    number_of = given.pack.number
    accommodated = rng.uniform(rng.extend(given.students.key[person], _ACCOMMODATED)) < number_of(
        "quiz_result.extra_time_share"
    )
    extra_minutes = np.where(accommodated, quizzes.minutes[t.quiz] // 2, 0)
    extra_attempts = (
        (rng.uniform(t.key, _EXTRA_ATTEMPT) < number_of("quiz_result.extra_attempts_share"))
        & (quizzes.allowed_attempts[t.quiz] > 0)
        & ~quizzes.is_exam[t.quiz]
    ).astype(np.int64)
    started = _start(given, t, opened, extra_minutes)
    allowed = quizzes.allowed_attempts[t.quiz]
    allowed = np.where(allowed < 0, MOST_ATTEMPTS, np.minimum(allowed + extra_attempts, MOST_ATTEMPTS))
    # Who tries again gets further: the better scores are those of more attempts.
    points = np.maximum(quizzes.points_hundredths[t.quiz], 1)
    base = number_of("quiz_result.again_base")
    better = np.where(t.score == NO_TIME, 1.0, base + np.maximum(t.score, 0) / points)
    odds = [number_of(f"quiz_result.{name}_attempt_share") for name in AGAIN]
    again = [rng.uniform(t.key, _AGAIN_AT + place) < chance * better for place, chance in enumerate(odds)]
    wanted = 1 + again[0] * (1 + again[1] * (1 + again[2].astype(np.int64)))
    count = np.minimum(wanted, allowed)
    times = _earlier(calendar, t, opened, started, count)
    count = np.where(times[0], count, 1)
    first = np.cumsum(count) - count
    of = np.repeat(np.arange(len(count)), count)
    number = 1 + ordinals(count)
    last = number == count[of]
    slot = np.minimum(number - 1, MOST_ATTEMPTS - 2)
    score, fudge = _scores(quizzes, t, count, of, number, number_of("quiz_result.fudged_share"))
    quiz_results = QuizResults(
        enrolment=t.enrolment,
        quiz=t.quiz,
        result=t.result,
        count=count,
        kept_hundredths=t.score,
        fudge_hundredths=fudge,
        graded_ms=t.graded_ms,
        extra_minutes=extra_minutes,
        extra_attempts=extra_attempts,
        began_ms=np.where(count > 1, times[1][0], started),
        first=first,
        key=t.key,
    )
    attempts = Attempts(
        of=of,
        number=number,
        score_hundredths=score,
        started_ms=np.where(last, started[of], times[1][slot, of]),
        finished_ms=np.where(last, t.finished_ms[of], times[2][slot, of]),
        key=rng.extend(t.key[of], _ATTEMPT + number),
    )
    attempt = results.attempt.copy()
    attempt[t.result[: len(graded.quiz)]] = count[: len(graded.quiz)]
    quiz_results = _with_unfinished(given, results, quiz_results)
    return replace(results, attempt=attempt), quiz_results, attempts


def _with_unfinished(given: Coursework, results: Results, taken: QuizResults) -> QuizResults:
    """``taken`` and some of those who should have handed in a quiz and only began it, before it was due."""
    calendar, enrolments, content = given.calendar, given.enrolments, given.content
    quiz = quiz_of_activity(content.quizzes, content.activities)[results.activity]
    key = rng.extend(results.key, _UNFINISHED)
    begun = rng.uniform(key) < given.pack.number("quiz_result.unfinished_share")
    rows = np.flatnonzero((quiz >= 0) & results.is_missing & begun)
    who, key = results.enrolment[rows], key[rows]
    opened = np.maximum(content.quizzes.release_ms[quiz[rows]], enrolments.entry_ms[who]) + VIEWING_ROOM_MS
    until = np.minimum(results.due_ms[rows] - HOUR_MS, given.until_ms[who])
    began = calendar.after_incidents(np.maximum(until - rng.integer(key, 2 * DAY_MS, _BEGAN_BEFORE), opened))
    keep = np.flatnonzero(began < until)
    rows, began, key = rows[keep], began[keep], key[keep]
    none, unknown = np.zeros(len(rows), dtype=np.int64), np.full(len(rows), NO_TIME)
    more = QuizResults(
        enrolment=results.enrolment[rows],
        quiz=quiz[rows],
        result=rows,
        count=none,
        kept_hundredths=unknown,
        fudge_hundredths=none,
        graded_ms=unknown,
        extra_minutes=none,
        extra_attempts=none,
        began_ms=began,
        first=none,
        key=key,
    )
    names = QuizResults.__dataclass_fields__
    return QuizResults(*(np.concatenate([getattr(part, name) for part in (taken, more)]) for name in names))


def _graded(content: Content, results: Results) -> _Takers:
    quiz = quiz_of_activity(content.quizzes, content.activities)[results.activity]
    rows = np.flatnonzero((quiz >= 0) & (results.submitted_ms != NO_TIME))
    return _Takers(
        enrolment=results.enrolment[rows],
        quiz=quiz[rows],
        result=rows,
        finished_ms=results.submitted_ms[rows],
        score=results.score_hundredths[rows],
        graded_ms=results.graded_ms[rows],
        key=rng.extend(results.key[rows], _OF_RESULT),
    )


def _practice(given: Coursework) -> _Takers:
    """Students who take the quizzes without a learner activity, within ten days of their opening."""
    q, calendar, enrolments, quizzes = given.content.quizzes, given.calendar, given.enrolments, given.quizzes
    free = np.flatnonzero(q.activity < 0)
    rows, _ = given.learners
    first, size = given.learners_of(q.offering[free])
    quiz = np.repeat(free, size)
    enrolment = rows[np.repeat(first, size) + ordinals(size)]
    key = rng.extend(q.key[quiz] ^ rng.bits(enrolments.key[enrolment], _PRACTICE_STUDENT), _PRACTICE)
    opened = np.maximum(q.release_ms[quiz], enrolments.entry_ms[enrolment])
    u = rng.uniform(key, _PRACTICE_DELAY)
    at = same_day(given.pack, calendar, opened + (u * u * 10 * DAY_MS).astype(np.int64), key, _PRACTICE_HOUR)
    at = calendar.after_incidents(np.where(at > opened + 2 * VIEWING_ROOM_MS, at, opened + 2 * HOUR_MS))
    share = given.pack.number("quiz.practice_taken_share")
    takes = (rng.uniform(key, _TAKES_PRACTICE) < share) & (at <= given.until_ms[enrolment])
    quiz, enrolment, at, key = quiz[takes], enrolment[takes], at[takes], key[takes]
    percent = (
        76 + 9 * given.students.ability[enrolments.person[enrolment]] + 14 * rng.normal(key, _PRACTICE_SCORE)
    )
    score = np.rint(quizzes.points_hundredths[quiz] * np.clip(percent, 0, 100) / 100 / 25).astype(np.int64)
    return _Takers(
        enrolment=enrolment,
        quiz=quiz,
        result=np.full(len(quiz), -1),
        finished_ms=at,
        score=quizzes.snapped(quiz, score * 25),
        graded_ms=at + 400,
        key=key,
    )


def _seconds(given: Coursework, t: _Takers, extra_minutes: I64) -> I64:
    """How long an attempt takes: a part of the time limit where there is one, else by its questions."""
    quizzes = given.quizzes
    student = rng.normal(rng.extend(given.students.key[given.enrolments.person[t.enrolment]], _OWN_PACE))
    number_of = given.pack.number
    own = number_of("quiz_result.own_pace_share")
    z = sqrt(own) * student + sqrt(1 - own) * rng.normal(t.key, _PACE)
    limit = (quizzes.minutes[t.quiz] + extra_minutes) * 60
    timed = (
        number_of("quiz_result.of_limit") * limit * lognormal_of(z, number_of("quiz_result.of_limit_sigma"))
    )
    each = number_of("quiz_result.item_seconds") * lognormal_of(z, number_of("quiz_result.item_sigma"))
    free = each * quizzes.asked[t.quiz]
    wanted = np.clip(np.where(limit > 0, timed, free), LEAST_SECONDS, MOST_SECONDS).astype(np.int64)
    return np.where(limit > 0, np.minimum(wanted, limit), wanted)


def _start(given: Coursework, t: _Takers, opened: I64, extra_minutes: I64) -> I64:
    """When the last attempt began."""
    calendar = given.calendar
    wanted = 1000 * _seconds(given, t, extra_minutes)
    room = np.maximum((t.finished_ms - opened) * 4 // 5, 1000)
    began = calendar.after_incidents(t.finished_ms - np.minimum(wanted, room))
    # Whole seconds, since that is how the time taken is told.
    taken = np.maximum((t.finished_ms - began) // 1000, 1)
    return np.asarray(t.finished_ms - taken * 1000)


def _earlier(calendar: Calendar, t: _Takers, opened: I64, started: I64, count: I64) -> tuple[BOOL, I64, I64]:
    """(whether there is room for all attempts, starts and ends of those before the last by [number, row])."""
    shape = (MOST_ATTEMPTS - 1, len(count))
    starts, ends = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    low = np.maximum(opened, started - RETRY_SPAN_MS)
    high = started - 5 * MINUTE_MS
    parts = np.maximum(count - 1, 1)
    fits = (count == 1) | ((high - low) // parts >= RETRY_ROOM_MS)
    for place in range(MOST_ATTEMPTS - 1):
        rows = np.flatnonzero((count - 1 > place) & fits)
        part = (high[rows] - low[rows]) // parts[rows]
        begin = low[rows] + part * place
        # It begins in the first third of its part and ends in the second or third.
        span = part // 3
        start = calendar.after_incidents(begin + rng.integer(t.key[rows], span, _EARLIER_START + place))
        end = begin + span + 1000 * (1 + rng.integer(t.key[rows], span // 1000, _EARLIER_LENGTH + place))
        # An incident may have moved the start: then there is no room for this attempt after all.
        fits[rows[start >= end]] = False
        fits[rows[calendar.after_incidents(end) != end]] = False
        starts[place, rows], ends[place, rows] = start, end
    return fits, starts, ends


def _scores(quizzes: Quizzes, t: _Takers, count: I64, of: I64, number: I64, fudged: float) -> tuple[I64, I64]:
    """(score of each attempt, points added to each last one by hand), from which the kept score follows."""
    worth, kept = quizzes.item_points[t.quiz], np.where(t.score == NO_TIME, 0, t.score)
    right = kept // np.maximum(worth, 1)
    room = (quizzes.points_hundredths[t.quiz] - kept) // np.maximum(worth, 1)
    miss = 1 + rng.integer(t.key[of], quizzes.asked[t.quiz[of]] // 3 + 1, _MISSED + number)
    policy = np.array(quizzes.policies)[quizzes.policy[t.quiz]]
    # The best of several attempts is the last one more often than not.
    best = np.where(
        rng.uniform(t.key, _BEST_IS_LAST) < 0.75, count, 1 + rng.integer(t.key, count, _WHICH_BEST)
    )
    counts_last = np.where(policy == "keep_latest", count, best)
    lower = np.where(number == counts_last[of], 0, np.minimum(miss, right[of]))
    # Averages stay exact where the first attempt is as far below as the last one is above.
    apart = np.minimum(
        np.minimum(1 + rng.integer(t.key, quizzes.asked[t.quiz] // 3 + 1, _APART), right), room
    )
    side = (number == count[of]).astype(np.int64) - (number == 1)
    average = (policy == "keep_average")[of]
    steps = np.where(count[of] == 1, 0, np.where(average, side * apart[of], -lower))
    score = np.where((t.score == NO_TIME)[of], NO_TIME, kept[of] + steps * worth[of])
    last = score[np.cumsum(count) - 1]
    given = (rng.uniform(t.key, _FUDGED) < fudged) & (last != NO_TIME) & (last >= worth) & (worth > 0)
    return score, np.where(given, worth, 0)
