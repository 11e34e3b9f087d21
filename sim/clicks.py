"""A click's place: in which visit and when, what an outage does to it, and which object it opens."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from context import rng
from context.pack import Pack
from sim.engine import RANKS, Engine
from sim.kinds import KIND, KINDS
from sim.sessions import released
from sim.visits import GAVE_UP_MS, Visits

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
BOOL = npt.NDArray[np.bool_]
# A visit is a run of courses, and within each a path from its home page to handing in. All assumptions.
_COURSE_WEIGHT = 0.85  # how much of a click's place in the visit its course decides
_PATH_WEIGHT = 0.6  # of the rest, how much the tool's rank decides; what remains is chance
_OWN_VISIT = 0.8  # share of an enrolment's clicks of a day that fall into one visit
LAST_PAGE_MS = 20_000  # how long the last page of a visit may be looked at


def place_of(engine: Engine, visits: Visits, enrolment: I64, tool: I64, key: U64) -> tuple[I64, I64]:
    """(visit, instant) of each click.

    A course has a visit of its own each day, in which most of its clicks fall, and a place in every visit,
    so that a visit goes from course to course instead of jumping between them.
    """
    e = engine.world.enrolments
    person = e.person[enrolment]
    first, after = visits.first_visit[person], visits.first_visit[person + 1]
    upto = np.append(0, np.cumsum(visits.slots))
    # Keyed by the visits' own keys, which are of the person's day.
    own = e.key[enrolment] ^ visits.key[first] if len(visits) else e.key[enrolment]
    at_home = rng.uniform(key, 15) < _OWN_VISIT
    slots = np.maximum(upto[after] - upto[first], 1)
    slot = upto[first] + np.where(at_home, rng.integer(own, slots, 16), rng.integer(key, slots, 10))
    visit = np.searchsorted(upto, slot, side="right") - 1
    rank = engine.tool_rank[tool] / RANKS
    path = _PATH_WEIGHT * rank + (1 - _PATH_WEIGHT) * rng.uniform(key, 11)
    course = rng.uniform(e.key[enrolment] ^ visits.key[visit], 17) if len(visits) else path
    along = _COURSE_WEIGHT * course + (1 - _COURSE_WEIGHT) * path
    place = visits.first_slot[visit] + (along * visits.slots[visit]).astype(np.int64)
    if not len(place):
        return visit, place
    since = visits.slot_ms[place]
    last = place + 1 >= visits.first_slot[visit] + visits.slots[visit]
    following = visits.slot_ms[np.minimum(place + 1, len(visits.slot_ms) - 1)]
    room = np.where(last, LAST_PAGE_MS, following - since)
    # Within a slot too, a course's clicks stay together and follow the path.
    within = along * visits.slots[visit] % 1.0
    jitter = ((0.7 * within + 0.3 * rng.uniform(key, 12)) * np.maximum(room, 1)).astype(np.int64)
    return visit, visits.start_ms[visit] + since + jitter


def through_outages(engine: Engine, visits: Visits, visit: I64, time: I64, tool: I64) -> BOOL:
    """Shift clicks of visits that an outage held up (in place); False for clicks that are lost."""
    hit = (visits.hit_ms[visit] >= 0) & (time >= visits.hit_ms[visit])
    gone: BOOL = hit & (visits.resume_ms[visit] == GAVE_UP_MS)
    shift = np.where(hit & ~gone, visits.resume_ms[visit] - visits.hit_ms[visit], 0)
    time += shift
    for window in engine.calendar.windows:
        inside = (time >= window.start) & (time < window.end)
        if window.stops_canvas:
            gone |= inside
        elif window.tools != "all":
            codes = [code for code, name in enumerate(engine.world.tools) if name in window.tools]
            gone |= inside & np.isin(tool, codes)
    return np.logical_not(gone)


def objects_of(engine: Engine, tool: I64, course: I32, time: I64, key: U64) -> tuple[U8, I32]:
    """(kind, object row) of each click; a tool without a released object falls back to its list page."""
    kind = np.zeros(len(tool), dtype=np.uint8)
    target = course.astype(np.int64)
    for code, name in enumerate(engine.world.tools):
        mine = np.flatnonzero(tool == code)
        law = _kinds_of(engine.pack, name)
        drawn = rng.categorical(key[mine], rng.thresholds([share for _, share in law]), 13)
        fallback = next((KIND[k] for k, _ in law if not KINDS[KIND[k]].opens_object), KIND["course_home"])
        kind[mine] = np.array([KIND[k] for k, _ in law], dtype=np.uint8)[drawn]
        for k in sorted(k for k, _ in law if KINDS[KIND[k]].opens_object):
            rows = mine[kind[mine] == KIND[k]]
            found = _released(engine, KINDS[KIND[k]].table, name, course[rows], time[rows], key[rows])
            target[rows] = np.where(found >= 0, found, course[rows])
            kind[rows[found < 0]] = fallback
    return kind, target.astype(np.int32)


def _kinds_of(pack: Pack, tool: str) -> list[tuple[str, float]]:
    """The kinds of page views of a tool and their shares."""
    table = pack.table("tool_kind")
    rows = zip(table["tool"], table["kind"], table["share"], strict=True)
    return [(str(kind), float(share)) for name, kind, share in rows if name == tool]


def _released(engine: Engine, table: str, tool: str, course: I32, time: I64, key: U64) -> I64:
    """A row of ``table`` released by then in each course, recent ones more often; -1 where there is none."""
    objects = engine.world.objects[table]
    if table == "tool":
        return np.asarray(objects.first[course] + engine.lti_place[tool])
    return released(objects, course, time, key)
