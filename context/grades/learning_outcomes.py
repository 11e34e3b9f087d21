"""Learning outcomes: what accounts and courses set, which work is assessed against them, and how it went.

The institution sets outcomes for all; some courses add their own. A rubric on an assignment or a question
of a quiz may be aligned with an outcome: each grade by that rubric, each answer to that question is then a
result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import BOOL, F64, I32, I64, NO_TIME, U64, ordinals
from context.content.activities import ActivityKind
from context.content.content import Content
from context.content.coursework import Coursework
from context.content.quizzes import Quizzes
from context.courses.catalogue import Catalogue
from context.packs.pack import Pack
from context.results.quiz_attempts import Attempts, QuizResults
from context.results.quiz_responses import responses_of
from context.results.results import Results

MOST_ALIGNED = 3  # outcomes of a rubric, questions of a quiz
# Purposes of randomness: what each number draws.
_RATING, _ALIGNED, _SCALE, _HOW_MANY = 1, 30, 1, 1
_WHICH_OWN, _METHOD, _OUTCOME, _IS_WIDE = 2, 2, 2, 3
_WHICH_WIDE, _HAS_RUBRIC, _RUBRIC_ALIGNED, _QUIZ_ALIGNED = 4, 27, 28, 29
_ASSESSED_RESULT, _RUBRIC_USED, _USES_OUTCOMES, _COURSE_OUTCOMES = 34, 193, 250, 251
_ASSESSED, _ASSESSED_BY_QUIZ = 252, 253


@dataclass(frozen=True)
class Scale:
    """Ratings in points, best first, with what they are called; mastery begins at ``mastery``."""

    ratings: tuple[int, ...]
    words: tuple[str, ...]
    mastery: int


@dataclass(frozen=True)
class Outcomes:
    """Row i is an outcome: those of the institution, then those of courses in their order."""

    offering: I64  # -1 for the institution's
    ordinal: I64
    method: I32  # index into the pack's calculation_method
    scale: I32  # index into ``scales_of(pack)``
    key: U64

    def __len__(self) -> int:
        return len(self.offering)


@dataclass(frozen=True)
class Assessed:
    """Row i is a student's result in an outcome, by rubric or by the answers to a quiz; in hundredths."""

    outcome: I64
    result: I64  # row of the results
    quiz_result: I64  # row of the quiz results, -1 for a rubric
    score: I64
    possible: I64
    original: I64  # the score of the first attempt
    attempts: I64
    assessed_ms: I64
    key: U64

    def __len__(self) -> int:
        return len(self.outcome)


@dataclass(frozen=True)
class Answered:
    """Row i is a student's answer to a question aligned with an outcome."""

    of: I64  # row of Assessed
    item: I64  # row of the quiz items
    score: I64
    possible: I64
    original: I64

    def __len__(self) -> int:
        return len(self.of)


@dataclass(frozen=True)
class Learning:
    """Outcomes, and results in them."""

    outcomes: Outcomes
    general: int  # the first so many are the institution's
    has_rubric: BOOL  # per activity
    assessed: Assessed
    answered: Answered


def scales_of(pack: Pack) -> tuple[Scale, ...]:
    """The scales of the pack, in the order of its table."""
    scale, rating = pack.table("outcome_scale"), pack.table("outcome_rating")
    found = []
    for name, mastery in zip(scale["scale"], scale["mastery_points"], strict=True):
        rows = [i for i, of in enumerate(rating["scale"]) if of == name]
        rows.sort(key=lambda i: -int(rating["points"][i]))
        ratings = tuple(int(rating["points"][i]) for i in rows)
        found.append(Scale(ratings, tuple(str(rating["rating"][i]) for i in rows), int(mastery)))
    return tuple(found)


def make_learning(
    seed: int, given: Coursework, results: Results, quiz_results: QuizResults, attempts: Attempts
) -> Learning:
    """Outcomes of a term and all results; the institution sets one for each phrase that the pack has."""
    pack, catalogue, content = given.pack, given.catalogue, given.content
    general = sum(kind == "outcome_general" for kind in pack.table("phrase")["kind"])
    uses = rng.uniform(rng.extend(catalogue.offering_key, _USES_OUTCOMES)) < pack.number(
        "content.outcomes_share"
    )
    outcomes = _outcomes(seed, pack, catalogue, uses, general)
    acts = content.activities
    can = (acts.kind == ActivityKind.ASSIGNMENT) & acts.counts
    has_rubric = can & (rng.uniform(acts.key, _HAS_RUBRIC) < pack.number("learning_outcome.rubric_share"))
    by_outcome = rng.uniform(acts.key, _RUBRIC_ALIGNED) < pack.number("learning_outcome.aligned_share")
    aligned = has_rubric & uses[acts.offering] & by_outcome
    by_rubric = _by_rubric(pack, content, outcomes, general, aligned, results)
    by_quiz, answered = _by_quiz(
        pack, content, outcomes, general, uses, (given.quizzes, quiz_results, attempts), len(by_rubric)
    )
    assessed = Assessed(
        *(
            np.concatenate([getattr(by_rubric, name), getattr(by_quiz, name)])
            for name in Assessed.__dataclass_fields__
        )
    )
    return Learning(outcomes, general, has_rubric, assessed, answered)


def rubric_used(pack: Pack, results: Results, has_rubric: BOOL) -> BOOL:
    """True for results graded with a rubric that was filled in."""
    return np.asarray(
        (results.grader >= 0)
        & (results.score_hundredths != NO_TIME)
        & has_rubric[results.activity]
        & (
            rng.uniform(rng.extend(results.key, _RUBRIC_USED))
            < pack.number("learning_outcome.rubric_used_share")
        )
    )


def _outcomes(seed: int, pack: Pack, catalogue: Catalogue, uses: BOOL, general: int) -> Outcomes:
    course_key = rng.extend(catalogue.offering_key, _COURSE_OUTCOMES)
    least, most = (round(pack.number(f"learning_outcome.{name}_of_course")) for name in ("least", "most"))
    counts = np.where(uses, least + rng.integer(course_key, most - least + 1, _HOW_MANY), 0)
    offering = np.repeat(np.arange(catalogue.offerings), counts)
    ordinal = ordinals(counts)
    key = np.concatenate(
        [
            rng.key(seed, "institution's outcome", np.arange(general)),
            rng.extend(rng.extend(course_key[offering], _OUTCOME), ordinal),
        ]
    )
    table = pack.table("outcome_scale")
    scale = rng.categorical(key, rng.thresholds(table["share"]), _SCALE)
    scale[:general] = rng.categorical(key[:general], rng.thresholds(table["institution_share"]), _SCALE)
    return Outcomes(
        offering=np.concatenate([np.full(general, -1), offering]),
        ordinal=np.concatenate([np.arange(general), ordinal]),
        method=pack.categorical("learning_outcome", "calculation_method").draw(key, index=_METHOD),
        scale=scale.astype(np.int32),
        key=key,
    )


def _aligned(outcomes: Outcomes, general: int, offering: I64, key: U64, most: int) -> tuple[I64, I64]:
    """(row of ``offering``, outcome): one to ``most`` different outcomes of the course or for all."""
    counts = 1 + rng.integer(key, most, _ALIGNED)
    row, turn = np.repeat(np.arange(len(key)), counts), ordinals(counts)
    first = general + np.searchsorted(outcomes.offering[general:], offering)
    size = general + np.searchsorted(outcomes.offering[general:], offering, side="right") - first
    # Courses mostly assess what they set themselves; the last of several is the institution's at times.
    own = first[row] + (rng.integer(key, np.maximum(size, 1), _WHICH_OWN)[row] + turn) % np.maximum(
        size[row], 1
    )
    wide = (rng.uniform(key, _IS_WIDE) < 0.35)[row] & (turn == counts[row] - 1) & (general > 0)
    return row, np.where(wide, rng.integer(key, max(general, 1), _WHICH_WIDE)[row], own)


def _by_rubric(
    pack: Pack, content: Content, outcomes: Outcomes, general: int, aligned: BOOL, results: Results
) -> Assessed:
    """A rating for each graded result in each outcome of its activity's rubric."""
    acts = content.activities
    activity = np.flatnonzero(aligned)
    place, outcome = _aligned(outcomes, general, acts.offering[activity], acts.key[activity], MOST_ALIGNED)
    per = np.zeros(len(acts), dtype=np.int64)
    per[activity] = np.bincount(place, minlength=len(activity))
    begin = np.zeros(len(acts), dtype=np.int64)
    begin[activity] = np.cumsum(per[activity]) - per[activity]
    rows = np.flatnonzero(rubric_used(pack, results, per > 0))
    counts = per[results.activity[rows]]
    row = np.repeat(rows, counts)
    mine = outcome[begin[results.activity[row]] + ordinals(counts)]
    key = rng.extend(outcomes.key[mine] ^ rng.bits(results.key[row], _ASSESSED_RESULT), _ASSESSED)
    scales = scales_of(pack)
    percent = (
        100 * results.score_hundredths[row] / np.maximum(acts.points_hundredths[results.activity[row]], 1)
    )
    score, possible = _rated(scales, outcomes.scale[mine], percent + 9 * rng.normal(key, _RATING))
    earlier, _ = _rated(scales, outcomes.scale[mine], percent - 15 + 9 * rng.normal(key, _RATING))
    again = results.attempt[row] > 1
    return Assessed(
        outcome=mine,
        result=row,
        quiz_result=np.full(len(row), -1),
        score=score,
        possible=possible,
        original=np.where(again, earlier, score),
        attempts=np.maximum(results.attempt[row], 1),
        assessed_ms=results.graded_ms[row],
        key=key,
    )


def _rated(scales: tuple[Scale, ...], scale: I32, percent: F64) -> tuple[I64, I64]:
    """(points, points possible) in hundredths: the rating that a percentage earns on each scale."""
    points, possible = np.zeros(len(scale), dtype=np.int64), np.zeros(len(scale), dtype=np.int64)
    for code, ratings in enumerate(each.ratings for each in scales):
        rows = np.flatnonzero(scale == code)
        # The best rating from 92 percent on, the worst below 55, the others at even steps between.
        edges = np.linspace(55, 92, len(ratings) - 1)
        level = np.searchsorted(edges, percent[rows], side="right")
        points[rows] = np.array(ratings[::-1])[level] * 100
        possible[rows] = ratings[0] * 100
    return points, possible


def _by_quiz(
    pack: Pack,
    content: Content,
    outcomes: Outcomes,
    general: int,
    uses: BOOL,
    taken: tuple[Quizzes, QuizResults, Attempts],
    before: int,
) -> tuple[Assessed, Answered]:
    """Points for the first questions of some quizzes, which all learners get."""
    quizzes, quiz_results, attempts = taken
    q = content.quizzes
    chosen = np.flatnonzero(
        (q.activity >= 0)
        & uses[q.offering]
        & (rng.uniform(q.key, _QUIZ_ALIGNED) < pack.number("learning_outcome.quiz_share"))
        & (quizzes.fixed > 0)
        & (quizzes.item_points > 0)
    )
    _, outcome = _aligned(outcomes, general, q.offering[chosen], q.key[chosen], 1)
    of_quiz = np.full(len(q), -1, dtype=np.int64)
    of_quiz[chosen] = outcome
    rows = np.flatnonzero((of_quiz[quiz_results.quiz] >= 0) & (quiz_results.kept_hundredths != NO_TIME))
    counts = np.minimum(quizzes.fixed[quiz_results.quiz[rows]], MOST_ALIGNED)
    of = np.repeat(np.arange(len(rows)), counts)
    found = []
    for number in (np.zeros(len(rows), dtype=np.int64), quiz_results.count[rows] - 1):
        answers = responses_of(quizzes, quiz_results, attempts, quiz_results.first[rows] + number)
        asked = quizzes.asked[quiz_results.quiz[rows]]
        place = np.repeat(np.cumsum(asked) - asked, counts) + ordinals(counts)
        found.append((answers.points_hundredths[place], answers.item[place]))
    (first, _), (last, item) = found
    worth = quizzes.item_points[quiz_results.quiz[rows]][of]

    def total(values: I64) -> I64:
        return np.bincount(of, values, minlength=len(rows)).astype(np.int64)

    assessed = Assessed(
        outcome=of_quiz[quiz_results.quiz[rows]],
        result=quiz_results.result[rows],
        quiz_result=rows,
        score=total(last),
        possible=total(worth),
        original=total(first),
        attempts=quiz_results.count[rows],
        assessed_ms=np.maximum(
            quiz_results.graded_ms[rows],
            attempts.finished_ms[quiz_results.first[rows] + quiz_results.count[rows] - 1],
        ),
        key=rng.extend(quiz_results.key[rows], _ASSESSED_BY_QUIZ),
    )
    return assessed, Answered(before + of, item, last, worth, first)
