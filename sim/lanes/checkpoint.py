"""How far a stream has come, as its sink has acknowledged it: a journal in the state folder.

Every acknowledged request adds a line before the next request of its lane is sent, so that after a kill only
what was in flight goes out twice. A torn last line counts as not written. The journal is rewritten, whole,
when a stream opens it and when it has grown long. Each line ends with a seal, a digest of itself and of the
seal before it: a line that was changed, lost or put elsewhere is found.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from context.arrays import BOOL, I64, U64
from context.documents import UnreadableError, read_bytes
from context.errors import InputError, RunError
from context.files import disk_error, replacing
from context.sealed import check_format
from sim.caliper.batch import Batch
from sim.folder.lock import folder_while_needed, locked
from sim.lanes.seals import format_of, open_line, seal_line

JOURNAL = "checkpoint.jsonl"
JOURNAL_FORMAT = 2
_LONG_BYTES = 8_000_000
Cursor = tuple[int, int, int]  # time_ms, uuid_high, uuid_low of the last event acknowledged
# Group and sensor: within both, events are acknowledged in total order. A group is what the ordering key
# names, by its position among people or courses; a lane where there is no such key.
Key = tuple[int, int]

_Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
# Half an id: a text in the journal, as JSON's numbers end earlier.
_Half = Annotated[int, Field(ge=0, lt=2**64)]
_Row = tuple[_Whole, _Whole, _Whole, _Half, _Half]  # group, sensor, time_ms, uuid_high, uuid_low


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Head(_Line):
    """The journal's first line."""

    format: int
    identity: dict[str, Any]
    segments: list[tuple[_Whole, _Whole | None]]
    cursors: list[_Row]
    below: _Whole
    at: _Whole
    acked: _Whole
    mark: int | str | None
    done: bool
    paused: bool = False


class _Pause(_Line):
    paused: bool


class _Clock(_Line):
    below: _Whole
    at: _Whole


class _Ack(_Line):
    ack: list[_Row]
    n: _Whole
    mark: int | str | None


_ENTRY: TypeAdapter[_Clock | _Ack | _Pause] = TypeAdapter(_Clock | _Ack | _Pause)


@dataclass
class Segment:
    """One stretch of the term, played without being moved: all events from begin to end have been sent."""

    begin_ms: int
    end_ms: int | None = None  # None: it is being played


@dataclass
class StreamProgress:
    """What a journal adds up to."""

    identity: dict[str, Any]
    segments: list[Segment] = field(default_factory=list)
    cursors: dict[Key, Cursor] = field(default_factory=dict)
    below_ms: int = 0  # every event of the segment before this is acknowledged
    at_ms: int = 0  # where the clock stood
    acked: int = 0  # events acknowledged, repeats included
    mark: Any = None  # what the sink wants to be told when it is opened again
    done: bool = False
    paused: bool = False  # somebody wanted it to stand still

    def extend(self, identity: dict[str, Any]) -> None:
        """Go on to a later end than before, even from the end itself."""
        self.identity = identity
        if self.done:
            self.done = False
            last = self.segments[-1]
            self.below_ms = max(self.below_ms, last.end_ms or 0)
            last.end_ms = None

    def wanted(self, group: I64, sensor: I64, batch: Batch) -> BOOL:
        """Which events have not been acknowledged in this segment."""
        keep = np.asarray(batch.time_ms >= self.below_ms)
        if not self.cursors:
            return keep
        keys = np.array(list(self.cursors), dtype=np.int64)
        ends = np.array([cursor[0] for cursor in self.cursors.values()], dtype=np.int64)
        high, low = (
            np.array([cursor[half] for cursor in self.cursors.values()], dtype=np.uint64) for half in (1, 2)
        )
        codes: I64 = _code(keys[:, 0], keys[:, 1])
        order = np.argsort(codes)
        wanted = _code(np.asarray(group, dtype=np.int64), np.asarray(sensor, dtype=np.int64))
        place = order[np.minimum(np.searchsorted(codes[order], wanted), len(order) - 1)]
        found: BOOL = keep & ((codes[place] != wanted) | _after(batch, ends[place], high[place], low[place]))
        return found


def _code(group: I64, sensor: I64) -> I64:
    return np.asarray(group * 65_536 + sensor)


def _after(batch: Batch, time: I64, high: U64, low: U64) -> BOOL:
    """Which events come after their cursors in total order."""
    same_time = batch.time_ms == time
    above, level = batch.uuid_high > high, batch.uuid_high == high
    later: BOOL = (batch.time_ms > time) | (same_time & (above | (level & (batch.uuid_low > low))))
    return later


class Checkpoint:
    """The journal, open for writing. Safe to use from several threads."""

    def __init__(self, folder: Path, progress: StreamProgress) -> None:
        self.path, self.progress = folder / JOURNAL, progress
        self._lock = threading.Lock()
        self._handle = -1
        self._size = 0
        self._seal = ""
        self._rewrite()

    def begin(self, begin_ms: int) -> None:
        """A segment begins; everything before it is done with."""
        with self._lock:
            progress = self.progress
            progress.segments.append(Segment(begin_ms))
            progress.cursors, progress.below_ms, progress.at_ms = {}, begin_ms, begin_ms
            self._rewrite()

    def end(self, end_ms: int, *, done: bool = False) -> None:
        """The segment is complete up to ``end_ms``."""
        with self._lock:
            if self.progress.segments and self.progress.segments[-1].end_ms is None:
                self.progress.segments[-1].end_ms = end_ms
            self.progress.done = done
            self._rewrite()

    def ack(self, cursors: Mapping[Key, Cursor], events: int, mark: Any) -> None:
        """The sink has these events for good."""
        with self._lock:
            self.progress.cursors.update(cursors)
            self.progress.acked += events
            if mark is not None:
                self.progress.mark = mark
            entries = [[*key, cursor[0], str(cursor[1]), str(cursor[2])] for key, cursor in cursors.items()]
            self._append({"ack": entries, "n": events, "mark": mark})

    def snapshot(self) -> StreamProgress:
        """How far it has come, as it stands."""
        with self._lock:
            return replace(self.progress, cursors=dict(self.progress.cursors))

    def passed(self, below_ms: int, at_ms: int) -> None:
        """Everything before ``below_ms`` is acknowledged; the clock stands at ``at_ms``."""
        with self._lock:
            if (below_ms, at_ms) != (self.progress.below_ms, self.progress.at_ms):
                self.progress.below_ms, self.progress.at_ms = below_ms, at_ms
                self._append({"below": below_ms, "at": at_ms})

    def pause(self, paused: bool) -> None:
        """Somebody stops the clock, or lets it go on; a stream that starts again does the same."""
        with self._lock:
            self.progress.paused = paused
            self._append({"paused": paused})

    def close(self) -> None:
        """Leave a short journal on the disk."""
        with self._lock:
            if self._handle >= 0:
                self._rewrite()
                os.close(self._handle)
                self._handle = -1

    def _append(self, line: dict[str, Any]) -> None:
        data, self._seal = seal_line(line, self._seal)
        try:
            # One write for one line: a kill leaves it there or not.
            if os.write(self._handle, data) != len(data):
                raise RunError(
                    f"{self.path}: no space left on the disk; free some, the same command continues"
                )
        except OSError as error:
            raise disk_error(self.path, error) from error
        self._size += len(data)
        if self._size > _LONG_BYTES:
            self._rewrite()

    def _rewrite(self) -> None:
        progress = self.progress  # a cursor before ``below_ms`` tells nothing any more
        progress.cursors = {key: c for key, c in progress.cursors.items() if c[0] >= progress.below_ms}
        data, self._seal = seal_line(_as_json(progress), "")
        with replacing([self.path], durable=True) as (beside,):
            beside.write_bytes(data)
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = os.open(self.path, os.O_WRONLY | os.O_APPEND)
        self._size = 0


def _as_json(progress: StreamProgress) -> dict[str, Any]:
    return {
        "format": JOURNAL_FORMAT,
        "identity": progress.identity,
        "segments": [[segment.begin_ms, segment.end_ms] for segment in progress.segments],
        "cursors": [[*key, c[0], str(c[1]), str(c[2])] for key, c in progress.cursors.items()],
        "below": progress.below_ms,
        "at": progress.at_ms,
        "acked": progress.acked,
        "mark": progress.mark,
        "done": progress.done,
        "paused": progress.paused,
    }


def is_torn(folder: Path) -> bool:
    """Whether something stands behind the journal's last line: a write that was cut short, or a change."""
    return not read_bytes(folder / JOURNAL).endswith(b"\n")


def load_progress(folder: Path) -> StreamProgress | None:
    """What the journal in a state folder says, None without one.

    Raises InputError for another file, DamagedError for one that was changed.
    """
    path = folder / JOURNAL
    try:
        lines = read_bytes(path).split(b"\n")
    except UnreadableError as error:
        if error.is_missing:
            return None
        raise
    try:
        there = {"format": format_of(lines[0], JOURNAL_FORMAT)}
        check_format(path, there, JOURNAL_FORMAT, "use that one, or give another --state")
        saved, seal = open_line(lines[0], "", path)
        head = _Head.model_validate(saved)
        progress = StreamProgress(
            head.identity,
            [Segment(*pair) for pair in head.segments],
            dict(_entries(head.cursors)),
            head.below,
            head.at,
            head.acked,
            head.mark,
            head.done,
            head.paused,
        )
        for line in lines[1:-1]:  # what stands behind the last newline is torn, or nothing
            entry, seal = open_line(line, seal, path)
            _apply(progress, entry)
    except ValueError:  # pydantic's and orjson's are such
        raise InputError(
            f"{path}: this is no journal of a stream; give another --state, or --fresh to begin anew"
        ) from None
    return progress


def _apply(progress: StreamProgress, line: object) -> None:
    entry = _ENTRY.validate_python(line)
    if isinstance(entry, _Clock):
        progress.below_ms, progress.at_ms = entry.below, entry.at
        return
    if isinstance(entry, _Pause):
        progress.paused = entry.paused
        return
    progress.cursors.update(_entries(entry.ack))
    progress.acked += entry.n
    progress.mark = progress.mark if entry.mark is None else entry.mark


def _entries(rows: list[_Row]) -> Iterator[tuple[Key, Cursor]]:
    for lane, sensor, time, high, low in rows:
        yield (lane, sensor), (time, high, low)


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a state folder for this process. Raises InputError when another stream is at work with it."""
    busy = InputError(f"--state {folder}: another stream is at work with it; give another one")
    with ExitStack() as stack:
        try:
            stack.enter_context(folder_while_needed(folder, mode=0o700))
            stack.enter_context(locked(folder, busy))
        except (FileExistsError, NotADirectoryError):
            raise InputError(f"--state {folder}: this is a file, allowed: a folder") from None
        except OSError as error:
            raise disk_error(folder, error) from error
        yield
