"""Stages of the scenario that a stream has switched on and off, and what they do to each sensor meanwhile.

A switch holds from a moment of campus time on. What has left its sensor before that moment is the same with
it and without it, so a stream that knows its switches again sends what it would have sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from context.arrays import DAY_MS
from context.errors import InputError
from context.scenario.parts import DELIVERY_OUTAGE_DAYS_MAX, Stage
from sim.sensors.settings import ALL, DeliveryWindow

NO_STAGE = "none"
MILLI = 1_000
_CATCH_UP = 3  # times as fast as usual, as after a delivery outage of the scenario
_ALWAYS_MS = 2**62  # until the next switch, and none has been


class Switch(NamedTuple):
    """From ``since_ms`` on, campus time in UTC, the stage ``name`` holds; NO_STAGE: none does."""

    since_ms: int
    name: str


Switches = tuple[Switch, ...]


@dataclass(frozen=True)
class StageSpan:
    """What a stage does to one sensor from ``start_ms`` (included) to ``end_ms`` (excluded)."""

    start_ms: int
    end_ms: int
    clicks_milli: int  # page views, of 1,000
    delay_milli: int
    outage: DeliveryWindow | None  # a sensor's buffer lasts for a week: then it sends


def check_stages(stages: Sequence[Stage]) -> None:
    """Raise InputError where two blocks of one name are for the same tool, or for all."""
    seen = set[tuple[str, str]]()
    for stage in stages:
        for tool in (ALL,) if stage.tools == ALL else stage.tools:
            if (stage.name, tool) in seen:
                raise InputError(
                    f"stage {stage.name!r}: tools: {tool!r} in two blocks of it, allowed: each in one"
                )
            seen.add((stage.name, tool))


def stage_names(stages: Sequence[Stage]) -> tuple[str, ...]:
    """The names that can be switched to, in the order of the scenario, NO_STAGE last."""
    return (*dict.fromkeys(stage.name for stage in stages), NO_STAGE)


def spans_of(tool: str, switches: Switches, stages: Sequence[Stage]) -> tuple[StageSpan, ...]:
    """What switches did to a tool's sensor, in order of time; those that do nothing to it are left out."""
    found = []
    for (start, name), (end, _) in pairwise((*switches, Switch(_ALWAYS_MS, NO_STAGE))):
        stage = _for_tool(tool, [stage for stage in stages if stage.name == name])
        if start < end and stage is not None:
            window = _outage(name, start, end) if stage.outage else None
            clicks, delay = round(stage.clicks * MILLI), round(stage.delay * MILLI)
            found.append(StageSpan(start, end, clicks, delay, window))
    return tuple(found)


def _for_tool(tool: str, blocks: Sequence[Stage]) -> Stage | None:
    """The block that names a tool goes before the one for all."""
    own = next((block for block in blocks if block.tools != ALL and tool in block.tools), None)
    return own or next((block for block in blocks if block.tools == ALL), None)


def _outage(name: str, start: int, end: int) -> DeliveryWindow:
    end = min(end, start + DELIVERY_OUTAGE_DAYS_MAX * DAY_MS)
    return DeliveryWindow(start, end, end + (end - start) // (_CATCH_UP - 1), "all", name)
