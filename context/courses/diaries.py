"""Diaries of people over a week, and hands that sections go through until everybody's fits.

Keyed rounds over whole columns: a row of somebody with two classes at one time, or with one course twice,
looks for a partner such that both come right. Diaries hold how many classes people have in each half hour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from context import rng
from context.arrays import BOOL, I16, I64, U64, ordinals
from context.courses.meetings import SLOTS

_ROUNDS = 14  # with each pool of partners
_PICKS = 4  # partners looked at in a round


@dataclass
class Diaries:
    """How many classes people have in each half hour of the week, [people, SLOTS]."""

    weeks: BOOL  # [sections, SLOTS]
    busy: I16

    @classmethod
    def of(cls, weeks: BOOL, people: int, person: I64, section: I64) -> Diaries:
        """Diaries in which everybody's sections stand."""
        diaries = cls(weeks, np.zeros((people, SLOTS), dtype=np.int16))
        diaries.add(person, section)
        return diaries

    def add(self, person: I64, section: I64) -> None:
        """Enter sections."""
        row, slot = self._slots(section)
        count = np.bincount(person[row] * SLOTS + slot, minlength=self.busy.size)
        self.busy += count.reshape(self.busy.shape).astype(np.int16)

    def trade(self, person: I64, old: I64, new: I64) -> None:
        """Strike a section out and enter another one; nobody is in ``person`` twice."""
        for section, more in ((old, -1), (new, 1)):
            row, slot = self._slots(section)
            self.busy[person[row], slot] += more

    def clash(self, person: I64, section: I64) -> BOOL:
        """True for rows, entered before, whose section meets when the person has another class."""
        row, slot = self._slots(section)
        return _any_of(row[self.busy[person[row], slot] > 1], len(section))

    def fits(self, person: I64, section: I64, instead_of: I64) -> BOOL:
        """True where the person can take the section, having left the one ``instead_of``."""
        row, slot = self._slots(section)
        others = self.busy[person[row], slot] - self.weeks[instead_of[row], slot]
        return ~_any_of(row[others > 0], len(section))

    @cached_property
    def _meetings(self) -> tuple[I64, I64, I64]:
        """(half hours of all sections, where each section's begin there, how many it has)."""
        count = self.weeks.sum(axis=1)
        return np.nonzero(self.weeks)[1], np.cumsum(count) - count, count

    def _slots(self, section: I64) -> tuple[I64, I64]:
        """(row, slot) of every half hour of every row's section."""
        slot, first, count = self._meetings
        many = count[section]
        return np.repeat(np.arange(len(section)), many), slot[
            np.repeat(first[section], many) + ordinals(many)
        ]


def _any_of(rows: I64, count: int) -> BOOL:
    """True for those of ``count`` rows that are among ``rows``."""
    found = np.zeros(count, dtype=np.bool_)
    found[rows] = True
    return found


Allowed = Callable[[I64, I64], BOOL]  # (rows, rows whose sections they would get) -> who may


def change_hands(
    diaries: Diaries,
    key: U64,
    person: I64,
    section: I64,
    unit: I64,
    pools: Sequence[I64],
    allowed: Allowed | None = None,
) -> BOOL:
    """Let rows change ``section`` (in place) until nobody has two at a time; True where it still is so.

    ``unit``: of each section, what nobody may be in twice; -1 in ``pools`` is no partner. ``pools``: who can
    be a partner of whom, by row, the nearest first. ``diaries`` have all rows entered and are kept right.
    """
    own = _OwnRows.of(person, len(diaries.busy))
    wrong = _wrong(diaries, own, section, unit, np.arange(len(person)))
    for turn, pool in enumerate(pools):
        by_pool = np.argsort(pool, kind="stable")
        ordered = pool[by_pool]
        for attempt in range(_ROUNDS):
            rows = wrong[pool[wrong] >= 0]
            if not len(rows):
                break
            low, high = (np.searchsorted(ordered, pool[rows], side=side) for side in ("left", "right"))
            lot = rng.extend(key[rows], 1 + turn * _ROUNDS + attempt)
            mine, other = rows, np.full(len(rows), -1)
            left = np.arange(len(rows))
            for pick in range(_PICKS):
                try_ = by_pool[low[left] + rng.integer(lot[left], high[left] - low[left], pick)]
                good = _may_swap(diaries, own, section, unit, (mine[left], try_), allowed)
                other[left[good]] = try_[good]
                left = left[~good]
                if not len(left):
                    break
            found = other >= 0
            mine, other = _once_each(person, mine[found], other[found])
            for who, what in ((mine, other), (other, mine)):
                diaries.trade(person[who], section[who], section[what])
            section[mine], section[other] = section[other], section[mine].copy()
            wrong = _wrong(diaries, own, section, unit, np.union1d(wrong, other))
    return _any_of(wrong, len(person))


@dataclass(frozen=True)
class _OwnRows:
    """The rows of each person, in order."""

    person: I64  # of each row
    rows: I64  # by person
    first: I64  # where each person's begin there
    count: I64  # by person

    @classmethod
    def of(cls, person: I64, people: int) -> _OwnRows:
        """``people``: how many there are."""
        count = np.bincount(person, minlength=people)
        return cls(person, np.argsort(person, kind="stable"), np.cumsum(count) - count, count)

    def pairs(self, person: I64) -> tuple[I64, I64]:
        """(place in ``person``, row) of every row that the person there has."""
        many = self.count[person]
        place = np.repeat(np.arange(len(person)), many)
        return place, self.rows[np.repeat(self.first[person], many) + ordinals(many)]


def _wrong(diaries: Diaries, own: _OwnRows, section: I64, unit: I64, rows: I64) -> I64:
    """Those of ``rows`` that meet while their person has another class, or that the person has before."""
    person = own.person[rows]
    place, other = own.pairs(person)
    before = (other < rows[place]) & (unit[section[other]] == unit[section[rows]][place])
    return rows[diaries.clash(person, section[rows]) | _any_of(place[before], len(rows))]


def _may_swap(
    diaries: Diaries,
    own: _OwnRows,
    section: I64,
    unit: I64,
    pair: tuple[I64, I64],
    allowed: Allowed | None,
) -> BOOL:
    """True where both people of a pair of rows can take the other's section."""
    mine, other = pair
    good = (own.person[mine] != own.person[other]) & (section[mine] != section[other])
    for who, what in ((mine, other), (other, mine)):
        if allowed is not None:
            good &= allowed(who, what)
        rest = np.flatnonzero(good)
        if not len(rest):
            break
        good[rest] = _takes_anew(own, section, unit, who[rest], what[rest])
        rest = rest[good[rest]]
        good[rest] = diaries.fits(own.person[who[rest]], section[what[rest]], section[who[rest]])
    return np.asarray(good)


def _takes_anew(own: _OwnRows, section: I64, unit: I64, who: I64, what: I64) -> BOOL:
    """True where the person of row ``who`` is in the unit of row ``what`` by that alone, or not at all."""
    wanted = unit[section[what]]
    place, other = own.pairs(own.person[who])
    there = _any_of(place[unit[section[other]] == wanted[place]], len(who))
    return np.asarray(~there | (unit[section[who]] == wanted))


def _once_each(person: I64, mine: I64, other: I64) -> tuple[I64, I64]:
    """The pairs in which everybody stands once: a change is weighed against the diaries before it."""
    everybody = np.stack([person[mine], person[other]], axis=1).ravel()
    _, first = np.unique(everybody, return_index=True)
    alone = np.zeros(len(everybody), dtype=np.bool_)
    alone[first] = True
    good = alone.reshape(-1, 2).all(axis=1)
    return mine[good], other[good]


Pool = tuple[I64, I64, I64]  # the candidates of duty i are people[first[i]:last[i]]


def find_people(
    diaries: Diaries, key: U64, section: I64, pools: Sequence[Pool], barred: set[tuple[int, int]]
) -> I64:
    """Somebody free for each duty (a section), -1 where nobody is found; entered in ``diaries``.

    ``pools`` are (first, last, people), tried in turn. Nobody gets a section that ``barred`` has them in, or
    one section twice; of those that are looked at who has fewest duties goes first.
    """
    found = np.full(len(section), -1, dtype=np.int64)
    duties: dict[int, int] = {}
    for turn, (first, last, people) in enumerate(pools):
        for duty in np.flatnonzero(found < 0).tolist():
            low, count = int(first[duty]), int(last[duty] - first[duty])
            if not count:
                continue
            lot = rng.integer(key[[duty]], count, turn * _ROUNDS + np.arange(_ROUNDS))
            choice = sorted((duties.get(int(people[low + at]), 0), at) for at in dict.fromkeys(lot.tolist()))
            for _, at in choice:
                who = int(people[low + at])
                here = int(section[duty])
                if (who, here) in barred or (diaries.busy[who][diaries.weeks[here]] > 0).any():
                    continue
                found[duty] = who
                barred.add((who, here))
                duties[who] = duties.get(who, 0) + 1
                diaries.busy[who] += diaries.weeks[here]
                break
    return found


def spare(diaries: Diaries, person: I64, section: I64, rows: I64) -> I64:
    """Those of the clashing ``rows`` without which nobody has two classes; struck out of ``diaries``."""
    out = []
    for row in rows.tolist():
        week = diaries.weeks[int(section[row])]
        if (diaries.busy[int(person[row])][week] > 1).any():
            diaries.busy[int(person[row])] -= week
            out.append(row)
    return np.array(out, dtype=np.int64)
