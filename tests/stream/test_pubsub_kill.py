"""Killed again and again, at every kind of moment, a stream loses nothing and repeats what was in flight."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import cycle, pairwise
from pathlib import Path

import numpy as np
import pytest

from context import rng
from context.errors import InputError, RunError
from context.scenario.parts import CalendarOverrides, Stage
from context.scenario.scenario import Scenario
from context.terms.premises import premises
from sim.lanes.checkpoint import Checkpoint, load_progress
from sim.lanes.stream_progress import StreamProgress
from sim.run import prepare
from sim.sinks.pubsub import PubsubSink
from sim.stream.clock import MAX
from sim.stream.control import ask
from sim.stream.moments_and_speeds import aligning_weeks, read_moment
from sim.stream.stream import MAX_SKEW_MS, StreamJob, stream
from tests.samples.extent import ROUNDS, so_many
from tests.samples.live_tiny import documents_of, documents_of_run, start
from tests.samples.skew import first_arrivals, sent_ms, skews_ms
from tests.samples.tiny import SEVEN_WEEKS, default_pack
from tests.servers.pubsub_server import PROJECT, Collector, Emulator, Received
from tests.stream.test_live_stream import time_of

STAGES = (
    Stage(name="exam_week", clicks=1.5, delay=4.0),
    Stage(name="backlog", tools=("home", "files", "people"), outage=True),
    Stage(name="calm", clicks=0.5),
)
# A term of seven weeks in make test; all of the Fall term in make gates.
IS_SHORT = so_many(0, 1)
KILLED = Scenario(
    name="killed",
    fte=so_many(110, 30),
    seed=9,
    stage=STAGES,
    calendar=SEVEN_WEEKS if IS_SHORT else CalendarOverrides(),
)
KILLS = so_many(24, 5)
LEAST_EVENTS = so_many(200_000, 30_000)
IN_FLIGHT = PubsubSink.lanes * PubsubSink.most_messages
# Where a kill happens: before a request is published, when the broker has it and the journal not yet, with
# half of a journal's line written, while the journal is written anew, or at no moment in particular.
MOMENTS = ("publish", "acknowledged", "half a line", "rewrite", "any")
CODE = """
import json, os, signal, sys, threading, time
from pathlib import Path
from context.packs.pack import load_pack
from context.scenario.scenario import Scenario
from context.terms.premises import premises
from sim.lanes import checkpoint
from sim.stream import stream as playing
from sim.stream.clock import MAX
from sim.stream.stream import StreamJob, stream
from sim.sinks.pubsub import PubsubSink
from sim.sinks.messages import StreamOptions

playing._LEAVE_S = 60.0  # what is in flight gets through however slow the machine is
scenario, run, state, to, more, moment, turn = json.loads(sys.argv[1])
count, lock = 0, threading.Lock()

def die(after=0):
    global count
    with lock:
        count += 1
        if count == turn:
            os.kill(os.getpid(), signal.SIGKILL)

if moment in ("publish", "acknowledged"):
    deliver = PubsubSink.deliver
    def patched(self, bodies, number):
        if moment == "publish":
            die()
        deliver(self, bodies, number)
        if moment == "acknowledged":
            die()
    PubsubSink.deliver = patched
elif moment == "half a line":
    write = os.write
    def torn(handle, data):
        if bytes(data[:7]) == b'{"ack":':
            global count
            with lock:
                count += 1
                if count == turn:
                    write(handle, data[: len(data) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
        return write(handle, data)
    checkpoint.os.write = torn
elif moment == "rewrite":
    checkpoint._LONG_BYTES = 300 * turn
    as_json, calls = checkpoint._as_json, 0
    def killed(progress):
        global calls
        calls += 1
        if calls == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return as_json(progress)
    checkpoint._as_json = killed
elif moment == "any":
    kill = lambda: (time.sleep(turn / 20), os.kill(os.getpid(), signal.SIGKILL))
    threading.Thread(target=kill, daemon=True).start()

pack = load_pack("us_public_r1", None)
job = StreamJob(premises(Scenario.model_validate_json(scenario), pack), Path(run), Path(state), to, MAX,
                begin=more.get("begin"), end=more.get("end"), catch_up=more.get("catch_up", False),
                options=StreamOptions(create=True, ordering_key=more.get("ordering_key")))
print(json.dumps(stream(job, lambda line: None).status))
"""


def killed_at(arguments: list[object], moment: str, turn: int, host: str, stages: Iterator[str]) -> int:
    """Start the stream so that it kills itself, switched to stages meanwhile; returns its code."""
    process = start(CODE, [json.dumps([*arguments, moment, turn])], PUBSUB_EMULATOR_HOST=host)
    for name in stages:
        while process.poll() is None:
            with suppress(InputError, RunError):  # it doesn't listen yet, or any more
                ask(Path(str(arguments[2])), "stage", name)
                break
            time.sleep(0.05)
        if process.poll() is not None:
            break
        time.sleep(0.1)
    _, errors = process.communicate(timeout=240)
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    return process.returncode


@dataclass(frozen=True)
class Mode:
    """In what way a stream is played while it is killed."""

    name: str
    scenario: Scenario = KILLED
    more: dict[str, object] = field(default_factory=dict)  # what its job is asked for
    is_staged: bool = False

    @property
    def is_short(self) -> bool:
        """Whether ``make test`` plays it: stages do all that a plain stream does. Keys are ordered there too,
        in ``tests.stream.test_pubsub_stream``, by streams that live.
        """
        return self.is_staged


def modes() -> Iterator[Mode]:
    """As fast as it can; up to now and on with the clock; in stages that change; ordered by course."""
    yield Mode("plain")
    now = datetime.now(UTC)
    weeks = aligning_weeks(KILLED, "2026-11-06T00:00" if IS_SHORT else "2026-12-11T00:00", now)
    end = (now + timedelta(minutes=2)).isoformat(timespec="milliseconds")
    caught_up = {"catch_up": True, "end": end}
    yield Mode("catch-up", KILLED.model_copy(update={"shift": weeks}), caught_up)
    yield Mode("stages", is_staged=True)
    by_course = {"ordering_key": "canvas_course_id", "begin": "2026-10-05", "end": "2026-11-02"}
    yield Mode("ordering key", more=by_course)


@pytest.fixture(scope="module")
def killed_run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Scenario], Path]:
    """Run folders with store and plan, one for each scenario."""

    @cache
    def made(scenario: Scenario) -> Path:
        folder = tmp_path_factory.mktemp("run") / "run"
        prepare(premises(scenario, default_pack()), folder)
        return folder

    return made


@pytest.mark.parametrize(
    "mode", [pytest.param(m, id=m.name, marks=() if m.is_short else pytest.mark.gates) for m in modes()]
)
@pytest.mark.parametrize("turns", ROUNDS)
def test_kills_lose_nothing(
    pubsub: Emulator, tmp_path: Path, turns: int, mode: Mode, killed_run: Callable[[Scenario], Path]
) -> None:
    """However it is played, whenever it is killed: all arrive, repeats bounded, in order, within the skew."""
    run, state = killed_run(mode.scenario), tmp_path / "state"
    topic = f"killed-{mode.name.replace(' ', '-')}-{turns}"
    to = f"pubsub://{PROJECT}/{topic}"
    arguments: list[object] = [mode.scenario.model_dump_json(), str(run), str(state), to, mode.more]
    draws = 4 + rng.integer(rng.key(1 + 100 * turns, "kills", np.arange(KILLS)), 14)
    acked = [0]
    collector = None
    for kill, turn in enumerate(draws.tolist()):
        stages = cycle(stage.name for stage in STAGES) if mode.is_staged else iter(())
        code = killed_at(arguments, MOMENTS[kill % len(MOMENTS)], int(turn), pubsub.host, stages)
        assert code == -signal.SIGKILL, "the stream was over before all kills"
        progress = load_progress(state)
        acked.append(progress.acked if progress else 0)
        collector = collector or Collector(pubsub.host, f"{topic}-sub")
    assert killed_at(arguments, "never", 0, pubsub.host, iter(())) == 0
    assert collector is not None
    progress = load_progress(state)
    assert progress is not None
    assert progress.done
    collector.wait_for(progress.acked)  # however slow the machine is
    messages = sorted(collector.settle(2.0), key=lambda message: message.number)
    collector.stop()
    assert bool(progress.switches) == mode.is_staged
    check(messages, wanted_of(mode, run, progress, tmp_path), by_key="ordering_key" in mode.more)
    assert len(messages) - progress.acked <= KILLS * IN_FLIGHT
    assert sum(later > earlier for earlier, later in pairwise(acked)) >= KILLS // 2


def wanted_of(mode: Mode, run: Path, progress: StreamProgress, folder: Path) -> list[str]:
    """The backfill's documents of what was played; of a stream in stages those that its record gives."""
    given = premises(mode.scenario, default_pack())
    if not mode.is_staged:
        lines = documents_of_run(mode.scenario, run)
        zone = mode.scenario.time_zone
        begin, end = (
            read_moment(str(mode.more.get(key, otherwise)), zone, key)
            for key, otherwise in (("begin", "2000-01-01"), ("end", "2100-01-01"))
        )
        return [line for line in lines if begin <= time_of(line) < end]
    to = f"ndjson:{folder}/again.ndjson"
    again = Checkpoint(folder / "again", StreamProgress(progress.identity | {"to": to}))
    again.begin(progress.segments[0].begin_ms)
    for switch in progress.switches:
        again.switch(switch)
    again.close()
    stream(StreamJob(given, run, folder / "again", to, MAX), lambda _: None)
    lines = documents_of(folder / "again.ndjson")
    assert len(set(lines) - set(documents_of_run(mode.scenario, run))) > 100
    return lines


def check(messages: list[Received], wanted: list[str], *, by_key: bool) -> None:
    """What came is what was wanted: nothing less, repeats with the same bytes, first arrivals in order."""
    assert by_key or len(wanted) >= LEAST_EVENTS
    times = Counter(message.data.decode() for message in messages)
    assert set(times) == set(wanted)
    assert len(times) == len(wanted)
    assert max(times.values()) <= 1 + KILLS
    assert len(messages) - len(wanted) <= KILLS * IN_FLIGHT
    skew = int(skews_ms(map(sent_ms, first_arrivals(messages))).max())
    assert skew <= MAX_SKEW_MS
    last: dict[tuple[str, str], tuple[str, str]] = {}
    for message in {message.event_id: message for message in reversed(messages)}.values():
        tool, place = message.attributes["tool"], (message.attributes["event_time"], message.event_id)
        key = message.attributes.get("canvas_course_id", "") if by_key else ""
        # Read backwards, by the first arrival of each event.
        assert last.get((key, tool), ("~", "")) > place
        last[key, tool] = place
    twice = len(messages) - len(wanted)
    print(f"{KILLS} kills: {len(wanted):,} events, 0 lost, {twice:,} came again, skew {skew / 1000:.0f} s")  # noqa: T201


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.gates), signal.SIGTERM])
def test_a_signal_ends_it_cleanly(pubsub: Emulator, tmp_path: Path, number: signal.Signals) -> None:
    """SIGINT and SIGTERM: what is under way gets through, the journal is short, and nothing is repeated."""
    run = tmp_path / "run"
    mode = Mode("signal", KILLED.model_copy(update={"fte": 30, "stage": ()}), {"end": "2026-10-19"})
    prepare(premises(mode.scenario, default_pack()), run)
    topic = f"signal-{int(number)}"
    to = f"pubsub://{PROJECT}/{topic}"
    arguments: list[object] = [
        mode.scenario.model_dump_json(),
        str(run),
        str(tmp_path / "state"),
        to,
        mode.more,
    ]
    process = start(CODE, [json.dumps([*arguments, "never", 0])], PUBSUB_EMULATOR_HOST=pubsub.host)
    while (progress := load_progress(tmp_path / "state")) is None or progress.acked < 2_000:
        assert process.poll() is None
        time.sleep(0.005)
    os.kill(process.pid, number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    status = json.loads(output)
    assert status["state"] == "stopped"
    assert status["queue"] + status["in_flight"] == 0
    assert killed_at(arguments, "never", 0, pubsub.host, iter(())) == 0
    wanted = wanted_of(mode, run, progress, tmp_path)
    collector = Collector(pubsub.host, f"{topic}-sub")
    collector.wait_for(len(wanted))
    messages = collector.settle(1.0)
    collector.stop()
    assert sorted(message.data.decode() for message in messages) == sorted(wanted)
