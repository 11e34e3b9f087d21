"""One process at a time: files and folders held by ``flock``.

The lock is on the file or folder itself, so nothing stands beside it or is left behind, and it goes with the
process, however that ends. (``filelock`` was looked at: it can't lock a folder, and its lock file would be a
stranger among the files of a run.)
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from context.errors import TermtideError

_LOOK_EVERY_S = 0.05


@contextmanager
def folder_while_needed(folder: Path, mode: int = 0o777) -> Iterator[None]:
    """Make a folder that is missing; it goes again if nothing was put into it, as when a command refuses.

    Raises OSError when it can't be made.
    """
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True, mode=mode)
    try:
        yield
    finally:
        if is_new:
            with suppress(OSError):
                folder.rmdir()


@contextmanager
def locked(path: Path, busy: TermtideError, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold a file or folder for this process, waiting so long for others.

    Raises ``busy`` when another process still holds it, OSError when it can't be opened.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        until = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise busy from None
                time.sleep(_LOOK_EVERY_S)
        yield
    finally:
        os.close(handle)


def share_lock(handle: int) -> None:
    """Hold an open file together with others, as long as it is open; ``locked`` waits for all of them."""
    fcntl.flock(handle, fcntl.LOCK_SH)
