"""A term streamed to the real emulator: law 6, attributes, order, trouble on the way."""

from __future__ import annotations

import json
import resource
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from sim.sinks.messages import StreamOptions
from sim.sinks.pubsub import PubsubSink
from sim.stream.control import ask
from tests.samples.live_tiny import LIVE, backfill, play, sensors
from tests.servers.proxy import proxied
from tests.servers.pubsub_server import PROJECT, Collector, Emulator, Received, make_topic
from tests.stream.test_live_stream import playing, within

IN_FLIGHT = PubsubSink.lanes * PubsubSink.most_messages

WEEK = {"begin": "2026-10-12", "end": "2026-10-16"}
LAST_WEEKS = {"begin": "2026-10-22", "end": "2026-11-08"}  # with a clock change


def collected(server: Emulator, topic: str, count: int) -> list[Received]:
    """The messages of a topic's subscription, in the order of publishing."""
    collector = Collector(server.host, f"{topic}-sub")
    collector.wait_for(count, 120)
    collector.settle(0.5)
    collector.stop()
    return sorted(collector.messages, key=lambda message: message.number)


def check_order(messages: Sequence[Received]) -> None:
    """Within a sensor, events were published in order of time and id."""
    last: dict[str, tuple[str, str]] = defaultdict(lambda: ("", ""))
    for message in messages:
        tool = message.attributes["tool"]
        place = (message.attributes["event_time"], message.event_id)
        assert last[tool] < place
        last[tool] = place
    assert len(last) > 5


@pytest.mark.parametrize(
    "span", [LAST_WEEKS, pytest.param({}, marks=pytest.mark.gates)], ids=["weeks", "term"]
)
def test_stream_is_backfill_through_the_broker(
    pubsub: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, span: dict[str, str]
) -> None:
    """Law 6: what goes through Pub/Sub is the backfill, byte for byte, each event once and in order.

    In ``make test`` the whole term goes into a file: ``tests.stream.test_live_stream``.
    """
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub.host)
    topic = f"law-six-{len(span)}"
    ended = play(f"pubsub://{PROJECT}/{topic}", tmp_path / "state", **span)
    wanted = within(**span) if span else backfill()
    assert ended.done
    assert ended.status["events_acknowledged"] == len(wanted) > 10_000
    messages = collected(pubsub, topic, len(wanted))
    assert sorted(message.data.decode() for message in messages) == sorted(wanted)
    check_order(messages)
    check_attributes(messages[:: len(messages) // 2_000])


def resident_bytes() -> int:
    """Memory of this process, 0 where the system doesn't tell it so."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.exists() else 0


ALWAYS = {"event_id", "event_time", "sent_time", "event_type", "event_action", "tool", "tenant", "synthetic"}
SOMETIMES = {"ed_app", "udp_person_id", "udp_course_offering_id", "canvas_user_id", "canvas_course_id"}


def check_attributes(messages: Sequence[Received]) -> None:
    """Attributes say what the events say, and nothing where there is nothing to say."""
    for message in messages:
        event, found = json.loads(message.data), message.attributes
        group = event.get("group")
        assert found["event_id"] == event["id"].removeprefix("urn:uuid:")
        assert found["event_time"] == event["eventTime"] <= found["sent_time"]
        assert (found["event_type"], found["event_action"]) == (event["type"], event["action"])
        assert found.get("ed_app") == event.get("edApp", {}).get("id")
        assert found["tool"] == sensors()[event["id"]]
        assert found["tenant"] == LIVE.host
        assert found["synthetic"] == "true"
        if event["actor"]["id"].startswith("urn:instructure:canvas:user:"):
            assert found["canvas_user_id"] == event["actor"]["id"].rsplit(":", 1)[1]
        # Background jobs act for nobody, and some pages are of no course.
        assert ("canvas_user_id" in found) == ("udp_person_id" in found)
        assert ("canvas_course_id" in found) == ("udp_course_offering_id" in found)
        if group and group["type"] == "CourseOffering" and "instructure" in group["id"]:
            assert found["canvas_course_id"] == group["id"].rsplit(":", 1)[1]
        assert set(found) - SOMETIMES == ALWAYS


@pytest.mark.parametrize("key", ["tool", "canvas_user_id", "canvas_course_id"])
def test_ordering_keys(pubsub: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str) -> None:
    """A key's messages come in the order in which they were sent, and each tool's of them as they happened.

    A tool's order over all people holds without a key, and with the key ``tool``.
    """
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub.host)
    topic = f"key-{key.replace('_', '-')}"
    options = StreamOptions(create=True, ordering_key=key)
    play(
        f"pubsub://{PROJECT}/{topic}",
        tmp_path / "state",
        options=options,
        begin="2026-10-12",
        end="2026-10-13",
    )
    wanted = within("2026-10-12", "2026-10-13")
    collector = Collector(pubsub.host, f"{topic}-sub")
    messages = list(collector.wait_for(len(wanted)))
    collector.stop()
    assert {message.data.decode() for message in messages} == wanted
    last: dict[tuple[str, str], tuple[str, str]] = defaultdict(lambda: ("", ""))
    sent: dict[str, str] = defaultdict(str)
    for message in messages:
        if message.ordering_key:
            assert sent[message.ordering_key] <= message.attributes["sent_time"]
            sent[message.ordering_key] = message.attributes["sent_time"]
        assert message.ordering_key == message.attributes.get(key, "")
        place = (message.attributes["event_time"], message.event_id)
        one = (message.ordering_key, message.attributes["tool"])
        assert last[one] < place
        last[one] = place


def test_envelopes_as_messages(pubsub: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An envelope a message, with the attributes of its event."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub.host)
    to = f"pubsub://{PROJECT}/envelopes"
    play(to, tmp_path / "state", message="envelope", begin="2026-10-12", end="2026-10-13")
    wanted = within("2026-10-12", "2026-10-13")
    messages = collected(pubsub, "envelopes", len(wanted))
    events = set()
    for message in messages:
        text = message.data.decode()
        events.add(text[text.index('"data":[') + 8 : -2])
        assert json.loads(text)["data"][0]["id"] == f"urn:uuid:{message.event_id}"
    assert events == wanted


def test_a_broker_away_is_waited_for(
    pubsub: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Connections cut and refused for a while in the middle: said, waited for, and nothing is missing."""
    make_topic(pubsub.host, "cut-topic")
    with proxied(pubsub.host) as proxy:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", proxy.host)
        with playing(f"pubsub://{PROJECT}/cut-topic", tmp_path / "state", rate_max=4_000.0, **WEEK) as stream:
            for _ in range(2):
                time.sleep(0.3)
                proxy.cut()
                for _ in range(300):
                    if ask(tmp_path / "state", "status")["state"] == "waiting for the sink":
                        break
                    time.sleep(0.02)
                status = ask(tmp_path / "state", "status")
                assert status["state"] == "waiting for the sink"
                assert status["sink_error"]
                proxy.mend()
            while "ended" not in stream:
                time.sleep(0.05)
        assert stream["ended"].done
        assert stream["ended"].status["retries"] > 0
    wanted = within(WEEK["begin"], WEEK["end"])
    messages = collected(pubsub, "cut-topic", len(wanted))
    assert {message.data.decode() for message in messages} == wanted
    assert len(messages) - len(wanted) <= 2 * IN_FLIGHT  # requests in flight when it was cut, twice
    first = {message.event_id: message for message in reversed(messages)}
    check_order(sorted(first.values(), key=lambda message: message.number))


def test_a_restarted_broker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The emulator stopped and started, which loses its topics: made again with --create."""
    from tests.servers.pubsub_server import QUICK_JAVA, find_emulator

    if find_emulator() is None:
        pytest.skip("no Pub/Sub emulator")
    server = Emulator(QUICK_JAVA)
    try:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", server.host)
        state = tmp_path / "state"
        with playing(f"pubsub://{PROJECT}/restart", state, rate_max=3_000.0, **WEEK) as stream:
            collector = Collector(server.host, "restart-sub")
            collector.wait_for(1_000)
            ask(state, "pause")
            while ask(state, "status")["in_flight"] + ask(state, "status")["queue"]:
                time.sleep(0.02)
            collector.settle(0.5)
            collector.stop()
            server.stop()
            ask(state, "resume")
            time.sleep(1.0)
            server.start()
            for _ in range(2_000):
                if "ended" in stream:
                    break
                time.sleep(0.05)
        assert stream["ended"].done
        wanted = within(WEEK["begin"], WEEK["end"])
        seen = {message.data.decode() for message in collector.messages}
        after = collected(server, "restart", len(wanted) - len(seen))
        assert seen | {message.data.decode() for message in after} == wanted
    finally:
        server.stop()


def test_a_slow_broker_keeps_memory_bounded(
    pubsub: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With a broker slower than the clock, the stream falls behind, says so, and holds a bounded queue."""
    make_topic(pubsub.host, "slow-topic")
    state = tmp_path / "state"
    with proxied(pubsub.host) as proxy:
        proxy.bytes_per_second = 2_000_000
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", proxy.host)
        term = {"begin": "2026-09-28", "speed": 86_400.0}
        with playing(f"pubsub://{PROJECT}/slow-topic", state, **term) as stream:
            queues, lags, memory = list[int](), list[float](), list[int]()
            while len(queues) < 60:
                time.sleep(0.1)
                status = ask(state, "status")
                queues.append(status["queue"] + status["in_flight"])
                lags.append(status["lag_s"])
                memory.append(resident_bytes())
            proxy.bytes_per_second = None
        assert max(queues) < 20_000 + 24_576 + IN_FLIGHT
        assert max(lags) > 1.0
        assert max(memory) - memory[0] < 400_000_000
        assert not stream["ended"].done
