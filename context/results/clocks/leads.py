"""When work comes in: a smooth law of leads before the due time, in which every student has a place of their
own.

The density rises to the due time, most of all in the last hour; just after it is a second, late mode. Who
leaves things to the last minute does so most of the time: leads of a student hang together.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from context import rng
from context.arrays import I64, MINUTE_MS, U64
from context.content.coursework import Coursework
from context.curves import probability_of
from context.results.results import Pairs
from context.scenario.hours import awake

# Leads from which on nights are avoided by doing it earlier or later, a little, and then in full
# (assumption): if that began all at once, many would have a lead of just less and few one of just more.
NIGHT_ROOM_MINUTES = (120, 480)
_ROOM = 1.3  # by this factor at the most
# Purposes of randomness: of a student's key, of a result's.
_HABIT, _LEAD, _WITHIN = 750, 2, 5


def _leads(given: Coursework, pairs: Pairs) -> I64:
    """Milliseconds before the due time, negative for late work, int64 per pair."""
    law, students = given.pack.table("submission_lead"), given.students
    shared = given.pack.number("leads.person_share")
    habit = rng.normal(rng.extend(students.key, _HABIT))[given.enrolments.person[pairs.enrolment]]
    z = sqrt(shared) * habit + sqrt(1 - shared) * rng.normal(pairs.key, _LEAD)
    place = (probability_of(z) * 2.0**53).astype(np.uint64) << np.uint64(11)
    table = rng.thresholds([float(share) for share in law["share"]])
    row = np.minimum(np.searchsorted(table, place, side="right"), len(table) - 1)
    low, high = (
        np.array([int(minutes) for minutes in law[name]], dtype=np.int64)[row] * MINUTE_MS
        for name in ("lead_low_minutes", "lead_high_minutes")
    )
    return np.asarray(low + rng.integer(rng.extend(pairs.key, _WITHIN), high - low))


def handed_in_at(given: Coursework, pairs: Pairs, due: I64, earliest: I64, key: U64) -> I64:
    """The instant at which each student means to hand in, not before ``earliest``, UTC ms.

    Who does it long before, or long after, does it by day: the hour curve of the pack decides where around
    it.
    """
    lead = _leads(given, pairs)
    begin, full = (minutes * MINUTE_MS for minutes in NIGHT_ROOM_MINUTES)
    room = np.abs(lead) * np.clip((np.abs(lead) - begin) / (full - begin), 0, 1)
    before = np.maximum(due - lead - (room * (_ROOM - 1)).astype(np.int64), earliest)
    after = due - lead + (room * (1 - 1 / _ROOM)).astype(np.int64)
    return awake(given.pack, given.calendar, before, np.where(lead > 0, np.minimum(after, due), after), key)
