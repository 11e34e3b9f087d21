"""Memory that nothing uses any more, given back to the system."""

from __future__ import annotations

import ctypes

import pyarrow as pa


def give_back() -> None:
    """Let Arrow's pool and, where the C library can, the heap return what is free in them.

    Between stages of which the next needs other sizes: else their free pieces add up.
    """
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
    if trim is not None:
        trim(0)
