"""Lanes: order, retries, room, and what the checkpoint is told when."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from context.errors import RunError
from sim.lanes.checkpoint import Checkpoint, load_progress
from sim.lanes.lanes import Lanes
from sim.lanes.queues import Queues, Request
from sim.lanes.stream_progress import StreamProgress
from sim.sensors.message_maker import group_of
from sim.sinks.messages import Attribute, AwayError, Messages
from tests.samples.toy_batch import toy_batch


class ListSink:
    """Keeps lines; fails as often as it is told to, and waits while it is held."""

    lanes, most_messages, most_bytes = 3, 10, 200
    mark = None

    def __init__(self) -> None:
        self.requests: list[list[str]] = []
        self.failures = 0
        self.error: Exception = AwayError("nobody there")
        self.open_gate = threading.Event()
        self.open_gate.set()
        self._lock = threading.Lock()

    def open(self, mark: Any) -> str:
        """Nothing to check."""
        return f"list, {mark}"

    def encode(self, messages: Messages) -> pa.Array:
        """Lines."""
        return pa.array([f"{text}\n".encode() for text in messages.data.to_pylist()], pa.binary())

    def deliver(self, bodies: Sequence[memoryview], count: int) -> Any:
        """Keep a request, or fail."""
        self.open_gate.wait()
        with self._lock:
            if self.failures:
                self.failures -= 1
                raise self.error
            lines = b"".join(bodies).decode().splitlines()
            assert len(lines) == count
            self.requests.append(lines)
            return sum(map(len, self.requests))

    def close(self) -> None:
        """Nothing is open."""


def messages(first: int, count: int, sensors: int = 5) -> Messages:
    """Messages ``first`` .. of sensors in turn; a text says sensor and number."""
    numbers = np.arange(first, first + count)
    sensor = numbers % sensors
    course = Attribute("canvas_course_id", pa.array([*"abcdef", None]), numbers % 7)
    data = pa.array([f"{s}:{n}" for s, n in zip(sensor, numbers, strict=True)])
    batch = replace(
        toy_batch(numbers, numbers.astype(np.uint64)),
        course=np.where(numbers % 7 == 6, -1, numbers % 7).astype(np.int32),
    )
    return Messages(data, (course,), sensor, batch, np.ones(count, dtype=np.int64), numbers * 1_000)


def lanes_of(sink: ListSink, folder: Path, **settings: Any) -> tuple[Lanes, Checkpoint]:
    """Lanes into a sink, with a checkpoint in ``folder``."""
    checkpoint = Checkpoint(folder, StreamProgress({}))
    checkpoint.begin(0)
    return Lanes(sink, checkpoint, settings.pop("ordering_key", None), **settings), checkpoint


def finish(lanes: Lanes) -> None:
    """Wait until everything is acknowledged, and end."""
    while not lanes.flushed():
        lanes.wait(0.05)
    lanes.close(5)


def test_nothing_is_reordered_whatever_fails(tmp_path: Path) -> None:
    """Through failures, each sensor's messages arrive once and in order, in requests within the limits."""
    sink, said = ListSink(), list[str]()
    sink.failures = 4
    lanes, _ = lanes_of(sink, tmp_path, say=said.append)
    for first in range(0, 200, 50):
        lanes.put(messages(first, 50), first, first)
    finish(lanes)
    arrived = [line for request in sink.requests for line in request]
    assert sorted(arrived) == sorted(f"{n % 5}:{n}" for n in range(200))
    for sensor in range(5):
        numbers = [int(line[2:]) for line in arrived if line.startswith(f"{sensor}:")]
        assert numbers == sorted(numbers)
    assert all(len(request) <= 10 for request in sink.requests)
    assert all(sum(len(line) + 1 for line in request) <= 200 for request in sink.requests)
    assert lanes.retries == 4
    assert said[0].startswith("the sink is out of reach")
    assert said[-1] == "the sink is back; going on"


def test_a_request_holds_one_ordering_key(tmp_path: Path) -> None:
    """Messages of different keys never share a request; those of one key stay in order."""
    sink = ListSink()
    lanes, _ = lanes_of(sink, tmp_path, ordering_key="canvas_course_id")
    lanes.put(messages(0, 90), 0, 0)
    finish(lanes)
    for request in sink.requests:
        assert len({int(line[2:]) % 7 for line in request}) == 1
    for key in range(7):
        numbers = [int(line[2:]) for request in sink.requests for line in request if int(line[2:]) % 7 == key]
        assert numbers == sorted(numbers)


def test_the_checkpoint_follows_acknowledgements(tmp_path: Path) -> None:
    """What isn't acknowledged isn't in the journal; what is, is, before the lane's next request."""
    sink = ListSink()
    sink.open_gate.clear()
    lanes, _ = lanes_of(sink, tmp_path)
    lanes.put(messages(0, 20), 20, 21)
    lanes.put(messages(20, 20), 40, 41)
    time.sleep(0.1)
    before = load_progress(tmp_path)
    assert before is not None
    assert (before.acked, before.below_ms) == (0, 0)
    assert lanes.in_flight <= 3 * 10
    sink.open_gate.set()
    finish(lanes)
    after = load_progress(tmp_path)
    assert after is not None
    assert (after.acked, after.below_ms, after.at_ms) == (40, 40, 41)
    assert {key: cursor[0] for key, cursor in after.cursors.items()} == {
        (sensor % 3, sensor): 35 + sensor for sensor in range(5)
    }


def test_there_is_room_until_the_queue_is_full(tmp_path: Path) -> None:
    """A slow sink makes whoever puts wait; what is queued is bounded."""
    sink = ListSink()
    sink.open_gate.clear()
    lanes, _ = lanes_of(sink, tmp_path, most_queued=100)
    puts = 0
    while lanes.has_room() and puts < 50:
        lanes.put(messages(puts * 30, 30), 0, 0)
        puts += 1
    assert 100 <= lanes.queued < 130 + 30
    sink.open_gate.set()
    finish(lanes)
    assert sum(map(len, sink.requests)) == puts * 30


def test_a_failure_for_good_reaches_the_player(tmp_path: Path) -> None:
    """An error that isn't about reaching the sink ends the stream with that error."""
    sink = ListSink()
    sink.failures, sink.error = 1, RunError("the topic is gone")
    lanes, _ = lanes_of(sink, tmp_path)
    lanes.put(messages(0, 5, sensors=1), 0, 0)
    while lanes.failure is None:
        lanes.wait(0.05)
    with pytest.raises(RunError, match="the topic is gone"):
        lanes.flushed()
    with pytest.raises(RunError, match="the topic is gone"):
        lanes.has_room()
    lanes.close(5)


def test_stopping_does_not_wait_for_a_sink_that_is_away(tmp_path: Path) -> None:
    """A sink out of reach doesn't hold up the end; nothing of it counts as acknowledged."""
    sink = ListSink()
    sink.failures = 10**9
    lanes, checkpoint = lanes_of(sink, tmp_path)
    lanes.put(messages(0, 40), 40, 40)
    while not lanes.away:
        lanes.wait(0.05)
    lanes.close(5)
    assert checkpoint.progress.acked == 0
    assert checkpoint.progress.below_ms == 0


@pytest.mark.parametrize("key", [None, "canvas_course_id"])
@pytest.mark.parametrize("requests", [0, 1, 5, 17, 40])
def test_what_a_journal_wants_is_what_did_not_arrive(tmp_path: Path, key: str | None, requests: int) -> None:
    """Cut off after any request, a journal wants just what the sink has not acknowledged, with a key too."""
    sink = ListSink()
    deliver = sink.deliver

    def stopping(bodies: Sequence[memoryview], count: int) -> Any:
        with sink._lock:
            if len(sink.requests) >= requests:
                raise RunError("cut off")
        return deliver(bodies, count)

    sink.deliver = stopping  # type: ignore[method-assign]
    lanes, _ = lanes_of(sink, tmp_path, ordering_key=key, max_skew_ms=20_000)
    for first in range(0, 240, 60):
        lanes.put(messages(first, 60), 0, first)
    while lanes.failure is None and lanes.unacknowledged:
        lanes.wait(0.05)
    lanes.close(5)
    progress = load_progress(tmp_path)
    assert progress is not None
    everything = messages(0, 240)
    group = lanes.group_of(everything.last, everything.sensor)
    wanted = np.flatnonzero(progress.wanted(group, everything.sensor, everything.last))
    arrived = {int(line[2:]) for request in sink.requests for line in request}
    assert set(wanted.tolist()) == set(range(240)) - arrived


def test_groups_are_by_sensor_or_by_key() -> None:
    """Order is kept within a sensor; with an ordering key within everybody or every course."""
    batch = replace(
        toy_batch(np.arange(4)),
        person=np.array([7, 8, 7, -1], dtype=np.int32),
        course=np.array([-1, 2, 2, 3], dtype=np.int32),
    )
    sensor = np.array([0, 1, 5, 4])
    assert group_of(batch, sensor, None).tolist() == [0, 1, 5, 4]
    assert group_of(batch, sensor, "tool").tolist() == [0, 1, 5, 4]
    assert group_of(batch, sensor, "canvas_user_id").tolist() == [7, 8, 7, -1]
    assert group_of(batch, sensor, "canvas_course_id").tolist() == [-1, 2, 2, 3]


def test_figures_are_of_one_moment(tmp_path: Path) -> None:
    """Whoever asks waits for what is being changed; every message is queued, in flight or acknowledged."""
    sink, told = ListSink(), list[int]()
    sink.open_gate.clear()
    lanes, _ = lanes_of(sink, tmp_path)
    lanes.put(messages(0, 100), 0, 0)

    def ask() -> None:
        figures = lanes.figures()
        told.append(figures.queued + figures.in_flight + figures.acked)

    thread = threading.Thread(target=ask)
    with lanes.changed:
        thread.start()
        thread.join(0.1)
        assert not told
    thread.join()
    sink.open_gate.set()
    finish(lanes)
    ask()
    assert told == [100, 100]
    assert sum(lanes.figures().acked_of.values()) == 100


def test_lanes_with_nothing_to_send_sleep_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages of one lane wake no other, however many come."""
    take, looked = Queues.take, Counter[int]()

    def counted(self: Queues, lane: int) -> Request | None:
        looked[lane] += 1
        return take(self, lane)

    monkeypatch.setattr(Queues, "take", counted)
    lanes, _ = lanes_of(ListSink(), tmp_path)
    for first in range(50):
        lanes.put(messages(first, 1, sensors=1), first, first)
        while not lanes.flushed():
            lanes.wait(0.001)
    finish(lanes)
    assert looked[0] >= 50
    assert max(looked[1], looked[2]) <= 1
