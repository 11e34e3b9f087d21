"""What a stream tells of itself: to ``termtide ctl status``, to its log, and at its end."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from context.errors import number_of
from sim.lanes.checkpoint import Checkpoint
from sim.lanes.stream_progress import StreamProgress
from sim.sensors.switches import NO_STAGE
from sim.stream.clock import MAX
from sim.stream.moments_and_speeds import speed_text
from sim.stream.player import Player
from sim.stream.timeline import Timeline, wall_text

_FIGURES = (
    "lag_s", "events_sent", "events_acknowledged", "bytes_acknowledged", "events_per_second", "queue",
    "in_flight", "skew_s", "worst_skew_s", "retries", "held_by_sensors", "seconds",
)  # fmt: skip
_MEASURED_S = 5.0  # a rate is that of so many seconds


class Monitor:
    """Watches a player in a thread of its own; ``status`` may be called from any."""

    def __init__(
        self, player: Player, checkpoint: Checkpoint, where: str, show: Callable[[str], None]
    ) -> None:
        self._player, self._checkpoint, self._where, self._show = player, checkpoint, where, show
        self._samples: deque[tuple[float, int]] = deque([(time.monotonic(), player.lanes.acked)])
        self._began = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="monitor", daemon=True)
        self._thread.start()

    def status(self) -> dict[str, Any]:
        """Everything there is to know, ready for JSON. Times are campus time unless they say so."""
        player, clock, scene = self._player, self._player.clock, self._player.scene
        # In the direction in which events go, so that none is on its way between two figures.
        held = 0 if scene is None else scene.held
        sent, leaving, lanes = player.sent, player.leaving, player.lanes.figures()
        zone = player.timeline.laps.base.time_zone
        facts: dict[str, Any] = {
            "state": self._state(),
            "time": wall_text(zone, int(clock.now_ms())),
            "speed": speed_text(clock.speed),
            "catching_up": clock.catching_up,
            "lag_s": round(self.lag_s(), 3),
            "events_sent": sent,
            "events_acknowledged": lanes.acked,
            "bytes_acknowledged": lanes.acked_bytes,
            "events_per_second": round(self.rate(), 1),
            "queue": leaving + lanes.queued,
            "in_flight": lanes.in_flight,
            "skew_s": lanes.skew_ms / 1000.0,
            "worst_skew_s": lanes.worst_skew_ms / 1000.0,
            "max_skew_s": None if (most := player.lanes.max_skew_ms) is None else most / 1000.0,
            "retries": lanes.retries,
            "sink": self._where,
            **stages_of(self._checkpoint.snapshot(), zone),
        }
        if lanes.away:
            facts["sink_error"] = lanes.away
        if scene is not None:
            facts["held_by_sensors"] = held
            facts["lap"] = scene.span.lap.number
            facts["campus"] = scene.facts()
            facts["sensors"] = {
                law.settings.tool: {
                    "sent": sensor.sent,
                    "held": sensor.held,
                    "acknowledged": lanes.acked_of.get(code, 0),
                    "bytes": lanes.bytes_of.get(code, 0),
                }
                for code, (law, sensor) in enumerate(zip(player.feed.laws, scene.sensors, strict=True))
            }
        facts["acknowledged_before"] = wall_text(zone, self._checkpoint.snapshot().below_ms)
        return facts

    def _state(self) -> str:
        player = self._player
        if player.stopping:
            return "stopping"
        if player.lanes.away:
            return "waiting for the sink"
        return "paused" if player.clock.paused else "running"

    def lag_s(self) -> float:
        """How far what is sent is behind the clock, in wall seconds; 0 without a pace."""
        clock, scene = self._player.clock, self._player.scene
        if clock.speed == MAX or scene is None:
            return 0.0
        now = clock.now_ms()
        behind = now - min(scene.next_ms(), now)
        oldest = self._player.lanes.oldest_ms()
        if oldest is not None:
            behind = max(behind, now - oldest)
        return max(behind, 0.0) / 1000.0 / clock.speed

    def rate(self) -> float:
        """Acknowledged events a second, of the last seconds."""
        then, acked = self._samples[0]
        return max(self._player.lanes.acked - acked, 0) / max(time.monotonic() - then, 1e-9)

    def segments(self) -> list[list[str | None]]:
        """From and until of each stretch that was played without being moved; None: it isn't complete."""
        return segments_of(self._checkpoint.snapshot(), self._player.timeline.laps.base.time_zone)

    def line(self) -> str:
        """The status in one line of 80 columns."""
        facts = self.status()
        state = "" if facts["state"] == "running" else f"  {facts['state']}"
        return (
            f"{facts['time'].replace('T', ' ')[:16]}  {facts['speed']}{state}  "
            f"{number_of(facts['events_acknowledged'], 'event')}  {facts['events_per_second']:,.0f}/s  "
            f"lag {facts['lag_s']:.1f} s  queue {facts['queue'] + facts['in_flight']:,}"
        )

    @property
    def seconds(self) -> float:
        """Wall seconds since it began."""
        return time.monotonic() - self._began

    def close(self) -> None:
        """Stop watching."""
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            now = time.monotonic()
            self._samples.append((now, self._player.lanes.acked))
            while len(self._samples) > 2 and self._samples[0][0] < now - _MEASURED_S:
                self._samples.popleft()
            self._show(self.line())


def nothing_left(
    progress: StreamProgress, timeline: Timeline, speed: float, max_skew_ms: int | None, where: str
) -> dict[str, Any]:
    """The status of a stream that was at its end before it began, with the keys of any other."""
    zone = timeline.laps.base.time_zone
    return dict.fromkeys(_FIGURES, 0) | {
        "state": "done",
        "time": wall_text(zone, max(progress.at_ms, progress.below_ms)),
        "speed": speed_text(speed),
        "catching_up": False,
        "max_skew_s": None if max_skew_ms is None else max_skew_ms / 1000.0,
        "sink": where,
        **stages_of(progress, zone),
        "lap": timeline.laps.lap_of(progress.below_ms).number,
        "campus": {},
        "sensors": {},
        "acknowledged_before": wall_text(zone, progress.below_ms),
        "segments": segments_of(progress, zone),
    }


def stages_of(progress: StreamProgress, zone: str) -> dict[str, Any]:
    """The stage that holds, and since when which one has, by the campus's clock; none: it is the backfill."""
    made = [switch for segment in progress.segments for switch in segment.switches]
    held = progress.switches[-1].name if progress.switches else NO_STAGE
    return {"stage": held, "stages": [[wall_text(zone, since), name] for since, name in made]}


def segments_of(progress: StreamProgress, zone: str) -> list[list[str | None]]:
    """From and until of each stretch in a journal, by the campus's clock."""
    return [
        [wall_text(zone, part.begin_ms), None if part.end_ms is None else wall_text(zone, part.end_ms)]
        for part in progress.segments
    ]
