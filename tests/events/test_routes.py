"""Routes: runs of courses in visits. Made by hand, so that the places of runs can be told."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from context import rng
from sim.draw.routes import MOST_PLACES, Routes, lay_out
from sim.draw.visits import END_SLACK_MS, Visits
from sim.plan.campus import LONGEST_MS
from tests.samples.tiny import default_pack


def visits_of(counts: list[int], purpose: tuple[int, ...] = ()) -> Visits:
    """A person per count, with so many visits; the first of them for the courses ``purpose``."""
    n = sum(counts)
    person = np.repeat(np.arange(len(counts)), counts).astype(np.int32)
    gone = np.full(n, -1, dtype=np.int64)
    return Visits(
        person=person,
        key=rng.key(1, "visits", np.arange(n)),
        start_ms=np.zeros(n, dtype=np.int64),
        purpose=np.array([*purpose, *[-1] * (n - len(purpose))], dtype=np.int32),
        appetite=1 + rng.integer(rng.key(1, "appetite", np.arange(n)), 20),
        length_ms=np.zeros(n, dtype=np.int64),
        resume_ms=gone,
        hit_ms=gone,
        first_visit=np.append(0, np.cumsum(counts)),
    )


def laid(visits: Visits, courses: list[tuple[int, float]]) -> Routes:
    """Routes of courses of these people with so many clicks expected."""
    person = np.array([who for who, _ in courses], dtype=np.int32)
    key = rng.key(2, "courses", np.arange(len(courses)))
    course = np.arange(len(courses), dtype=np.int32)
    expected = np.array([clicks for _, clicks in courses])
    return lay_out(default_pack(), visits, person, course, key, expected)


PEOPLE = st.lists(st.integers(1, 4), min_size=1, max_size=4)
CLICKS = st.floats(0, 400, allow_nan=False)


@given(PEOPLE, st.lists(st.tuples(st.integers(0, 3), CLICKS), min_size=1, max_size=8))
def test_runs_follow_one_another(counts: list[int], courses: list[tuple[int, float]]) -> None:
    """Each run is in a visit of its person; in a visit no two overlap, none is after the six hours."""
    visits = visits_of(counts)
    courses = [(who % len(counts), clicks) for who, clicks in courses]
    routes = laid(visits, courses)
    owners = [who for who, _ in courses] * 2
    assert visits.person[routes.visit].tolist() == owners
    assert (routes.places >= 1).all()
    assert (routes.places <= MOST_PLACES).all()
    begin, end = routes.place_ms[routes.first], routes.place_ms[routes.first + routes.places]
    most = LONGEST_MS - END_SLACK_MS
    for visit in range(len(visits)):
        runs = np.flatnonzero(routes.visit == visit)
        order = runs[np.lexsort((end[runs], begin[runs]))]
        assert (begin[order][1:] >= end[order][:-1]).all()
        assert routes.length_ms[visit] == (end[runs].max() if len(runs) else 0) <= most


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20), CLICKS)
def test_clicks_stay_in_their_run_and_in_order(along: list[float], clicks: float) -> None:
    """Further along a run is later, from its begin and up to its end."""
    routes = laid(visits_of([2]), [(0, clicks), (0, 3.0)])
    at = routes.instants(np.zeros(len(along), dtype=np.int64), np.array(sorted(along)))
    assert (np.diff(at) >= 0).all()
    assert at[0] >= routes.place_ms[routes.first[0]]
    assert at[-1] <= routes.place_ms[routes.first[0] + routes.places[0]]


def test_a_course_more_moves_no_other_persons_runs() -> None:
    """Another person's courses leave a person's runs where they were."""
    visits = visits_of([2, 3])
    alone, both = laid(visits, [(0, 5.0), (0, 9.0)]), laid(visits, [(0, 5.0), (0, 9.0), (1, 7.0)])
    for run, other in ((0, 0), (1, 1), (2, 3), (3, 4)):
        assert alone.visit[run] == both.visit[other]
        mine = alone.place_ms[alone.first[run] :][: alone.places[run] + 1]
        theirs = both.place_ms[both.first[other] :][: both.places[other] + 1]
        assert mine.tolist() == theirs.tolist()


def test_a_visit_for_a_course_is_its_own() -> None:
    """Own runs of courses that a visit is for are in the first such one; no other course's runs move."""
    courses = [(0, 5.0), (0, 9.0), (1, 7.0), (1, 2.0)]
    plain = laid(visits_of([4, 3]), courses)
    # Person 0: visits for nothing, for course 1, of course 1 again, for course 2, which is another's.
    meant = laid(visits_of([4, 3], (-1, 1, 1, 2)), courses)
    assert meant.visit[1] == 1
    assert meant.visit[5] != 1
    others = [0, 2, 3, 4, 6, 7]
    assert np.array_equal(meant.visit[others], plain.visit[others])


@given(PEOPLE, st.lists(st.tuples(st.integers(0, 3), CLICKS), min_size=1, max_size=8))
def test_the_rest_is_in_another_visit(counts: list[int], courses: list[tuple[int, float]]) -> None:
    """A course's two runs are in two visits, but for people who have one that day."""
    routes = laid(visits_of(counts), [(who % len(counts), clicks) for who, clicks in courses])
    own, other = np.split(routes.visit, 2)
    several = np.array([counts[who % len(counts)] > 1 for who, _ in courses])
    assert np.array_equal(own != other, several)
