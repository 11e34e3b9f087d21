"""From messages to acknowledgements: lanes of requests, retries, and the checkpoint behind them.

A lane sends one request after the other, the next one only when the last is acknowledged and written down.
So nothing is reordered within a lane, whatever fails, and after a kill only one request a lane can go out
twice. Every sensor, or every ordering key, belongs to one lane.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

from context.arrays import I64
from sim.caliper.batch import Batch
from sim.sinks.messages import AwayError, Messages, StreamSink
from sim.stream.checkpoint import Checkpoint, Cursor, Key

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 5.0


def lane_of(batch: Batch, sensor: I64, ordering_key: str | None, lanes: int) -> I64:
    """The lane of each event: by sensor, or by what the messages are to be in order by."""
    by = {"canvas_user_id": batch.person, "canvas_course_id": batch.course}.get(ordering_key or "", sensor)
    return np.asarray(by, dtype=np.int64) % lanes


@dataclass
class Round:
    """What one call of ``put`` handed in; its facts hold when all of it and all before are acknowledged."""

    below_ms: int
    at_ms: int
    left: int  # messages not acknowledged


class Parcel:
    """Encoded messages of one lane, and of one ordering key if there is one, in order."""

    def __init__(self, encoded: pa.Array, key: str, sensor: I64, last: Batch, events: I64, of: Round) -> None:
        offsets, data = encoded.buffers()[1:3]
        kind = np.int64 if pa.types.is_large_binary(encoded.type) else np.int32
        self.offsets = np.frombuffer(offsets, dtype=kind)[encoded.offset : encoded.offset + len(encoded) + 1]
        self.data = memoryview(data)
        self.key, self.sensor, self.last, self.events, self.round = key, sensor, last, events, of
        self.sent = 0  # messages taken from the front

    def __len__(self) -> int:
        return len(self.sensor) - self.sent

    def take(self, most: int, most_bytes: int) -> tuple[memoryview, slice]:
        """Up to ``most`` messages of at most ``most_bytes`` from the front, one at least."""
        first = self.sent
        fits = int(np.searchsorted(self.offsets, int(self.offsets[first]) + most_bytes, side="right")) - 1
        stop = max(min(first + most, fits), first + 1)
        self.sent = stop
        return self.data[int(self.offsets[first]) : int(self.offsets[stop])], slice(first, stop)


@dataclass
class _Request:
    bodies: list[memoryview]
    count: int
    events: int
    cursors: dict[Key, Cursor]
    rounds: list[tuple[Round, int]]


class Lanes:
    """The lanes of one sink. ``put`` from one thread; the figures may be read from any."""

    def __init__(
        self,
        sink: StreamSink,
        checkpoint: Checkpoint,
        ordering_key: str | None,
        *,
        most_queued: int = 20_000,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._sink, self._checkpoint, self._ordering_key = sink, checkpoint, ordering_key
        self._most_queued, self._say = most_queued, say
        self.changed = threading.Condition()
        self._queues: list[deque[Parcel]] = [deque() for _ in range(sink.lanes)]
        self._rounds: deque[Round] = deque()
        self.queued = self.in_flight = self.acked = 0  # messages
        self.retries = 0
        self.away = ""  # why the sink is out of reach, "" when it isn't
        self.failure: BaseException | None = None
        self._closing = False
        self._threads = [
            threading.Thread(target=self._run, args=(lane,), name=f"lane {lane}", daemon=True)
            for lane in range(sink.lanes)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def unacknowledged(self) -> int:
        """Messages that are queued or in flight."""
        return self.queued + self.in_flight

    def lane_of(self, batch: Batch, sensor: I64) -> I64:
        """The lane of each event."""
        return lane_of(batch, sensor, self._ordering_key, len(self._queues))

    def has_room(self) -> bool:
        """Whether ``put`` may be called. Raises what a lane failed with."""
        if self.failure is not None:
            raise self.failure
        return self.queued < self._most_queued

    def put(self, messages: Messages, below_ms: int, at_ms: int) -> None:
        """Queue messages. When they are acknowledged, so is everything before ``below_ms``."""
        encoded = self._sink.encode(messages)
        lane = self.lane_of(messages.last, messages.sensor)
        around = Round(below_ms, at_ms, len(messages))
        parcels: list[tuple[int, Parcel]] = []
        for of_lane in range(len(self._queues)):
            rows = np.flatnonzero(lane == of_lane)
            for key, mine in self._by_key(messages, rows):
                part = encoded.take(pa.array(mine))
                parcels.append(
                    (
                        of_lane,
                        Parcel(
                            part,
                            key,
                            messages.sensor[mine],
                            messages.last.take(mine),
                            messages.events[mine],
                            around,
                        ),
                    )
                )
        with self.changed:
            self._rounds.append(around)
            for of_lane, parcel in parcels:
                self._queues[of_lane].append(parcel)
            self.queued += len(messages)
            self._settle()
            self.changed.notify_all()

    def _by_key(
        self, messages: Messages, rows: npt.NDArray[np.intp]
    ) -> list[tuple[str, npt.NDArray[np.intp]]]:
        """Rows of a lane by ordering key: a request may hold one key only."""
        if not len(rows):
            return []
        if self._ordering_key is None:
            return [("", rows)]
        keys = messages.attribute(self._ordering_key).take(pa.array(rows)).fill_null("").dictionary_encode()
        codes = keys.indices.to_numpy()
        return [(str(key), rows[codes == code]) for code, key in enumerate(keys.dictionary.to_pylist())]

    def oldest_ms(self) -> int | None:
        """Campus time at which the oldest message that isn't acknowledged was handed in."""
        with self.changed:
            return self._rounds[0].at_ms if self._rounds else None

    def drain(self, at_most_s: float) -> None:
        """Give what is queued a moment to get through."""
        end = time.monotonic() + at_most_s
        while self.unacknowledged and self.failure is None and time.monotonic() < end:
            self.wait(0.05)

    def wait(self, at_most_s: float) -> None:
        """Sleep until a lane has something to tell."""
        with self.changed:
            self.changed.wait(at_most_s)

    def flushed(self) -> bool:
        """Whether everything is acknowledged. Raises what a lane failed with."""
        if self.failure is not None:
            raise self.failure
        return self.unacknowledged == 0

    def close(self, at_most_s: float) -> None:
        """End the lanes; what is queued stays unsent, what is in flight is waited for, but not for long."""
        with self.changed:
            self._closing = True
            self.changed.notify_all()
        end = time.monotonic() + at_most_s
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0.0))

    def _run(self, lane: int) -> None:
        try:
            while (request := self._next(lane)) is not None:
                mark = self._deliver(request)
                if mark is _GIVEN_UP:
                    return
                self._checkpoint.ack(request.cursors, request.events, mark)
                self._note(request)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the player raises it in its thread
            with self.changed:
                self.failure = error
                self.changed.notify_all()

    def _next(self, lane: int) -> _Request | None:
        """The lane's next request, as large as what waits allows; None when it is time to end."""
        queue = self._queues[lane]
        with self.changed:
            while not queue and not self._closing:
                self.changed.wait()
            if self._closing:
                return None
            request = _Request([], 0, 0, {}, [])
            key, size = queue[0].key, 0
            most, most_bytes = self._sink.most_messages, self._sink.most_bytes
            while queue and queue[0].key == key and request.count < most and size < most_bytes:
                parcel = queue[0]
                if request.count and self._next_size(parcel) > most_bytes - size:
                    break
                body, rows = parcel.take(most - request.count, most_bytes - size)
                size += len(body)
                request.bodies.append(body)
                count = rows.stop - rows.start
                request.count += count
                request.events += int(parcel.events[rows].sum())
                request.rounds.append((parcel.round, count))
                request.cursors.update(_cursors(lane, parcel, rows))
                if not len(parcel):
                    queue.popleft()
            self.queued -= request.count
            self.in_flight += request.count
            return request

    @staticmethod
    def _next_size(parcel: Parcel) -> int:
        return int(parcel.offsets[parcel.sent + 1] - parcel.offsets[parcel.sent])

    def _deliver(self, request: _Request) -> Any:
        """Send until it is acknowledged."""
        again = Retrying(
            retry=retry_if_exception_type(AwayError),
            wait=wait_exponential(multiplier=_FIRST_PAUSE_S, max=_LONGEST_PAUSE_S),
            stop=lambda _: self._closing,
            before_sleep=self._tell_away,
            sleep=self._nap,
            retry_error_callback=lambda _: _GIVEN_UP,
        )

        def once() -> Any:
            given_up = self._closing and self.away
            return _GIVEN_UP if given_up else self._sink.deliver(request.bodies, request.count)

        mark = again(once)
        if self.away and mark is not _GIVEN_UP:
            self.away = ""
            self._say("the sink is back; going on")
        return mark

    def _tell_away(self, attempt: RetryCallState) -> None:
        error = attempt.outcome.exception() if attempt.outcome else None
        with self.changed:
            self.retries += 1
            if not self.away:
                self.away = str(error)
                self._say(f"the sink is out of reach, waiting for it: {error}")

    def _nap(self, seconds: float) -> None:
        """Wait, but no longer than until the lanes are closed."""
        with self.changed:
            self.changed.wait_for(lambda: self._closing, seconds)

    def _note(self, request: _Request) -> None:
        with self.changed:
            self.in_flight -= request.count
            self.acked += request.events
            for around, count in request.rounds:
                around.left -= count
            self._settle()
            self.changed.notify_all()

    def _settle(self) -> None:
        """Tell the checkpoint of the rounds that are complete, in their order."""
        done = None
        while self._rounds and not self._rounds[0].left:
            done = self._rounds.popleft()
        if done is not None:
            self._checkpoint.passed(done.below_ms, done.at_ms)


_GIVEN_UP = object()


def _cursors(lane: int, parcel: Parcel, rows: slice) -> dict[Key, Cursor]:
    """The last event of each sensor in a run of messages."""
    sensors = parcel.sensor[rows]
    codes, from_end = np.unique(sensors[::-1], return_index=True)
    found: dict[Key, Cursor] = {}
    for code, back in zip(codes.tolist(), from_end.tolist(), strict=True):
        row = rows.stop - 1 - back
        last = parcel.last
        found[lane, code] = int(last.time_ms[row]), int(last.uuid_high[row]), int(last.uuid_low[row])
    return found
