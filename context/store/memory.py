"""Memory that is free goes back to the system between stages that hold whole tables of a store."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pyarrow as pa

_MUCH = 100_000_000  # bytes that Arrow has had at once: below, what its threads keep is not worth the wait
_THREADS_END_S = 0.02  # that idle threads take to end on a quiet machine, about
_MOST_WAITS = 25  # times that; nothing is wrong where one takes longer


def give_back(*, threads: bool = True) -> None:
    """Let Arrow's pool and, where the C library can, the heap return what is free in them.

    Between stages of which the next needs other sizes: else their free pieces add up. ``threads``: also what
    Arrow's have read.
    """
    pool = pa.default_memory_pool()
    with _few_threads() if threads and pool.max_memory() > _MUCH else nullcontext():
        pool.release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
    if trim is not None:
        trim(0)


@contextmanager
def _few_threads() -> Iterator[None]:
    """Most of Arrow's threads end meanwhile; they begin again as they are needed.

    What a thread has read stays in a heap of its own when it is free, until the thread ends: of the tables of
    5,000 FTE that was some 100 MB.
    """
    processors, readers = pa.cpu_count(), pa.io_thread_count()
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    _wait_for_ends()
    try:
        yield
    finally:
        pa.set_cpu_count(processors)
        pa.set_io_thread_count(readers)


def _wait_for_ends() -> None:
    """Until threads have ended and no more do. On a busy machine they are late; 140 MB were kept there."""
    before = seen = _threads()
    for _ in range(_MOST_WAITS if before else 1):
        time.sleep(_THREADS_END_S)
        now = _threads()
        if now == seen < before:
            return
        seen = now


def _threads() -> int:
    """Threads of this process, 0 where the system does not list them."""
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir())
    except OSError:
        return 0
