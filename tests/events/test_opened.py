"""What clicks open: work before it is due, files and pages that all read (the tiny campus's term)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from context.arrays import DAY_MS
from sim.caliper.kinds import KIND
from sim.world.world import NO_TIME
from tests.events.test_draw import term
from tests.samples.tiny import tiny


@pytest.mark.parametrize(("kind", "table"), [("assignment", "assignment"), ("quiz", "quiz")])
def test_work_is_looked_at_until_it_is_due(kind: str, table: str) -> None:
    """Of views of work with a due time, six in ten or more come before it, and the days after see ever less.

    Thousands of views with a share of .7: an sd below .02 with clicks of a student taken as one.
    """
    rows = np.flatnonzero(term().kind == KIND[kind])
    details = tiny().world.details
    due = (details.assignment if table == "assignment" else details.quiz).due_ms[term().object[rows]]
    after = (term().time_ms[rows] - due)[due != NO_TIME] / DAY_MS
    assert len(after) > 1_000
    assert (after < 0).mean() > 0.6
    week = [((after >= day) & (after < day + 1)).sum() for day in (-1, 0, 5)]
    assert week[0] > 3 * week[1] > 3 * week[2]


@pytest.mark.parametrize(("kind", "table"), [("attachment", "file"), ("wiki_page", "page")])
def test_some_files_and_pages_are_read_by_all(kind: str, table: str) -> None:
    """Within a course the views of files and pages are spread unevenly: a Gini coefficient above .4 at the
    median.

    Without fame it is .33, from recency alone; its sd over courses of 20 objects is below .1, of their median
    .02.
    """
    objects = tiny().world.objects[table]
    views = np.bincount(term().object[term().kind == KIND[kind]], minlength=len(objects.course))
    ginis = []
    for low, high in pairwise(objects.first):
        n = np.sort(views[low:high])
        if len(n) >= 10 and n.sum() >= 5 * len(n):
            ginis.append(1 - 2 * float(((len(n) - np.arange(len(n)) - 0.5) * n).sum()) / (len(n) * n.sum()))
    assert len(ginis) >= 5
    assert np.median(ginis) > 0.4


@pytest.mark.parametrize(("kind", "table"), [("attachment", "file"), ("wiki_page", "page")])
def test_what_comes_first_is_read_more(kind: str, table: str) -> None:
    """Files and pages of a course's first modules are read more than those of its last: rank correlation of
    place and views is below -.2 at the median over courses.

    They are there for longer, and what is new is looked at while it is new. Medians are -.43 of 30 courses
    and -.62 of 11; by chance one of 25 objects has an sd of .2, the median of 11 courses one of .08.
    """
    objects = tiny().world.objects[table]
    views = np.bincount(term().object[term().kind == KIND[kind]], minlength=len(objects.course))
    found = []
    for low, high in pairwise(objects.first):
        n = views[low:high]
        if len(n) >= 10 and n.sum() >= 3 * len(n):
            ranks = np.argsort(np.argsort(n, kind="stable"), kind="stable")
            found.append(np.corrcoef(ranks, np.arange(len(n)))[0, 1])
    assert len(found) >= 8
    assert np.median(found) < -0.2, np.median(found)
