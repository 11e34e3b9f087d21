"""Courses taken again: who withdraws from a course may be in it in a later term, and nobody else is.

Terms are drawn backwards, so an earlier term knows what its students take later. A keyed few of these courses
are theirs now as well, and those seats come first when it is drawn who withdraws: shares, sizes, loads stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from context import rng
from context.arrays import BOOL, I64, U64
from context.packs.pack import Pack

_ORDINALS, _LEVELS = 1 << 22, 1 << 6  # more than courses of a cell, and than levels
_COURSES = 1 << 34  # more than codes of courses
_ROUNDS = 8  # tries to find somebody to change seats with, in the same cell, then at the same level
_PICKS = 4  # tries to find a seat in the course that is taken again
# Purposes of randomness: what each number draws.
_SWAP, _TAKES_AGAIN, _SEAT_AGAIN = 51, 52, 54


def lasting_codes(cip: npt.ArrayLike, level: npt.ArrayLike, ordinal: I64) -> I64:
    """A number for each course, the same in every term, from its CIP family, level and ordinal there."""
    cell = np.asarray(cip, dtype=np.int64) * _LEVELS + np.asarray(level, dtype=np.int64)
    return np.asarray(cell * _ORDINALS + ordinal)


@dataclass(frozen=True)
class Later:
    """Row i: a course that somebody asked for in a later term."""

    who: I64  # row of the person in the store; as a term is drawn, position among its students
    course: I64  # code
    stays: BOOL  # True where it is the very next term, and the course was taken to its end

    def of(self, rows: I64) -> Later:
        """Those of the persons in ``rows``, counted by their positions there."""
        order = np.argsort(rows, kind="stable")
        kept = np.flatnonzero(_is_in(rows[order], self.who))
        place = order[np.searchsorted(rows[order], self.who[kept])]
        return Later(place, self.course[kept], self.stays[kept])

    def and_before(self, term: Later, rows: I64) -> Later:
        """These and what was taken in the ``term`` before them, of the persons in ``rows``."""
        who, course = (np.concatenate([getattr(self, n), getattr(term, n)]) for n in ("who", "course"))
        stays = np.concatenate([np.zeros(len(self.who), np.bool_), term.stays])
        kept = np.flatnonzero(_is_in(np.sort(rows), who))
        return Later(who[kept], course[kept], stays[kept])

    @cached_property
    def _codes(self) -> I64:
        return np.sort(self.who * _COURSES + self.course)

    def has(self, who: I64, course: I64) -> BOOL:
        """True where somebody takes a course later."""
        return _is_in(self._codes, who * _COURSES + course)


def nothing_later() -> Later:
    """What is known of later terms as the last one is drawn."""
    return Later(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_))


def _is_in(ordered: I64, values: I64) -> BOOL:
    """True for values that are in a sorted array."""
    if not len(ordered):
        return np.zeros(len(values), dtype=np.bool_)
    place = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return np.asarray(ordered[place] == values)


def settle(pack: Pack, later: Later, key: U64, student: I64, section: I64, course: I64) -> BOOL:
    """Change sections of seats until nobody has a course of later on, but those who are to take it again.

    ``section`` (of each seat, by student) is changed in place; ``course``: code of each section's. True for
    seats whose course is taken again.
    """
    again = _take_again(pack, later, key, student, section, course)
    for attempt in range(2 * _ROUNDS):
        wrong = np.flatnonzero(later.has(student, course[section]) & ~again)
        if not len(wrong):
            break
        cell = course[section] // _ORDINALS
        pool = cell if attempt < _ROUNDS else cell % _LEVELS
        taken = np.sort(student * _COURSES + course[section])
        free = np.flatnonzero(~again)
        free = free[np.argsort(pool[free], kind="stable")]
        low, high = (np.searchsorted(pool[free], pool[wrong], side=side) for side in ("left", "right"))
        pick = free[low + rng.integer(rng.extend(key[wrong], _SWAP), high - low, attempt)]
        # Each seat changes once a round, and only where both students come right.
        pick, first = np.unique(pick, return_index=True)
        mine = wrong[first]
        fits = ~np.isin(pick, mine)
        for who, what in ((mine, pick), (pick, mine)):
            fits &= ~later.has(student[who], course[section[what]])
            fits &= ~_is_in(taken, student[who] * _COURSES + course[section[what]])
        mine, pick = mine[fits], pick[fits]
        section[mine], section[pick] = section[pick], section[mine].copy()
    return again


def _take_again(pack: Pack, later: Later, key: U64, student: I64, section: I64, course: I64) -> BOOL:
    """Put a few students into courses that they take in the next term too; True for their seats."""
    share = pack.number("enrolment.repeat_share") * pack.number("enrolment.withdrawn_share")
    known = np.flatnonzero(later.stays & np.isin(later.course, course[section]))
    lot = rng.extend(key[np.searchsorted(student, later.who[known])], _TAKES_AGAIN)
    known = known[np.lexsort((later.course[known], rng.bits(rng.extend(lot, later.course[known]))))]
    known = known[np.sort(np.unique(later.who[known], return_index=True)[1])][: round(share * len(student))]
    by_course = np.argsort(course[section], kind="stable")
    sorted_course = course[section][by_course]
    again = np.zeros(len(student), dtype=np.bool_)
    for who, code in zip(later.who[known].tolist(), later.course[known].tolist(), strict=True):
        own = np.arange(*np.searchsorted(student, [who, who + 1]))
        there = own[course[section[own]] == code]
        if len(there):
            again[there[0]] = True
            continue
        if not len(own):
            continue
        like = own[course[section[own]] // _ORDINALS == code // _ORDINALS]
        mine = int((like if len(like) else own)[0])
        low, high = np.searchsorted(sorted_course, [code, code + 1])
        tries = low + rng.integer(
            rng.extend(key[np.full(_PICKS, mine)], _SEAT_AGAIN), int(high - low), np.arange(_PICKS)
        )
        for pick in by_course[tries].tolist():
            if course[section[pick]] == code and not again[pick]:
                section[mine], section[pick] = section[pick], section[mine]
                again[mine] = True
                break
    return again
