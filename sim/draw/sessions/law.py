"""What a tool's sessions must say of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import Protocol

from context.arrays import I64, U64
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.world.world import Objects

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


def poisson_law(mean: float) -> list[float]:
    """Probabilities of 0 to 24 of a Poisson law, the tail on the last."""
    shares = [exp(-mean)]
    for n in range(1, _MOST):
        shares.append(round(shares[-1] * mean / n, 15))
    return [*shares, max(1 - sum(shares), 0.0)]


def mean_of(shares: list[float]) -> float:
    """Mean of a law over 0, 1, 2 and so on."""
    return sum(n * share for n, share in enumerate(shares))
