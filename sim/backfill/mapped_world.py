"""World and anchors, made once and mapped by every process that draws."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from context.arrays import I64
from context.errors import RunError
from context.files import PARTIAL, disk_error
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from context.scenario.scenario import Scenario
from context.store.memory import give_back
from sim.folder.lock import locked, share_lock
from sim.plan.anchors import Anchors, make_anchors
from sim.plan.campus import LONGEST_MS
from sim.world.layout import check_layout, pages_of, read_pages, write_layout
from sim.world.load import load_world
from sim.world.world import World

WORLD_FILE = "workers" + PARTIAL  # in the run folder while somebody draws
_ORPHANS_S = 30.0  # that workers of a killed run get to notice


@dataclass(frozen=True)
class SharedCampus:
    """What units are drawn from besides the plan."""

    world: World
    anchors: Anchors
    reach: I64  # [days, 3] campus day, first and last UTC ms that an event of it can have


@dataclass(frozen=True)
class Shared:
    """The file of a campus, as ``sim.world.layout`` writes it; small enough to send to another process."""

    path: Path
    digest: str  # XXH3-128 of its bytes


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
    return Shared(path, write_layout(path, make_shared_campus(run_dir, scenario, pack, calendar)))


def make_shared_campus(run_dir: Path, scenario: Scenario, pack: Pack, calendar: Calendar) -> SharedCampus:
    """The campus by the store of a run folder. Raises RunError."""
    world = load_world(run_dir, scenario, pack, calendar)
    give_back()
    anchors = make_anchors(world, calendar, len(pack.table("level")["level"]))
    return SharedCampus(world, anchors, reach_of(calendar, anchors))


def reach_of(calendar: Calendar, anchors: Anchors) -> I64:
    """Visits start on their campus day and end within six hours; bundles say themselves when they end."""
    found = []
    for day in map(int, calendar.days):
        times = anchors.time_ms[anchors.rows_of(day)]
        first, last = calendar.day_start_ms(day), calendar.day_start_ms(day + 1) + LONGEST_MS
        if len(times):
            first, last = min(first, int(times.min())), max(last, int(times.max()))
        found.append((day, first, last))
    return np.array(found, dtype=np.int64).reshape(-1, 3)


def mapped(shared: Shared) -> SharedCampus:
    """The campus, read-only, over the pages of the file, which is looked at byte by byte before.

    Raises DamagedError for a file that is not the one that was written, RunError when it can't be read.
    """
    return mapped_with_pages(shared)[0]


def mapped_with_pages(shared: Shared) -> tuple[SharedCampus, mmap.mmap]:
    """As ``mapped``, and the pages, for ``let_pages_go``."""
    try:
        with shared.path.open("rb") as file:
            share_lock(file.fileno())  # the mapping keeps the file open, hence locked
            check_layout(shared.path, shared.digest)
            pages = pages_of(file, shared.path)
            return read_pages(pages, shared.path, SharedCampus), pages
    except OSError as error:
        raise disk_error(shared.path, error) from error


def _wait_for_orphans(path: Path) -> None:
    busy = RunError(f"{path}: worker processes of an earlier run still hold it; end them, then run again")
    with suppress(OSError), locked(path, busy, wait_s=_ORPHANS_S):
        return  # nobody holds it
