"""A folder that all test processes of a session share: what is dear is made by one of them, once."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

FOLDER: Path | None = None  # conftest tells it; where no session runs, each process has its own


@cache
def _own() -> Path:
    return Path(mkdtemp(prefix="termtide-samples-"))


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder ``name`` of the session. The first process that asks for it makes it, the others wait.

    ``make`` gets a path at which nothing is; what fails there is made anew by whoever asks next.
    """
    root = FOLDER or _own()
    folder = root / name
    with (root / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = root / f"{name}.done"
        if not done.exists():
            make(folder)
            done.touch()
    return folder
