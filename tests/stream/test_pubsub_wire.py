"""Messages on the wire: what our encoder writes is what Google's own classes read."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from google import pubsub_v1
from hypothesis import given
from hypothesis import strategies as st

from context.errors import RunError
from sim.sinks import pubsub_wire
from sim.sinks.messages import Attribute, Messages
from sim.sinks.pubsub_wire import Encoder, request_bytes, varint
from tests.samples.toy_batch import toy_batch

TOPIC = "projects/termtide-test/topics/wire"
TEXT = st.text(max_size=40) | st.integers(0, 300).map(lambda n: "é" * n)


def messages(data: list[str], attributes: tuple[Attribute, ...]) -> Messages:
    """Messages with this data and these attributes."""
    numbers = np.arange(len(data))
    ones = np.ones_like(numbers)
    return Messages(pa.array(data, pa.string()), attributes, numbers, toy_batch(numbers), ones, numbers)


def parsed(encoded: pa.Array) -> list[pubsub_v1.PubsubMessage]:
    """What Google's classes make of encoded messages; nothing may be unknown to them."""
    raw = request_bytes(TOPIC, [row.as_py() for row in encoded])
    request = pubsub_v1.PublishRequest.deserialize(raw)
    assert request.topic == TOPIC
    assert len(pubsub_v1.PublishRequest.serialize(request)) == len(raw)
    return list(request.messages)


@given(
    st.lists(
        st.tuples(st.text(min_size=1, max_size=300), TEXT.filter(bool), st.none() | TEXT),
        min_size=1,
        max_size=8,
    )
)
def test_any_text_comes_through(rows: list[tuple[str, str, str | None]]) -> None:
    """Data, attributes of a message each, attributes from a table with nothing in some rows, and keys."""
    data, own, shared = (list(column) for column in zip(*rows, strict=True))
    places = np.arange(len(rows))[::-1].copy()
    given_attributes = (
        Attribute("own", pa.array(own, pa.string()), None),
        Attribute("shared", pa.array(shared, pa.string()), places),
    )
    encoded = Encoder("own").encode(messages(data, given_attributes))
    for row, message in enumerate(parsed(encoded)):
        value = shared[places[row]]
        wanted = {"own": own[row]} | ({} if value is None else {"shared": value})
        assert message.data == data[row].encode()
        assert dict(message.attributes) == wanted
        assert message.ordering_key == own[row]


def test_attributes_of_the_same_rows_are_joined_and_not_mixed_up() -> None:
    """Attributes that go by one array of rows keep each its own value, also when tables change."""
    encoder, rows, other = Encoder(None), np.array([1, 0, 1]), np.array([0, 0, 1])
    for turn in ("one", "two"):
        first, second = pa.array([f"{turn} a", None], pa.string()), pa.array([None, f"{turn} b"], pa.string())
        attributes = (
            Attribute("first", first, rows),
            Attribute("third", first, other),
            Attribute("second", second, rows),
        )
        found = [dict(one.attributes) for one in parsed(encoder.encode(messages(["{}"] * 3, attributes)))]
        assert found == [
            {"second": f"{turn} b", "third": f"{turn} a"},
            {"first": f"{turn} a", "third": f"{turn} a"},
            {"second": f"{turn} b"},
        ]


@pytest.mark.parametrize("size", [1, 127, 128, 16_383, 16_384, 65_535, 65_536, 2_100_000])
def test_lengths_of_every_size(size: int) -> None:
    """Lengths of one byte, of two, and those beyond the table."""
    (message,) = parsed(Encoder(None).encode(messages(["x" * size], ())))
    assert len(message.data) == size


def test_varints_by_hand() -> None:
    """The examples of the protocol's documentation."""
    assert varint(1) == b"\x01"
    assert varint(150) == b"\x96\x01"
    assert varint(300) == b"\xac\x02"


def attribute(name: str, value: str) -> Messages:
    """One message with one attribute."""
    return messages(["{}"], (Attribute(name, pa.array([value]), None),))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("x" * 257, "a", "allowed: 1 to 256 bytes"),
        ("googclient", "a", "don't begin with goog"),
        ("", "a", "allowed: 1 to 256 bytes"),
        ("tenant", "é" * 513, "attribute tenant: a value of 1026 bytes, allowed: 1024"),
    ],
)
def test_limits_of_the_service(name: str, value: str, said: str) -> None:
    """What the service refuses, and the emulator doesn't, is refused before it is sent."""
    with pytest.raises(RunError, match=said):
        Encoder(None).encode(attribute(name, value))


def test_more_limits_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Number of attributes, length of ordering keys, size of a message."""
    many = tuple(Attribute(f"a{n}", pa.array(["x"]), None) for n in range(101))
    with pytest.raises(RunError, match="101 attributes, allowed: 100"):
        Encoder(None).encode(messages(["{}"], many))
    monkeypatch.setattr(pubsub_wire, "MOST_VALUE_BYTES", 5_000)
    with pytest.raises(RunError, match="ordering key tenant: allowed: 1024 bytes"):
        Encoder("tenant").encode(attribute("tenant", "x" * 1_025))
    with pytest.raises(RunError, match="a message of more than"):
        Encoder(None).encode(messages(["x" * 9_500_001], ()))
