"""Events that come in sessions: a launch from Canvas, then what somebody does in the tool until they stop.

The rates count a tool's events; a session is one draw of them, so the draw divides by a session's mean size.
A tool's laws say how large a session is on average, exactly, and play sessions for all launches at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Protocol

import numpy as np
import numpy.typing as npt

from context import rng
from context.calendar import Calendar
from context.pack import Pack
from sim.batch import Batch, concatenate
from sim.kinds import KIND
from sim.world import Objects, World

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
F64 = npt.NDArray[np.float64]
BOOL = npt.NDArray[np.bool_]
_KEY = 60  # of a launch's id: its session's
_LATEST_MS = 6 * 3_600_000  # after the midnight that ends a unit's day
_MOST = 24  # of a count in a session


@dataclass(frozen=True)
class Played:
    """Events of sessions in any order: the launch each belongs to, and what happens when."""

    launch: I64
    time_ms: I64
    kind: I64
    object: I64
    detail: I64
    number: I64  # of the event in its session: its id's key


class Law(Protocol):
    """How sessions of a tool go."""

    table: str  # what is opened, of World.objects

    def mean(self, pack: Pack) -> float:
        """Events of a session, its launch included."""
        ...

    def play(self, pack: Pack, calendar: Calendar, objects: Objects, launch: Launch) -> Played:
        """What happens after launches."""
        ...


@dataclass(frozen=True)
class Launch:
    """Launches: when, of which object, and the session's key."""

    time_ms: I64
    object: I64
    key: U64


def laws() -> dict[str, Law]:
    """Tools of the pack whose events come in sessions."""
    from sim.tools.engage_sessions import Reading
    from sim.tools.kaltura_sessions import Watching

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
        key = rng.extend(launches.uuid_low, _KEY)
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
    high, low = rng.uuid_bits(rng.extend(key[launch], 100 + played.number[rows]))
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
    possible = time < calendar.day_start_ms(day + 1) + _LATEST_MS
    for window in calendar.windows:
        if window.stops_canvas or (window.tools != "all" and tool in window.tools):
            possible &= (time < window.start) | (time >= window.end)
    return np.asarray(possible)


def released(objects: Objects, course: I32, time: I64, key: U64) -> I64:
    """A row released by then in each course, recent ones more often; -1 where there is none."""
    first = objects.first[course]
    base = int(objects.release_ms.min()) if len(objects.release_ms) else 0
    span = 1 << 40
    order = objects.course.astype(np.int64) * span + (objects.release_ms - base)
    wanted = course.astype(np.int64) * span + np.clip(time - base, -1, span - 1)
    count = np.searchsorted(order, wanted, side="right") - first
    u = rng.bits(key, 14) >> np.uint64(32)
    squared = (u * u) >> np.uint64(32)
    back = ((squared * np.maximum(count, 1).astype(np.uint64)) >> np.uint64(32)).astype(np.int64)
    return np.where(count > 0, first + count - 1 - back, -1)


def poisson_law(mean: float) -> list[float]:
    """Probabilities of 0 to 24 of a Poisson law, the tail on the last."""
    shares = [exp(-mean)]
    for n in range(1, _MOST):
        shares.append(round(shares[-1] * mean / n, 15))
    return [*shares, max(1 - sum(shares), 0.0)]


def mean_of(shares: list[float]) -> float:
    """Mean of a law over 0, 1, 2 and so on."""
    return sum(n * share for n, share in enumerate(shares))
