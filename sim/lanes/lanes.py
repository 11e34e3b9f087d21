"""From messages to acknowledgements: lanes of requests, retries, and the checkpoint behind them.

A lane sends one request after the other, the next one only when the last is acknowledged and written down.
So nothing is reordered within a lane, whatever fails, and after a kill only one request a lane can go out
twice. Every sensor, or whoever the ordering key names, belongs to one lane.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

from context.arrays import I64
from context.errors import RunError
from sim.caliper.batch import Batch
from sim.folder.progress import time_span
from sim.lanes.checkpoint import Checkpoint
from sim.lanes.queues import Queues, Request, Round
from sim.sensors.message_maker import group_of
from sim.sinks.messages import AwayError, Messages, StreamSink

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 5.0


@dataclass(frozen=True, kw_only=True)
class LaneFigures:
    """How it stands with the lanes at one moment: what is in one of the figures is in none of the others."""

    queued: int  # messages
    in_flight: int  # messages
    acked: int  # events
    acked_bytes: int
    acked_of: Mapping[int, int]  # events by sensor
    bytes_of: Mapping[int, int]
    skew_ms: int
    worst_skew_ms: int
    retries: int
    away: str


class Lanes:
    """The lanes of one sink. ``put`` from one thread; the figures may be read from any."""

    def __init__(
        self,
        sink: StreamSink,
        checkpoint: Checkpoint,
        ordering_key: str | None,
        *,
        max_skew_ms: int | None = None,
        give_up_after_s: float | None = None,
        most_queued: int = 20_000,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._sink, self._checkpoint, self._ordering_key = sink, checkpoint, ordering_key
        self._most_queued, self._say, self.max_skew_ms = most_queued, say, max_skew_ms
        lock = threading.RLock()
        self.changed = threading.Condition(lock)
        self._news = [threading.Condition(lock) for _ in range(sink.lanes)]  # of each lane
        self.queues = Queues(
            sink.lanes, sink.most_messages, sink.most_bytes, max_skew_ms, is_keyed=ordering_key is not None
        )
        self._rounds: deque[Round] = deque()
        self._put = 0  # rounds
        self.acked = self.acked_bytes = 0  # events; bytes of messages
        self.acked_of: Counter[int] = Counter()  # events by sensor
        self.bytes_of: Counter[int] = Counter()
        self._give_up_after_s, self._away_since = give_up_after_s, 0.0  # wall time
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
    def queued(self) -> int:
        """Messages that wait to be sent."""
        return self.queues.queued

    @property
    def in_flight(self) -> int:
        """Messages that are sent and not acknowledged."""
        return self.queues.in_flight

    @property
    def unacknowledged(self) -> int:
        """Messages that are queued or in flight."""
        return self.queued + self.in_flight

    def figures(self) -> LaneFigures:
        """Everything at one moment."""
        with self.changed:
            queues = self.queues
            return LaneFigures(
                queued=queues.queued,
                in_flight=queues.in_flight,
                acked=self.acked,
                acked_bytes=self.acked_bytes,
                acked_of=Counter(self.acked_of),
                bytes_of=Counter(self.bytes_of),
                skew_ms=queues.skew_ms,
                worst_skew_ms=queues.worst_skew_ms,
                retries=self.retries,
                away=self.away,
            )

    def group_of(self, batch: Batch, sensor: I64) -> I64:
        """What the journal keeps each event's place in, besides its sensor: see ``sim.lanes.checkpoint``."""
        if self._ordering_key in (None, "tool"):
            return np.asarray(sensor, dtype=np.int64) % self._sink.lanes
        return group_of(batch, sensor, self._ordering_key)

    def has_room(self) -> bool:
        """Whether ``put`` may be called. Raises what a lane failed with."""
        if self.failure is not None:
            raise self.failure
        return self.queued < self._most_queued

    def rehearse(self, messages: Messages) -> None:
        """Get ready for messages such as these, of which nothing is sent."""
        self._sink.encode(messages)

    def put(self, messages: Messages, below_ms: int, at_ms: int) -> None:
        """Queue messages. When they are acknowledged, so is everything before ``below_ms``."""
        encoded = self._sink.encode(messages)
        group = self.group_of(messages.last, messages.sensor)
        keys = None if self._ordering_key is None else messages.attribute(self._ordering_key)
        around = Round(messages, encoded, group, below_ms, at_ms)
        if len(messages):
            self._checkpoint.handing(int(messages.sent_ms.max()))
        with self.changed:
            self._put += 1
            around.number = self._put
            self._rounds.append(around)
            self.queues.add(around, group % self._sink.lanes, keys)
            self._settle()
            self._tell()

    def moved(self) -> None:
        """The clock is elsewhere: see ``Queues.moved``."""
        with self.changed:
            self.queues.moved()

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
            for news in (self.changed, *self._news):
                news.notify_all()
        end = time.monotonic() + at_most_s
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0.0))

    def _run(self, lane: int) -> None:
        try:
            while (request := self._next(lane)) is not None:
                bodies = request.bodies()
                mark = self._deliver(bodies, request.count)
                if mark is _GIVEN_UP:
                    return
                self._checkpoint.ack(request.cursors(), request.events, mark)
                self._note(lane, request, sum(map(len, bodies)))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the player raises it in its thread
            with self.changed:
                self.failure = error
                self.changed.notify_all()

    def _next(self, lane: int) -> Request | None:
        """The lane's next request, as large as what waits allows; None when it is time to end."""
        with self.changed:
            while not self._closing:
                if (request := self.queues.take(lane)) is not None:
                    return request
                self._news[lane].wait()
            return None

    def _tell(self) -> None:
        """Wake whoever waits for a change, and of the lanes those that have something to send."""
        self.changed.notify_all()
        for lane, news in enumerate(self._news):
            if self.queues.has(lane):
                news.notify()

    def _deliver(self, bodies: list[memoryview], count: int) -> Any:
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
            if self._closing and self.away:
                return _GIVEN_UP
            self._check_patience()
            return self._sink.deliver(bodies, count)

        mark = again(once)
        if self.away and mark is not _GIVEN_UP:
            with self.changed:
                self.away = ""
            self._say("the sink is back; going on")
        return mark

    def _check_patience(self) -> None:
        """Raise RunError when the sink has been away for longer than somebody wants to wait."""
        most = self._give_up_after_s
        if self.away and most is not None and time.monotonic() - self._away_since >= most:
            raise RunError(
                f"the sink was out of reach for {time_span(most)}: {self.away}; the same command goes on"
            )

    def _tell_away(self, attempt: RetryCallState) -> None:
        error = attempt.outcome.exception() if attempt.outcome else None
        with self.changed:
            self.retries += 1
            if not self.away:
                self.away, self._away_since = str(error), time.monotonic()
                self._say(f"the sink is out of reach, waiting for it: {error}")

    def _nap(self, seconds: float) -> None:
        """Wait, but no longer than until the lanes are closed."""
        with self.changed:
            self.changed.wait_for(lambda: self._closing, seconds)

    def _note(self, lane: int, request: Request, size: int) -> None:
        with self.changed:
            self.queues.done(lane)
            self.acked += request.events
            self.acked_bytes += size
            for around, rows in request.runs:
                around.left -= len(rows)
                self.acked_of.update(around.events_of(rows))
                self.bytes_of.update(around.bytes_of(rows))
            self._settle()
            self._tell()

    def _settle(self) -> None:
        """Tell the checkpoint of the rounds that are complete, in their order."""
        done = None
        while self._rounds and not self._rounds[0].left:
            done = self._rounds.popleft()
        if done is not None:
            self._checkpoint.passed(done.below_ms, done.at_ms)


_GIVEN_UP = object()
