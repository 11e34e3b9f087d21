"""When somebody last did something in a course, as far as the store shows it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from context.arrays import I64, NO_TIME
from context.courses.catalogue import Catalogue
from context.courses.enrolments import Enrolments
from context.results.posts import Posts
from context.results.results import Results


def latest_acts(seat: I64, acts: Iterable[tuple[I64, I64]]) -> I64:
    """The latest act of each seat, in the acts' unit, NO_TIME where there is none.

    ``seat`` is a code of course and person, which several enrolments may share: Canvas notes what somebody
    does in a course at all of them. ``acts`` are (codes of seats, times); times of NO_TIME are no acts.
    """
    codes, row = np.unique(seat, return_inverse=True)
    latest = np.full(len(codes) + 1, NO_TIME)
    for code, time in acts:
        place = np.minimum(np.searchsorted(codes, code), max(len(codes) - 1, 0))
        mine = codes[place] == code if len(codes) else np.zeros(len(code), dtype=np.bool_)
        np.maximum.at(latest, np.where(mine, place, len(codes)), time)
    return latest[:-1][row]


def last_acts(catalogue: Catalogue, enrolments: Enrolments, results: Results, posts: Posts) -> I64:
    """[enrolments] UTC ms of the last hand-in, post or grade given there; NO_TIME where there is none."""
    course = catalogue.section_offering[enrolments.section]
    seat = course * (int(enrolments.person.max(initial=0)) + 1) + enrolments.person
    given = np.flatnonzero(results.grader >= 0)
    return latest_acts(
        seat,
        (
            (seat[results.enrolment], results.submitted_ms),
            (seat[results.grader[given]], results.graded_ms[given]),
            (seat[posts.enrolment], posts.time_ms),
        ),
    )
