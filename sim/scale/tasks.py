"""Which units a task of an array makes: by its index and their number, given or as its scheduler tells it."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from context.errors import InputError

_T = TypeVar("_T")


@dataclass(frozen=True)
class Share:
    """The ``index``-th of ``count`` shares, from 0."""

    index: int
    count: int


@dataclass(frozen=True)
class _Scheduler:
    """Where a scheduler says which of its tasks this is."""

    name: str
    index: str
    count: str
    first: str = ""  # holds the number of the first task, where that may be another than 0


# As their documentation names them: Cloud Run jobs, Google Cloud's Batch, Slurm's job arrays, indexed jobs of
# Kubernetes (which tell no number of tasks: give --count, or set JOB_COMPLETIONS in the pod).
SCHEDULERS = (
    _Scheduler("Cloud Run", "CLOUD_RUN_TASK_INDEX", "CLOUD_RUN_TASK_COUNT"),
    _Scheduler("Batch", "BATCH_TASK_INDEX", "BATCH_TASK_COUNT"),
    _Scheduler("Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", "SLURM_ARRAY_TASK_MIN"),
    _Scheduler("Kubernetes", "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS"),
)


def share_of(index: int | None, count: int | None, environment: Mapping[str, str]) -> Share:
    """What is given, else what the scheduler says, else everything. Raises InputError."""
    where = "--index, --count"
    if index is None:
        for scheduler in SCHEDULERS:
            if scheduler.index not in environment:
                continue
            where = f"{scheduler.name}'s {scheduler.index}, {scheduler.count}"
            index = _number(environment, scheduler.index) - _number(environment, scheduler.first)
            if count is None and scheduler.count not in environment:
                raise InputError(f"{scheduler.index}: set, and no {scheduler.count}; give --count")
            count = _number(environment, scheduler.count) if count is None else count
            break
    if index is None and count is None:
        return Share(0, 1)
    if index is None or count is None:
        raise InputError(
            f"--{'count' if index is None else 'index'}: given alone, allowed: --index I --count N"
        )
    if count < 1 or not 0 <= index < count:
        raise InputError(f"{where}: {index} of {count} given, allowed: an index from 0 to count - 1")
    return Share(index, count)


def _number(environment: Mapping[str, str], name: str) -> int:
    """A variable as a number, 0 for no name."""
    if not name or name not in environment:
        return 0
    try:
        return int(environment[name])
    except ValueError:
        raise InputError(f"{name}: {environment[name]!r} given, allowed: a whole number") from None


def dealt(units: Sequence[tuple[_T, int]], share: Share) -> list[_T]:
    """The units of a share: the heaviest first, each to whoever has least so far; the same everywhere.

    ``units`` are pairs of a unit and its weight, in an order that all tasks agree on.
    """
    heap = [(0, index) for index in range(share.count)]
    mine = []
    for place in sorted(range(len(units)), key=lambda place: (-units[place][1], place)):
        load, index = heapq.heappop(heap)
        heapq.heappush(heap, (load + units[place][1], index))
        if index == share.index:
            mine.append(units[place][0])
    return mine
