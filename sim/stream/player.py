"""The loop that plays a stream: it steps the simulation when the clock allows, and hands on what is due.

It can be paused, sped up, moved and stopped at any moment, from any thread, through its clock and methods.
When the sink is slower than the clock, the loop waits for it and falls behind; nothing is dropped.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from context.arrays import BOOL
from context.errors import InputError
from sim.folder.progress import time_span
from sim.lanes.checkpoint import Checkpoint
from sim.lanes.lanes import Lanes
from sim.plan.campus import SectionSchedule
from sim.sensors.date_events import DateEvents
from sim.sensors.message_maker import MessageMaker, merged, pieces
from sim.sensors.switches import NO_STAGE, Switch
from sim.stream.clock import MAX, Clock
from sim.stream.feed import Feed
from sim.stream.laps import Lap
from sim.stream.moments_and_speeds import speed_text
from sim.stream.scene import Scene, Span
from sim.stream.timeline import Timeline

_MOST_ROWS = 16_384  # events rendered at a time: smaller runs cost up to half as much again
_REHEARSED_ROWS = 64  # events of each sensor: some of every kind
_QUANTUM_S = 0.01  # sensors wake at most so often, in wall time
_FREE_STEP_MS = 600_000  # and at speed MAX so often, in campus time
_QUIET_S = 15.0  # a wait for the next event that is worth a word, in wall time
_PATIENCE_S = 60.0  # in which what somebody wants is done, in wall time
_NAP_S = 0.25  # how long the loop sleeps at most, so that a figure is never older


class Steer:
    """Somebody wants to be at another time, or another stage of the scenario to hold."""

    def __init__(self, what: str, to: int | str) -> None:
        self.what, self.to, self.heard, self.error = what, to, threading.Event(), ""

    def answered(self, error: str = "") -> None:
        """It is done, or can't be."""
        self.error = error
        self.heard.set()


@dataclass(frozen=True)
class Programme:
    """What is played: the term's events and sections, a stretch of it, and what makes messages of a lap.

    ``stages`` are the names of those that can be switched to.
    """

    feed: Feed
    schedules: Sequence[SectionSchedule]
    timeline: Timeline
    maker_of: Callable[[Lap], MessageMaker]
    stages: Sequence[str] = (NO_STAGE,)


class Player:
    """Plays a programme into lanes, ``rate_max`` events a wall second at most."""

    def __init__(
        self,
        programme: Programme,
        clock: Clock,
        lanes: Lanes,
        checkpoint: Checkpoint,
        *,
        rate_max: float | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._say = say
        self._programme, self._checkpoint, self._rate_max = programme, checkpoint, rate_max
        self.feed, self.timeline, self.clock, self.lanes = programme.feed, programme.timeline, clock, lanes
        self._steers: deque[Steer] = deque()
        self._stepping = threading.Lock()
        self._free_at = 0.0  # wall time from which the rate limit lets more out
        self._below = 0  # every event before this is with the lanes
        self.sent = 0  # events handed to the lanes
        self.stopped_by = ""  # "signal" or "request" once somebody wants it to end
        self._most_rows = _MOST_ROWS if not rate_max else max(min(_MOST_ROWS, int(rate_max * _NAP_S)), 1)
        self.scene: Scene | None = None
        self._is_over = False
        clock.hold(clock.now_ms())

    @property
    def leaving(self) -> int:
        """Events that have left their sensors and are not with the lanes yet.

        Whoever asks the lanes afterwards has missed none. Once it is stopped there are none: these are made
        again when the stream goes on.
        """
        scene = self.scene
        return 0 if scene is None or self._is_over else max(scene.given - scene.taken, 0)

    # Called from other threads.

    def seek(self, to_ms: int) -> None:
        """Go on at another time. Raises InputError for one outside of what is played."""
        self.timeline.span_from(to_ms)
        self._steer(Steer("seek", to_ms))

    def switch(self, stage: str) -> None:
        """Let a stage of the scenario hold from now on, or none. Raises InputError for another name."""
        if stage not in self._programme.stages:
            raise InputError(f"stage: {stage!r} given, allowed: {', '.join(self._programme.stages)}")
        self._steer(Steer("stage", stage))

    def _steer(self, steer: Steer) -> None:
        self._steers.append(steer)
        with self.clock.changed:
            self.clock.changed.notify_all()
        if not steer.heard.wait(_PATIENCE_S):
            told = f"not done within {_PATIENCE_S:.0f} s: the sink is slow or out of reach"
            raise InputError(f"{steer.what}: {told}")
        if steer.error:
            raise InputError(f"{steer.what}: {steer.error}")

    def pause(self, paused: bool) -> None:
        """Stand still, or go on; a stream that is started again does the same."""
        self._checkpoint.pause(paused)
        if not paused:
            self.clock.resume()
            return
        self.clock.pause()
        with self._stepping:  # what was found to be due before has happened: from here on nothing does
            pass

    @property
    def stopping(self) -> bool:
        """Whether somebody wants it to end."""
        return bool(self.stopped_by)

    def stop(self, by: str) -> None:
        """End soon; what hasn't been sent by then is sent when the stream continues."""
        self.stopped_by = by
        with self.clock.changed:
            self.clock.changed.notify_all()
        with self.lanes.changed:
            self.lanes.changed.notify_all()

    # The loop, in one thread.

    def play(self) -> bool:
        """Play to the end, or until stopped; True when nothing is left."""
        progress = self._checkpoint.progress
        if not progress.segments:
            self._checkpoint.begin(self.timeline.begin_ms)
        self.clock.move(max(progress.at_ms, progress.below_ms))
        span = self.timeline.rest_from(progress.below_ms)
        end_ms = progress.below_ms
        try:
            while span is not None:
                played = self._play_span(span)
                if played is None:
                    return False
                end_ms, span = played.end_ms, self.timeline.after(played)
                if span is not None:
                    self.clock.move(span.begin_ms)
            if not self._until(self.lanes.flushed):
                return False
            self._checkpoint.end(end_ms, done=True)
            return True
        finally:
            self._is_over = True
            while self._steers:
                self._steers.popleft().answered("the stream has come to its end")

    def _play_span(self, span: Span) -> Span | None:
        """Play a span to its end, or another one that somebody moved to; None when stopped."""
        start_ms = int(max(self.clock.now_ms(), span.begin_ms))
        scene = self._begin(span, start_ms)
        speed = self.clock.speed
        while not self.stopping:
            if self._steers:
                scene = self._obey(self._steers.popleft(), scene)
            if speed != self.clock.speed:
                speed = self.clock.speed
                scene.rouse()
            due = scene.next_ms()
            if due == float("inf"):
                return scene.span if self._emit(scene) else None
            # Between two instants only: then all sensors have handed over what was sent up to now.
            if scene.waiting >= self._most_rows and due > scene.env.now and not self._emit(scene):
                return None
            # Nothing happens after the end: what sensors still hold then, a nightly batch, goes out at once.
            when = min(due, scene.span.end_ms)
            if self._step(scene, when):
                continue
            if self._emit(scene):
                self.clock.wait(when, _NAP_S)
        return None

    def _step(self, scene: Scene, when: float) -> bool:
        """Let happen what is next, if it is due."""
        with self._stepping:
            if not self.clock.is_due(when):
                return False
            scene.env.step()
            self.clock.reach(when)
            return True

    def _begin(self, span: Span, start_ms: int) -> Scene:
        """A scene at another time than before; the clock stands still until all is there that it takes."""
        self.clock.hold(start_ms)
        scene = self._enter(span, start_ms)
        if self.clock.speed != MAX:
            self._rehearse(scene)
        self.clock.release()
        return scene

    def _rehearse(self, scene: Scene) -> None:
        """Have all there that would keep the first messages waiting: tables of texts, and the day after."""
        maker = self._programme.maker_of(scene.span.lap)
        if first := scene.ahead(_REHEARSED_ROWS):
            self.lanes.rehearse(maker.make(merged(first)))
        self.feed.settle()  # later ones are drawn at midnight, when little is sent

    def _enter(self, span: Span, start_ms: int) -> Scene:
        """The scene of a span; of its events those that are acknowledged are left out."""
        known = self._checkpoint.snapshot()

        def wanted(window: DateEvents) -> BOOL:
            group = self.lanes.group_of(window.batch, window.sensor)
            return known.wanted(group, window.sensor, window.batch)

        self.scene = scene = Scene(
            self.feed, self._programme.schedules, span, start_ms, self._step_ms, wanted, known.switches
        )
        self._below = span.begin_ms
        self._tell_quiet(scene, start_ms)
        return scene

    def _tell_quiet(self, scene: Scene, now_ms: int) -> None:
        """Say when the next event comes, if that is a while."""
        first_ms = scene.first_event_ms()
        if first_ms is None:
            self._say(f"no event comes until {self.timeline.shown(scene.span.end_ms)}, its end")
        elif (wait_s := (first_ms - now_ms) / 1000 / self.clock.speed) > _QUIET_S:
            self._say(
                f"it is quiet on the campus: the next event comes at {self.timeline.shown(first_ms)}, "
                f"in {time_span(wait_s)} at speed {speed_text(self.clock.speed)}"
            )

    def _step_ms(self) -> int:
        """How far apart sensors' wakes are in campus time: as often as the pace makes worth while."""
        speed = self.clock.speed
        return _FREE_STEP_MS if speed == MAX else int(speed * _QUANTUM_S * 1000)

    def _emit(self, scene: Scene) -> bool:
        """Make messages of the outbox and queue them; False when stopped before that."""
        if not scene.waiting:
            return True
        parts = list(pieces(merged(scene.empty()), self._most_rows))
        maker = self._programme.maker_of(scene.span.lap)
        for number, part in enumerate(parts, start=1):
            if not (self._until(self.lanes.has_room) and self._until(self._rate_allows)):
                return False
            if number == len(parts):
                self._below = scene.below_ms
            self.lanes.put(maker.make(part), self._below, min(int(scene.env.now), scene.span.end_ms))
            scene.taken += len(part.batch)
            self.sent += len(part.batch)
            if self._rate_max:
                self._free_at = max(self._free_at, time.monotonic()) + len(part.batch) / self._rate_max
        return True

    def _rate_allows(self) -> bool:
        return not self._rate_max or time.monotonic() >= self._free_at

    def _until(self, ready: Callable[[], bool]) -> bool:
        """Wait until ``ready``; False when stopped before. A pause doesn't hold up what is under way."""
        while not ready():
            if self.stopping:
                return False
            self.lanes.wait(0.02)
        return True

    def _obey(self, steer: Steer, scene: Scene) -> Scene:
        """Do what somebody wants, and go on with another scene."""
        # Between two instants only, as with what is emitted.
        while scene.next_ms() <= scene.env.now:
            scene.env.step()
        obeyed = (
            self._move(int(steer.to), scene) if steer.what == "seek" else self._switch(str(steer.to), scene)
        )
        steer.answered("" if obeyed else "stopped before that")
        return obeyed or scene

    def _move(self, to_ms: int, scene: Scene) -> Scene | None:
        """Close the segment where it stands, and begin another one elsewhere; None when stopped."""
        here = min(int(scene.env.now), scene.span.end_ms)
        scene.leave(here)
        if not (self._emit(scene) and self._until(self.lanes.flushed)):
            return None
        self._checkpoint.end(here)
        self._checkpoint.begin(to_ms)
        self.lanes.moved()
        return self._begin(self.timeline.span_from(to_ms), to_ms)

    def _switch(self, stage: str, scene: Scene) -> Scene | None:
        """Go on as after a restart, with one switch more; None when stopped."""
        if not (self._emit(scene) and self._until(self.lanes.flushed)):
            return None
        now = int(scene.env.now)
        known = self._checkpoint.snapshot()
        # What has left its sensor did so up to ``now``, or, before a kill, up to
        # ``ahead_ms``: it comes again as it was, since what leaves before a switch is the same without it.
        self._checkpoint.switch(Switch(max(now, known.ahead_ms, int(self.clock.now_ms())) + 1, stage))
        span = self.timeline.rest_from(known.below_ms)
        return scene if span is None else self._enter(span, now)
