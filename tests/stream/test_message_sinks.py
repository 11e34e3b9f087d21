"""Sinks of messages: one contract for all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from context.errors import TermtideError
from sim.sinks.memory import MemoryMessages
from sim.sinks.messages import Attribute, Messages, StreamOptions, StreamSink
from sim.sinks.open import open_stream_sink, schemes
from tests.samples.toy_batch import toy_batch
from tests.servers.pubsub_server import PROJECT, Collector, Emulator, make_topic


@dataclass
class Case:
    """A destination: a way to open it (again), and the data that arrived, in order."""

    open: Callable[[], StreamSink]
    arrived: Callable[[int], list[str]]  # at least so many, if they come


def messages(first: int, count: int) -> Messages:
    """Messages numbered from ``first``, with attributes of few values, nulls among them, and of their own."""
    numbers = np.arange(first, first + count)
    return Messages(
        pa.array([f'{{"n":{n},"text":"é\\n"}}'.replace("\n", "\\n") for n in numbers]),
        (
            Attribute("few", pa.array(["a", "b", None]), numbers % 3),
            Attribute("own", pa.array([f"x{n}" for n in numbers]), None),
        ),
        np.zeros(count, dtype=np.int64),
        toy_batch(numbers),
        np.ones(count, dtype=np.int64),
        numbers,
    )


@pytest.fixture(params=[scheme.name for scheme in schemes("messages")])
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """Every sink of messages that the list of schemes has."""
    if request.param == "memory":
        memory = MemoryMessages()
        return Case(lambda: memory, lambda _: [message.data for message in memory.messages])
    if request.param == "ndjson":
        path = tmp_path / "x.ndjson"
        return Case(
            lambda: open_stream_sink(f"ndjson:{path}", StreamOptions()),
            lambda _: path.read_text(encoding="utf-8").splitlines(),
        )
    assert request.param == "pubsub"
    emulator: Emulator = request.getfixturevalue("pubsub")
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulator.host)
    topic = f"contract-{request.node.name.partition('[')[0].replace('_', '-')[:60]}"
    make_topic(emulator.host, topic)

    def arrived(count: int) -> list[str]:
        collector = Collector(emulator.host, f"{topic}-sub")
        try:
            found = collector.wait_for(count) if count else collector.settle()
        finally:
            collector.stop()
        return sorted(
            (message.data.decode() for message in found), key=lambda text: int(text[5:].split(",")[0])
        )

    return Case(lambda: open_stream_sink(f"pubsub://{PROJECT}/{topic}", StreamOptions()), arrived)


def _number(text: str) -> int:
    return int(json.loads(text)["n"])


def send(sink: StreamSink, what: Messages) -> object:
    """Encode and deliver in requests of two."""
    encoded, mark = sink.encode(what), None
    assert (len(encoded), encoded.type, encoded.null_count) == (len(what), pa.binary(), 0)
    for start in range(0, len(what), 2):
        part = encoded.slice(start, 2)
        mark = sink.deliver([memoryview(body) for body in part.to_pylist()], len(part))
    return mark


def test_what_is_delivered_arrives_as_it_is(case: Case) -> None:
    """Every message arrives, with its data byte for byte, in the order of delivery."""
    sink, wanted = case.open(), messages(0, 7)
    assert sink.open(None)
    assert sink.lanes >= 1
    assert sink.most_messages >= 2
    assert sink.most_bytes >= 1_000_000
    mark = send(sink, wanted)
    assert mark == sink.mark
    sink.close()
    sink.close()  # may be called again
    assert case.arrived(7) == wanted.data.to_pylist()


def test_bodies_may_hold_several_messages(case: Case) -> None:
    """A body is a run of encoded messages, as a lane hands it over: one after the other, in one piece."""
    sink, wanted = case.open(), messages(0, 5)
    sink.open(None)
    encoded = sink.encode(wanted).to_pylist()
    sink.deliver([memoryview(b"".join(encoded[:3])), memoryview(b"".join(encoded[3:]))], 5)
    sink.close()
    assert case.arrived(5) == wanted.data.to_pylist()


def test_an_opened_sink_goes_on_from_its_mark(case: Case) -> None:
    """Opened again at a mark, what came after it is forgotten where there is a mark, repeated where not."""
    sink = case.open()
    sink.open(None)
    mark = send(sink, messages(0, 4))
    send(sink, messages(4, 2))  # which nobody acknowledged: the process was killed
    sink.close()
    again = case.open()
    again.open(mark)
    send(again, messages(4, 3))
    again.close()
    wanted = [*messages(0, 7).data.to_pylist()]
    if mark is None:
        found = case.arrived(9)
        assert len(found) == 9
        assert list(dict.fromkeys(found)) == wanted
    else:
        assert case.arrived(7) == wanted


def beyond(mark: Any) -> Any:
    """A mark of more than there is: of a file its size stands first."""
    if isinstance(mark, int):
        return mark + 1_000
    size, _, digests = mark.partition(" ")
    return f"{int(size) + 1_000} {digests}"


def test_a_mark_beyond_the_end_is_refused(case: Case) -> None:
    """Who has lost what was acknowledged can't go on: one line, where there are marks."""
    sink = case.open()
    sink.open(None)
    mark = send(sink, messages(0, 2))
    sink.close()
    if mark is None:
        case.open().open(None)  # a topic can't be gone back in
        return
    with pytest.raises(TermtideError) as caught:
        case.open().open(beyond(mark))
    assert "\n" not in str(caught.value)


def test_memory_keeps_attributes() -> None:
    """Attributes stand beside the data; a null is one that is left out."""
    sink = MemoryMessages()
    sink.open(None)
    send(sink, messages(0, 3))
    assert [message.attributes for message in sink.messages] == [
        {"few": "a", "own": "x0"}, {"few": "b", "own": "x1"}, {"own": "x2"}
    ]  # fmt: skip
