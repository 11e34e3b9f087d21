"""World and anchors, made once and mapped by every process that draws; memory that is free goes back."""

from __future__ import annotations

import ctypes
import mmap
import pickle
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from context.errors import RunError
from context.files import PARTIAL, disk_error
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from context.scenario.scenario import Scenario
from sim.folder.lock import locked, share_lock
from sim.plan.anchors import Anchors, make_anchors
from sim.plan.campus import LONGEST_MS
from sim.world.load import load_world
from sim.world.world import World


def give_back() -> None:
    """Let Arrow's pool and, where the C library can, the heap return what is free in them.

    Between stages of which the next needs other sizes: else their free pieces add up.
    """
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
    if trim is not None:
        trim(0)


WORLD_FILE = "workers" + PARTIAL  # in the run folder while somebody draws
_ALIGN = 64
_ORPHANS_S = 30.0  # that workers of a killed run get to notice


@dataclass(frozen=True)
class Shared:
    """Where the arrays are; small enough to send to another process."""

    path: Path
    skeleton: bytes  # a pickle whose arrays stand in the file
    spans: tuple[tuple[int, int], ...]  # offset and length of each of its buffers
    reach: tuple[tuple[int, int, int], ...]  # (campus day, first, last): UTC ms no event of it lies outside


@contextmanager
def share(run_dir: Path, scenario: Scenario, pack: Pack, calendar: Calendar) -> Iterator[Shared]:
    """Make the file from the store of a run folder; it is gone afterwards. Raises RunError.

    Waits for workers that a killed run left behind: they hold the file until they notice.
    """
    path = run_dir / WORLD_FILE
    _wait_for_orphans(path)
    try:
        try:
            # In a function of its own, so that nothing but the mapped file is left of what it needed.
            shared = _make(path, run_dir, scenario, pack, calendar)
            give_back()
            yield shared
        finally:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(path, error) from error


def _make(path: Path, run_dir: Path, scenario: Scenario, pack: Pack, calendar: Calendar) -> Shared:
    world = load_world(run_dir, scenario, pack, calendar)
    give_back()
    anchors = make_anchors(world, calendar, len(pack.table("level")["level"]))
    buffers: list[pickle.PickleBuffer] = []
    skeleton = pickle.dumps((world, anchors), protocol=5, buffer_callback=buffers.append)
    spans = []
    with path.open("wb") as file:
        for buffer in buffers:
            with buffer.raw() as raw:
                file.seek(-(-file.tell() // _ALIGN) * _ALIGN)
                spans.append((file.tell(), raw.nbytes))
                file.write(raw)
        file.write(b"\0")  # an empty file cannot be mapped
    return Shared(path, skeleton, tuple(spans), _reach(calendar, anchors))


def _reach(calendar: Calendar, anchors: Anchors) -> tuple[tuple[int, int, int], ...]:
    """Visits start on their campus day and end within six hours; bundles say themselves when they end."""
    found = []
    for day in map(int, calendar.days):
        times = anchors.time_ms[anchors.rows_of(day)]
        first, last = calendar.day_start_ms(day), calendar.day_start_ms(day + 1) + LONGEST_MS
        if len(times):
            first, last = min(first, int(times.min())), max(last, int(times.max()))
        found.append((day, first, last))
    return tuple(found)


def mapped(shared: Shared) -> tuple[World, Anchors]:
    """World and anchors, read-only, over the pages of the file. Raises RunError when it can't be read."""
    try:
        with shared.path.open("rb") as file:
            share_lock(file.fileno())  # the mapping keeps the file open, hence locked
            pages = memoryview(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))
    except OSError as error:
        raise disk_error(shared.path, error) from error
    buffers = [pages[start : start + length] for start, length in shared.spans]
    world, anchors = pickle.loads(shared.skeleton, buffers=buffers)  # noqa: S301 - the parent process made it
    return world, anchors


def _wait_for_orphans(path: Path) -> None:
    busy = RunError(f"{path}: worker processes of an earlier run still hold it; end them, then run again")
    with suppress(OSError), locked(path, busy, wait_s=_ORPHANS_S):
        return  # nobody holds it
