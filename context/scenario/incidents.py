"""Incidents as one pure map of time: what people would have done while they could not, they do after."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from context.arrays import HOUR_MS, I64
from context.errors import InputError
from context.scenario.parts import DeliveryOutage, Incident, SensorDelivery, Stage

LOGIN_SENSOR = "login"  # sends logins, which belong to no tool
RECOVERY_MIN_MS = 2 * HOUR_MS  # assumption: nobody comes back faster than within two hours


@dataclass(frozen=True)
class IncidentWindow:
    """An incident in UTC ms: ``start`` is in it, ``end`` is not. ``tools`` is "all" or names of tools."""

    start: int
    end: int
    tools: Literal["all"] | tuple[str, ...]
    name: str

    @property
    def recovered(self) -> int:
        """When the last of what was held back is done: after half the incident's length, 2 h at least."""
        return self.end + max(RECOVERY_MIN_MS, (self.end - self.start) // 2)

    @property
    def stops_canvas(self) -> bool:
        """True when the learning platform itself is out of reach."""
        return self.tools == "all" or "canvas" in self.tools


def check_apart(windows: list[IncidentWindow], shown: dict[int, str]) -> None:
    """Raise InputError where one incident starts before another one has been recovered from.

    ``windows`` in order of start; ``shown`` maps UTC ms to the local time that a message names.
    """
    for earlier, later in pairwise(windows):
        if later.start < earlier.recovered:
            raise InputError(
                f"incident {later.name!r}: start {shown[later.start]} given, allowed: from "
                f"{shown[earlier.recovered]} on, when {earlier.name!r} is over and caught up with"
            )


def check_tools(incidents: Sequence[Incident], external: Collection[str]) -> None:
    """Raise InputError for a tool that cannot fail alone: Canvas does as a whole, external tools do."""
    allowed = ("canvas", *external)
    for incident in incidents:
        unknown = [] if incident.tools == "all" else [tool for tool in incident.tools if tool not in allowed]
        if unknown:
            raise InputError(
                f"incident {incident.name!r}: tools: {unknown[0]} given, "
                f'allowed: "all" or {", ".join(allowed)}'
            )


def check_senders(
    delivery: Sequence[SensorDelivery],
    outages: Sequence[DeliveryOutage],
    stages: Sequence[Stage],
    sensors: Collection[str],
) -> None:
    """Raise InputError for a sensor that there isn't. ``sensors``: all tools, and the logins."""
    named = [
        *(("delivery: tool", block.tool) for block in delivery),
        *(
            (f"delivery_outage {o.name!r}: tools", tool)
            for o in outages
            if o.tools != "all"
            for tool in o.tools
        ),
        *((f"stage {s.name!r}: tools", tool) for s in stages if s.tools != "all" for tool in s.tools),
    ]
    for place, tool in named:
        if tool not in ("all", *sensors):
            raise InputError(f'{place}: {tool} given, allowed: "all" or {", ".join(sensors)}')


class Stretch(Protocol):
    """What holds things back from ``start`` to ``end``; the last is done at ``recovered``. UTC ms."""

    @property
    def start(self) -> int:
        """In it."""
        ...

    @property
    def end(self) -> int:
        """Not in it any more."""
        ...

    @property
    def recovered(self) -> int:
        """After the end."""
        ...


def time_map(utc_ms: npt.ArrayLike, windows: Sequence[Stretch]) -> I64:
    """Move times out of the windows: [start, recovered) goes linearly onto [end, recovered), the rest stays.

    Integer arithmetic, never reorders, int64 of the shape given (scalars become shape ()). The windows don't
    touch each other's recovery, so their order doesn't matter.
    """
    before = np.asarray(utc_ms, dtype=np.int64)
    after = before.copy()
    for window in windows:
        hit = (before >= window.start) & (before < window.recovered)
        width = window.recovered - window.end
        # At most 21 days x 14 days in ms**2 (a delivery outage of 7 days, caught up with at 1.5 times the
        # pace), a quarter of what int64 holds.
        moved = window.end + (before[hit] - window.start) * width // (window.recovered - window.start)
        after[hit] = moved
    return after
