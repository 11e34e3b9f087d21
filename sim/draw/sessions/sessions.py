"""Events that come in sessions: a launch from Canvas, then what somebody does in the tool until they stop.

The rates count a tool's events; a session is one draw of them, so the draw divides by a session's mean size.
A tool's laws say how large a session is on average, exactly, and play sessions for all launches at once.
"""

from __future__ import annotations

import numpy as np

from context import rng
from context.arrays import BOOL, F64, I64, U64
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.caliper.batch import Batch, concatenate
from sim.caliper.kinds import KIND
from sim.draw.sessions.law import Launch, Law, Played
from sim.plan.campus import LONGEST_MS
from sim.plan.outages import taken
from sim.world.objects import released
from sim.world.world import World

# Purposes: of a launch's id; of a session's key, from here on the ids of its events.
_SESSION = 60
_FIRST_EVENT = 100


def laws() -> dict[str, Law]:
    """Tools of the pack whose events come in sessions."""
    from sim.draw.sessions.reading import Reading
    from sim.draw.sessions.watching import Watching

    return {"kaltura": Watching(), "etext": Reading()}


def session_sizes(pack: Pack, tools: tuple[str, ...]) -> F64:
    """Mean events of a session of each tool; 1 for those that come click by click."""
    known = laws()
    return np.array([known[tool].mean(pack) if tool in known else 1.0 for tool in tools])


def with_sessions(pack: Pack, calendar: Calendar, world: World, batch: Batch, day: int) -> tuple[Batch, int]:
    """Clicks with what follows each launch, and how many of that an outage or the day's end cost."""
    parts, lost = [batch], 0
    for tool, law in laws().items():
        if tool not in world.tools:
            continue
        code = world.tools.index(tool)
        rows = np.flatnonzero((batch.tool == code) & (batch.kind == KIND["context_external_tool"]))
        if not len(rows):
            continue
        launches = batch.take(rows)
        key = rng.extend(launches.uuid_low, _SESSION)
        objects = world.objects[law.table]
        opened = released(objects, launches.course, launches.time_ms, key)
        known = np.flatnonzero(opened >= 0)
        launches, key, opened = launches.take(known), key[known], opened[known]
        played = law.play(pack, calendar, objects, Launch(launches.time_ms, opened, key))
        kept = _possible(calendar, played.time_ms, day, tool)
        lost += int(len(kept) - kept.sum())
        parts.append(_events(launches, key, played, kept, code))
    return concatenate(parts), lost


def _events(launches: Batch, key: U64, played: Played, kept: BOOL, tool: int) -> Batch:
    rows = np.flatnonzero(kept)
    launch = played.launch[rows]
    high, low = rng.uuid_bits(rng.extend(key[launch], _FIRST_EVENT + played.number[rows]))
    return Batch(
        time_ms=played.time_ms[rows],
        kind=played.kind[rows].astype(np.uint8),
        tool=np.full(len(rows), tool, dtype=np.uint8),
        person=launches.person[launch],
        enrolment=launches.enrolment[launch],
        course=launches.course[launch],
        object=played.object[rows].astype(np.int32),
        visit=launches.visit[launch],
        uuid_high=high,
        uuid_low=low,
        detail=played.detail[rows].astype(np.int32),
    )


def _possible(calendar: Calendar, time: I64, day: int, tool: str) -> BOOL:
    """False for events in an outage of Canvas or the tool, and after the hours that belong to the day."""
    return (time < calendar.day_start_ms(day + 1) + LONGEST_MS) & ~taken(calendar, time, (tool,))
