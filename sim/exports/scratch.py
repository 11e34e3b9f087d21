"""Folders for what is needed while a command is at work; what killed commands left of them is removed."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir, mkdtemp

PREFIX = "termtide-scratch-"


@contextmanager
def passing_folder() -> Iterator[Path]:
    """An empty folder in the system's temporary one; it is gone afterwards.

    The process holds it, and a hold goes with its process: what nobody holds was left by a kill, and goes
    when the next such folder is made.
    """
    _sweep()
    while True:
        folder = Path(mkdtemp(prefix=PREFIX))
        handle = os.open(folder, os.O_RDONLY)
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if folder.is_dir():  # nobody has swept it away before it was held
                break
        os.close(handle)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _sweep() -> None:
    for folder in Path(gettempdir()).glob(f"{PREFIX}*"):
        # Another user's, or one that somebody holds or has just removed: not ours to touch.
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(handle)
