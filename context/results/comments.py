"""Comments on results: what teachers say with a grade, what students add, what peers write in reviews."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from context import rng
from context.arrays import BOOL, DAY_MS, HOUR_MS, I32, I64, MINUTE_MS, NO_TIME, U64
from context.content.coursework import Coursework
from context.results.results import Results
from context.scenario.calendar import Calendar

# Purposes of randomness: what each number draws.
_DELAY, _BY_TEACHER, _ANSWER, _NOTE = 1, 230, 231, 232
_REVIEW = 233


class CommentKind(IntEnum):
    """Who says what in a comment: the first two are of teachers."""

    PRAISE = 0
    ADVICE = 1
    STUDENT = 2
    PEER = 3


COMMENT_KINDS = tuple(f"comment_{kind.name.lower()}" for kind in CommentKind)  # of the pack's phrases
GOOD_PERCENT = 88  # teachers praise from here on
LEAST_REVIEW_MS = 10 * MINUTE_MS  # from when work can be reviewed to the first review
REVIEW_SHARE = 0.85  # of reviews that are written
ANSWER_SHARE, NOTE_SHARE = 0.06, 0.015  # of teachers' comments answered; of work handed in with a note


@dataclass(frozen=True)
class Comments:
    """Row i is a comment, ordered by result, then time."""

    result: I64
    author: I64  # enrolment of who wrote it
    kind: I32  # a CommentKind
    created_ms: I64
    key: U64

    def __len__(self) -> int:
        return len(self.result)

    @property
    def by_teacher(self) -> BOOL:
        """True for what teachers say."""
        return np.asarray(self.kind < CommentKind.STUDENT)


def make_comments(given: Coursework, results: Results) -> Comments:
    """All comments of a term."""
    calendar, enrolments = given.calendar, given.enrolments
    by_teacher = _of_teachers(given, results)
    parts = [
        by_teacher,
        _answers(calendar, results, by_teacher),
        _notes(calendar, results),
        _reviews(given, results),
    ]
    result, author, kind, created, key = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    keep = np.flatnonzero(
        (created > enrolments.entry_ms[author]) & (created < given.until_ms[author] + HOUR_MS)
    )
    order = keep[np.lexsort((key[keep], created[keep], result[keep]))]
    return Comments(result[order], author[order], kind[order].astype(np.int32), created[order], key[order])


_Part = tuple[I64, I64, I64, I64, U64]


def _of_teachers(given: Coursework, results: Results) -> _Part:
    """With the grade of some work that was graded by hand."""
    key = rng.extend(results.key, _BY_TEACHER)
    share = given.pack.number("grading.commented_share")
    rows = np.flatnonzero((results.grader >= 0) & (results.graded_ms != NO_TIME) & (rng.uniform(key) < share))
    points = np.maximum(given.content.activities.points_hundredths[results.activity[rows]], 1)
    good = results.score_hundredths[rows] * 100 >= points * GOOD_PERCENT
    at = results.graded_ms[rows] + 5000 + rng.integer(key[rows], 4 * MINUTE_MS, _DELAY)
    kind = np.where(good, CommentKind.PRAISE, CommentKind.ADVICE)
    return rows, results.grader[rows], kind, given.calendar.after_incidents(at), key[rows]


def _answers(calendar: Calendar, results: Results, said: _Part) -> _Part:
    """Of students, to some of what teachers said."""
    result, _, _, told, key = said
    own = rng.extend(key, _ANSWER)
    rows = np.flatnonzero(rng.uniform(own) < ANSWER_SHARE)
    at = calendar.after_incidents(told[rows] + HOUR_MS + rng.integer(own[rows], 3 * DAY_MS, _DELAY))
    row = result[rows]
    return row, results.enrolment[row], np.full(len(rows), int(CommentKind.STUDENT)), at, own[rows]


def _notes(calendar: Calendar, results: Results) -> _Part:
    """Of students, with what they hand in."""
    key = rng.extend(results.key, _NOTE)
    rows = np.flatnonzero((results.submitted_ms != NO_TIME) & (rng.uniform(key) < NOTE_SHARE))
    at = calendar.after_incidents(
        results.submitted_ms[rows] + 20_000 + rng.integer(key[rows], 3 * MINUTE_MS, _DELAY)
    )
    return rows, results.enrolment[rows], np.full(len(rows), int(CommentKind.STUDENT)), at, key[rows]


def _reviews(given: Coursework, results: Results) -> _Part:
    """Of other students of the course, between the due date and that of the reviews."""
    acts, reviews = given.content.activities, round(given.pack.number("learner_activity.peer_review_count"))
    work = np.flatnonzero(acts.peer_due_ms[results.activity] != NO_TIME)
    work = work[results.submitted_ms[work] != NO_TIME]
    row = np.repeat(work, reviews)
    turn = np.tile(np.arange(reviews), len(work))
    key = rng.extend(rng.extend(results.key[row], _REVIEW), turn)
    students, _ = given.learners
    first, size = given.learners_of(given.course[results.enrolment[row]])
    place = np.empty(len(given.enrolments), dtype=np.int64)
    place[students] = np.arange(len(students))
    # Each reviews those who stand one and two places further on: nobody the own work, nobody one twice.
    other = students[first + (place[results.enrolment[row]] - first + 1 + turn) % size]
    begin = np.maximum(results.submitted_ms[row], acts.due_ms[results.activity[row]])
    span = np.maximum(acts.peer_due_ms[results.activity[row]] - begin, HOUR_MS)
    wait = (rng.uniform(key, _DELAY) * (span - LEAST_REVIEW_MS)).astype(np.int64)
    at = given.calendar.after_incidents(begin + LEAST_REVIEW_MS + wait)
    keep = np.flatnonzero((rng.uniform(key) < REVIEW_SHARE) & (size > reviews))
    return row[keep], other[keep], np.full(len(keep), int(CommentKind.PEER)), at[keep], key[keep]
