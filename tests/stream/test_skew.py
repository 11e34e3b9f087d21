"""Bounded skew: no message comes more than so much campus time behind a newer one, in whatever mode."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from context import rng
from context.errors import InputError
from sim.lanes.queues import Queues, Request, Round
from sim.sinks.messages import Messages, StreamOptions
from sim.stream.control import ask
from sim.stream.moments_and_speeds import read_skew
from tests.samples.live_tiny import play
from tests.samples.skew import first_arrivals, sent_ms, skews_ms
from tests.samples.toy_batch import toy_batch
from tests.servers.pubsub_server import PROJECT, Emulator
from tests.stream.test_live_stream import playing, within
from tests.stream.test_pubsub_stream import collected

BOUND_MS = 60_000
LANES, SENSORS = 4, 7


def a_round(sent: list[int], first: int) -> Round:
    """Messages numbered from ``first``, sent at these times by sensors in no order."""
    numbers = np.arange(first, first + len(sent))
    sensor = np.asarray(rng.integer(rng.key(4, "sensor", numbers), SENSORS), dtype=np.int64)
    ones = np.ones(len(sent), dtype=np.int64)
    texts = pa.array([f"{number:06d}" for number in numbers], pa.binary())
    batch = toy_batch(numbers)
    given = Messages(pa.array([""] * len(sent)), (), sensor, batch, ones, np.array(sent, dtype=np.int64))
    return Round(given, texts, sensor % LANES, first, first)


def played(queues: Queues, rounds: list[Round], turns: list[int], *, keyed: bool) -> list[int]:
    """The numbers of messages in the order in which a broker gets them, whatever takes its time."""
    flying: dict[int, tuple[Request, bool]] = {}  # whether the broker has it already
    arrived, waiting, turn = list[int](), list(reversed(rounds)), 0
    while waiting or queues.queued or flying:
        step = turns[turn % len(turns)] + turn // len(turns)
        lane, what = step % LANES, step // LANES % 3
        turn += 1
        if waiting and (what == 0 or not queues.queued):
            around = waiting.pop()
            around.number = len(rounds) - len(waiting)
            keys = pa.array([f"k{one % 3}" for one in around.group]) if keyed else None
            queues.add(around, around.group % LANES, keys)
        if lane not in flying and (request := queues.take(lane)) is not None:
            flying[lane] = request, False
        elif lane in flying:
            request, is_there = flying[lane]
            if not is_there:
                body = b"".join(request.bodies())
                arrived += [int(body[at : at + 6]) for at in range(0, len(body), 6)]
                flying[lane] = request, True
            if what:
                queues.done(lane)
                del flying[lane]
        assert turn < 40_000, "nobody may send any more"
    return arrived


@given(
    st.lists(st.integers(0, 40_000), min_size=1, max_size=300),
    st.lists(st.integers(0, 11), min_size=3, max_size=40),
    st.booleans(),
)
def test_no_lane_runs_ahead(gaps: list[int], turns: list[int], keyed: bool) -> None:
    """Whatever is slow: all messages go out, none further behind a newer one than the bound, in order."""
    sent = np.cumsum(gaps).tolist()
    rounds = [a_round(sent[at : at + 50], at) for at in range(0, len(sent), 50)]
    sensor = np.concatenate([around.sensor for around in rounds])
    if keyed:
        for around in rounds:
            around.group = around.sensor
    queues = Queues(LANES, 20, 100_000, BOUND_MS, is_keyed=keyed)
    arrived = played(queues, rounds, turns, keyed=keyed)
    assert sorted(arrived) == list(range(len(sent)))
    assert skews_ms(sent[number] for number in arrived).max() <= BOUND_MS
    assert queues.worst_skew_ms <= BOUND_MS
    for one in range(SENSORS):
        mine = [number for number in arrived if sensor[number] == one]
        assert mine == sorted(mine)


def test_requests_stay_large_on_a_quiet_campus() -> None:
    """Where the bound would leave a message a request, one request takes what all lanes have, in order."""
    sent = (np.arange(200) * 10 * BOUND_MS).tolist()
    queues = Queues(LANES, 20, 100_000, BOUND_MS, is_keyed=False)
    around = a_round(sent, 0)
    around.number = 1
    queues.add(around, around.group, None)
    lanes = sorted(set(around.group.tolist()))
    request = queues.take(lanes[0])
    assert request is not None
    assert b"".join(request.bodies()) == b"".join(f"{number:06d}".encode() for number in range(20))
    assert all(queues.take(lane) is None for lane in lanes[1:])
    queues.done(lanes[0])
    assert queues.take(lanes[-1]) is not None


def test_requests_go_side_by_side_on_a_busy_one() -> None:
    """Where much happens within the bound, all lanes send at once."""
    queues = Queues(LANES, 20, 100_000, BOUND_MS, is_keyed=False)
    around = a_round([0] * 300, 0)
    queues.add(around, around.group, None)
    requests = [queues.take(lane) for lane in range(LANES)]
    assert [request.count for request in requests if request] == [20] * LANES


@pytest.mark.parametrize("key", [None, "canvas_user_id"])
def test_a_topic_read_back_has_bounded_skew(
    pubsub: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str | None
) -> None:
    """At speed max, no message of a topic was sent more than five campus minutes before one ahead of it."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub.host)
    topic = f"skew-{key}"
    span = {"begin": "2026-10-12", "end": "2026-10-14" if key else "2026-10-16"}
    options = StreamOptions(create=True, ordering_key=key)
    ended = play(f"pubsub://{PROJECT}/{topic}", tmp_path / "state", options=options, **span)
    messages = collected(pubsub, topic, len(within(**span)))
    assert skews_ms(map(sent_ms, messages)).max() <= 300_000
    assert ended.status["worst_skew_s"] <= ended.status["max_skew_s"] == 300.0


def test_skew_is_bounded_after_all_that_may_happen_to_a_stream(
    pubsub: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Paused, moved, stopped and started again, a topic keeps the bound within each stretch played."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub.host)
    to, state = f"pubsub://{PROJECT}/skew-moved", tmp_path / "state"
    span = {"begin": "2026-09-14", "end": "2026-11-14"}
    with playing(to, state, rate_max=4_000.0, **span):
        ask(state, "pause")
        ask(state, "resume")
        moved = ask(state, "seek", "2026-11-02T09:00")
        assert moved["max_skew_s"] == 300.0
    ended = play(to, state, **span)
    assert ended.done
    collector = collected(pubsub, "skew-moved", ended.status["events_acknowledged"])
    times = [sent_ms(message) for message in first_arrivals(collector)]
    later = [time for time in times if time >= times[-1] - 14 * 86_400_000]
    stretches = (later, [time for time in times if time < later[0]]) if later else (times,)
    assert all(skews_ms(stretch).max(initial=0) <= 300_000 for stretch in stretches)


def test_bounds_are_times() -> None:
    """A time with its unit, or none."""
    assert (read_skew("5m"), read_skew(" 90 s"), read_skew("1.5h"), read_skew("None")) == (
        300_000, 90_000, 5_400_000, None,
    )  # fmt: skip
    with pytest.raises(InputError, match=r"--max-skew: .5. given, allowed: a time such as 90s.*, or none"):
        read_skew("5")
