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
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from context.documents import UnreadableError, read_bytes
from context.errors import InputError, RunError
from context.files import disk_error, replacing
from context.sealed import check_format
from sim.folder.lock import folder_while_needed, locked
from sim.lanes.seals import format_of, open_line, seal_line
from sim.lanes.stream_progress import Cursor, Key, Segment, StreamProgress
from sim.sensors.switches import NO_STAGE, Switch

JOURNAL = "checkpoint.jsonl"
JOURNAL_FORMAT = 3
_LONG_BYTES = 8_000_000
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
    switches: list[list[tuple[_Whole, str]]]  # to stages, of each segment
    cursors: list[_Row]
    below: _Whole
    at: _Whole
    ahead: _Whole
    acked: _Whole
    mark: int | str | None
    done: bool
    paused: bool = False


class _Pause(_Line):
    paused: bool


class _Stage(_Line):
    stage: str
    since: _Whole


class _Ahead(_Line):
    ahead: _Whole


class _Clock(_Line):
    below: _Whole
    at: _Whole


class _Ack(_Line):
    ack: list[_Row]
    n: _Whole
    mark: int | str | None


_ENTRY: TypeAdapter[_Clock | _Ack | _Pause | _Stage | _Ahead] = TypeAdapter(
    _Clock | _Ack | _Pause | _Stage | _Ahead
)


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
            held = progress.switches[-1:]  # a stage holds on, wherever the clock is moved
            switches = tuple(Switch(begin_ms, name) for _, name in held if name != NO_STAGE)
            progress.segments.append(Segment(begin_ms, None, switches))
            progress.cursors, progress.below_ms, progress.at_ms = {}, begin_ms, begin_ms
            progress.ahead_ms = 0
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

    def switch(self, to: Switch) -> None:
        """Another stage of the scenario holds, or none."""
        with self._lock:
            self.progress.switch(to)
            self._append({"stage": to.name, "since": to.since_ms})

    def handing(self, sent_ms: int) -> None:
        """Messages that left their sensors by then may be with the sink from now on, acknowledged or not."""
        with self._lock:
            if sent_ms > self.progress.ahead_ms:
                self.progress.ahead_ms = sent_ms
                self._append({"ahead": sent_ms})

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
        "switches": [[list(switch) for switch in segment.switches] for segment in progress.segments],
        "cursors": [[*key, c[0], str(c[1]), str(c[2])] for key, c in progress.cursors.items()],
        "below": progress.below_ms,
        "at": progress.at_ms,
        "ahead": progress.ahead_ms,
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
        check_format(path, there, (JOURNAL_FORMAT,), "use that one, or give another --state")
        saved, seal = open_line(lines[0], "", path)
        head = _Head.model_validate(saved)
        progress = StreamProgress(
            identity=head.identity,
            segments=[
                Segment(begin, end, tuple(Switch(*switch) for switch in switches))
                for (begin, end), switches in zip(head.segments, head.switches, strict=True)
            ],
            cursors=dict(_entries(head.cursors)),
            below_ms=head.below,
            at_ms=head.at,
            ahead_ms=head.ahead,
            acked=head.acked,
            mark=head.mark,
            done=head.done,
            paused=head.paused,
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
    if isinstance(entry, _Ahead):
        progress.ahead_ms = entry.ahead
        return
    if isinstance(entry, _Stage):
        progress.switch(Switch(entry.since, entry.stage))
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
