"""Batches made by hand: only times and ids matter, the rest is zero."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.caliper.batch import Batch


def toy_batch(time_ms: npt.NDArray[np.int64], low: npt.NDArray[np.uint64] | None = None) -> Batch:
    """Events at these times with these low halves of ids (default: their places)."""
    n = len(time_ms)
    zeros = np.zeros(n, dtype=np.int32)
    return Batch(
        time_ms=time_ms,
        kind=np.zeros(n, dtype=np.uint8),
        tool=np.zeros(n, dtype=np.uint8),
        person=zeros,
        enrolment=zeros,
        course=zeros,
        object=zeros,
        visit=np.zeros(n, dtype=np.uint64),
        uuid_high=np.zeros(n, dtype=np.uint64),
        uuid_low=np.arange(n, dtype=np.uint64) if low is None else low,
    )
