"""Where a stream goes: siblings behind one small protocol, chosen by the scheme of a URL.

``pubsub://PROJECT/TOPIC``   a Pub/Sub topic, an event or an envelope a message
``ndjson:PATH``              a file, a line a message; ``ndjson:-`` writes to stdout
``memory:``                  in memory, for notebooks and tests

A sink encodes messages, purely, and delivers encoded ones: ``deliver`` returns when they are safe there, and
raises ``AwayError`` when the same call may succeed later. Order, retries and bookkeeping are the caller's
(``sim.lanes``), the same for all sinks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from context.arrays import I64
from context.errors import RunError
from sim.caliper.batch import Batch


@dataclass(frozen=True)
class Attribute:
    """One attribute of many messages: message i has ``values[rows[i]]``; a null is an attribute left out."""

    name: str
    values: pa.StringArray
    rows: I64 | None  # None: ``values`` has one value per message


@dataclass(frozen=True)
class Messages:
    """Messages in the order in which they are to be sent."""

    data: pa.StringArray
    attributes: tuple[Attribute, ...]
    sensor: I64
    last: Batch  # the last event of each message
    events: I64  # how many events each message holds
    sent_ms: I64  # campus time, UTC, at which its sensor sent each; never falling

    def __len__(self) -> int:
        return len(self.data)

    def attribute(self, name: str) -> pa.StringArray:
        """The values of one attribute, a message each."""
        found = next(attribute for attribute in self.attributes if attribute.name == name)
        return found.values if found.rows is None else found.values.take(pa.array(found.rows))


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
    # Of the subscription that is made, None for Pub/Sub's own:
    ack_deadline_s: float | None = None  # whole seconds
    retention_s: float | None = None
    dead_letter: str | None = None  # a topic of the same project


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
