"""Who hands work in: the careless miss more, in bad weeks all do, and who has stopped misses the rest.

The pack's share of work that is not handed in holds for all who stay enrolled: what is left of it when those
who have stopped are counted is shared out over the others, by their diligence and by how their week is.
"""

from __future__ import annotations

import numpy as np

from context.arrays import F64
from context.content.coursework import Coursework
from context.curves import lognormal_of
from context.results.results import Pairs

LEAST_PART = 0.2  # of a published rate, that those who work on miss at the least (assumption)


def chance_of_missing(given: Coursework, pairs: Pairs) -> F64:
    """The chance that work is not handed in by a student who still works in the course, float64 per pair."""
    rate = _rate_of_others(given, pairs)
    diligence = given.students.diligence[given.enrolments.person[pairs.enrolment]]
    histories = given.histories
    week = histories.place(given.content.activities.due_day)[pairs.activity]
    spread = given.pack.number("missing.week_weight")
    odds = lognormal_of(-histories.week_z[week, pairs.enrolment], spread)
    return np.asarray(np.minimum(rate * 2 * (1 - diligence) * odds, 1.0))


def _rate_of_others(given: Coursework, pairs: Pairs) -> F64:
    """What of the pack's rate of missing work is left to those who have not stopped, per pair."""
    table, acts = given.pack.table("missing"), given.content.activities
    fraction = np.clip(acts.due_day / given.calendar.term.last_day, 0, 0.999999)
    edges = np.array([float(x) for x in table["term_fraction_low"]])
    part = (np.searchsorted(edges, fraction, side="right") - 1)[pairs.activity]
    stays = ~given.enrolments.leaves[pairs.enrolment]
    stopped = stays & (acts.due_ms[pairs.activity] > given.until_ms[pairs.enrolment])
    stopped &= given.histories.stop_day[pairs.enrolment] <= given.calendar.last_day
    whole, gone = (np.bincount(part[rows], minlength=len(edges)) for rows in (stays, stopped))
    share = gone / np.maximum(whole, 1)
    rate = np.array([float(x) for x in table["rate"]])
    left = (rate - share) / np.maximum(1 - share, 0.5)
    return np.asarray(np.maximum(left, LEAST_PART * rate)[part])
