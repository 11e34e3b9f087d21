"""How far messages lie behind newer ones, as whoever reads a topic sees it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from tests.servers.pubsub_server import Received


def skews_ms(sent_ms: Iterable[int]) -> npt.NDArray[np.int64]:
    """How far each message lies behind the newest before it, 0 for what is newer; in order of arrival."""
    times = np.array(list(sent_ms), dtype=np.int64)
    return np.maximum.accumulate(times) - times


def sent_ms(message: Received) -> int:
    """The attribute ``sent_time``, UTC ms."""
    return int(np.datetime64(message.attributes["sent_time"][:-1], "ms").astype(np.int64))


def first_arrivals(messages: Iterable[Received]) -> list[Received]:
    """Messages without repeats, in the order of publishing."""
    found: dict[str, Received] = {}
    for message in sorted(messages, key=lambda message: message.number):
        found.setdefault(message.event_id, message)
    return list(found.values())
