"""A batch: events as integer columns, in total order of time and id."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

_NOTHING: npt.NDArray[np.int32] = np.zeros(0, dtype=np.int32)
NO_TOOL = 255  # kinds outside the tool rates: logins

_ORDER = ("time_ms", "uuid_high", "uuid_low")


@dataclass(frozen=True)
class Batch:
    """Events of one unit. All arrays have the same length; the order is (time_ms, uuid_high, uuid_low)."""

    time_ms: npt.NDArray[np.int64]  # UTC, since 1970
    kind: npt.NDArray[np.uint8]  # index into sim.caliper.kinds.KINDS
    tool: npt.NDArray[np.uint8]  # index into the pack's tools, NO_TOOL for logins
    person: npt.NDArray[np.int32]  # row of World.persons: the actor, -1 for background jobs
    enrolment: npt.NDArray[np.int32]  # row of World.enrolments through which the actor acts, -1 for none
    course: npt.NDArray[np.int32]  # row of World.courses, -1 for logins
    object: npt.NDArray[np.int32]  # row of the kind's object table, -1 for logins
    visit: npt.NDArray[np.uint64]  # key of the visit: session, device and address follow from it
    uuid_high: npt.NDArray[np.uint64]
    uuid_low: npt.NDArray[np.uint64]
    detail: npt.NDArray[np.int32] = field(
        default_factory=lambda: _NOTHING
    )  # second in a video, page of a book

    def __post_init__(self) -> None:
        """Kinds without a detail have 0."""
        if self.detail is _NOTHING:
            object.__setattr__(self, "detail", np.zeros(len(self.time_ms), dtype=np.int32))

    def __len__(self) -> int:
        return len(self.time_ms)

    def take(self, rows: npt.NDArray[np.intp] | slice) -> Batch:
        """The given rows, in the given order."""
        return Batch(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def sorted(self) -> Batch:
        """Rows in total order; ids are unique, so the order depends on nothing else."""
        return self.take(_total_order(*(getattr(self, name) for name in _ORDER)))


def concatenate(batches: list[Batch]) -> Batch:
    """One unsorted batch of all rows."""
    return Batch(**{f.name: np.concatenate([getattr(b, f.name) for b in batches]) for f in fields(Batch)})


def in_order(parts: list[Batch]) -> Batch:
    """All rows of the parts in total order; the list is emptied, and their columns let go one by one."""
    columns = {f.name: [getattr(part, f.name) for part in parts] for f in fields(Batch)}
    parts.clear()
    order = _total_order(*(np.concatenate(columns[name]) for name in _ORDER))
    return Batch(**{name: np.concatenate(columns.pop(name))[order] for name in list(columns)})


def _total_order(
    time_ms: npt.NDArray[np.int64], uuid_high: npt.NDArray[np.uint64], uuid_low: npt.NDArray[np.uint64]
) -> npt.NDArray[np.int64]:
    """The rows by time, those of one instant by id: as lexsort has them, in a quarter of its time.

    Time and row are sorted as one number; few events share their millisecond with another.
    """
    n = len(time_ms)
    bits = n.bit_length()
    if not n or int(time_ms.max() - time_ms.min()) >> (62 - bits):
        return np.asarray(np.lexsort((uuid_low, uuid_high, time_ms)))
    packed = (time_ms - time_ms.min()) << bits
    packed |= np.arange(n)
    packed.sort()
    order: npt.NDArray[np.int64] = packed & ((1 << bits) - 1)
    packed >>= bits
    tied = np.zeros(n + 1, dtype=np.bool_)  # with the one before
    np.equal(packed[1:], packed[:-1], out=tied[1:-1])
    rows = np.flatnonzero(tied[1:] | tied[:-1])
    if len(rows):
        own = order[rows]
        order[rows] = own[np.lexsort((uuid_low[own], uuid_high[own], packed[rows]))]
    return order
