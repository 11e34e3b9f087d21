"""Where a stream goes: siblings behind one small protocol, chosen by the scheme of a URL.

``pubsub://PROJECT/TOPIC``   a Pub/Sub topic, an event or an envelope a message
``ndjson:PATH``              a file, a line a message; ``ndjson:-`` writes to stdout

A sink encodes messages, purely, and delivers encoded ones: ``deliver`` returns when they are safe there, and
raises ``AwayError`` when the same call may succeed later. Order, retries and bookkeeping are the caller's
(``sim.live.lanes``), the same for all sinks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from context.errors import InputError, RunError
from sim.live.messages import Messages
from sim.sinks.schemes import meant

ORDERING_KEYS = ("tool", "canvas_user_id", "canvas_course_id")


class AwayError(RunError):
    """The destination is out of reach for now; what was sent may or may not have arrived."""


@dataclass(frozen=True)
class StreamOptions:
    """What a stream asks of its sink."""

    create: bool = False  # make what is missing, labelled
    allow_unlabelled: str | None = None  # write there although it isn't labelled synthetic
    ordering_key: str | None = None  # an attribute's name
    labels: tuple[tuple[str, str], ...] = ()  # put on what is made


class StreamSink(Protocol):
    """What every sink of a stream does."""

    lanes: int  # requests that may be in flight at once, each lane's one after the other
    most_messages: int  # a request holds
    most_bytes: int

    @property
    def mark(self) -> Any:
        """Where it stands, to be handed to ``open`` another time; JSON, None when there is no such thing."""
        ...

    def open(self, mark: Any) -> str:
        """Check the destination and go back to ``mark``, None at first.

        Returns a line that names destination, account and whether it is an emulator. Raises InputError for
        what the user can mend, RunError for what is out of reach.
        """
        ...

    def encode(self, messages: Messages) -> pa.Array:
        """Messages as they go over the wire, binary, one row each. Raises RunError for one over a limit."""
        ...

    def deliver(self, bodies: Sequence[memoryview], count: int) -> Any:
        """Send ``count`` encoded messages; returns ``mark`` when they are safe. Raises AwayError, others."""
        ...

    def close(self) -> None:
        """Finish; nothing may be delivered afterwards."""
        ...


def open_stream_sink(url: str, options: StreamOptions) -> StreamSink:
    """The sink of a URL, not yet opened. Raises InputError for an unknown scheme or a wrong target."""
    scheme, colon, target = url.partition(":")
    if not colon or scheme not in ("pubsub", "ndjson"):
        hint = meant(scheme, ("pubsub", "ndjson"))
        raise InputError(
            f"--to {url}: allowed: pubsub://PROJECT/TOPIC, ndjson:FILE, or ndjson:- for stdout{hint}"
        )
    if scheme == "pubsub":
        from sim.sinks.pubsub import PubsubSink

        return PubsubSink(target, options)
    from sim.sinks.ndjson_stream import NdjsonStream

    return NdjsonStream(target, options)
