"""Killed again and again, at every kind of moment, a stream loses nothing and repeats what was in flight."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from context import rng
from context.scenario.scenario import Scenario
from context.terms.premises import premises
from sim.lanes.checkpoint import load_progress
from sim.run import prepare
from sim.sinks.pubsub import PubsubSink
from sim.stream.stream import MAX_SKEW_MS
from tests.samples.extent import ROUNDS, so_many
from tests.samples.live_tiny import documents_of_run, start
from tests.samples.skew import first_arrivals, sent_ms, skews_ms
from tests.samples.tiny import default_pack
from tests.servers.pubsub_server import PROJECT, Collector, Emulator, Received

KILLED = Scenario(name="killed", fte=110, seed=9)
KILLS = so_many(24, 12)
LEAST_EVENTS = 200_000
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
from sim.stream.clock import MAX
from sim.stream.stream import StreamJob, stream
from sim.sinks.pubsub import PubsubSink
from sim.sinks.messages import StreamOptions

scenario, run, state, to, moment, turn = json.loads(sys.argv[1])
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
                options=StreamOptions(create=True))
print(json.dumps(stream(job, lambda line: None).status))
"""


def killed_at(arguments: list[object], moment: str, turn: int, host: str) -> int:
    """Start the stream so that it kills itself; returns its code."""
    process = start(CODE, [json.dumps([*arguments, moment, turn])], PUBSUB_EMULATOR_HOST=host)
    _, errors = process.communicate(timeout=240)
    assert process.returncode in (0, -signal.SIGKILL), errors.decode()
    return process.returncode


@pytest.mark.parametrize("turns", ROUNDS)
def test_kills_lose_nothing(pubsub: Emulator, tmp_path: Path, turns: int) -> None:
    """Kills over 200,000 events: all of them arrive, repeats bounded, in order and within the skew."""
    run = tmp_path / "run"
    prepare(premises(KILLED, default_pack()), run)
    state, topic = tmp_path / "state", f"killed-topic-{turns}"
    arguments: list[object] = [KILLED.model_dump_json(), str(run), str(state), f"pubsub://{PROJECT}/{topic}"]
    draws = 4 + rng.integer(rng.key(1 + 100 * turns, "kills", np.arange(KILLS)), 14)
    acked = [0]
    collector = None
    for kill, turn in enumerate(draws.tolist()):
        code = killed_at(arguments, MOMENTS[kill % len(MOMENTS)], int(turn), pubsub.host)
        assert code == -signal.SIGKILL, "the stream was over before all kills"
        progress = load_progress(state)
        acked.append(progress.acked if progress else 0)
        collector = collector or Collector(pubsub.host, f"{topic}-sub")
    assert killed_at(arguments, "never", 0, pubsub.host) == 0
    assert collector is not None
    messages = sorted(collector.settle(2.0), key=lambda message: message.number)
    collector.stop()
    check(messages, run)
    progress = load_progress(state)
    assert progress is not None
    assert progress.done
    assert len(messages) - progress.acked <= KILLS * IN_FLIGHT
    assert sum(later > earlier for earlier, later in pairwise(acked)) >= KILLS // 2


def check(messages: list[Received], run: Path) -> None:
    """What came is the backfill: nothing less, repeats with the same bytes, first arrivals in order."""
    wanted = documents_of_run(KILLED, run)
    assert len(wanted) >= LEAST_EVENTS
    times = Counter(message.data.decode() for message in messages)
    assert set(times) == set(wanted)
    assert len(times) == len(wanted)
    assert max(times.values()) <= 1 + KILLS
    assert len(messages) - len(wanted) <= KILLS * IN_FLIGHT
    assert skews_ms(map(sent_ms, first_arrivals(messages))).max() <= MAX_SKEW_MS
    last: dict[str, tuple[str, str]] = {}
    for message in {message.event_id: message for message in reversed(messages)}.values():
        tool, place = message.attributes["tool"], (message.attributes["event_time"], message.event_id)
        assert last.get(tool, ("~", "")) > place  # read backwards, by the first arrival of each event
        last[tool] = place


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(pubsub: Emulator, tmp_path: Path, number: signal.Signals) -> None:
    """SIGINT and SIGTERM: what is under way gets through, the journal is short, and nothing is repeated."""
    run = tmp_path / "run"
    small = KILLED.model_copy(update={"fte": 30})
    prepare(premises(small, default_pack()), run)
    topic = f"signal-{int(number)}"
    to = f"pubsub://{PROJECT}/{topic}"
    arguments: list[object] = [small.model_dump_json(), str(run), str(tmp_path / "state"), to]
    process = start(CODE, [json.dumps([*arguments, "never", 0])], PUBSUB_EMULATOR_HOST=pubsub.host)
    while (progress := load_progress(tmp_path / "state")) is None or progress.acked < 2_000:
        assert process.poll() is None
    os.kill(process.pid, number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    status = json.loads(output)
    assert status["state"] == "stopped"
    assert status["queue"] + status["in_flight"] == 0
    assert killed_at(arguments, "never", 0, pubsub.host) == 0
    wanted = documents_of_run(small, run)
    collector = Collector(pubsub.host, f"{topic}-sub")
    collector.wait_for(len(wanted))
    messages = collector.settle(1.0)
    collector.stop()
    assert sorted(message.data.decode() for message in messages) == sorted(wanted)
