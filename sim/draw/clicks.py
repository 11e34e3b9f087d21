"""A click's place: in which visit and when, what an outage does to it, and which object it opens."""

from __future__ import annotations

import numpy as np

from context import rng
from context.arrays import BOOL, I32, I64, U8, U64
from context.packs.pack import Pack
from sim.caliper.kinds import KIND, KINDS
from sim.draw.engine import RANKS, Engine
from sim.draw.opened import opened
from sim.draw.routes import Routes
from sim.draw.visits import Visits
from sim.plan.campus import GAVE_UP_MS
from sim.plan.outages import taken
from sim.world.world import NO_ROW, NO_TIME

_ALONG, _KIND, _WHICH_RUN = 11, 13, 15  # purposes of draws, of a click's key


def place_of(
    engine: Engine, visits: Visits, routes: Routes, row: I64, tool: I64, key: U64
) -> tuple[I64, I64]:
    """(visit, instant) of each click; ``row`` is its enrolment's among the day's, as ``routes`` has them.

    Within a run clicks follow the path through a course, from its home page to handing in.
    """
    count = len(routes.visit) // 2
    own_share, path = engine.pack.number("visits.own_share"), engine.pack.number("visits.path_weight")
    run = np.where(rng.uniform(key, _WHICH_RUN) < own_share, row, count + row)
    along = path * (engine.tool_rank[tool] / RANKS) + (1 - path) * rng.uniform(key, _ALONG)
    visit = routes.visit[run]
    return visit, visits.start_ms[visit] + routes.instants(run, along)


def through_outages(engine: Engine, visits: Visits, visit: I64, time: I64, tool: I64) -> BOOL:
    """Shift clicks of visits that an outage held up (in place); False for clicks that are lost."""
    hit = (visits.hit_ms[visit] != NO_TIME) & (time >= visits.hit_ms[visit])
    gone: BOOL = hit & (visits.resume_ms[visit] == GAVE_UP_MS)
    shift = np.where(hit & ~gone, visits.resume_ms[visit] - visits.hit_ms[visit], 0)
    time += shift
    return np.logical_not(gone | taken(engine.calendar, time, engine.world.tools, tool))


def objects_of(engine: Engine, tool: I64, course: I32, time: I64, key: U64) -> tuple[U8, I32]:
    """(kind, object row) of each click; a tool without a released object falls back to its list page."""
    kind = np.zeros(len(tool), dtype=np.uint8)
    target = course.astype(np.int64)
    for code, name in enumerate(engine.world.tools):
        mine = np.flatnonzero(tool == code)
        law = _kinds_of(engine.pack, name)
        drawn = rng.categorical(key[mine], rng.thresholds([share for _, share in law]), _KIND)
        fallback = next((KIND[k] for k, _ in law if not KINDS[KIND[k]].opens_object), KIND["course_home"])
        kind[mine] = np.array([KIND[k] for k, _ in law], dtype=np.uint8)[drawn]
        for k in sorted(k for k, _ in law if KINDS[KIND[k]].opens_object):
            rows = mine[kind[mine] == KIND[k]]
            found = _released(engine, KINDS[KIND[k]].table, name, course[rows], time[rows], key[rows])
            target[rows] = np.where(found != NO_ROW, found, course[rows])
            kind[rows[found == NO_ROW]] = fallback
    return kind, target.astype(np.int32)


def _kinds_of(pack: Pack, tool: str) -> list[tuple[str, float]]:
    """The kinds of page views of a tool and their shares."""
    table = pack.table("tool_kind")
    rows = zip(table["tool"], table["kind"], table["share"], strict=True)
    return [(str(kind), float(share)) for name, kind, share in rows if name == tool]


def _released(engine: Engine, table: str, tool: str, course: I32, time: I64, key: U64) -> I64:
    """A row of ``table`` released by then in each course; NO_ROW for none."""
    objects = engine.world.objects[table]
    if table == "tool":
        return np.asarray(objects.first[course] + engine.lti_place[tool])
    return opened(engine.shelf, engine.pack, objects, table, (course, time, key))
