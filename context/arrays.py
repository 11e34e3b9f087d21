"""What integer columns are made of: types of arrays, units of time, what is not there, places within runs."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt
import pyarrow as pa

I8 = npt.NDArray[np.int8]
I16 = npt.NDArray[np.int16]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
BOOL = npt.NDArray[np.bool_]

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
DAY_US = 1000 * DAY_MS
YEAR_DAYS = 365.25

NO_TIME = np.iinfo(np.int64).min  # an instant or a number that is NULL
NEVER = np.iinfo(np.int64).max  # later than every instant: what does not happen, among those that do

_SPARSE = 8  # rows of a table for each value that is asked for; beyond that hashing is faster


def code_texts(codes: type[IntEnum]) -> tuple[str, ...]:
    """Texts of codes in their order, as the UCDM writes them: ``FULL_TIME`` is FullTime."""
    return tuple(code.name.title().replace("_", "") for code in codes)


def ordinals(counts: I64) -> I64:
    """0..n-1 within each run of ``counts``."""
    return np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)


def each_once(values: I64) -> I64:
    """The values in order, each once; ``np.unique`` hashes many integers, in 5 to 18 times as long."""
    ordered = np.sort(values)
    return ordered[np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 1))]


def values_and_codes(values: I64) -> tuple[I64, I64]:
    """(the values in order, each once; the place of each there), as ``np.unique`` has them.

    Where numbers lie close together a table takes a tenth of the time of sorting; elsewhere they are hashed.
    """
    least, most = (int(values.min()), int(values.max())) if len(values) else (0, -1)
    if most - least >= _SPARSE * len(values) > 0:
        found = pa.array(values).dictionary_encode()  # and sorting what is left
        met = found.dictionary.to_numpy()
        order = np.argsort(met)
        rank = np.empty(len(met), dtype=np.int64)
        rank[order] = np.arange(len(met))
        return met[order], rank[found.indices.to_numpy()]
    there = np.zeros(most - least + 1, dtype=np.bool_)
    there[values - least] = True
    return np.flatnonzero(there) + least, (np.cumsum(there) - 1)[values - least]


def run_places(ordered: npt.NDArray[np.integer]) -> I64:
    """0..n-1 within each run of equal values of a sorted array."""
    return np.arange(len(ordered)) - np.searchsorted(ordered, ordered)


def repetition(code: I64) -> I64:
    """How often each code came before, in order: 0 for the first of its kind."""
    order = np.argsort(code, kind="stable")
    count = np.empty(len(code), dtype=np.int64)
    count[order] = run_places(code[order])
    return count
