"""Messages as Pub/Sub's protocol buffers, built by Arrow column by column.

A message costs the client library's own objects some 15 us, here 2 us; what comes out are the same bytes that
``PubsubMessage`` would parse and write again (a test shows that). Field numbers are those of
``google.pubsub.v1``: data 1, attributes 2 (a map of key 1, value 2), ordering_key 5; in a request topic 1,
messages 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from context.errors import RunError
from sim.sinks.messages import Attribute, Messages

# Limits of the service, which the emulator doesn't enforce. Source: Pub/Sub quotas and limits.
MOST_KEY_BYTES = 256
MOST_VALUE_BYTES = 1_024
MOST_ATTRIBUTES = 100
MOST_ORDERING_KEY_BYTES = 1_024
MOST_MESSAGE_BYTES = 9_500_000  # a request may have 10 MB; its topic and lengths need some
_VARINTS = 65_536
Binary = Any  # a binary array of Arrow, which comes without types


def varint(number: int) -> bytes:
    """A length as protocol buffers write it: seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


@lru_cache(maxsize=1)
def _varint_table() -> pa.BinaryArray:
    return pa.array([varint(number) for number in range(_VARINTS)], pa.binary())


def _varints(lengths: pa.Array) -> Binary:
    if (pc.max(lengths).as_py() or 0) >= _VARINTS:
        return pa.array([varint(number) for number in lengths.to_pylist()], pa.binary())
    return _varint_table().take(lengths)


def _join(*parts: Any) -> Binary:
    """Element-wise concatenation of bytes and binary arrays."""
    scalars = [pa.scalar(part, pa.binary()) if isinstance(part, bytes) else part for part in parts]
    return pc.binary_join_element_wise(*scalars, pa.scalar(b"", pa.binary()))


def _field(tag: bytes, values: Binary) -> Binary:
    """A field of each row: tag, length, bytes."""
    return _join(tag, _varints(pc.binary_length(values)), values)


def entries(name: str, values: pa.StringArray) -> Binary:
    """One attribute as entries of the map, empty where the value is null."""
    key = name.encode()
    pair = _join(b"\x0a" + varint(len(key)) + key, _field(b"\x12", values.cast(pa.binary())))
    return pc.fill_null(_field(b"\x12", pair), b"")


def check_attribute(name: str, values: pa.StringArray) -> None:
    """Raise RunError for what the service would refuse."""
    if len(name.encode()) > MOST_KEY_BYTES or name.startswith("goog") or not name:
        raise RunError(f"attribute {name!r}: allowed: 1 to {MOST_KEY_BYTES} bytes that don't begin with goog")
    longest = pc.max(pc.binary_length(values)).as_py() or 0
    if longest > MOST_VALUE_BYTES:
        raise RunError(f"attribute {name}: a value of {longest} bytes, allowed: {MOST_VALUE_BYTES}")


class Encoder:
    """Encodes messages; entries of attributes whose values are the same every time are made once."""

    def __init__(self, ordering_key: str | None) -> None:
        self._ordering_key = ordering_key
        self._made: dict[tuple[str, ...], tuple[list[pa.StringArray], Binary]] = {}

    def encode(self, messages: Messages) -> Binary:
        """One row a message: field 2 of a PublishRequest, tag and length included."""
        if len(messages.attributes) > MOST_ATTRIBUTES:
            raise RunError(f"{len(messages.attributes)} attributes, allowed: {MOST_ATTRIBUTES}")
        parts = self._parts(messages.attributes)
        if self._ordering_key:
            keys = pc.fill_null(messages.attribute(self._ordering_key), "")
            if (pc.max(pc.binary_length(keys)).as_py() or 0) > MOST_ORDERING_KEY_BYTES:
                raise RunError(f"ordering key {self._ordering_key}: allowed: {MOST_ORDERING_KEY_BYTES} bytes")
            parts.append(_field(b"\x2a", keys.cast(pa.binary())))
        # The data are by far the most of a message: lengths are added up so that they are copied only once.
        data = messages.data.cast(pa.binary())
        head = _join(b"\x0a", _varints(pc.binary_length(data)))
        lengths = [pc.binary_length(part) for part in (head, data, *parts)]
        body = reduce(pc.add, lengths)
        if (pc.max(body).as_py() or 0) > MOST_MESSAGE_BYTES:
            raise RunError(f"a message of more than {MOST_MESSAGE_BYTES} bytes; the service takes 10 MB")
        return _join(b"\x12", _varints(body), head, data, *parts)

    def _parts(self, attributes: Sequence[Attribute]) -> list[Binary]:
        """Entries of the map. Attributes that go by the same rows are joined once, for all messages."""
        parts, together = list[Binary](), dict[int, list[Attribute]]()
        for attribute in attributes:
            if attribute.rows is None:
                check_attribute(attribute.name, attribute.values)
                parts.append(entries(attribute.name, attribute.values))
            else:
                together.setdefault(id(attribute.rows), []).append(attribute)
        return parts + [self._shared(shared) for shared in together.values()]

    def _shared(self, attributes: Sequence[Attribute]) -> Binary:
        names, values = [one.name for one in attributes], [one.values for one in attributes]
        known = self._made.get(tuple(names))
        if known is None or any(one is not other for one, other in zip(known[0], values, strict=True)):
            for name, texts in zip(names, values, strict=True):
                check_attribute(name, texts)
            made = [entries(name, texts) for name, texts in zip(names, values, strict=True)]
            known = self._made[tuple(names)] = values, made[0] if len(made) == 1 else _join(*made)
        return known[1].take(pa.array(attributes[0].rows))


def request_bytes(topic: str, bodies: list[bytes | memoryview]) -> bytes:
    """A whole PublishRequest of encoded messages."""
    name = topic.encode()
    return b"".join([b"\x0a", varint(len(name)), name, *bodies])
