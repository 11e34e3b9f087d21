"""What waits to be sent, by lane, and how far lanes may run ahead of each other in campus time.

The watermark is the least ``sent_time`` of what is queued or in flight anywhere. No lane takes a message that
was sent more than ``max_skew_ms`` after it, so whoever reads the topic never sees a message that is more than
that behind the newest one before it. Where so little happens on the campus that requests would become small,
one request takes what all lanes have, in the order in which it was sent, while the others wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from context.arrays import I64
from sim.lanes.stream_progress import Cursor, Key
from sim.sinks.messages import Messages

_NEVER = 2**63 - 1
_ROWS = 1 << 32  # a round has fewer


class Round:
    """What one call of ``put`` handed in; its facts hold when all of it and all before are acknowledged."""

    def __init__(self, messages: Messages, encoded: pa.Array, group: I64, below_ms: int, at_ms: int) -> None:
        offsets, data = encoded.buffers()[1:3]
        kind = np.int64 if pa.types.is_large_binary(encoded.type) else np.int32
        first = encoded.offset
        self.offsets = np.frombuffer(offsets, dtype=kind)[first : first + len(encoded) + 1].astype(np.int64)
        self.data = memoryview(data)
        self.sent_ms, self.events = messages.sent_ms, messages.events
        self.sensor, self.group, self.last = messages.sensor, group, messages.last
        self.below_ms, self.at_ms = below_ms, at_ms
        self.number = 0  # in the order of put
        self.left = len(messages)  # not acknowledged

    def bodies(self, rows: npt.NDArray[np.intp]) -> Iterator[memoryview]:
        """The encoded messages of rows, neighbours in one piece."""
        starts, stops = self.offsets[rows], self.offsets[rows + 1]
        breaks = np.flatnonzero(starts[1:] != stops[:-1])
        begin, end = starts[np.append(0, breaks + 1)], stops[np.append(breaks, len(rows) - 1)]
        for first, stop in zip(begin.tolist(), end.tolist(), strict=True):
            yield self.data[first:stop]

    def events_of(self, rows: npt.NDArray[np.intp]) -> dict[int, int]:
        """How many events of each sensor are in rows."""
        return _totals(self.sensor[rows], self.events[rows])

    def bytes_of(self, rows: npt.NDArray[np.intp]) -> dict[int, int]:
        """How many bytes of each sensor's messages are in rows."""
        return _totals(self.sensor[rows], self.offsets[rows + 1] - self.offsets[rows])

    def cursors(self, rows: npt.NDArray[np.intp]) -> dict[Key, Cursor]:
        """The last event of each group and sensor in rows."""
        backwards = rows[::-1]
        code = (self.group[backwards] + 1) * _ROWS + self.sensor[backwards]
        _, places = np.unique(code, return_index=True)
        row = backwards[places]
        keys = zip(self.group[row].tolist(), self.sensor[row].tolist(), strict=True)
        last = self.last
        ends = zip(
            last.time_ms[row].tolist(), last.uuid_high[row].tolist(), last.uuid_low[row].tolist(), strict=True
        )
        return dict(zip(keys, ends, strict=True))


def _totals(sensor: I64, numbers: I64) -> dict[int, int]:
    found = np.bincount(sensor, weights=numbers)
    return {code: int(found[code]) for code in np.flatnonzero(found).tolist()}


class Parcel:
    """A round's messages of one lane, and of one ordering key if there is one, in order."""

    def __init__(self, of: Round, rows: npt.NDArray[np.intp], key: str) -> None:
        self.round, self.rows, self.key = of, rows, key
        self.sent_ms = of.sent_ms[rows]
        self.sizes = np.cumsum(of.offsets[rows + 1] - of.offsets[rows])
        self.taken = 0  # from the front

    def __len__(self) -> int:
        return len(self.rows) - self.taken

    @property
    def place(self) -> int:
        """Where its next message stands in the order of all."""
        return self.round.number * _ROWS + int(self.rows[self.taken])

    @property
    def next_ms(self) -> int:
        """When its next message was sent."""
        return int(self.sent_ms[self.taken])

    def until(self, limit_ms: int) -> int:
        """How many messages from its front were sent up to ``limit_ms``."""
        return max(int(np.searchsorted(self.sent_ms, limit_ms, side="right")) - self.taken, 0)

    def fitting(self, most_bytes: int) -> int:
        """How many from its front have at most ``most_bytes`` together."""
        before = int(self.sizes[self.taken - 1]) if self.taken else 0
        return int(np.searchsorted(self.sizes, before + most_bytes, side="right")) - self.taken

    def take(self, count: int) -> npt.NDArray[np.intp]:
        """Rows of ``count`` messages from its front."""
        self.taken += count
        return self.rows[self.taken - count : self.taken]


@dataclass
class Request:
    """Messages that go out together."""

    runs: list[tuple[Round, npt.NDArray[np.intp]]]
    is_alone: bool = False  # no other lane may send meanwhile
    sent_ms: tuple[int, int] = (0, 0)  # of its first message, and the latest of any

    def __post_init__(self) -> None:
        first, latest = self.runs[0], self.runs[-1]
        self.count = sum(len(rows) for _, rows in self.runs)
        self.events = sum(int(around.events[rows].sum()) for around, rows in self.runs)
        self.sent_ms = int(first[0].sent_ms[first[1][0]]), int(latest[0].sent_ms[latest[1][-1]])

    def bodies(self) -> list[memoryview]:
        """Encoded messages."""
        return [body for around, rows in self.runs for body in around.bodies(rows)]

    def cursors(self) -> dict[Key, Cursor]:
        """The last event of each group and sensor."""
        found: dict[Key, Cursor] = {}
        for around, rows in self.runs:
            found |= around.cursors(rows)
        return found


class Queues:
    """The queue of each lane. ``most_messages`` and ``most_bytes``: what a request may hold.

    Not safe by itself: whoever calls it holds a lock.
    """

    def __init__(
        self, lanes: int, most_messages: int, most_bytes: int, max_skew_ms: int | None, *, is_keyed: bool
    ) -> None:
        self._waiting: list[list[tuple[int, Parcel]]] = [[] for _ in range(lanes)]  # heaps, by place
        self._flying: dict[int, Request] = {}  # by lane
        self._most, self._most_bytes, self._is_keyed = most_messages, most_bytes, is_keyed
        self.max_skew_ms = max_skew_ms if lanes > 1 or is_keyed else None  # one lane is in order anyway
        self._newest_ms = -_NEVER  # that was taken
        self.skew_ms = self.worst_skew_ms = 0  # how far behind that the last request began; the most so far
        self.queued = self.in_flight = 0  # messages

    def add(self, around: Round, lane: I64, keys: pa.StringArray | None) -> None:
        """Queue a round. ``keys``: the ordering key of each message."""
        for of_lane, waiting in enumerate(self._waiting):
            rows = np.flatnonzero(lane == of_lane)
            for key, mine in _by_key(rows, keys):
                parcel = Parcel(around, mine, key)
                heappush(waiting, (parcel.place, parcel))
        self.queued += around.left

    def has(self, lane: int) -> bool:
        """Whether a lane's queue has any message."""
        return bool(self._waiting[lane])

    def take(self, lane: int) -> Request | None:
        """A lane's next request, None when it has nothing or has to wait for others."""
        if not self._waiting[lane] or any(request.is_alone for request in self._flying.values()):
            return None
        limit = self._limit_ms()
        if self._is_short_of(lane, limit):
            if self._flying:
                return None  # when they are through, there is more to take
            return self._sent(lane, self._together())
        runs = self._from(lane, limit)
        return self._sent(lane, Request(runs)) if runs else None

    def done(self, lane: int) -> None:
        """A lane's request is acknowledged, or given up."""
        self.in_flight -= self._flying.pop(lane).count

    def moved(self) -> None:
        """The clock is elsewhere: what comes next is not compared with what came before."""
        self._newest_ms, self.skew_ms = -_NEVER, 0

    def _sent(self, lane: int, request: Request) -> Request:
        self._flying[lane] = request
        self.queued -= request.count
        self.in_flight += request.count
        first, latest = request.sent_ms
        self.skew_ms = max(self._newest_ms - first, 0)
        self.worst_skew_ms = max(self.worst_skew_ms, self.skew_ms)
        self._newest_ms = max(self._newest_ms, latest)
        return request

    def _limit_ms(self) -> int:
        """Up to when messages may go out now."""
        if self.max_skew_ms is None:
            return _NEVER
        heads = (waiting[0][1].next_ms for waiting in self._waiting if waiting)
        flying = (request.sent_ms[0] for request in self._flying.values())
        return min(min(heads, default=_NEVER), min(flying, default=_NEVER)) + self.max_skew_ms

    def _is_short_of(self, lane: int, limit_ms: int) -> bool:
        """Whether the limit keeps a lane from making a request worth while."""
        if self._is_keyed or self.max_skew_ms is None:
            return False
        allowed = held = 0
        for _, parcel in self._waiting[lane]:
            until = parcel.until(limit_ms)
            allowed, held = allowed + until, held + len(parcel) - until
        return held > 0 and allowed < self._most // 2

    def _from(self, lane: int, limit_ms: int) -> list[tuple[Round, npt.NDArray[np.intp]]]:
        waiting = self._waiting[lane]
        runs = list[tuple[Round, npt.NDArray[np.intp]]]()
        key, count, size = waiting[0][1].key, 0, 0
        while waiting and count < self._most and waiting[0][1].key == key:
            parcel = waiting[0][1]
            fits = max(parcel.fitting(self._most_bytes - size), 0 if count else 1)
            number = min(parcel.until(limit_ms), self._most - count, fits)
            if not number:
                break
            rows = parcel.take(number)
            size += int((parcel.round.offsets[rows + 1] - parcel.round.offsets[rows]).sum())
            count += number
            runs.append((parcel.round, rows))
            if len(parcel):
                heapreplace(waiting, (parcel.place, parcel))
                break
            heappop(waiting)
        return runs

    def _together(self) -> Request:
        """The next messages of all lanes, in the order in which they were sent."""
        heads = [parcel for waiting in self._waiting for _, parcel in waiting]
        runs = list[tuple[Round, npt.NDArray[np.intp]]]()
        left, room = self._most, self._most_bytes
        for number in sorted({parcel.round.number for parcel in heads}):
            parcels = [parcel for parcel in heads if parcel.round.number == number]
            around = parcels[0].round
            rows = np.sort(np.concatenate([parcel.rows[parcel.taken :][:left] for parcel in parcels]))[:left]
            sizes = np.cumsum(around.offsets[rows + 1] - around.offsets[rows])
            fits = max(int(np.searchsorted(sizes, room, side="right")), 0 if runs else 1)
            whole, rows = fits >= len(rows), rows[:fits]
            for parcel in parcels:
                parcel.take(int(np.isin(parcel.rows[parcel.taken :][:left], rows).sum()))
            if len(rows):
                runs.append((around, rows))
                left, room = left - len(rows), room - int(sizes[len(rows) - 1])
            if not (whole and left):
                break
        for waiting in self._waiting:
            while waiting and not len(waiting[0][1]):
                heappop(waiting)
            if waiting:
                heapreplace(waiting, (waiting[0][1].place, waiting[0][1]))
        return Request(runs, is_alone=True)


def _by_key(
    rows: npt.NDArray[np.intp], keys: pa.StringArray | None
) -> Iterator[tuple[str, npt.NDArray[np.intp]]]:
    """Rows of a lane by ordering key: a request may hold one key only."""
    if not len(rows):
        return
    if keys is None:
        yield "", rows
        return
    mine = keys.take(pa.array(rows)).fill_null("").dictionary_encode()
    codes = mine.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    cuts = np.flatnonzero(np.diff(codes[order])) + 1
    for part in np.split(order, cuts):
        yield str(mine.dictionary[int(codes[part[0]])]), rows[part]
