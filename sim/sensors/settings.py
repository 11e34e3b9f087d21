"""How each tool's sensor sends, and when it can't: the pack's numbers, with the scenario's before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from itertools import pairwise
from math import ceil
from typing import Literal

from context.arrays import MINUTE_MS
from context.errors import InputError
from context.packs.pack import Pack
from context.scenario.incidents import LOGIN_SENSOR
from context.scenario.parts import SensorDelivery
from context.scenario.scenario import Scenario
from context.scenario.zones import wall_to_instant

ALL = "all"


@dataclass(frozen=True)
class SensorSettings:
    """One sensor. Times in ms of campus time."""

    tool: str
    buffer_events: int  # a full buffer is sent at once
    flush_ms: int  # and what is in it so often; 0: every event by itself
    envelope_events: int
    delay_median_ms: int  # from flush to arrival
    delay_p99_ms: int


@dataclass(frozen=True)
class DeliveryWindow:
    """A delivery outage, UTC ms: ``start`` is in it, ``end`` is not; by ``recovered`` all has been sent."""

    start: int
    end: int
    recovered: int
    tools: Literal["all"] | tuple[str, ...]
    name: str

    def stops(self, tool: str) -> bool:
        """Whether it holds up a tool's sensor."""
        return self.tools == ALL or tool in self.tools


def sensor_settings(scenario: Scenario, pack: Pack) -> tuple[SensorSettings, ...]:
    """The sensors, in the order of the pack's tools, that of logins last.

    Raises InputError for [[delivery]] blocks of unknown tools and for a 99th percentile below the median.
    """
    table = pack.table("delivery")
    rows = {str(tool): row for row, tool in enumerate(table["tool"])}
    tools = (*pack.rates.tools, LOGIN_SENSOR)
    given: dict[str, SensorDelivery] = {}
    for block in scenario.delivery:
        _check_known("delivery: tool", block.tool, (ALL, *tools))
        if block.tool in given:
            raise InputError(f"delivery: tool: {block.tool!r} given twice, allowed: one block of each")
        given[block.tool] = block
    columns = [column for column in SensorDelivery.model_fields if column != "tool"]
    found = []
    for tool in tools:
        row = rows.get(tool, 0)
        numbers = {column: int(table[column][row]) for column in columns}
        for key in (ALL, tool):
            if key in given:
                numbers |= given[key].model_dump(exclude_none=True, exclude={"tool"})
        if numbers["delay_p99_ms"] < numbers["delay_median_ms"]:
            raise InputError(
                f"delivery of {tool}: delay_p99_ms: {numbers['delay_p99_ms']} given, "
                f"allowed: delay_median_ms {numbers['delay_median_ms']} or more"
            )
        found.append(SensorSettings(tool, **numbers))
    return tuple(found)


def delivery_windows(scenario: Scenario, tools: Sequence[str]) -> tuple[DeliveryWindow, ...]:
    """The scenario's delivery outages, shifted as its calendar is, in order of start.

    Raises InputError for unknown tools, for times that the clock skips, and where a sensor has not caught up
    with one outage when the next begins.
    """
    windows, moved = [], timedelta(weeks=scenario.shift)
    for outage in scenario.delivery_outage:
        place = f"delivery_outage {outage.name!r}"
        for tool in () if outage.tools == ALL else outage.tools:
            _check_known(f"{place}: tools", tool, tools)
        walls = (outage.start + moved, outage.end + moved)
        start, end = (wall_to_instant(scenario.time_zone, wall) for wall in walls)
        if end <= start:
            raise InputError(
                f"{place}: {outage.start.isoformat()} to {outage.end.isoformat()} given, "
                f"allowed: a time that the clock of {scenario.time_zone} doesn't skip"
            )
        recovered = end + ceil((end - start) / (outage.catch_up - 1))
        windows.append(DeliveryWindow(start, end, recovered, outage.tools, outage.name))
    windows.sort(key=lambda window: (window.start, window.end, window.name))
    for tool in tools:
        for earlier, later in pairwise(window for window in windows if window.stops(tool)):
            if later.start < earlier.recovered:
                raise InputError(
                    f"delivery_outage {later.name!r}: {tool} has not caught up with {earlier.name!r}, "
                    f"allowed: {(earlier.recovered - later.start) // MINUTE_MS + 1} minutes later"
                )
    return tuple(windows)


def _check_known(place: str, given: str, allowed: Sequence[str]) -> None:
    if given not in allowed:
        near = get_close_matches(given, allowed, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise InputError(f"{place}: {given!r} given{hint}, allowed: {', '.join(allowed)}")
