"""Everybody whom the store knows, over all of its terms: rows, registrar's numbers, who holds which post."""

from __future__ import annotations

import numpy as np

from context import rng
from context.arrays import BOOL, DAY_MS, F64, I64, NEVER, U64, YEAR_DAYS

YEAR_MS = int(YEAR_DAYS * DAY_MS)
FIRST_STAFF = 4_000_000  # number of the first member of staff: students' count from 0
_HELD_MS = 150 * DAY_MS  # somebody has the account for so long before teaching
_GENERATION = 1_000_000  # posts have an ordinal below it; who held one before is a generation further
# Purposes of randomness: what each number draws.
_STAFF_AGE, _STAFF_YEARS = 50, 54


def staff_ages(key: U64) -> F64:
    """Years of members of staff at the begin of the term, from 28 to 70 (assumption)."""
    return 28 + 42 * rng.uniform(rng.extend(key, _STAFF_AGE))


def staff_years(key: U64) -> F64:
    """Years that members of staff have been here: up to twenty, and nobody was hired before the age of 25."""
    most = np.minimum(20, staff_ages(key) - 25)
    return np.asarray(0.45 + most * rng.uniform(rng.extend(key, _STAFF_YEARS)))


class Registry:
    """Filled term by term, the played one first; what it says of a term depends on no earlier one."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rows: dict[int, int] = {}  # row of the persons by key
        self._numbers: dict[int, int] = {}
        self._posts: dict[str, tuple[I64, I64]] = {}  # by role: generation and hire of each post's holder
        self._count = {"student": 0, "staff": FIRST_STAFF}

    def holders(self, role: str, posts: int, open_ms: int) -> U64:
        """Keys of those who hold ``posts`` posts in the term that opens at ``open_ms``."""
        generation, hired = self._posts.get(role, (np.empty(0, np.int64), np.empty(0, np.int64)))
        fresh = max(posts - len(generation), 0)
        generation = np.concatenate([generation, np.zeros(fresh, np.int64)])
        hired = np.concatenate([hired, np.full(fresh, NEVER)])
        ordinal = np.arange(len(generation))
        first = hired == NEVER
        while True:
            key = rng.key(self._seed, role, ordinal + generation * _GENERATION)
            hired = np.where(first, open_ms - (staff_years(key) * YEAR_MS).astype(np.int64), hired)
            late = hired[:posts] > open_ms - _HELD_MS
            if not late.any():
                break
            generation[:posts][late] += 1
            first = np.zeros(len(hired), dtype=np.bool_)
            first[:posts] = late
        self._posts[role] = (generation, hired)
        return key[:posts]

    def enter(self, people: U64, students: int) -> tuple[I64, I64, BOOL]:
        """(row of each person in the store, number, whether the person is new); the first are students."""
        new = np.zeros(len(people), dtype=np.bool_)
        rows, numbers = np.empty(len(people), np.int64), np.empty(len(people), np.int64)
        for place, key in enumerate(people.tolist()):
            if key not in self._rows:
                kind = "student" if place < students else "staff"
                self._rows[key], self._numbers[key] = len(self._rows), self._count[kind]
                self._count[kind] += 1
                new[place] = True
            rows[place], numbers[place] = self._rows[key], self._numbers[key]
        return rows, numbers, new
