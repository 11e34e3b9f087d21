"""Diaries of people over a week, and hands that sections go through until everybody's fits.

Keyed rounds over whole columns: a row of somebody with two classes at one time, or with one course twice,
looks for a partner such that both come right. Diaries hold how many classes people have in each half hour.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import BOOL, I16, I64, U64
from context.courses.meetings import SLOTS

_ROUNDS = 14  # with each pool of partners
_PICKS = 4  # partners looked at in a round
_WIDE = 4096  # rows of a matrix of weeks at once


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
        row, slot = _slots(self.weeks, section)
        count = np.bincount(person[row] * SLOTS + slot, minlength=self.busy.size)
        self.busy += count.reshape(self.busy.shape).astype(np.int16)

    def trade(self, person: I64, old: I64, new: I64) -> None:
        """Strike a section out and enter another one; nobody is in ``person`` twice."""
        self.busy[person] += self.weeks[new].astype(np.int16) - self.weeks[old]

    def clash(self, person: I64, section: I64) -> BOOL:
        """True for rows, entered before, whose section meets when the person has another class."""
        row, slot = _slots(self.weeks, section)
        hot = self.busy[person[row], slot] > 1
        return np.asarray(np.bincount(row[hot], minlength=len(section)) > 0)

    def fits(self, person: I64, section: I64, instead_of: I64 | None = None) -> BOOL:
        """True where the person can take the section, having left the one ``instead_of``."""
        found = np.empty(len(person), dtype=np.bool_)
        for low in range(0, len(person), _WIDE):
            part = slice(low, low + _WIDE)
            others = self.busy[person[part]]
            if instead_of is not None:
                others = others - self.weeks[instead_of[part]]
            found[part] = ~((others > 0) & self.weeks[section[part]]).any(axis=1)
        return found


def _slots(weeks: BOOL, section: I64) -> tuple[I64, I64]:
    """(row, slot) of every half hour of every row's section."""
    slot = np.nonzero(weeks)[1]
    count = weeks.sum(axis=1)
    first = np.cumsum(count) - count
    many = count[section]
    row = np.repeat(np.arange(len(section)), many)
    place = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
    return row, slot[first[section][row] + place]


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
    wrong = _wrong(diaries, person, section, unit)
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
            taken = np.sort(person * (int(unit.max()) + 1) + unit[section])
            for pick in range(_PICKS):
                left = np.flatnonzero(other < 0)
                try_ = by_pool[low[left] + rng.integer(lot[left], high[left] - low[left], pick)]
                good = _may_swap(diaries, person, section, unit, taken, (mine[left], try_), allowed)
                other[left[good]] = try_[good]
            found = other >= 0
            mine, other = _once_each(person, mine[found], other[found])
            for who, what in ((mine, other), (other, mine)):
                diaries.trade(person[who], section[who], section[what])
            section[mine], section[other] = section[other], section[mine].copy()
            wrong = _wrong(diaries, person, section, unit, np.union1d(wrong, other))
    result = np.zeros(len(person), dtype=np.bool_)
    result[wrong] = True
    return result


def _wrong(diaries: Diaries, person: I64, section: I64, unit: I64, rows: I64 | None = None) -> I64:
    """Rows that meet while their person has another class, or that the person has twice."""
    rows = np.arange(len(person)) if rows is None else rows
    bad = diaries.clash(person[rows], section[rows])
    code = person * (int(unit.max(initial=0)) + 1) + unit[section]
    order = np.argsort(code, kind="stable")
    twice = np.zeros(len(person), dtype=np.bool_)
    twice[order[1:]] = code[order[1:]] == code[order[:-1]]
    return rows[bad | twice[rows]]


def _may_swap(
    diaries: Diaries,
    person: I64,
    section: I64,
    unit: I64,
    taken: I64,
    pair: tuple[I64, I64],
    allowed: Allowed | None,
) -> BOOL:
    """True where both people of a pair of rows can take the other's section."""
    mine, other = pair
    good = (person[mine] != person[other]) & (section[mine] != section[other])
    width = int(unit.max()) + 1
    for who, what in ((mine, other), (other, mine)):
        same = unit[section[who]] == unit[section[what]]
        good &= same | ~_is_in(taken, person[who] * width + unit[section[what]])
        if allowed is not None:
            good &= allowed(who, what)
        rest = np.flatnonzero(good)
        good[rest] = diaries.fits(person[who[rest]], section[what[rest]], section[who[rest]])
    return np.asarray(good)


def _is_in(ordered: I64, values: I64) -> BOOL:
    place = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return np.asarray(ordered[place] == values)


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
