"""A stream from its first line to its last: this page is the live side's data flow.

run folder (store, plan) -> feed (draw, a day ahead) -> scene (simpy: campus, sensors) -> player (the clock)
-> messages -> lanes -> sink, with the checkpoint behind it and the control socket beside it.
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from context.arrays import MINUTE_MS
from context.errors import InputError
from context.terms.premises import Premises
from sim.draw.engine import engine_of
from sim.folder.progress import Say
from sim.lanes import checkpoint as journal
from sim.lanes.lanes import Lanes
from sim.lanes.stream_progress import StreamProgress
from sim.plan.campus import SectionSchedule
from sim.plan.sections import schedules, section_keys
from sim.sensors.message_maker import MessageMaker
from sim.sensors.schedule import sensor_laws
from sim.sensors.settings import delivery_windows, sensor_settings
from sim.sensors.switches import check_stages, stage_names
from sim.sinks.messages import StreamOptions
from sim.sinks.open import open_stream_sink
from sim.stream.clock import Clock
from sim.stream.control import listening
from sim.stream.feed import Feed
from sim.stream.laps import Lap, Laps
from sim.stream.metrics import serving
from sim.stream.moments_and_speeds import read_moment, read_speed, speed_text
from sim.stream.player import Player, Programme
from sim.stream.status import Monitor, nothing_left
from sim.stream.timeline import Timeline, wall_text
from sim.world.load import campus_facts

MAX_SKEW_MS = 5 * MINUTE_MS
_LEAVE_S = 3.0  # what is in flight when a stream is stopped is waited for so long
_TURN_S = 0.0005  # a thread that waits to run Python gets its turn after so long


@dataclass(frozen=True)
class StreamJob:
    """What a stream is asked for."""

    given: Premises
    run_dir: Path
    state_dir: Path
    to: str
    speed: float
    begin: str | None = None  # by the campus's clock, in the scenario's (shifted) calendar
    end: str | None = None
    laps: int | None = 1  # None: without end
    message: str = "event"
    rate_max: float | None = None
    max_skew_ms: int | None = MAX_SKEW_MS  # of campus time, between what a sink gets; None: without a bound
    options: StreamOptions = field(default_factory=StreamOptions)
    catch_up: bool = False  # as fast as it can up to now, then at 1x
    ramp: tuple[tuple[float, float], ...] = ()  # wall seconds from its start, and the speed from then on
    give_up_after_s: float | None = None  # of wall time, that the sink may be out of reach; None: no end
    metrics: tuple[str, int] | None = None  # host and port to answer at
    fresh: bool = False  # forget an earlier checkpoint

    def identity(self) -> dict[str, Any]:
        """What must be the same for a checkpoint to be continued."""
        scenario = self.given.scenario
        return {
            "scenario": scenario.digest(self.given.pack.digest),
            "delivery": scenario.delivery_digest(),
            "shift": scenario.shift,
            "to": self.to,
            "from": self.begin,
            "until": self.end,
            "laps": self.laps,
            "message": self.message,
            "ordering key": self.options.ordering_key,
        }


def played_identity(state_dir: Path) -> dict[str, Any] | None:
    """What the stream of a checkpoint was asked for, None without one. Raises InputError."""
    found = journal.load_progress(state_dir)
    return None if found is None else found.identity


@dataclass(frozen=True)
class StreamEnd:
    """How a stream ended."""

    done: bool  # nothing is left
    interrupted: bool  # by a signal
    status: dict[str, Any]


def stream(job: StreamJob, say: Say, show: Say = lambda _: None) -> StreamEnd:
    """Play it to its end, or until stopped (by a signal or over the socket). Raises TermtideError.

    ``say`` gets lines that stay, ``show`` now and then where the stream is.
    """
    timeline = timeline_of(job)
    with ExitStack() as stack:
        stack.enter_context(journal.held(job.state_dir))
        progress = _progress(job)
        sink = open_stream_sink(job.to, job.options)
        stack.callback(sink.close)
        where = sink.open(progress.mark)
        say(f"to {where}")
        if progress.done:
            say("all of it was sent before: nothing is left (--fresh begins anew)")
            facts = nothing_left(progress, timeline, job.speed, job.max_skew_ms, where)
            return StreamEnd(done=True, interrupted=False, status=facts)
        progress.mark = sink.mark
        checkpoint = journal.Checkpoint(job.state_dir, progress)
        stack.callback(checkpoint.close)
        lanes = Lanes(
            sink,
            checkpoint,
            job.options.ordering_key,
            max_skew_ms=job.max_skew_ms,
            give_up_after_s=job.give_up_after_s,
            say=say,
        )
        stack.callback(lanes.close, _LEAVE_S)
        player = _player(job, timeline, lanes, checkpoint, say)
        stack.callback(player.feed.close)
        monitor = Monitor(player, checkpoint, where, show)
        stack.callback(monitor.close)
        answer = partial(_answer, player, monitor)
        stack.enter_context(listening(job.state_dir, answer))
        port = stack.enter_context(serving(job.metrics, monitor.status))
        if job.metrics:
            say(f"metrics at http://{job.metrics[0]}:{port}/metrics, health at /healthz")
        stack.enter_context(_stopped_by_signals(player))
        stack.enter_context(_ramping(player.clock, job.ramp, say))
        stack.enter_context(_taking_turns())
        done = player.play()
        if not done:
            lanes.drain(_LEAVE_S)
        facts = monitor.status() | {
            "state": "done" if done else "stopped",
            "seconds": round(monitor.seconds, 1),
            "segments": monitor.segments(),
        }
        return StreamEnd(done, player.stopped_by == "signal", facts)


def _progress(job: StreamJob) -> StreamProgress:
    """The checkpoint to go on from. Raises InputError for that of another stream."""
    found = None if job.fresh else journal.load_progress(job.state_dir)
    wanted = job.identity()
    if found is None:
        return StreamProgress(wanted)
    if _is_longer(job, found.identity):
        found.extend(found.identity | {"until": job.end})
    for key, value in wanted.items():
        if found.identity.get(key) != value:
            there = found.identity.get(key)
            shown = "differs" if key in ("scenario", "delivery") else f"{there} there, {value} given"
            raise InputError(
                f"--state {job.state_dir}: the checkpoint of another stream ({key}: {shown}); "
                "give another folder, or --fresh to begin anew"
            )
    return found


def _is_longer(job: StreamJob, before: dict[str, Any]) -> bool:
    """Whether a stream of one lap is to go on to a later end than it was to."""
    zone, earlier = job.given.calendar.time_zone, before.get("until")
    if earlier is None or earlier == job.end or job.laps != 1:
        return False
    if job.end is None:
        return True
    return read_moment(job.end, zone, "--until") > read_moment(str(earlier), zone, "until")


def _player(
    job: StreamJob, timeline: Timeline, lanes: Lanes, checkpoint: journal.Checkpoint, say: Say
) -> Player:
    """Everything up to the first event."""
    scenario, pack, laps = job.given.scenario, job.given.pack, timeline.laps
    engine = engine_of(job.run_dir, scenario, pack, job.given.calendar)
    settings = sensor_settings(scenario, pack)
    tools = [sensor.tool for sensor in settings]
    laws = sensor_laws(settings, delivery_windows(scenario, tools), scenario.seed)
    feed = Feed(engine, laws, scenario.stage)

    @lru_cache(maxsize=1)
    def maker_of(lap: Lap) -> MessageMaker:
        return MessageMaker(lap.world(engine.world), tools, job.message)

    facts: list[SectionSchedule] = schedules(
        pack, laps.base, section_keys(engine.world), campus_facts(job.run_dir)
    )
    progress = checkpoint.progress
    clock = Clock(max(progress.at_ms, progress.below_ms) or timeline.begin_ms, job.speed)
    if job.catch_up:
        clock.catch_up(lambda: time.time() * 1000.0)  # campus time is UTC, too
    if progress.paused:
        clock.pause()
        say("it was paused, and still is: termtide ctl resume lets it go on")
    programme = Programme(feed, facts, timeline, maker_of, stage_names(scenario.stage))
    return Player(programme, clock, lanes, checkpoint, rate_max=job.rate_max, say=say)


def timeline_of(job: StreamJob) -> Timeline:
    """From and until, inside the term. Reads nothing but the job.

    Raises InputError, also for how events are to be sent.
    """
    scenario, pack = job.given.scenario, job.given.pack
    delivery_windows(scenario, [sensor.tool for sensor in sensor_settings(scenario, pack)])
    check_stages(scenario.stage)
    laps = Laps(job.given, job.laps)
    base, zone = laps.base, laps.base.time_zone
    first, last = base.day_start_ms(base.first_day), base.day_start_ms(base.last_day + 2)
    begin = first if job.begin is None else read_moment(job.begin, zone, "--from")
    end = last if job.end is None else read_moment(job.end, zone, "--until")
    allowed = f"{wall_text(zone, first)} to {wall_text(zone, last)}"
    for what, given in (("--from", begin), ("--until", end)):
        if not first <= given <= last:
            raise InputError(f"{what}: {wall_text(zone, given)} given, allowed: {allowed}")
    if end <= begin:
        raise InputError(f"--until: {wall_text(zone, end)} given, allowed: after {wall_text(zone, begin)}")
    return Timeline(laps, begin, end)


def _answer(player: Player, monitor: Monitor, command: str, value: str) -> dict[str, Any]:
    """Do what the socket asks for and tell how it stands."""
    if command in ("pause", "resume"):
        player.pause(command == "pause")
    elif command == "speed":
        player.clock.set_speed(read_speed(value, "speed"))
    elif command == "seek":
        player.seek(read_moment(value, player.timeline.laps.base.time_zone, "seek"))
    elif command == "stage":
        player.switch(value.strip())
    elif command == "stop":
        player.stop("request")
    elif command != "status":
        raise InputError(f"{command!r} given, allowed: status, pause, resume, speed, seek, stage, stop")
    return monitor.status()


@contextmanager
def _taking_turns() -> Iterator[None]:
    """Let no message wait for long meanwhile: neither for the thread that draws ahead, nor for the collector.

    It passes through three threads, each of which may have to wait for Python's lock several times, 5 ms each
    by default; and what was loaded stays to the end, so it isn't looked through for garbage.
    """
    turn = sys.getswitchinterval()
    gc.freeze()
    sys.setswitchinterval(_TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(turn)
        gc.unfreeze()


@contextmanager
def _ramping(clock: Clock, steps: Sequence[tuple[float, float]], say: Say) -> Iterator[None]:
    """Change the speed at moments of wall time meanwhile."""
    over, began = threading.Event(), time.monotonic()

    def run() -> None:
        for seconds, speed in steps:
            if over.wait(max(began + seconds - time.monotonic(), 0.0)):
                return
            clock.set_speed(speed)
            say(f"speed {speed_text(speed)} from now on")

    thread = threading.Thread(target=run, name="ramp", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def _stopped_by_signals(player: Player) -> Iterator[None]:
    """SIGINT and SIGTERM stop the stream; a second one ends it at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: object) -> None:
        if player.stopping:
            raise KeyboardInterrupt
        player.stop("signal")

    before = [(number, signal.signal(number, handle)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
