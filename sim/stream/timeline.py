"""What a stream plays: from a moment to another one, in one lap or in each of many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from context.errors import InputError
from context.scenario.zones import instant_to_wall
from sim.stream.laps import Lap, Laps
from sim.stream.scene import Span

_AHEAD_DAYS = 365  # how far ahead BigQuery takes streamed rows into partitions of days


@dataclass(frozen=True)
class Timeline:
    """``begin_ms`` to ``end_ms`` of the term itself; every lap plays the same stretch of it."""

    laps: Laps
    begin_ms: int
    end_ms: int

    def span(self, lap: Lap) -> Span:
        """The stretch that a lap plays, in its own time."""
        return Span(lap, lap.instant(self.begin_ms), lap.instant(self.end_ms))

    def span_from(self, utc_ms: int) -> Span:
        """A lap's events from a moment on, be it before the stretch. InputError outside of the term."""
        lap = self.laps.lap_of(utc_ms)
        whole = self.span(lap)
        first = int(lap.calendar.midnight_ms[0])
        if not first <= utc_ms < whole.end_ms:
            allowed = f"{self.shown(first)} to {self.shown(whole.end_ms)}"
            raise InputError(f"{self.shown(utc_ms)} given, allowed: {allowed}")
        return Span(lap, utc_ms, whole.end_ms)

    def rest_from(self, utc_ms: int) -> Span | None:
        """What is left when everything before a moment is done; None when nothing is."""
        lap = self.laps.lap_of(utc_ms)
        whole = self.span(lap)
        if utc_ms >= whole.end_ms:
            return self.after(whole)
        return Span(lap, utc_ms, whole.end_ms)

    def after(self, span: Span) -> Span | None:
        """What comes after a span: the next lap's, None when there is none."""
        number = span.lap.number + 1
        return self.span(self.laps.lap(number)) if self.laps.exists(number) else None

    def warnings(self, now: datetime) -> list[str]:
        """A line when events are dated more than a year after ``now``, which has its offset."""
        year_ahead = round((now + timedelta(days=_AHEAD_DAYS)).timestamp() * 1000)
        span: Span | None = self.span(self.laps.lap_of(year_ahead))
        if span is not None and span.end_ms <= year_ahead:
            span = self.after(span)
        if span is None:
            return []
        first = self.shown(max(span.begin_ms, year_ahead))
        where = "from the first lap on" if not span.lap.number else f"from lap {span.lap.number + 1} on"
        line = f"{where} events are dated more than a year ahead ({first} and later); "
        return [line + "BigQuery takes no streamed rows into partitions that far ahead"]

    def shown(self, utc_ms: int) -> str:
        """A moment as the campus's clocks show it."""
        return wall_text(self.laps.base.time_zone, utc_ms)


def wall_text(zone: str, utc_ms: int) -> str:
    """``2026-10-12T08:00:00``, local time."""
    wall: datetime = instant_to_wall(zone, utc_ms)
    return wall.isoformat(timespec="seconds")
