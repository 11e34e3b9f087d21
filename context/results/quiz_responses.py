"""Answers to quiz questions, whose points add up to the score of their attempt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import BOOL, I64, NO_TIME, U64, each_once, ordinals
from context.content.quizzes import Quizzes
from context.results.quiz_attempts import Attempts, QuizResults

CHUNK = 1 << 16  # attempts at a time: a few hundred thousand answers
_SLOT_BITS = np.uint64(8)
_SLOT_MASK = np.uint64((1 << 8) - 1)
_EASE_MASK = np.uint64((1 << 30) - 1)
# Purposes of randomness: what each number draws.
_BANK_START, _EASE, _ANSWER = 3, 5, 7


@dataclass(frozen=True)
class Responses:
    """Row i is one answer, ordered by attempt, then place in it."""

    attempt: I64  # row of the attempts
    item: I64  # row of the quiz items
    points_hundredths: I64  # NO_TIME: not graded yet
    is_right: BOOL  # has all of the points
    chance: I64  # 32 random bits, for the words of the answer

    def __len__(self) -> int:
        return len(self.item)


def make_responses(quizzes: Quizzes, results: QuizResults, attempts: Attempts) -> Iterator[Responses]:
    """All answers, a chunk of attempts at a time; chunks do not depend on each other."""
    for start in range(0, len(attempts), CHUNK):
        yield responses_of(
            quizzes, results, attempts, np.arange(start, min(start + CHUNK, len(attempts)), dtype=np.int64)
        )


def responses_of(quizzes: Quizzes, results: QuizResults, attempts: Attempts, rows: I64) -> Responses:
    """The answers of some ``rows`` of the attempts: the same ones, whichever others are asked for."""
    quiz = results.quiz[attempts.of[rows]]
    counts = quizzes.asked[quiz]
    of = np.repeat(np.arange(len(rows)), counts)
    slot = ordinals(counts)
    item = _items(quizzes, quiz, attempts.key[rows], of, slot)
    bits = rng.bits(attempts.key[rows][of], slot + _ANSWER)
    # Who knows little still knows the easy things: answers are right in order of the question's ease, which
    # all attempts share, and of chance.
    ease = (
        (rng.bits(quizzes.items.key[item], _EASE) >> np.uint64(35)) + (bits >> np.uint64(35))
    ) & _EASE_MASK
    place = _ranks(ease << _SLOT_BITS | slot.astype(np.uint64), counts)
    last = attempts.number[rows] == results.count[attempts.of[rows]]
    fudge = np.where(last, results.fudge_hundredths[attempts.of[rows]], 0)
    graded = attempts.score_hundredths[rows] != NO_TIME
    earned = np.where(graded, attempts.score_hundredths[rows] - fudge, 0)
    worth = quizzes.item_points[quiz]
    right = earned // np.maximum(worth, 1)
    rest = earned - right * worth
    _move_partial(quizzes, quiz, place, np.cumsum(counts) - counts, of, right, rest)
    points = np.where(place < right[of], worth[of], np.where(place == right[of], rest[of], 0))
    return Responses(
        attempt=rows[of],
        item=item,
        points_hundredths=np.where(graded[of], points, NO_TIME),
        is_right=(points == worth[of]) & (worth[of] > 0),
        chance=(bits & np.uint64(0xFFFFFFFF)).astype(np.int64),
    )


def _ranks(code: U64, counts: I64) -> I64:
    """Rank of each answer in its attempt: ``code`` is what they go by, and in its lowest bits their slot.

    ``counts``: answers of each attempt. Attempts of one length are sorted together, as rows of a matrix, in a
    twentieth of the time of a sort of everything.
    """
    start = np.cumsum(counts) - counts
    rank = np.empty(len(code), dtype=np.int64)
    for count in each_once(counts).tolist():
        slots = np.arange(count)
        first = start[counts == count][:, None]
        ordered = np.sort(code[first + slots], axis=1)
        rank[first + (ordered & _SLOT_MASK).astype(np.int64)] = slots
    return rank


def _items(quizzes: Quizzes, quiz: I64, key: U64, of: I64, slot: I64) -> I64:
    """The question in each place of an attempt: those that all get, then a run through the bank."""
    first = quizzes.first_item[quiz] + quizzes.intro[quiz]
    fixed, bank = quizzes.fixed[quiz], quizzes.bank[quiz]
    begin = rng.integer(key, np.maximum(bank, 1), _BANK_START)
    from_bank = slot - fixed[of]
    item = first[of] + slot
    rows = np.flatnonzero(from_bank >= 0)
    where = of[rows]
    turn = begin[where] + from_bank[rows]
    item[rows] = first[where] + fixed[where] + np.where(turn >= bank[where], turn - bank[where], turn)
    return np.asarray(item)


def _move_partial(
    quizzes: Quizzes, quiz: I64, place: I64, start: I64, of: I64, right: I64, rest: I64
) -> None:
    """Give the part of the points that is left to a question which can have one (in place)."""
    rows = np.flatnonzero(rest > 0)
    if not len(rows):
        return
    partial = start[rows] + (
        quizzes.partial_item[quiz[rows]] - quizzes.first_item[quiz[rows]] - quizzes.intro[quiz[rows]]
    )
    # The answer that stands where the part is to go changes places with it.
    target = np.full(len(start), -1, dtype=np.int64)
    target[rows] = right[rows]
    there = np.flatnonzero(place == target[of])
    place[there], place[partial] = place[partial], place[there].copy()
