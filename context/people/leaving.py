"""Who does badly in what, and leaves: prior grades, the term, the course and chance make one latent risk.

Withdrawing and giving up follow from it, so that both cluster by student and by course, and prior grades
foretell them. How many withdraw is the pack's share: the rows that are drawn as withdrawn change places with
those at most risk. Some leave all their courses at once, on one day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import fsum, sqrt

import numpy as np

from context import rng
from context.arrays import BOOL, F64, I64, U64
from context.packs.pack import Pack
from context.people.standing import prior_grades
from context.people.students import Students
from context.scenario.calendar import Calendar

# Purposes of randomness: of a student's key in the term, of a course's, of an enrolment's.
_TERM, _COURSE, _OWN, _WITHDRAWS = 730, 731, 732, 53


@dataclass(frozen=True)
class Risk:
    """Row i is a student's enrolment; all parts are normal with sd 1, high is bad."""

    person: I64  # of each row
    of_person: F64  # by student: prior grades and how the term goes, as far as all courses share them
    whole: F64  # by row: the risk
    drive: F64  # by row: what of it is neither prior grades nor the course, turned round: who works on

    @cached_property
    def students(self) -> int:
        """Number of students."""
        return len(self.of_person)


def make_risk(pack: Pack, students: Students, person: I64, key: U64, course_key: U64) -> Risk:
    """The risk of enrolments, by the pack's weights: ``person`` (a student), key and course's key of each."""
    prior, course, term = (pack.number(f"risk.{part}") for part in ("prior_grades", "course", "term"))
    own = sqrt(max(1 - prior * prior - course * course - term * term, 0.0))
    way = rng.normal(rng.extend(students.course_key, _TERM))  # how the term goes
    chance = rng.normal(rng.extend(key, _OWN))
    of_person = (term * way - prior * prior_grades(students)) / sqrt(term * term + prior * prior)
    personal = term * way[person] + own * chance
    whole = (
        personal
        - prior * prior_grades(students)[person]
        + course * rng.normal(rng.extend(course_key, _COURSE))
    )
    return Risk(person, of_person, whole, -personal / sqrt(term * term + own * own))


def most_at_risk(risk: Risk, can: BOOL, count: int, together: float, chosen: BOOL) -> tuple[BOOL, BOOL]:
    """(``count`` rows with those of ``chosen`` first, which of them leave everything).

    A share ``together`` of them are all the rows that students ``can`` leave, students at most risk first;
    the others are the rows at most risk. Ties go by position.
    """
    room = max(count - int(chosen.sum()), 0)
    rows = np.flatnonzero(can & ~chosen)
    size = np.bincount(risk.person[rows], minlength=risk.students)
    order = np.argsort(-risk.of_person, kind="stable")
    leavers = order[np.cumsum(size[order]) <= round(together * room)]
    everything = np.zeros(len(can), dtype=np.bool_)
    everything[rows] = np.isin(risk.person[rows], leavers)
    rest = np.flatnonzero(can & ~chosen & ~everything)
    rest = rest[np.argsort(-risk.whole[rest], kind="stable")][: room - int(everything.sum())]
    leaves = chosen | everything
    leaves[rest] = True
    return leaves, everything


def withdrawn_like(key: U64, withdrawn: BOOL, leaves: BOOL) -> I64:
    """For each row the row that it is drawn like: who ``leaves`` changes places with the ``withdrawn``."""
    like = np.arange(len(key))
    to, free = np.flatnonzero(leaves & ~withdrawn), np.flatnonzero(withdrawn & ~leaves)
    free = free[np.lexsort((free, rng.bits(rng.extend(key[free], _WITHDRAWS))))]
    count = min(len(to), len(free))
    like[to[:count]], like[free[:count]] = free[:count], to[:count]
    return like


def _timing(pack: Pack, length: int, days: range) -> list[float]:
    """Weights of ``days`` by the pack's timing of withdrawals."""
    timing = pack.table("withdraw_timing")
    parts = [
        tuple(float(x) for x in row)
        for row in zip(
            timing["term_fraction_low"], timing["term_fraction_high"], timing["share"], strict=True
        )
    ]
    weights = [
        fsum(
            share * max(min((day + 1) / length, high) - max(day / length, low), 0.0) / (high - low)
            for low, high, share in parts
        )
        for day in days
    ]
    # A pack in which nobody withdraws then still has to say when.
    total = fsum(weights)
    return [weight / total for weight in weights] if total else [1 / len(days)] * len(days)


def withdrawal_days(pack: Pack, calendar: Calendar) -> tuple[I64, list[float]]:
    """(campus days from after the census to the deadline, shares of withdrawals on them).

    By the pack's timing, and a part of them in the deadline's last days, each with half as many as the next.
    """
    term = calendar.term
    first, last = (term.add_drop_end - term.start).days + 1, (term.withdraw_deadline - term.start).days
    days = range(first, max(last, first) + 1)
    late = pack.number("withdraw.deadline_share")
    rush = [0.5 ** (days[-1] - day) for day in days]
    shares = [
        (1 - late) * weight + late * part / fsum(rush)
        for weight, part in zip(_timing(pack, term.last_day, days), rush, strict=True)
    ]
    return np.array(days), shares


def giving_up_days(pack: Pack, calendar: Calendar) -> tuple[I64, list[float]]:
    """(campus days, shares of those who stop on them without withdrawing), by the timing of withdrawals."""
    length = calendar.term.last_day
    low, high = (pack.number(f"engagement.stops_{end}") for end in ("from", "upto"))
    days = range(round(low * length), max(round(high * length), round(low * length)) + 1)
    return np.array(days), _timing(pack, length, days)
