"""``python -m tests.bench_beam``: CPU-seconds that Beam takes beside what the units themselves take.

In the environment of ``make beam``. Two processes make the small campus, once without Beam and once by its
DirectRunner; then both look at it again, with nothing left to make. Beam's cost is the difference of either.
"""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from tests.bench_page import load
from tests.samples.tiny import SMALL_TOML

_TERMTIDE = Path(__file__).resolve().parents[1] / ".venv" / "beam" / "bin" / "termtide"
_PLACES = ("--work", "work", "--out")
_DIRECT = ("--runner=DirectRunner", "--direct_running_mode=multi_processing", "--direct_num_workers=2")
_UNITS = ("scale", "units", *_PLACES, "alone", "--workers", "2")
_BEAM = ("scale", "beam", *_PLACES, "beam", "--", *_DIRECT)
_SUBREAPER = 36  # prctl's PR_SET_CHILD_SUBREAPER


def cpu_seconds(folder: Path, *arguments: str) -> float:
    """CPU-seconds of a command, of all processes that it starts, and of those that outlive it."""
    before = _children()
    subprocess.run([str(_TERMTIDE), *arguments], cwd=folder, check=True, stderr=subprocess.DEVNULL)
    while True:  # its orphans become this process's children
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Measure and print."""
    console = Console()
    if not _TERMTIDE.is_file() or not sys.platform.startswith("linux"):
        console.print("no environment with Beam (`make beam` makes it), or not on Linux")
        return 1
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "termtide.toml").write_text(SMALL_TOML)
        cpu_seconds(folder, "scale", "prepare", "--work", "work")
        for what in ("74 units", "none left"):
            alone, beam = cpu_seconds(folder, *_UNITS), cpu_seconds(folder, *_BEAM)
            console.print(f"{what}: units {alone:.1f}, Beam {beam:.1f}, of it Beam's own {beam - alone:.1f}")
    console.print(f"CPU-seconds, two processes each; {load()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
