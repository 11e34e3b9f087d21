"""Habits are a person's own: hours, weekdays, devices and places come again (the tiny campus's term)."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from context.arrays import HOUR_MS
from sim.caliper.batch import Batch
from sim.world.clients import address_rows, devices
from tests.events.test_draw import term
from tests.samples.tiny import tiny

F64 = npt.NDArray[np.float64]
LEAST_CLICKS = 100  # of a person in each half of the term


@cache
def clicks() -> Batch:
    """Students' events."""
    e = tiny().world.enrolments
    return term().take(np.flatnonzero((term().enrolment >= 0) & e.is_student[term().enrolment]))


def halves() -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """(events of the first half of the term, persons with enough clicks in both)."""
    calendar, people = tiny().calendar, len(tiny().world.persons.udp_id)
    first = calendar.day_of(clicks().time_ms) < 56
    enough = np.minimum(*(np.bincount(clicks().person[m], minlength=people) for m in (first, ~first)))
    return first, enough >= LEAST_CLICKS


def means(values: F64, rows: npt.NDArray[np.bool_]) -> F64:
    """Mean of values by person."""
    people = len(tiny().world.persons.udp_id)
    count = np.bincount(clicks().person[rows], minlength=people)
    return np.bincount(clicks().person[rows], values[rows], minlength=people) / np.maximum(count, 1)


def test_hours_come_again() -> None:
    """A person's mean hour, as a point on a circle, correlates between halves of the term: .72 and .45
    measured.

    In the log of a Finnish Moodle course (github.com/lamethods/data). Some 60 people: sd of r below .08 at .7
    and .1 at .5; without habits it is 0 with an sd of .13.
    """
    first, enough = halves()
    assert enough.sum() > 40
    calendar = tiny().calendar
    day = calendar.day_of(clicks().time_ms)
    wall = clicks().time_ms + calendar.offset_ms[day - calendar.first_day]
    angle = wall / HOUR_MS % 24 / 24 * 2 * np.pi
    found = [
        np.corrcoef(means(part, first)[enough], means(part, ~first)[enough])[0, 1]
        for part in (np.cos(angle), np.sin(angle))
    ]
    assert np.mean(found) > 0.3


def test_weekdays_come_again() -> None:
    """Who clicks much on some weekday in one half of the term does so in the other (Finland: 0 to .47 a day).

    Seven correlations of some 60 people: their mean has an sd of .05, and is 0 without habits.
    """
    first, enough = halves()
    weekday = tiny().calendar.day_of(clicks().time_ms) % 7
    found = []
    for day in range(7):
        mine = (weekday == day).astype(np.float64)
        found.append(np.corrcoef(means(mine, first)[enough], means(mine, ~first)[enough])[0, 1])
    assert np.mean(found) > 0.05


def test_few_devices_and_addresses() -> None:
    """A person has two devices at the most and five addresses: home, the way, and three places on campus."""
    world = tiny().world
    for rows, most in (
        (devices(world, clicks().person, clicks().visit), 2),
        (address_rows(world, clicks().person, clicks().visit), 5),
    ):
        pairs = np.unique(np.stack([clicks().person, rows]), axis=1)
        assert np.bincount(pairs[0]).max() == most
