"""What quizzes ask: how many questions of which kind for how many points, and the banks they pick from.

All questions of a quiz that count are worth the same, and their number divides the quiz's points without a
rest, so that right answers add up to a score exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import BOOL, I32, I64, U64, ordinals
from context.content.activities import Activities, ActivityKind
from context.content.content import Items
from context.packs.pack import Pack

PRACTICE_POINTS = 1000  # hundredths, of a quiz without a learner activity
PLAIN_STEP = 25  # hundredths: questions are worth quarters of a point, where the quiz's points allow it
MOST_QUESTIONS = 100
# Kinds of questions for which an answer can have a part of the points.
PARTIAL_TYPES = (
    "multiple_answers_question",
    "matching_question",
    "fill_in_multiple_blanks_question",
    "multiple_dropdowns_question",
    "essay_question",
    "file_upload_question",
)
TEXT_ONLY = "text_only_question"
# Purposes of randomness: what each number draws.
_QUESTION_TYPE, _TIME_LIMIT, _ALLOWED_ATTEMPTS, _QUESTIONS = 1, 163, 164, 171
_POLICY, _INTRO, _HAS_BANK, _PICKED = 172, 200, 201, 202
_BANK_SIZE, _QUESTION = 203, 204


@dataclass(frozen=True)
class QuizItems:
    """Questions, ordered by quiz: its text without a question, those that all get, those of its bank."""

    quiz: I64
    group: I64  # row of the quiz's group, -1 for a question that all get
    place: I64  # from 0: in the quiz, or in the group
    type: I32  # index into types
    types: tuple[str, ...]
    key: U64

    def __len__(self) -> int:
        return len(self.quiz)


@dataclass(frozen=True)
class Quizzes:
    """Row i is quiz i of the content."""

    points_hundredths: I64
    asked: I64  # questions that an attempt gets
    item_points: I64  # hundredths, of each
    intro: I64  # texts without a question at the start: 0 or 1
    fixed: I64  # questions that all get
    picked: I64  # questions that an attempt gets of the bank
    bank: I64
    first_item: I64  # row of the first question, intro included
    partial_item: I64  # row of the question whose answers can have a part of the points, -1 for none
    allowed_attempts: I64  # -1: any number
    policy: I32  # index into policies
    policies: tuple[str, ...]
    minutes: I64  # time limit, 0 for none
    is_exam: BOOL  # graded by hand
    group_quiz: I64  # quiz of each group of questions
    items: QuizItems

    def __len__(self) -> int:
        return len(self.asked)

    def snapped(self, quiz: I64, score: I64) -> I64:
        """``score`` as answers can give it: whole questions, where none can be right in part."""
        worth = np.maximum(self.item_points[quiz], 1)
        right = np.minimum(
            (2 * score + worth) // (2 * worth), self.asked[quiz] - (score < self.points_hundredths[quiz])
        )
        return np.where(self.partial_item[quiz] >= 0, score, right * self.item_points[quiz])


def quiz_of_activity(quizzes: Items, activities: Activities) -> I64:
    """Quiz behind each activity, -1 for none."""
    found = np.full(len(activities), -1, dtype=np.int64)
    rows = np.flatnonzero(quizzes.activity >= 0)
    found[quizzes.activity[rows]] = rows
    return found


def _asked(points: I64, wanted: I64) -> I64:
    """The number of questions nearest to ``wanted`` that divides the points into like parts."""
    units = np.where(points % PLAIN_STEP == 0, points // PLAIN_STEP, points)
    asked = np.clip(wanted, 1, MOST_QUESTIONS)
    for unit in np.unique(units[units > 0]).tolist():
        fits = np.array([count for count in range(1, MOST_QUESTIONS + 1) if unit % count == 0])
        rows = np.flatnonzero(units == unit)
        asked[rows] = fits[np.abs(fits[None, :] - asked[rows, None]).argmin(axis=1)]
    return asked


def _numbers(values: tuple[str | None, ...], otherwise: int) -> I64:
    return np.array([int(float(value)) if value else otherwise for value in values], dtype=np.int64)


def make_quizzes(pack: Pack, activities: Activities, quizzes: Items) -> Quizzes:
    """Rules and questions of all quizzes."""
    key = quizzes.key
    graded = quizzes.activity >= 0
    points = np.full(len(key), PRACTICE_POINTS, dtype=np.int64)
    points[graded] = activities.points_hundredths[quizzes.activity[graded]]
    is_exam = np.zeros(len(key), dtype=np.bool_)
    is_exam[graded] = activities.kind[quizzes.activity[graded]] == ActivityKind.EXAM
    wanted = pack.continuous("quiz", "quiz_item_count").draw(rng.extend(key, _QUESTIONS))
    asked = _asked(points, wanted.astype(np.int64))
    intro = (rng.uniform(rng.extend(key, _INTRO)) < pack.number("quiz.intro_share")).astype(np.int64)
    has_bank = (rng.uniform(rng.extend(key, _HAS_BANK)) < pack.number("quiz.bank_share")) & (asked >= 4)
    picked = np.where(has_bank, asked - rng.integer(rng.extend(key, _PICKED), asked // 2 + 1), 0)
    more = 1 + rng.integer(rng.extend(key, _BANK_SIZE), 2 * picked + 1)
    bank = np.where(has_bank, picked + more, 0)
    fixed = asked - picked
    counts = intro + fixed + bank
    first_item = np.cumsum(counts) - counts
    items = _items(pack, key, is_exam, counts, intro, fixed, has_bank)
    can_be_part = np.array([name in PARTIAL_TYPES for name in items.types])[items.type] & (items.group < 0)
    partial = np.full(len(key), -1, dtype=np.int64)
    rows = np.flatnonzero(can_be_part)[::-1]
    partial[items.quiz[rows]] = rows
    attempts = pack.categorical("quiz", "allowed_attempts")
    policy = pack.categorical("quiz", "scoring_policy")
    limit = pack.categorical("quiz", "time_limit")
    return Quizzes(
        points_hundredths=points,
        asked=asked,
        item_points=points // asked,
        intro=intro,
        fixed=fixed,
        picked=picked,
        bank=bank,
        first_item=first_item,
        partial_item=partial,
        allowed_attempts=np.where(
            is_exam, 1, _numbers(attempts.values, 1)[attempts.draw(rng.extend(key, _ALLOWED_ATTEMPTS))]
        ),
        policy=policy.draw(rng.extend(key, _POLICY)),
        policies=tuple(str(value) for value in policy.values),
        minutes=_numbers(limit.values, 0)[limit.draw(rng.extend(key, _TIME_LIMIT))],
        is_exam=is_exam,
        group_quiz=np.flatnonzero(has_bank),
        items=items,
    )


def _items(
    pack: Pack, quiz_key: U64, is_exam: BOOL, counts: I64, intro: I64, fixed: I64, has_bank: BOOL
) -> QuizItems:
    quiz = np.repeat(np.arange(len(counts)), counts)
    ordinal = ordinals(counts)
    key = rng.extend(rng.extend(quiz_key[quiz], _QUESTION), ordinal)
    in_bank = ordinal >= (intro + fixed)[quiz]
    law = pack.categorical("quiz_item", "quiz_item_type")
    kinds = np.array([law.given_code(0, "quiz"), law.given_code(0, "exam")])
    types = tuple(dict.fromkeys((*(str(value) for value in law.values), TEXT_ONLY)))
    drawn = law.draw(rng.extend(key, _QUESTION_TYPE), kinds[is_exam[quiz].astype(np.int64)])
    group = np.where(in_bank, (np.cumsum(has_bank) - 1)[quiz], -1)
    return QuizItems(
        quiz=quiz,
        group=group,
        place=np.where(in_bank, ordinal - (intro + fixed)[quiz], ordinal),
        type=np.where(ordinal < intro[quiz], types.index(TEXT_ONLY), drawn).astype(np.int32),
        types=types,
        key=key,
    )
