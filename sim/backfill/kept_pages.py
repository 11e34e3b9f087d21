"""Memory that is free for a moment is kept, as the next part of a day wants as much again."""

from __future__ import annotations

import os

# Milliseconds, by the clock, that Arrow's allocator keeps pages which nobody uses. With its own ten it gives
# back, and is given anew, every page of a part of a day: a fifth of a unit's CPU time, for no lower peak.
# What gives memory back between stages (``give_back``) doesn't wait for it.
KEPT_MS = 60_000
_SETTING = "MIMALLOC_PURGE_DELAY"


def keep_free_pages() -> None:
    """Ask for that in this process, where Arrow is not loaded yet, and in all that it starts.

    What somebody has set otherwise stays. Other allocators than mimalloc, Arrow's usual one, don't read it.
    """
    os.environ.setdefault(_SETTING, str(KEPT_MS))
