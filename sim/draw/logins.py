"""Logins and logouts: they are of a visit, of no tool and no section."""

from __future__ import annotations

import numpy as np

from context import rng
from context.arrays import I64
from sim.caliper.batch import NO_TOOL, Batch
from sim.caliper.kinds import KIND
from sim.draw.engine import Engine
from sim.draw.visits import Visits
from sim.plan.campus import GAVE_UP_MS, LONGEST_MS
from sim.plan.outages import taken
from sim.world.world import NO_ROW, NO_TIME

_LOGIN, _LOGIN_ID, _LOGOUT, _LEAVING, _LOGOUT_ID = 40, 41, 42, 43, 44  # purposes of a visit's key
_LEAVING_MS = 20_000  # from the last click to the logout, at least (assumption)


def logouts(engine: Engine, visits: Visits, persons: tuple[int, ...] | None) -> Batch:
    """Some leave by the door: a logout some seconds after the last click of a visit that no outage met."""
    leaving = rng.uniform(visits.key, _LOGOUT) < engine.pack.number("logout_share")
    if persons is not None:
        leaving &= np.isin(visits.person, persons)
    rows = np.flatnonzero(leaving & (visits.hit_ms == NO_TIME))
    time = visits.end_ms[rows] + _LEAVING_MS + rng.integer(visits.key[rows], 40_000, _LEAVING)
    time = np.minimum(time, visits.start_ms[rows] + LONGEST_MS - 1)
    kept = ~taken(engine.calendar, time)
    return _of_visits(visits, rows[kept], time[kept], "logout", _LOGOUT_ID)


def logins(engine: Engine, visits: Visits, persons: tuple[int, ...] | None) -> Batch:
    """A login opens a visit unless an old session is still live. Logins belong to no tool and no section."""
    fresh = rng.uniform(visits.key, _LOGIN) < engine.pack.number("login_share")
    if persons is not None:
        fresh &= np.isin(visits.person, persons)
    rows = np.flatnonzero(fresh & (visits.resume_ms != GAVE_UP_MS))
    # A visit that begins in an outage gets to its login when the outage lets it.
    held = (visits.hit_ms[rows] != NO_TIME) & (visits.hit_ms[rows] <= visits.start_ms[rows])
    time = np.where(held, visits.resume_ms[rows], visits.start_ms[rows])
    return _of_visits(visits, rows, time, "login", _LOGIN_ID)


def _of_visits(visits: Visits, rows: I64, time: I64, kind: str, key: int) -> Batch:
    """One event of each visit, of no tool and no course."""
    high, low = rng.uuid_bits(rng.extend(visits.key[rows], key))
    n = len(rows)
    return Batch(
        time_ms=time,
        kind=np.full(n, KIND[kind], dtype=np.uint8),
        tool=np.full(n, NO_TOOL, dtype=np.uint8),
        person=visits.person[rows],
        enrolment=np.full(n, NO_ROW, dtype=np.int32),
        course=np.full(n, NO_ROW, dtype=np.int32),
        object=np.full(n, NO_ROW, dtype=np.int32),
        visit=visits.key[rows],
        uuid_high=high,
        uuid_low=low,
    )
